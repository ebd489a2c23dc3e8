# SPDX-License-Identifier: WTFPL OR MIT
"""Files that change, drives that fail and users who lose patience: what is reported is what is on tape."""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backup_bench import BLOCK, after_block

from pytp_native.devices.drive import Drive
from pytp_native.jobs.events import Notice, Progress
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.stream.pack import Packer
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved, Stop
from tests.cartridge import Cartridge, Done
from tests.trees import describe, differences

Tree = Callable[..., Path]
BIG = 600_000
"""Many more blocks than the smallest ring has slots."""


def reasons(done: Done) -> dict[str, str]:
    return {
        Path(os.fsdecode(problem.path)).name: problem.reason
        for argument in done.report.arguments
        for problem in argument.errors
    }


def restored(cartridge: Cartridge, target: Path, file: int = 0, code: int = 0) -> dict[str, bytes]:
    """Restore one tape file and return what the files of its top directory hold."""
    done = cartridge.restore(target, file)
    assert done.code == code, done.report.message
    return {path.name: path.read_bytes() for top in target.iterdir() for path in top.iterdir()}


# -- files ---------------------------------------------------------------------------------------------------------


def test_a_file_that_vanishes_is_listed_and_the_rest_saved(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    some = {f"b{i:03}": b"" for i in range(300)}  # more than are opened ahead
    top = tree("t", a=BIG, **some, c=b"last")
    done = cartridge.backup(top, memory_bytes=4 * BLOCK, prepare=after_block(1, (top / "b299").unlink))
    assert (done.code, done.statuses, list(reasons(done))) == (1, ["partial"], ["b299"])
    assert "vanished" in reasons(done)["b299"]
    del some["b299"]
    assert restored(cartridge, tmp_path / "out") == {"a": (top / "a").read_bytes(), **some, "c": b"last"}


def test_a_file_that_shrinks_is_filled_with_zeros_and_listed(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    top = tree("t", a=b"x" * BIG, c=b"last")
    cut = after_block(1, lambda: os.truncate(top / "a", 400_000))
    done = cartridge.backup(top, memory_bytes=4 * BLOCK, prepare=cut)
    assert (done.code, done.statuses, list(reasons(done))) == (1, ["partial"], ["a"])
    assert "shrank" in reasons(done)["a"]
    assert restored(cartridge, tmp_path / "out") == {"a": b"x" * 400_000 + bytes(BIG - 400_000), "c": b"last"}


def test_a_file_that_grows_is_cut_and_listed(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    top = tree("t", a=b"x" * BIG, c=b"last")

    def grow() -> None:
        with open(top / "a", "ab") as file:
            file.write(b"y" * BIG)

    done = cartridge.backup(top, memory_bytes=4 * BLOCK, prepare=after_block(1, grow))
    assert (done.code, done.statuses, list(reasons(done))) == (1, ["partial"], ["a"])
    assert "grew" in reasons(done)["a"]
    assert restored(cartridge, tmp_path / "out") == {"a": b"x" * BIG, "c": b"last"}


def test_a_file_that_is_written_to_is_listed(cartridge: Cartridge, tree: Tree) -> None:
    top = tree("t", a=BIG)
    touch = after_block(1, lambda: os.utime(top / "a", ns=(1, 1)))
    done = cartridge.backup(top, memory_bytes=4 * BLOCK, prepare=touch)
    assert (done.code, done.statuses) == (1, ["partial"])
    assert "changed" in reasons(done)["a"]


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        yield Path(path)


@pytest.fixture
def _packs_as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so let the packing thread, and only that, be somebody else (setfsuid(2))."""
    add = Packer.add

    def as_nobody(self: Packer, path: bytes, name: bytes, after: bytes | None = None) -> None:
        if os.geteuid() == 0:
            ctypes.CDLL(None).setfsuid(65534)
        add(self, path, name, after)

    monkeypatch.setattr(Packer, "add", as_nobody)


@pytest.mark.usefixtures("_packs_as_nobody")
def test_what_cannot_be_read_is_listed_and_the_rest_saved(
    cartridge: Cartridge, open_directory: Path, tmp_path: Path
) -> None:
    top = open_directory / "t"
    (top / "closed").mkdir(parents=True)
    for name in ("a", "closed/hidden", "z"):
        (top / name).write_bytes(b"in " + name.encode())
    (top / "a").chmod(0)
    (top / "closed").chmod(0)
    done = cartridge.backup(top)
    assert (done.code, done.statuses) == (1, ["partial"])
    assert reasons(done) == dict.fromkeys(("a", "closed"), "not saved: Permission denied")
    assert [event.kind for event in done.events if isinstance(event, Notice)] == ["PERMISSION"] * 2
    assert cartridge.restore(tmp_path / "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out" / "t").iterdir()) == ["closed", "z"]
    (top / "closed").chmod(0o700)


def test_problems_of_one_argument_are_not_told_of_the_next(cartridge: Cartridge, tree: Tree) -> None:
    one, two = tree("one", a=BIG, b=10), tree("two", f=5)
    done = cartridge.backup(one, two, memory_bytes=4 * BLOCK, prepare=after_block(1, lambda: os.truncate(one / "a", 5)))
    assert done.statuses == ["partial", "saved"]
    assert [len(argument.errors) for argument in done.report.arguments] == [1, 0]
    assert done.code == 1
    assert done.report.message.startswith("1 file")


# -- the drive -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [0, 1, 7, 30])
def test_a_medium_error_ends_the_job_at_an_exactly_known_block(
    cartridge: Cartridge, tree: Tree, tmp_path: Path, block: int
) -> None:
    cartridge.fault(f"write {block}: medium error")
    members = tmp_path / "members"
    done = cartridge.backup(tree("one", f=BIG), tree("two", g=5), members_file=str(members))
    assert (done.code, done.statuses) == (6, ["failed", "not started"])
    first, second = done.report.arguments
    assert (first.blocks, first.data_bytes) == (block, block * BLOCK)
    assert f"behind {block} blocks" in done.report.message
    assert (second.blocks, second.files, second.tape_file, second.first_block) == (0, 0, None, None)
    assert members.read_text() == "", "nothing is on tape for certain without a filemark behind it"
    cartridge.mend()
    assert [len(blocks) for blocks in cartridge.files()] == ([block] if block else [])


def test_what_is_before_a_block_that_cannot_be_written_can_be_read(
    cartridge: Cartridge, tree: Tree, tmp_path: Path
) -> None:
    one = tree("one", a=b"first", b=BIG)
    cartridge.fault("write 20: medium error")
    assert cartridge.backup(one).report.arguments[0].files == 2
    assert restored(cartridge, tmp_path / "out", code=12) == {"a": b"first"}


def test_a_medium_error_at_the_filemark_leaves_nothing_saved(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    source = tree("one", f=30_000)
    blocks = cartridge.backup(source).report.arguments[0].blocks
    members = tmp_path / "members"
    cartridge.fault(f"write {2 * blocks + 1}: medium error")
    done = cartridge.backup(source, tree("two", g=5), members_file=str(members))
    assert (done.code, done.statuses) == (6, ["failed", "not started"])
    assert done.report.arguments[0].blocks == blocks
    assert members.read_text() == ""


def test_files_saved_before_a_medium_error_stay_saved(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    one, two = tree("one", f=50_000), tree("two", g=BIG)
    cartridge.fault("write 20: medium error")
    done = cartridge.backup(one, two)
    assert (done.code, done.statuses) == (6, ["saved", "failed"])
    cartridge.mend()
    assert cartridge.restore(tmp_path / "out", 0).code == 0
    assert differences(describe(one), describe(tmp_path / "out" / "one")) == []


def test_after_a_medium_error_the_next_run_appends_behind_it(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    cartridge.fault("write 20: medium error")
    assert cartridge.backup(tree("one", f=BIG)).code == 6
    cartridge.mend()
    again = tree("again", f=BIG)
    done = cartridge.backup(again)
    assert (done.code, done.report.arguments[0].tape_file) == (0, 1)
    assert cartridge.restore(tmp_path / "out", 1).code == 0
    assert differences(describe(again), describe(tmp_path / "out" / "again")) == []


def test_a_cartridge_taken_out_is_no_end_of_tape(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.fault("eject at 12")
    done = cartridge.backup(tree("one", f=BIG), tree("two", f=5))
    assert done.code in {5, 6}
    assert done.statuses == ["failed", "not started"]


# -- the user --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 7, 30])
def test_an_interrupt_finishes_the_block_and_writes_the_filemark(
    cartridge: Cartridge, tree: Tree, tmp_path: Path, block: int
) -> None:
    interrupt = Interrupt()
    members = tmp_path / "members"
    one = tree("one", a=b"first", b=BIG)
    stop = after_block(block, interrupt.trigger)
    done = cartridge.backup(one, tree("two", g=5), interrupt=interrupt, prepare=stop, members_file=str(members))
    assert (done.code, done.statuses) == (130, ["interrupted", "not started"])
    assert (done.report.arguments[0].blocks, done.report.arguments[0].files) == (block, 2)
    assert done.report.position is not None
    assert done.report.position[:3] == (1, 0, block + 1)
    assert [thing is None for thing in cartridge.objects()] == [False] * block + [True]
    assert restored(cartridge, tmp_path / "out", code=12) == {"a": b"first"}
    assert [line.split('"')[3] for line in members.read_text().splitlines()] == ["one", "one/a"]


def test_the_next_run_after_an_interrupt_appends(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    interrupt = Interrupt()
    cartridge.backup(tree("one", b=BIG), interrupt=interrupt, prepare=after_block(3, interrupt.trigger))
    done = cartridge.backup(tree("two", g=b"two"))
    assert (done.code, done.report.arguments[0].tape_file, done.notices) == (0, 1, [])
    assert restored(cartridge, tmp_path / "out", 1) == {"g": b"two"}


def test_a_face_that_fails_leaves_no_thread_at_the_drive(cartridge: Cartridge, tree: Tree) -> None:
    """A thread that went on would write to a descriptor that is another file's by then."""

    failed = threading.Event()
    ended: list[Stop] = []

    def fails(record: object) -> None:
        if isinstance(record, Progress):
            failed.set()
            raise OSError(errno.EIO, "the terminal is gone")

    def hold(drive: Drive) -> None:
        write_from = drive.tape.write_from

        def held(ring: Ring, *, limit: int = 0) -> Moved:
            failed.wait(10)
            deadline = time.monotonic() + 10
            while not ring.stopped and time.monotonic() < deadline:
                pass  # the job has still to notice that its face failed
            moved = write_from(ring, limit=limit)
            ended.append(moved.stop)
            return moved

        drive.tape.write_from = held  # type: ignore[method-assign]

    with pytest.raises(OSError, match="terminal"):
        cartridge.backup(tree("t", a=BIG), on_event=fails, prepare=hold)
    assert ended == [Stop.CANCELLED]


def test_an_interrupt_before_the_first_block_writes_nothing(cartridge: Cartridge, tree: Tree) -> None:
    interrupt = Interrupt()
    interrupt.trigger()
    done = cartridge.backup(tree("one", b=BIG), tree("two", f=5), interrupt=interrupt)
    assert (done.code, done.statuses) == (130, ["interrupted", "not started"])
    assert done.report.arguments[0].blocks == 0
    assert "nothing of the next tape file was written" in done.report.message
    assert cartridge.objects() == []


def test_an_interrupt_between_two_arguments_keeps_the_first(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    interrupt = Interrupt()
    seen: list[Progress] = []

    def see(event: object) -> None:
        if isinstance(event, Progress):
            seen.append(event)
            interrupt.trigger()

    one = tree("one", f=b"one")
    done = cartridge.backup(one, tree("two", f=b"two"), interrupt=interrupt, on_event=see)
    assert seen
    assert (done.code, done.statuses) == (130, ["saved", "interrupted"])
    assert [len(blocks) for blocks in cartridge.files()] == [1]
    assert restored(cartridge, tmp_path / "out") == {"f": b"one"}
