# SPDX-License-Identifier: WTFPL OR MIT
"""Members read from tape blocks alone, held to what the packer has logged."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from pytp_native.stream.continued import Continued
from pytp_native.stream.pack import Hash, Member, Packer, member_record, read_members
from pytp_native.stream.ring import Ring
from pytp_native.stream.scan import Scan

BLOCK = 10240


def pack(tree: Path, kind: Hash, after: bytes | None = None) -> tuple[list[bytes], list[Member]]:
    with tempfile.TemporaryFile() as log:
        ring = Ring(BLOCK, 1000 * BLOCK)
        packer = Packer(ring, lambda *what: None, hash_kind=kind, members_fd=log.fileno())
        packer.add(os.fsencode(tree), b"top", after)
        packer.end()
        blocks = []
        while (block := ring.get()) is not None:
            blocks.append(bytes(block))
        log.seek(0)
        return blocks, list(read_members(log))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    (top / "deep" / ("d" * 90) / ("e" * 90)).mkdir(parents=True)
    (top / "deep" / ("d" * 90) / ("e" * 90) / ("f" * 200)).write_bytes(os.urandom(30_000))
    (top / "empty").write_bytes(b"")
    (top / os.fsdecode(b"not\xffutf8")).write_bytes(b"x")
    (top / "link").symlink_to("l" * 300)
    os.link(top / "empty", top / "other")
    (top / "sparse").write_bytes(b"")
    with open(top / "sparse", "r+b") as file:
        for place in (0, 400_000, 900_000):
            file.seek(place)
            file.write(os.urandom(5000))
        file.truncate(1_000_000)
    os.mkfifo(top / "fifo")
    os.utime(top / "empty", ns=(0, -1_500_000_000))
    return top


def comparable(member: Member) -> Member:
    """Without what a tape does not tell."""
    return member._replace(ctime_ns=0, device=0, inode=0)


@pytest.mark.parametrize("kind", [Hash.XXH3, Hash.SHA256])
def test_a_scan_finds_what_the_packer_has_logged(tree: Path, kind: Hash) -> None:
    blocks, logged = pack(tree, kind)
    scan = Scan(iter(blocks), BLOCK, hash_kind=kind)
    assert list(scan.members()) == [comparable(member) for member in logged]
    assert (scan.ended, scan.trouble) == (True, "")


def test_a_scan_begins_at_any_member(tree: Path) -> None:
    blocks, logged = pack(tree, Hash.XXH3)
    for number, first in enumerate(logged):
        scan = Scan(iter(blocks[first.block :]), BLOCK, block=first.block, offset=first.offset)
        assert list(scan.members()) == [comparable(member) for member in logged[number:]]


def test_a_cut_archive_gives_its_complete_members_and_says_so(tree: Path) -> None:
    blocks, logged = pack(tree, Hash.XXH3)
    for count in range(len(blocks) - 1):
        scan = Scan(iter(blocks[:count]), BLOCK)
        whole = [one for one in logged if one.block * BLOCK + one.offset + one.stored_bytes <= count * BLOCK]
        assert list(scan.members()) == [comparable(member) for member in whole]
        assert not scan.ended
        assert scan.trouble == "it ends inside of a member"


def test_a_damaged_header_ends_the_scan_and_is_named(tree: Path) -> None:
    blocks, logged = pack(tree, Hash.XXH3)
    bad = logged[3]
    block = bytearray(blocks[bad.block])
    block[bad.offset + 148] ^= 1
    scan = Scan([*blocks[: bad.block], bytes(block), *blocks[bad.block + 1 :]], BLOCK)
    assert len(list(scan.members())) == 3
    assert scan.trouble.startswith(f"block {bad.block}: ")


def test_a_record_is_laid_out_as_the_packer_does(tree: Path) -> None:
    _blocks, logged = pack(tree, Hash.XXH3)
    with tempfile.TemporaryFile() as log:
        log.write(b"".join(member_record(member) for member in logged))
        log.seek(0)
        assert list(read_members(log)) == logged


def test_packing_goes_on_behind_any_member(tree: Path) -> None:
    """The directories above come again, for their times; nothing else does, and nothing is left out."""
    _blocks, logged = pack(tree, Hash.NONE)
    names = [member.name for member in logged]
    for number, name in enumerate(names):
        again = [member.name for member in pack(tree, Hash.NONE, after=name)[1]]
        above = [one for one in names if name == one or name.startswith(one + b"/")]
        directories = [one for one in above if os.path.isdir(tree.parent / os.fsdecode(one))]
        assert again == directories + names[number + 1 :]


@pytest.mark.parametrize(
    ("after", "first"),
    [(b"top/dee", b"top/deep"), (b"top/deep.d", b"top/empty"), (b"top/deep-", b"top/empty"), (b"top/zzz", None)],
)
def test_the_member_behind_which_packing_goes_on_need_not_be_there(tree: Path, after: bytes, first: bytes) -> None:
    names = [member.name for member in pack(tree, Hash.NONE, after=after)[1]]
    assert names[0] == b"top"
    assert names[1:2] == ([first] if first else [])


@pytest.mark.parametrize(
    ("before", "group", "start"),
    [
        (0, 512, 0), (512, 1024, 512), (BLOCK - 512, 512, BLOCK - 512), (BLOCK - 512, 1024, BLOCK),
        (3 * BLOCK, 1536, 3 * BLOCK), (BLOCK - 1024, BLOCK + 1024, None),
    ],
)  # fmt: skip
def test_where_a_cut_member_begins_follows_from_what_is_before_it(before: int, group: int, start: int | None) -> None:
    """A group that fits in a block never straddles one; a longer one begins at once."""
    cut, begun = 100 * BLOCK, before if start is None else start
    told = Continued(b"f", left=5000, before=cut - begun - group)
    assert told.start(cut, before, BLOCK) == start
    assert told.start(cut, begun + group, BLOCK) is None
    whole = told.whole(begun, cut, BLOCK)
    assert (whole.block * BLOCK + whole.offset, whole.stored_bytes) == (begun, cut - begun + 5120)
