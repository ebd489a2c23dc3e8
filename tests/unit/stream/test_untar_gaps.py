# SPDX-License-Identifier: WTFPL OR MIT
"""Archives with blocks that could not be read: what is whole comes back, what is not is never under its own name."""

from __future__ import annotations

import io
import os
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pytp_native.ffi import ffi, lib
from pytp_native.stream.expected import ExpectedMembers, Renamed, pack_entry
from pytp_native.stream.pack import Hash
from pytp_native.stream.ring import Ring
from pytp_native.stream.untar import Damage, Ended, Problem, Untar

BLOCK = 10240


class Whole(NamedTuple):
    """A member as it was put in."""

    name: str
    content: bytes
    start: int
    end: int


def digest_of(content: bytes) -> bytes:
    handle = ffi.gc(lib.pytp_hash_new(int(Hash.XXH3)), lib.pytp_hash_free)
    lib.pytp_hash_add(handle, content, len(content))
    digest = ffi.new("uint8_t[32]")
    return bytes(ffi.buffer(digest, lib.pytp_hash_finish(handle, digest)))


def archive(chance: random.Random, count: int = 40) -> tuple[bytes, list[Whole]]:
    """A pax archive in blocks; some names are long, some files are larger than a block."""
    out = io.BytesIO()
    members: list[Whole] = []
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for number in range(count):
            name = f"d/{number:03}" + "n" * chance.choice([0, 0, 0, 150])
            content = chance.randbytes(chance.choice([0, 10, 700, 9000, 30_000, 150_000]))
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(content), 1_700_000_000 + number, 0o644
            start = out.tell()
            tar.addfile(info, io.BytesIO(content))
            members.append(Whole(name, content, start, start + (out.tell() - start)))
    data = out.getvalue()
    return data + bytes(-len(data) % BLOCK), members


def ring_of(data: bytes, lost: set[int], blocks: Iterator[int] | None = None) -> Ring:
    numbers = list(range(len(data) // BLOCK)) if blocks is None else list(blocks)
    ring = Ring(BLOCK, (len(numbers) + 1) * BLOCK)
    for number in numbers:
        ring.put(b"" if number in lost else data[number * BLOCK : (number + 1) * BLOCK])
    ring.finish()
    return ring


def is_hit(member: Whole, lost: set[int]) -> bool:
    return any(block in lost for block in range(member.start // BLOCK, (member.end - 1) // BLOCK + 1))


def read(untar: Untar, out: Path) -> dict[str, bytes]:
    out.mkdir()
    target = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        untar.into(target)
        untar.run()
        untar.settle()
    finally:
        os.close(target)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("known", [False, True])
def test_what_lies_outside_of_lost_blocks_comes_back(known: bool, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data, members = archive(chance)
    lost = {chance.randrange(len(data) // BLOCK) for _ in range(chance.choice([1, 2, 8]))}
    problems: list[Problem] = []
    untar = Untar(ring_of(data, lost), on_problem=problems.append)
    if known:
        entries = b"".join(pack_entry(one.start, one.name.encode(), digest_of(one.content)) for one in members)
        untar.expect(int(Hash.XXH3), lambda: (entries, b"", True), only=True, runs=[(0, len(data) // BLOCK)])
    found = read(untar, tmp_path / "out")
    for one in members:
        if one.name in found:
            assert found[one.name] == one.content
        if known and not is_hit(one, lost):
            assert one.name in found
    told = sum(problem.damage is not Damage.NONE for problem in problems)
    if known:
        assert told == sum(one.name not in found for one in members)
        assert untar.ended is Ended.COMPLETE
    else:
        safe = [one for one in members if not is_hit(one, lost)]
        assert sum(one.name in found for one in safe) >= len(safe) - len(lost)  # one more where padding hides a header


@pytest.mark.parametrize("seed", range(10))
def test_only_what_is_expected_is_read_from_any_runs_of_blocks(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data, members = archive(chance)
    wanted = sorted(chance.sample(members, 5), key=lambda one: one.start)
    ranges: list[list[int]] = []
    with ExpectedMembers() as expected:
        for one in wanted:
            first, last = one.start // BLOCK, (one.end - 1) // BLOCK
            if ranges and first <= ranges[-1][1] + 1:
                ranges[-1][1] = max(ranges[-1][1], last)
            else:
                ranges.append([first, last])
            expected.add(one.start, one.name.encode(), digest_of(one.content))
        blocks = (number for first, last in ranges for number in range(first, last + 1))
        untar = Untar(ring_of(data, set(), blocks))
        runs = [(first * BLOCK, last - first + 1) for first, last in ranges]
        untar.expect(int(Hash.XXH3), expected.feed, only=True, runs=runs)
        found = read(untar, tmp_path / "out")
    assert found == {one.name: one.content for one in wanted}
    assert untar.counts().checked == 5


def test_another_archive_can_follow_into_the_same_target(tmp_path: Path) -> None:
    data, members = archive(random.Random(1))
    ring = Ring(BLOCK, len(data) + BLOCK)
    untar = Untar(ring)
    out = tmp_path / "out"
    out.mkdir()
    target = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    untar.into(target)
    for one, new in ((members[3], b"first"), (members[7], b"second")):
        ring.reset()
        untar.restart()
        for start in range(0, len(data), BLOCK):
            ring.put(data[start : start + BLOCK])
        ring.finish()
        with ExpectedMembers() as expected:
            expected.add(one.start, one.name.encode(), digest_of(one.content), Renamed(new))
            untar.expect(int(Hash.XXH3), expected.feed, only=True)
            untar.run()
    untar.settle()
    os.close(target)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        "first": members[3].content,
        "second": members[7].content,
    }


def test_a_member_of_another_name_is_not_taken(tmp_path: Path) -> None:
    data, members = archive(random.Random(2))
    problems: list[Problem] = []
    untar = Untar(ring_of(data, set()), on_problem=problems.append)
    entries = pack_entry(members[0].start, b"other", digest_of(members[0].content))
    untar.expect(int(Hash.XXH3), lambda: (entries, b"", True), only=True)
    assert read(untar, tmp_path / "out") == {}
    assert [(problem.damage, problem.at) for problem in problems] == [(Damage.LOST, members[0].start)]
