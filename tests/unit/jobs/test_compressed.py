# SPDX-License-Identifier: WTFPL OR MIT
"""Compressed backups: what is on the tape, who can read it, and what damage costs."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from backup_bench import after_block

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import Refused
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.stream.compress import plan_compression
from pytp_native.stream.frames import frame_bytes, unpack_places
from pytp_native.units import MIB
from tests.cartridge import Cartridge, Done
from tests.trees import describe, differences

BLOCK = 10240
FRAME = 1 * MIB // BLOCK * BLOCK
"""Content of a frame, at most, on a cartridge of 64 MiB."""


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "vtl", block_bytes=BLOCK)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(str(tmp_path / "catalog.db")) as opened:
        yield opened


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Small files, some that do not get smaller, one of several frames, one that is nearly nothing."""
    random.seed(4)
    top = tmp_path / "tree"
    (top / "small").mkdir(parents=True)
    for number in range(300):
        (top / "small" / f"{number:03}").write_bytes(b"line %d\n" % number * random.randrange(3000))
    (top / "random").write_bytes(random.randbytes(3 * MIB + 7))
    (top / "zeros").write_bytes(bytes(9 * MIB))
    (top / "zeros2").write_bytes(b"x" * 100)
    return top


def frames_of(data: bytes) -> list[tuple[int, bytes]]:
    """Return place and content of each frame of a tape file."""
    found, at = [], 0
    while at < len(data):
        length = frame_bytes(data[at:])
        if length is None:
            at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
            continue
        found.append((at, zstandard.decompress(data[at : at + length])))
        at += length
    assert at == len(data), "the last filler ends with the last block"
    return found


