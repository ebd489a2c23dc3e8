# SPDX-License-Identifier: WTFPL OR MIT
"""The packer on sources that change, vanish or cannot be read, and when it is stopped."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest
from pack_support import BLOCK, pack

from pytp_native.stream.pack import PackCancelled, Packer, Problem
from pytp_native.stream.ring import Ring

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    return root


@ROOT_ONLY
def test_unreadable_files_and_directories_are_listed_and_the_rest_saved(tree: Path) -> None:
    """setfsuid(2) takes the file rights of root from this thread alone."""
    import ctypes

    (tree / "secret").touch(mode=0o600)
    (tree / "vault").mkdir(mode=0o700)
    (tree / "z").write_bytes(b"z")
    for above in (tree, *tree.parents[:3]):  # pytest's own directories are for their owner only
        os.chmod(above, 0o711)
    os.chmod(tree, 0o755)
    libc = ctypes.CDLL(None)
    libc.setfsuid(65534)
    try:
        packed = pack(tree)
    finally:
        libc.setfsuid(0)
    assert [(os.path.basename(path), problem) for path, problem, _ in packed.problems] == [
        (b"secret", Problem.UNREADABLE), (b"vault", Problem.UNREADABLE)]  # fmt: skip
    assert [member.name for member in packed.members] == [b"t", b"t/vault", b"t/z"]


def at_block(number: int, action: object) -> object:
    return lambda count: action() if count == number else None  # type: ignore[operator]


def test_a_file_that_shrinks_is_padded_and_listed(tree: Path) -> None:
    (tree / "f").write_bytes(b"x" * BLOCK * 100)
    packed = pack(tree, on_block=at_block(2, lambda: os.truncate(tree / "f", BLOCK * 50)))
    assert [problem for _, problem, _ in packed.problems] == [Problem.SHRANK]
    assert packed.members[-1].ctime_ns == 0, "an incremental session tries it again"
    with packed.open() as tar:
        assert tar.extractfile("t/f").read() == b"x" * BLOCK * 50 + bytes(BLOCK * 50)


def test_a_file_that_grows_is_cut_and_listed(tree: Path) -> None:
    (tree / "f").write_bytes(b"x" * BLOCK * 100)

    def grow() -> None:
        with open(tree / "f", "ab") as file:
            file.write(b"more")

    packed = pack(tree, on_block=at_block(2, grow))
    assert [problem for _, problem, _ in packed.problems] == [Problem.GREW]
    with packed.open() as tar:
        assert tar.getmember("t/f").size == BLOCK * 100


def test_a_file_that_changes_is_listed(tree: Path) -> None:
    (tree / "f").write_bytes(b"x" * BLOCK * 100)
    packed = pack(tree, on_block=at_block(2, lambda: os.utime(tree / "f", ns=(1, 1))))
    assert [problem for _, problem, _ in packed.problems] == [Problem.CHANGED]


def test_a_file_rewritten_shorter_after_it_was_read_is_listed(tree: Path) -> None:
    """The last block that the ring takes ends the content; what follows waits for the consumer."""
    (tree / "f").write_bytes(b"x" * BLOCK * 100)
    packed = pack(tree, on_block=at_block(92, lambda: (tree / "f").write_bytes(b"short")))
    assert [problem for _, problem, _ in packed.problems] in ([Problem.SHRANK], [Problem.CHANGED])


def test_stopping_frees_a_packer_that_waits_for_its_source(tmp_path: Path) -> None:
    """The walker is held while it tells of a socket, as a slow file system would hold it."""
    held, told = threading.Event(), threading.Event()
    tree = tmp_path / "tree"
    tree.mkdir()
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(tree)
        try:
            sock.bind("sock")
        finally:
            os.chdir(here)
        ring = Ring(BLOCK, 8 * BLOCK)
        packer = Packer(ring, lambda *seen: (told.set(), held.wait(30)))

        def stop() -> None:
            told.wait(30)
            packer.stop()
            held.set()

        stopper = threading.Thread(target=stop)
        stopper.start()

        def whole() -> None:
            packer.add(os.fsencode(tree), b"t")
            packer.end()

        with pytest.raises(PackCancelled):
            whole()
        stopper.join()


def test_a_file_that_vanishes_is_listed_and_the_rest_saved(tree: Path) -> None:
    """The walker has opened some files ahead; the last of 500 is not among them."""
    (tree / "a").write_bytes(b"x" * BLOCK * 100)
    for i in range(500):
        (tree / f"b{i:03}").touch()
    (tree / "c").touch()
    packed = pack(tree, on_block=at_block(2, lambda: os.unlink(tree / "b499")))
    assert [(path, problem) for path, problem, _ in packed.problems] == [
        (os.fsencode(tree / "b499"), Problem.VANISHED)]  # fmt: skip
    assert [member.name for member in packed.members][-2:] == [b"t/b498", b"t/c"]


def test_a_file_that_was_opened_ahead_and_waited_is_saved_as_it_is_when_its_turn_comes(tree: Path) -> None:
    (tree / "a").write_bytes(b"x" * BLOCK * 100)
    (tree / "b").write_bytes(b"old")

    def rewrite() -> None:
        (tree / "b").write_bytes(b"new content")
        stale = time.monotonic() + 0.02
        while time.monotonic() < stale:
            pass

    packed = pack(tree, on_block=at_block(2, rewrite))
    assert packed.problems == []
    with packed.open() as tar:
        assert tar.extractfile("t/b").read() == b"new content"


def test_many_more_files_than_the_walker_may_be_ahead(tree: Path) -> None:
    for i in range(1000):
        (tree / f"{i:04}").write_bytes(b"%d" % i)
    before = len(os.listdir("/proc/self/fd"))
    packed = pack(tree)
    assert len(packed.members) == 1001
    assert len(os.listdir("/proc/self/fd")) == before


def test_stopping_the_ring_in_the_middle_closes_every_file(tree: Path) -> None:
    for i in range(1000):
        (tree / f"{i:04}").write_bytes(b"x" * BLOCK)
    before = len(os.listdir("/proc/self/fd"))
    ring = Ring(BLOCK, 8 * BLOCK)
    packer = Packer(ring, lambda *seen: None)
    consumer = threading.Thread(target=lambda: (ring.get(), ring.stop()))
    consumer.start()
    with pytest.raises(PackCancelled):
        packer.add(os.fsencode(tree), b"t")
    consumer.join()
    assert len(os.listdir("/proc/self/fd")) == before
