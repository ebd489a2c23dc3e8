# SPDX-License-Identifier: WTFPL OR MIT
"""Where backups go on the tape, and that the report says where."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from backup_bench import BLOCK

from pytp_native import mtio
from pytp_native.errors import Refused, UsageError
from pytp_native.transport import open_tape
from tests.cartridge import Cartridge
from tests.trees import describe, differences

Tree = Callable[..., Path]


def names(blocks: list[bytes]) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as tar:
        return tar.getnames()


def test_one_tape_file_for_each_argument_in_order(cartridge: Cartridge, tree: Tree) -> None:
    trees = [tree("zebra", one=30_000), tree("ant", two=5), tree("mole", three=100_000)]
    assert cartridge.backup(*trees).code == 0
    assert [names(blocks)[0] for blocks in cartridge.files()] == ["zebra", "ant", "mole"]


def test_every_tape_file_ends_with_one_filemark(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.backup(tree("a", f=5), tree("b", f=5))
    assert [thing is None for thing in cartridge.objects()] == [False, True, False, True]


def test_the_report_says_what_is_on_tape(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.write([b"x" * BLOCK, b"y" * BLOCK, None])
    paths = tree("a", one=100_000, two=7), tree("b"), tree("c", big=300_000)
    report = cartridge.backup(*paths).report
    files, logical = cartridge.files(), 3
    for number, (argument, path) in enumerate(zip(report.arguments, paths, strict=True), 1):
        blocks = files[number]
        assert argument.path == os.fsencode(path)
        assert (argument.tape_file, argument.first_block) == (number, logical)
        assert (argument.blocks, argument.data_bytes) == (len(blocks), sum(map(len, blocks)))
        assert argument.files == len(names(blocks))
        logical += len(blocks) + 1
    assert report.position is not None
    assert report.position[:3] == (4, 0, logical)


def test_a_second_run_appends(cartridge: Cartridge, tree: Tree) -> None:
    first, second = tree("first", f=25_000), tree("second", f=25_000)
    assert cartridge.backup(first).report.arguments[0].tape_file == 0
    before = cartridge.objects()
    assert cartridge.backup(second, at=0).report.arguments[0].tape_file == 1
    assert cartridge.objects()[: len(before)] == before
    assert [names(blocks)[0] for blocks in cartridge.files()] == ["first", "second"]


def test_a_missing_filemark_is_supplied_first(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.write([b"left by a crash" + bytes(BLOCK - 15)])
    done = cartridge.backup(tree("next", f=5))
    assert (done.code, done.report.arguments[0].tape_file) == (0, 1)
    assert any("had no filemark" in text for text in done.notices)
    assert [len(blocks) for blocks in cartridge.files()] == [1, 1]
    assert names(cartridge.files()[1]) == ["next", "next/f"]


def test_overwriting_starts_at_the_tape_file_at_the_head(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.backup(tree("one", f=5), tree("two", f=5), tree("three", f=5))
    done = cartridge.backup(tree("new", f=5), at=1, overwrite=True)
    assert (done.code, done.report.arguments[0].tape_file) == (0, 1)
    assert [names(blocks)[0] for blocks in cartridge.files()] == ["one", "new"]


def test_overwriting_says_what_is_lost_before_it_writes(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.backup(tree("one", f=5), tree("two", f=5))
    kinds: list[str] = []

    def see(event: object) -> None:
        kinds.append(type(event).__name__)

    done = cartridge.backup(tree("new", f=5), at=1, overwrite=True, on_event=see)
    assert kinds.index("Notice") < kinds.index("ArgumentStarted")
    assert "tape file 1 and all behind it" in done.notices[0]


@pytest.mark.parametrize("move", ["inside a tape file", "an unknown file"])
def test_overwriting_anywhere_else_is_refused(cartridge: Cartridge, tree: Tree, move: str) -> None:
    cartridge.backup(tree("one", f=50_000), tree("two", f=5))
    before = cartridge.objects()

    def go(drive: object) -> None:
        tape = drive.tape  # type: ignore[attr-defined]
        mtio.rewind(tape)
        mtio.forward_records(tape, 2) if move == "inside a tape file" else mtio.seek(tape, 3)

    with pytest.raises(Refused):
        cartridge.backup(tree("new", f=5), overwrite=True, prepare=go)
    assert cartridge.objects() == before


def test_a_missing_argument_is_refused_before_anything_is_written(cartridge: Cartridge, tree: Tree) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        cartridge.backup(tree("there", f=5), b"/nowhere/at/all")
    assert cartridge.objects() == []


def test_two_arguments_with_equal_names_are_refused(cartridge: Cartridge, tree: Tree) -> None:
    one, other = tree("a/photos", f=5), tree("b/photos", f=5)
    with pytest.raises(UsageError, match="same names"):
        cartridge.backup(one, other)
    assert cartridge.objects() == []


def test_full_paths_tell_equal_names_apart(cartridge: Cartridge, tree: Tree) -> None:
    one, other = tree("a/photos", f=5), tree("b/photos", f=5)
    assert cartridge.backup(one, other, full_paths=True).code == 0
    found = [names(blocks) for blocks in cartridge.files()]
    assert found == [[str(path)[1:], f"{path}/f"[1:]] for path in (one, other)]


@pytest.mark.parametrize(
    ("given", "wanted"), [(".", "there"), ("../there", "there"), ("./", "there"), ("inner/..", "there"), ("f", "f")]
)
def test_names_begin_with_the_last_part_of_the_absolute_path(
    cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch, given: str, wanted: str
) -> None:
    top = tree("there", f=5)
    (top / "inner").mkdir()
    monkeypatch.chdir(top)
    assert cartridge.backup(given.encode()).code == 0
    assert names(cartridge.files()[0])[0] == wanted


def test_dots_behind_a_link_mean_what_the_kernel_means(
    cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree("there", f=5)
    (top / "inner").mkdir()
    here = tree("here", other=5)
    (here / "link").symlink_to(top / "inner")
    monkeypatch.chdir(here)
    assert cartridge.backup(b"link/..").code == 0
    assert names(cartridge.files()[0]) == ["there", "there/f", "there/inner"]


def test_the_root_directory_is_called_root(cartridge: Cartridge) -> None:
    done = cartridge.backup(b"/", exclude=(b"root/*",))
    assert done.code == 0
    assert names(cartridge.files()[0]) == ["root"]


def test_a_link_given_as_argument_is_followed(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree("there", f=5))
    cartridge.backup(tmp_path / "link")
    assert names(cartridge.files()[0]) == ["link", "link/f"]


@pytest.mark.parametrize("block", [10240, 10752, 65536, 524288, 1 << 20, 8 << 20])
def test_every_block_size_comes_back(tmp_path: Path, shelf: Path, tree: Tree, block: int) -> None:
    cartridge = Cartridge(shelf / "vtl", block_bytes=block)
    source = tree("data", small=1, exact=block, larger=block + 513, many=3 * block + 7)
    assert cartridge.backup(source).code == 0
    assert {len(thing) for thing in cartridge.objects() if thing is not None} == {block}
    assert cartridge.restore(tmp_path / "out").code == 0
    assert differences(describe(source), describe(tmp_path / "out" / "data")) == []


def test_a_tape_with_another_block_size_is_appended_to_and_both_files_restore(
    tmp_path: Path, shelf: Path, tree: Tree
) -> None:
    cartridge = Cartridge(shelf / "vtl", block_bytes=32768)
    one, two = tree("one", f=100_000), tree("two", f=100_000)
    cartridge.backup(one)
    cartridge.block_bytes = 20480
    assert cartridge.backup(two).report.arguments[0].tape_file == 1
    for number, source in enumerate((one, two)):
        assert cartridge.restore(tmp_path / "out", number).code == 0
        assert differences(describe(source), describe(tmp_path / "out" / source.name)) == []


def test_a_read_only_look_at_the_tape_afterwards_changes_nothing(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.backup(tree("one", f=5))
    before = cartridge.objects()
    open_tape(cartridge.address).close()
    assert cartridge.objects() == before
