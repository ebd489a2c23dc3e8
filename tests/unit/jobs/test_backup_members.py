# SPDX-License-Identifier: WTFPL OR MIT
"""The member list is true: every member is at its block and offset on the tape, with its checksum."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backup_bench import BLOCK, watching

from pytp_native.errors import UsageError
from pytp_native.stream.pack import read_members
from pytp_native.stream.ring import Ring
from tests.cartridge import Cartridge

Tree = Callable[..., Path]


@pytest.fixture
def sources(tree: Tree) -> list[Path]:
    one = tree("one", empty=0, small=5, block=BLOCK, large=400_001)
    (one / "inner").mkdir()
    (one / ("n" * 200)).write_bytes(b"long name")
    (one / "inner" / "link").symlink_to("../small")
    os.link(one / "small", one / "inner" / "hard")
    with open(one / "sparse", "wb") as file:
        file.seek(1 << 20)
        file.write(b"end")
    odd = os.path.join(os.fsencode(one), b"not-utf8-\xff")
    with open(odd, "wb") as raw:
        raw.write(b"odd")
    return [one, *(tree(f"t{number}", **{f"f{i}": 997 * i for i in range(30)}) for number in range(3))]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("block", [BLOCK, 524288])
def test_every_member_is_where_the_list_says(tmp_path: Path, shelf: Path, sources: list[Path], block: int) -> None:
    cartridge = Cartridge(shelf / "vtl", block_bytes=block)
    members = tmp_path / "members"
    done = cartridge.backup(*sources, members_file=str(members), hash_name="sha256")
    tape = [b"".join(blocks) for blocks in cartridge.files()]
    found = rows(members)
    assert len(found) == sum(argument.files for argument in done.report.arguments)
    for row in found:
        data = tape[row["tape_file"]][row["block"] * block + row["offset"] :][: row["stored_bytes"]]
        with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as tar:
            (info,) = tar.getmembers()
            content = tar.extractfile(info).read() if info.isreg() else b""  # type: ignore[union-attr]
        assert info.name == row["path"]
        assert info.type.decode() == row["type"]
        assert (len(content), info.isreg()) == (row["size"], bool(row["hash"]))
        assert not row["hash"] or hashlib.sha256(content).hexdigest() == row["hash"]


def test_the_list_names_every_file_once(cartridge: Cartridge, tmp_path: Path, sources: list[Path]) -> None:
    members = tmp_path / "members"
    cartridge.backup(*sources, members_file=str(members))
    wanted = []
    for source in sources:
        top = os.fsencode(source.parent)
        wanted += [os.path.relpath(path, top) for path in [os.fsencode(source), *walk(os.fsencode(source))]]
    assert sorted(os.fsencode(row["path"]) for row in rows(members)) == sorted(wanted)


def walk(top: bytes) -> list[bytes]:
    return [os.path.join(where, name) for where, inner, files in os.walk(top) for name in inner + files]


def test_without_checksums_there_are_none(cartridge: Cartridge, tmp_path: Path, sources: list[Path]) -> None:
    members = tmp_path / "members"
    cartridge.backup(sources[0], members_file=str(members), hash_name="none")
    assert {row["hash"] for row in rows(members)} == {""}


def test_a_list_that_cannot_be_written_is_refused_before_anything_is(cartridge: Cartridge, tree: Tree) -> None:
    with pytest.raises(UsageError, match="nothing was saved"):
        cartridge.backup(tree("t", a=1), members_file="/nonexistent/list")
    assert cartridge.files() == []


def test_a_list_that_a_full_disk_cuts_off_is_told_and_everything_is_saved(cartridge: Cartridge, tree: Tree) -> None:
    done = cartridge.backup(tree("t", a=1), tree("u", b=1), members_file="/dev/full")
    assert [argument.status for argument in done.report.arguments] == ["saved", "saved"]
    assert (done.code, done.report.message) == (1, "/dev/full: not complete (No space left on device)")


def test_a_log_that_a_full_disk_cut_off_in_a_record_ends_there(tmp_path: Path) -> None:
    """84 bytes before the digest, then 32, then the name: whatever is missing, what is whole before it counts."""
    whole = struct.pack("=QQQqqQQQQIIIIIIBB32s", *[0] * 13, 4, 0, ord("0"), 0, b"") + b"name"
    for kept in range(1, len(whole)):
        assert [member.name for member in read_members(io.BytesIO(whole + whole[:kept]))] == [b"name"]


# -- the buffer between ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ring_blocks", [4, 5, 64])
def test_a_ring_smaller_than_the_data_is_enough(
    cartridge: Cartridge, tree: Tree, tmp_path: Path, ring_blocks: int
) -> None:
    source = tree("t", a=3_000_000, b=1, c=100_000)
    done = cartridge.backup(source, memory_bytes=ring_blocks * BLOCK)
    assert done.code == 0
    cartridge.restore(tmp_path / "out")
    assert all((tmp_path / "out" / "t" / f).read_bytes() == (source / f).read_bytes() for f in "abc")


def fills(cartridge: Cartridge, source: Path, *, lowest_speed: bool) -> tuple[list[int], dict[str, object]]:
    """Run a backup and return how full the ring was at every block, and the report's limits."""
    seen: list[int] = []

    def look(blocks: int, ring: Ring) -> None:
        seen.append(ring.stats().filled)

    def prepare(drive: Any) -> None:
        drive.has_lowest_speed = lowest_speed
        watching(look)(drive)

    options = {"memory_bytes": 20 * BLOCK, "high_percent": 80, "low_percent": 20}
    return seen, cartridge.backup(source, prepare=prepare, **options).report.limits


def test_a_drive_with_a_lowest_speed_starts_when_the_buffer_has_filled_to_its_mark(
    cartridge: Cartridge, tree: Tree
) -> None:
    seen, _ = fills(cartridge, tree("t", a=2_000_000), lowest_speed=True)
    assert seen[0] >= 15, "80 % of 20 blocks, one of them on tape"


def test_a_device_without_one_is_not_held_back(cartridge: Cartridge, tree: Tree) -> None:
    assert fills(cartridge, tree("t", a=2_000_000), lowest_speed=False)[1]["restarts"] == 0
