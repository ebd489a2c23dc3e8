# SPDX-License-Identifier: WTFPL OR MIT
"""--strategy tar and dd: archives are built on disk, several at once, and reach the tape whole and in order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from backup_bench import BLOCK

from pytp_native.catalog.store import Catalog
from pytp_native.errors import ArchiveNotBuilt
from pytp_native.jobs import archive_room, builders
from pytp_native.jobs.builders import Archive, Builders
from pytp_native.jobs.events import ArgumentStarted
from pytp_native.jobs.failure import staged
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.stream.archive_file import ArchiveFile, _number, _size_record
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.pack import Hash, PackCancelled, Problem
from tests.cartridge import Cartridge, Done
from tests.trees import describe, differences

Tree = Callable[..., Path]
STAGED = pytest.mark.parametrize("strategy", ["tar", "dd"])


@pytest.fixture
def tar_dir(tmp_path: Path) -> Path:
    return tmp_path / "tar_dir"


@pytest.fixture
def save(cartridge: Cartridge, tar_dir: Path) -> Callable[..., Done]:
    def run(strategy: str, *paths: Path, **options: Any) -> Done:
        return cartridge.backup(*paths, strategy=strategy, tar_dir=str(tar_dir), **options)

    return run


@STAGED
def test_the_tape_is_what_it_is_without(
    cartridge: Cartridge, save: Callable[..., Done], tree: Tree, tar_dir: Path, strategy: str
) -> None:
    sources = [tree("one", a=5, b=70_000, c=3 * BLOCK), tree("two", d=0, e=123_456)]
    direct = cartridge.backup(*sources)
    done = save(strategy, *sources)
    assert (done.code, done.statuses) == (0, ["saved", "saved"])
    assert [cartridge.cat(file) for file in (2, 3)] == [cartridge.cat(file) for file in (0, 1)]
    assert [one.files for one in done.report.arguments] == [one.files for one in direct.report.arguments]
    assert list(tar_dir.iterdir()) == []


@STAGED
def test_what_is_built_first_waits_for_its_turn(
    save: Callable[..., Done], cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    sources = [tree(name, file=name.encode() * 5000) for name in ("first", "second", "third")]
    ended = [threading.Event() for _ in sources]
    build = Builders._build

    def backwards(self: Builders, archive: Archive) -> None:
        if archive.number < 2:
            assert ended[archive.number + 1].wait(20)
        build(self, archive)
        ended[archive.number].set()

    # claims come in order: without them, as if the disk were endless
    monkeypatch.setattr(
        archive_room.ArchiveRoom, "claim", lambda self, number, size, path: self._expected.update({number: size})
    )
    monkeypatch.setattr(Builders, "_build", backwards)
    done = save(strategy, *sources, builders=3)
    assert done.statuses == ["saved"] * 3
    for file, source in enumerate(sources):
        assert source.name.encode() * 5000 in cartridge.cat(file)


@STAGED
def test_equal_base_names_do_not_collide(
    save: Callable[..., Done], cartridge: Cartridge, tmp_path: Path, strategy: str
) -> None:
    sources = [tmp_path / number / "data" for number in "abc"]
    for source in sources:
        source.mkdir(parents=True)
        (source / "file").write_text(str(source))
    assert save(strategy, *sources, full_paths=True, builders=3).code == 0
    for file, source in enumerate(sources):
        assert str(source).encode() + b"\0" in cartridge.cat(file)


@STAGED
def test_problems_are_told_with_their_argument(
    save: Callable[..., Done], tree: Tree, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    good, bad = tree("good", a=10), tree("bad", b=10)

    def doubting(archive: Archive) -> Callable[..., None]:
        if archive.wanted.argument.name == b"bad":
            archive.problems.append((os.fsencode(bad / "b"), Problem.CHANGED, "changed while it was read"))
        return lambda *problem: None

    monkeypatch.setattr(builders, "_noting", doubting)
    done = save(strategy, good, bad)
    assert done.statuses == ["saved", "partial"]
    assert done.report.arguments[1].errors[0].path == os.fsencode(bad / "b")
    assert done.code == 1


@STAGED
def test_a_builder_that_dies_ends_the_job_with_its_archive_named(
    save: Callable[..., Done], cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    sources = [tree(name, file=50_000) for name in ("one", "two", "three")]
    add = builders.Packer.add

    def dying(self: Any, path: bytes, name: bytes, after: bytes | None = None) -> None:
        if name == b"two":
            raise RuntimeError("out of luck")
        add(self, path, name, after)

    monkeypatch.setattr(builders.Packer, "add", dying)
    done = save(strategy, *sources)
    assert done.statuses == ["saved", "failed", "not started"]
    assert done.code == 6
    assert done.report.message.startswith(f"[TAR] {sources[1]}: its archive cannot be built in ")
    assert "out of luck" in done.report.message
    assert cartridge.restore(sources[0].parent / "back").code == 0
    assert differences(describe(sources[0]), describe(sources[0].parent / "back" / "one")) == []


def _room_of(free: list[int]) -> Callable[[str], SimpleNamespace]:
    return lambda _path: SimpleNamespace(f_bavail=free[0], f_frsize=1)


def test_an_archive_that_has_no_room_is_told_before_it_is_built(
    save: Callable[..., Done], tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [tree("small", a=10), tree("large", b=2_000_000)]
    monkeypatch.setattr(archive_room.os, "statvfs", _room_of([1_000_000]))
    done = save("tar", *sources, builders=1)
    assert done.statuses == ["saved", "failed"]
    assert done.report.message.startswith(f"[TAR] {sources[1]}: its archive needs 1.9")
    assert "977 KiB are free" in done.report.message


def test_archives_wait_until_others_have_left_the_disk(
    save: Callable[..., Done], cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for one and a half: they can only be built one after the other, and nobody waits for ever."""
    sources = [tree(name, file=1_000_000) for name in "abcd"]
    held: list[int] = []
    most: list[int] = []

    def free(_path: str) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=1_600_000 - 1_000_000 * len(held), f_frsize=1)

    build, close = Builders._build, Archive.close

    def building(self: Builders, archive: Archive) -> None:
        build(self, archive)
        held.append(archive.number)
        most.append(len(held))

    def closing(self: Archive) -> None:
        if self.number in held:
            held.remove(self.number)
        close(self)

    monkeypatch.setattr(archive_room.os, "statvfs", free)
    monkeypatch.setattr(Builders, "_build", building)
    monkeypatch.setattr(Archive, "close", closing)
    done = save("tar", *sources, builders=4)
    assert done.statuses == ["saved"] * 4
    assert max(most) == 1


