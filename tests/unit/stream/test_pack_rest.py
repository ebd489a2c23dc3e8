# SPDX-License-Identifier: WTFPL OR MIT
"""An archive that goes on at any block is, from there on, the archive that was cut."""

from __future__ import annotations

import os
import random
import tempfile
import threading
from pathlib import Path

import pytest

from pytp_native.errors import PytpError
from pytp_native.stream.cut_member import CutMember, Rest, rest_of
from pytp_native.stream.pack import Member, PackCancelled, Packer, Problem, read_members
from pytp_native.stream.ring import Ring
from tests.trees import settle

BLOCK = 10240
SLOTS = 1024


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chance = random.Random(1)
    top = tmp_path / "t"
    (top / "a").mkdir(parents=True)
    for name, size in (("a/small", 5000), ("a/large", 300_000), ("b", 77_777), ("z", 100)):
        (top / name).write_bytes(chance.randbytes(size))
    with (top / "sparse").open("wb") as file:
        file.seek(1 << 20)
        file.write(chance.randbytes(100_000))
        file.seek(3 << 20)
        file.write(b"x" * 50_000)
        file.truncate(5 << 20)
    os.setxattr(top / "b", "user.long", b"v" * 700)
    settle()
    return top


class Packed:
    """A packer that has packed a tree, or the rest of one, into `blocks`."""

    def __init__(self, tree: Path, rest: Rest | None = None, frame_blocks: int = 0) -> None:
        self.problems: list[tuple[bytes, Problem, str]] = []
        ring = Ring(BLOCK, SLOTS * BLOCK)
        with tempfile.TemporaryFile(buffering=0) as log:
            self.packer = Packer(
                ring, lambda *told: self.problems.append(told), members_fd=log.fileno(), frame_blocks=frame_blocks
            )
            self.packer.restart()
            self.error: Exception | None = None
            source = threading.Thread(target=self._pack, args=(os.fsencode(tree), rest, ring))
            source.start()
            self.blocks = []
            while (block := ring.get()) is not None:
                self.blocks.append(block)
            source.join()
            log.seek(0)
            self.members: list[Member] = list(read_members(log))

    def _pack(self, path: bytes, rest: Rest | None, ring: Ring) -> None:
        try:
            if rest is None:
                self.packer.add(path, b"t")
            else:
                self.packer.add_rest(path, b"t", rest)
            self.packer.end()
        except (PackCancelled, PytpError) as error:
            self.error = error
            ring.stop()


def cuts(whole: Packed) -> list[Rest]:
    found = [whole.packer.rest(block) for block in range(1, len(whole.blocks))]
    return [rest for rest in found if rest is not None]


@pytest.mark.parametrize("frame_blocks", [0, 4])
def test_it_goes_on_at_any_block(tree: Path, frame_blocks: int) -> None:
    whole = Packed(tree, frame_blocks=frame_blocks)
    found = cuts(whole)
    assert len(found) > 40
    for rest in found:
        cut = rest.cut
        assert cut is not None
        assert cut.is_still(os.fsencode(tree.parent) + b"/" + cut.name)
        assert rest.is_inside(BLOCK)
        assert rest_of(rest.text() or "") == rest
        again = Packed(tree, rest, frame_blocks)
        assert again.members == [one for one in whole.members if one.block * BLOCK + one.offset >= cut.head]
        if not frame_blocks:
            assert again.blocks == whole.blocks[rest.block :]
            assert again.packer.ahead_of(rest) == whole.packer.continuation(rest.block)


@pytest.mark.parametrize("change", ["shorter", "longer", "attribute", "directory", "gone", "parent"])
def test_what_is_not_the_same_any_more_becomes_zeros(tree: Path, change: str) -> None:
    """Nothing else may take the place of what the header promised; what comes behind it is as it should be."""
    whole = Packed(tree)
    rest = next(rest for rest in cuts(whole) if rest.cut is not None and rest.cut.name == b"t/a/large")
    large, cut = tree / "a" / "large", rest.cut
    assert cut is not None
    if change == "shorter":
        os.truncate(large, 100)
    elif change == "longer":
        large.write_bytes(bytes(400_000))
    elif change == "attribute":
        os.setxattr(large, "user.more", b"v" * 3000)
    elif change in {"directory", "gone"}:
        large.unlink()
        if change == "directory":
            large.mkdir()
    else:
        large.rename(tree / "elsewhere")
        (tree / "a" / "small").unlink()
        (tree / "a").rmdir()
    again = Packed(tree, rest)
    kinds = {kind for _path, kind, _words in again.problems}
    assert Problem.REPLACED in kinds
    assert b"t/a/large" not in {one.name for one in again.members if one.type == "0"}
    left = b"".join(again.blocks)
    padding = -(-cut.end // 512) * 512 - rest.block * BLOCK
    assert left[:padding] == bytes(padding)
    assert {b"t/b", b"t/sparse", b"t/z"} <= {one.name for one in again.members}


@pytest.mark.parametrize("block", [0, 500])
def test_a_block_that_is_not_the_member_s_is_refused(tree: Path, block: int) -> None:
    rest = cuts(Packed(tree))[0]
    odd = Packed(tree, rest._replace(block=block))
    assert isinstance(odd.error, PytpError)
    assert odd.blocks == []


def test_a_packer_that_is_stopped_in_front_of_the_cut_ends(tree: Path) -> None:
    """It reads what is on tape already without giving anything to the tape."""
    whole = Packed(tree)
    rest = cuts(whole)[-1]
    ring = Ring(BLOCK, 4 * BLOCK)
    packer = Packer(ring, lambda *_told: None)
    packer.restart()
    ring.stop()
    with pytest.raises(PackCancelled):
        packer.add_rest(os.fsencode(tree), b"t", rest)


def test_an_unknown_ctime_is_no_agreement(tree: Path) -> None:
    path = tree / "b"
    found = path.stat()
    told = CutMember(b"t/b", 0, 512, 9, found.st_size, 0o644, 0, 0, b"", b"", found.st_mtime_ns, found.st_ctime_ns)
    assert told.is_still(os.fsencode(path))
    assert not told._replace(ctime_ns=0).is_still(os.fsencode(path))
    (tree / "link").symlink_to("b")
    assert not told.is_still(os.fsencode(tree / "link"))
    assert told.is_still(os.fsencode(tree / "link"), follow=True)
    assert not told.is_still(os.fsencode(tree / "nothing"))