def members_of(archive: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getmembers()


def spoil(cartridge: Cartridge, file: int, at: int) -> None:
    """Change a byte of a tape file, as a drive would that does not notice."""
    objects = cartridge.objects()
    start = 0
    for _ in range(file):
        start = objects.index(None, start) + 1
    block = objects[start + at // BLOCK]
    assert block is not None
    objects[start + at // BLOCK] = block[: at % BLOCK] + bytes([block[at % BLOCK] ^ 0x55]) + block[at % BLOCK + 1 :]
    cartridge.write(objects)


def from_catalog(cartridge: Cartridge, catalog: Catalog, target: Path, *patterns: bytes) -> Done:
    events: list[object] = []
    request = CatalogRequest(Selector(), target=os.fsencode(target), patterns=patterns)
    with Drive.open(cartridge.address, block_bytes=BLOCK) as drive:
        return Done(restore_from_catalog(drive, catalog, request, events.append, Interrupt()), events)


@pytest.mark.parametrize("level", [1, 3, 19])
def test_zstd_and_tar_read_a_tape_file_as_it_is(cartridge: Cartridge, tree: Path, tmp_path: Path, level: int) -> None:
    done = cartridge.backup(tree, zstd_level=level)
    assert (done.code, done.statuses) == (0, ["saved"])
    stored = tmp_path / "stored.zst"
    stored.write_bytes(cartridge.cat(0))
    assert stored.stat().st_size == done.report.arguments[0].blocks * BLOCK == done.report.arguments[0].data_bytes
    for name, command in (("gnu", "tar -xf -"), ("bsd", "bsdtar -xf -")):
        target = tmp_path / name
        target.mkdir()
        line = f"set -o pipefail; zstd -dc {stored} | {command} -C {target}"
        subprocess.run(["bash", "-c", line], check=True, timeout=60)
        assert differences(describe(tree), describe(target / "tree")) == []


def test_it_is_listed_and_restored(cartridge: Cartridge, tree: Path, tmp_path: Path) -> None:
    cartridge.backup(tree, zstd_level=3)
    plain = cartridge.backup(tree).report
    assert len(cartridge.list().lines) == len(cartridge.list(1).lines) == plain.arguments[0].files
    done = cartridge.restore(tmp_path / "out")
    assert (done.code, done.report.arguments[0].errors) == (0, ())
    assert differences(describe(tree), describe(tmp_path / "out" / "tree")) == []
    assert done.report.position.file == 1


def test_frames_begin_with_members_unless_one_is_longer(cartridge: Cartridge, tree: Path) -> None:
    cartridge.backup(tree, zstd_level=3)
    frames = [content for _at, content in frames_of(cartridge.cat(0))]
    assert all(len(content) <= FRAME and len(content) % BLOCK == 0 for content in frames)
    members = members_of(b"".join(frames))
    ends = [0]
    for content in frames:
        ends.append(ends[-1] + len(content))
    headers = {0: 0}
    longer = 0
    for member in members:
        end = member.offset_data + member.size
        if end - member.offset > FRAME:
            longer += 1
            headers |= {at: 1 for at in ends if member.offset < at < end}
        else:
            assert not any(member.offset_data < at < end for at in ends), "a short member lies in one frame"
    assert longer == 2
    for at in ends[1:-1]:
        header = b"".join(frames)[at : at + 512]
        assert at in headers or header[257:262] == b"ustar", "a frame begins with a header"


def test_one_file_costs_one_locate_and_its_frames(
    cartridge: Cartridge, tree: Path, catalog: Catalog, tmp_path: Path
) -> None:
    cartridge.backup(tree, zstd_level=3, bare=False, catalog=catalog)
    done = from_catalog(cartridge, catalog, tmp_path / "out", b"tree/small/207")
    assert done.code == 0, done.events
    assert (tmp_path / "out/tree/small/207").read_bytes() == (tree / "small/207").read_bytes()
    assert done.report.details["locates"] == 1
    assert done.report.details["checked"] == 1
    assert done.report.details["blocks_read"] <= 8
    assert len(cartridge.files()[1]) > 300


def test_everything_comes_back_by_catalog_and_by_a_rebuilt_one(
    cartridge: Cartridge, tree: Path, catalog: Catalog, tmp_path: Path
) -> None:
    cartridge.backup(tree, zstd_level=3, bare=False, catalog=catalog)
    done = from_catalog(cartridge, catalog, tmp_path / "out")
    assert (done.code, differences(describe(tree), describe(tmp_path / "out/tree"))) == (0, [])
    with Catalog(str(tmp_path / "again.db")) as again:
        with cartridge.open() as drive:
            assert rebuild(drive, again, lambda event: None, Interrupt()).exit_code == 0
        (before,), (after,) = catalog.sessions(), again.sessions()
        assert before.tape_files == after.tape_files
        assert before.tape_files[0].compression == "zstd"
        done = from_catalog(cartridge, again, tmp_path / "out2", b"tree/random")
        assert (done.code, done.report.details["locates"]) == (0, 1)
        assert (tmp_path / "out2/tree/random").read_bytes() == (tree / "random").read_bytes()


@pytest.mark.parametrize("known", [False, True], ids=["in order", "by catalog"])
@pytest.mark.parametrize("where", [1, 40])
def test_a_damaged_frame_costs_its_members_alone(
    cartridge: Cartridge, tree: Path, catalog: Catalog, tmp_path: Path, where: int, known: bool
) -> None:
    cartridge.backup(tree, zstd_level=3, bare=False, catalog=catalog)
    frames = frames_of(cartridge.cat(1))
    hit = [number for number, (_at, content) in enumerate(frames) if b"tree/small/" in content[:2048]][1]
    spoil(cartridge, 1, frames[hit][0] + where)
    before = sum(len(content) for _at, content in frames[:hit])
    members = members_of(b"".join(content for _at, content in frames))
    names = {one.name for one in members if before <= one.offset < before + len(frames[hit][1])}
    assert 0 < len(names) < 250
    target = tmp_path / "out"
    done = from_catalog(cartridge, catalog, target) if known else cartridge.restore(target, 1)
    assert done.code in {1, 8}
    there = {os.path.relpath(Path(top, name), target) for top, _, files in os.walk(target) for name in files}
    wanted = {os.path.relpath(Path(top, name), tmp_path) for top, _, files in os.walk(tree) for name in files}
    assert wanted - there <= names
    for name in wanted & there:
        assert (target / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_block_that_cannot_be_read_costs_what_is_in_it(
    cartridge: Cartridge, tree: Path, catalog: Catalog, tmp_path: Path
) -> None:
    cartridge.backup(tree, zstd_level=3, bare=False, catalog=catalog)
    (session,) = catalog.sessions()
    cartridge.fault(f"read {session.tape_files[0].first_block + 100}: medium error")
    done = from_catalog(cartridge, catalog, tmp_path / "out")
    assert done.code == 6
    (tmp_path / "out/tree/random.damaged").unlink(missing_ok=True)
    left = describe(tmp_path / "out/tree")
    assert set(describe(tree)) - set(left) == {b"/random"}


def test_a_foreign_tape_of_one_frame_is_read_as_it_comes(cartridge: Cartridge, tree: Path, tmp_path: Path) -> None:
    line = f"tar --format=pax -C {tree.parent} -cf - tree | zstd -q --long=24 -c"
    data = subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=60).stdout
    data += bytes(-len(data) % BLOCK)
    cartridge.write([*(data[at : at + BLOCK] for at in range(0, len(data), BLOCK)), None])
    done = cartridge.restore(tmp_path / "out")
    assert (done.code, differences(describe(tree), describe(tmp_path / "out" / "tree"))) == (0, [])


def test_a_foreign_frame_that_is_damaged_ends_the_reading(cartridge: Cartridge, tree: Path) -> None:
    line = f"tar -C {tree.parent} -cf - tree | zstd -q -c"
    data = bytearray(subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=60).stdout)
    data[len(data) // 2] ^= 1
    data += bytes(-len(data) % BLOCK)
    cartridge.write([*(bytes(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)), None])
    done = cartridge.list()
    assert done.code == 6
    assert "decompressed" in done.report.message


def test_what_others_packed_is_named(cartridge: Cartridge, tree: Path) -> None:
    data = subprocess.run(["tar", "-C", tree.parent, "-czf", "-", "tree"], check=True, capture_output=True).stdout
    data += bytes(-len(data) % BLOCK)
    cartridge.write([*(data[at : at + BLOCK] for at in range(0, len(data), BLOCK)), None])
    done = cartridge.list()
    assert (done.code, done.lines) == (1, [])
    assert "packed with gzip: pytp cat | gzip -dc | tar -x" in done.report.message


def test_an_interrupt_leaves_whole_frames_that_are_told(cartridge: Cartridge, tree: Path, tmp_path: Path) -> None:
    interrupt = Interrupt()
    done = cartridge.backup(tree, zstd_level=3, interrupt=interrupt, prepare=after_block(120, interrupt.trigger))
    assert (done.code, done.statuses) == (130, ["interrupted"])
    restored = cartridge.restore(tmp_path / "out")
    assert restored.code == 12
    files = sum(len(some) + len(below) for _top, below, some in os.walk(tmp_path / "out"))
    assert 0 < done.report.arguments[0].files <= files


def test_several_arguments_are_each_their_own(cartridge: Cartridge, tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_bytes(random.randbytes(50_000))
    done = cartridge.backup(tree, other, zstd_level=1)
    assert done.statuses == ["saved", "saved"]
    assert cartridge.restore(tmp_path / "out", 1).code == 0
    assert (tmp_path / "out/other/file").read_bytes() == (other / "file").read_bytes()


def test_memory_is_shared_out_within_what_is_given() -> None:
    plan = plan_compression(3, 256 * MIB, 524288, None)
    assert plan.frame_blocks == 32
    assert plan.tape_bytes + plan.workers * 32 * MIB < 256 * MIB
    assert plan_compression(3, 256 * MIB, 524288, 64 * MIB).frame_blocks == 2
    with pytest.raises(Refused, match="zstd:19"):
        plan_compression(19, 64 * MIB, 524288, None)


def test_places_tell_where_each_frame_is(cartridge: Cartridge, tree: Path) -> None:
    (argument,) = cartridge.backup(tree, zstd_level=3).report.arguments
    frames = frames_of(cartridge.cat(0))
    places = unpack_places(argument.parts[0].frames)
    assert [place.stored for place in places] == [at for at, _content in frames]
    content = 0
    for place, (_at, plain) in zip(places, frames, strict=True):
        assert place.content * BLOCK == content
        content += len(plain)