def test_a_disk_that_others_fill_ends_the_building(
    save: Callable[..., Done], tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tree("big", a=3_000_000)
    free = iter([4_000_000, 4_000_000] + [100_000] * 9)
    monkeypatch.setattr(archive_room.os, "statvfs", lambda _path: SimpleNamespace(f_bavail=next(free), f_frsize=1))
    monkeypatch.setattr(builders, "_LOOK_BYTES", 1_000_000)
    done = save("tar", source)
    assert done.statuses == ["failed"]
    assert "its archive needs" in done.report.message


def test_a_full_disk_is_told_with_its_errno(
    save: Callable[..., Done], tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: ArchiveFile, ring: Any, limit: int) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ArchiveFile, "fill", full)
    done = save("tar", tree("a", f=10))
    assert done.statuses == ["failed"]
    assert "[TAR]" in done.report.message
    assert "No space left on device" in done.report.message
    assert done.report.message.endswith("(ENOSPC)")


def test_an_archive_that_cannot_be_read_back_is_no_fault_of_the_tape(
    save: Callable[..., Done], cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ArchiveFile.read_block

    def fail(self: ArchiveFile, block: int, into: memoryview) -> None:
        if block == 5:
            raise self._unreadable(5)
        read(self, block, into)

    monkeypatch.setattr(ArchiveFile, "read_block", fail)
    done = save("dd", tree("small", f=10), tree("large", f=400_000), bare=False)
    assert done.statuses == ["saved", "failed"]
    assert "cannot be read back" in done.report.message
    kinds = [find_mark(blocks[0]) for blocks in cartridge.files()]
    assert [mark.kind if mark else None for mark in kinds] == ["label", None, None, "trailer"]


def test_a_tar_dir_that_cannot_be_is_told_before_anything_is_written(
    cartridge: Cartridge, tree: Tree, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveNotBuilt) as told:
        cartridge.backup(tree("a", f=1), strategy="tar", tar_dir=str(tmp_path / "file" / "x"), bare=False)
    assert "nothing was written" in staged(told.value)
    with cartridge.open() as drive:
        drive.to_end_of_data()
        assert drive.where().logical_block == 0


@STAGED
def test_ctrl_c_ends_builders_and_writer(save: Callable[..., Done], tree: Tree, tar_dir: Path, strategy: str) -> None:
    sources = [tree(name, file=400_000) for name in "abcdefgh"]
    interrupt = Interrupt()

    def stop_at_b(event: object) -> None:
        if isinstance(event, ArgumentStarted) and event.path.endswith(b"/b"):
            interrupt.trigger()

    done = save(strategy, *sources, interrupt=interrupt, on_event=stop_at_b)
    assert done.code == 130
    assert done.statuses == ["saved", "interrupted", *["not started"] * 6]
    assert list(tar_dir.iterdir()) == []


@STAGED
def test_changes_only(
    save: Callable[..., Done], cartridge: Cartridge, tree: Tree, tmp_path: Path, strategy: str
) -> None:
    sources = [tree("same", a=10), tree("edited", b=10, c=20)]
    with Catalog(str(tmp_path / "catalog.db")) as catalog:
        assert save(strategy, *sources, catalog=catalog, bare=False).code == 0
        (sources[1] / "b").write_bytes(b"edited")
        (sources[1] / "c").unlink()
        done = save(strategy, *sources, catalog=catalog, bare=False, level="incremental")
        assert done.statuses == ["unchanged", "saved"]
        assert [bool(one.deleted) for one in catalog.find(b"edited/c")] == [True]
        assert save(strategy, *sources, catalog=catalog, bare=False, level="incremental").statuses == ["unchanged"] * 2


def test_dd_keeps_one_block(save: Callable[..., Done], tree: Tree) -> None:
    done = save("dd", tree("a", f=400_000))
    assert done.report.limits["ring"] == "10 KiB"
    assert done.report.limits["peak_fill"] == 0


def test_numbers_of_headers() -> None:
    assert _number(b"00000000012\0") == 10
    assert _number(b"\x80\0\0\0\0\0\0\2\0\0\0\0") == 2 << 32
    assert _size_record(b"30 mtime=1700000000.123456789\n22 size=9000000000000\n") == 9000000000000
    assert _size_record(b"30 mtime=1700000000.123456789\n") is None


def test_an_archive_that_has_become_shorter_is_not_written_as_whole(tmp_path: Path) -> None:
    archive = ArchiveFile(str(tmp_path), BLOCK)
    archive.blocks = 1
    with pytest.raises(ArchiveNotBuilt, match="too short"):
        archive.read_block(0, memoryview(bytearray(BLOCK)))
    archive.close()


def test_an_archive_is_no_file_that_outlives_its_process(tmp_path: Path) -> None:
    archive = ArchiveFile(str(tmp_path), BLOCK)
    assert list(tmp_path.iterdir()) == []
    archive.close()


def test_a_stopped_builder_is_not_waited_for(tmp_path: Path) -> None:
    how = builders.How(str(tmp_path), BLOCK, 1, Hash.NONE)
    crew = Builders(how)
    crew._archives = [Archive(0, builders.Wanted(SimpleNamespace(path=b"/x")))]  # type: ignore[arg-type]
    crew.stop()
    with pytest.raises(PackCancelled):
        crew.take(crew.find(b"/x"))
