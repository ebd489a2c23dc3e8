# SPDX-License-Identifier: WTFPL OR MIT
"""Cut, damaged and padded archives: what is complete is delivered, and the rest is said."""

import os
from pathlib import Path

import pytest
from untar_archives import END, archive, entry, header, members, padded, restore, ring_of

from pytp_native.stream.ring import Ring
from pytp_native.stream.untar import Ended, Problem, Untar


def three() -> bytes:
    """Three files of 1000, 30000 and 5 bytes; no end mark."""
    data = archive((entry("one"), b"1" * 1000), (entry("two"), b"2" * 30000), (entry("three"), b"3" * 5))
    return data[: 512 + 1024 + 512 + 30208 + 512 + 512]


def test_an_archive_cut_inside_a_member_delivers_those_before_it(tmp_path: Path) -> None:
    restored = restore(three()[:20480], tmp_path / "out")
    assert restored.untar.ended is Ended.CUT
    assert restored.untar.cut == b"two"
    assert os.listdir(tmp_path / "out") == ["one"]


def test_an_archive_cut_inside_a_header_says_so(tmp_path: Path) -> None:
    restored = restore(three()[: 512 + 1024 + 100], tmp_path / "out", block_bytes=100)
    assert (restored.untar.ended, restored.untar.cut) == (Ended.CUT, b"")
    assert os.listdir(tmp_path / "out") == ["one"]


def test_every_cut_is_noticed_and_leaves_only_complete_files(tmp_path: Path) -> None:
    data = three()
    for at in range(0, len(data), 512):
        out = tmp_path / str(at)
        restored = restore(data[:at], out, block_bytes=512)
        assert restored.untar.ended in {Ended.CUT, Ended.UNMARKED}
        sizes = {path.name: path.stat().st_size for path in out.iterdir()}
        assert sizes.items() <= {"one": 1000, "two": 30000, "three": 5}.items()
        assert len(sizes) == (at >= 1536) + (at >= 512 + 1024 + 512 + 30208) + (at >= len(data))


def test_a_missing_end_mark_is_told(tmp_path: Path) -> None:
    restored = restore(three(), tmp_path / "out")
    assert restored.untar.ended is Ended.UNMARKED
    assert len(os.listdir(tmp_path / "out")) == 3


def test_padding_behind_the_end_mark_is_read_to_the_end() -> None:
    ring = ring_of(three() + END + bytes(40 << 20), 1 << 20)
    untar = Untar(ring)
    assert len(list(untar.members())) == 3
    assert untar.ended is Ended.COMPLETE
    assert ring.stats().filled == 0


def test_what_follows_the_end_mark_is_not_part_of_the_archive() -> None:
    assert [m.name for m in members(three() + END + header(b"ghost") + END)] == [b"one", b"two", b"three"]


def test_a_lone_zero_block_does_not_end_the_archive() -> None:
    assert [m.name for m in members(header(b"a") + bytes(512) + header(b"b") + END)] == [b"a", b"b"]


def test_a_damaged_header_costs_one_member(tmp_path: Path) -> None:
    data = bytearray(three() + END)
    data[1536 + 3] ^= 0x40
    restored = restore(bytes(data), tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["one", "three"]
    assert restored.untar.ended is Ended.COMPLETE
    assert restored.problems == [
        Problem(b"", f"block 0, offset 1536: no tar header here; {512 + 30208} bytes were skipped")
    ]


def test_damage_in_the_last_header_still_finds_the_end_mark(tmp_path: Path) -> None:
    data = bytearray(three() + END + bytes(10240))
    data[1536 + 512 + 30208] ^= 1
    restored = restore(bytes(data), tmp_path / "out")
    assert restored.untar.ended is Ended.COMPLETE
    assert len(restored.problems) == 1


def test_damage_up_to_the_end_is_told(tmp_path: Path) -> None:
    restored = restore(header(b"a") + b"junk" * 1000, tmp_path / "out", block_bytes=512)
    assert restored.untar.ended is Ended.UNMARKED
    assert len(restored.problems) == 1


@pytest.mark.parametrize("data", [b"text" * 5000, b"\x1f\x8b" + bytes(range(256)) * 90, b"x"])
def test_what_is_no_tar_is_called_that(data: bytes, tmp_path: Path) -> None:
    assert restore(data, tmp_path / "out").untar.ended is Ended.NO_TAR or len(data) == 1
    assert os.listdir(tmp_path / "out") == []


def test_junk_in_front_is_searched_only_so_far() -> None:
    ring = Ring(1 << 20, 80 << 20, reading=True)
    for _ in range(66):
        ring.put(b"j" * (1 << 20))
    ring.put(padded(header(b"late") + END))
    ring.finish()
    untar = Untar(ring)
    assert list(untar.members()) == []
    assert untar.ended is Ended.NO_TAR


def test_an_empty_stream_has_no_members_and_no_end_mark() -> None:
    untar = Untar(ring_of(b""))
    assert list(untar.members()) == []
    assert untar.ended is Ended.UNMARKED


def test_stopping_the_ring_leaves_no_half_file(tmp_path: Path) -> None:
    ring = Ring(512 * 1024, 64 << 20, reading=True)
    ring.put(header(b"first") + header(b"big", size=1 << 40) + bytes(512 * 1024 - 1024))
    for _ in range(64):
        ring.put(bytes(512 * 1024))
    untar = Untar(ring, on_pause=ring.stop)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    untar.extract(descriptor)
    os.close(descriptor)
    assert (untar.ended, untar.cut) == (Ended.CUT, b"big")
    assert os.listdir(tmp_path) == ["first"]


def test_directories_get_their_times_and_modes_also_after_a_cut(tmp_path: Path) -> None:
    import tarfile

    data = archive(entry("d", type=tarfile.DIRTYPE, mode=0o500, mtime=99), (entry("d/f"), b"x" * 20000))
    restored = restore(data[:10240], tmp_path / "out")
    status = (tmp_path / "out" / "d").stat()
    assert restored.untar.ended is Ended.CUT
    assert (status.st_mode & 0o777, status.st_mtime) == (0o500, 99)


def test_an_error_in_a_callback_ends_the_restore_cleanly(tmp_path: Path) -> None:
    def fail(problem: Problem) -> None:
        raise RuntimeError(problem.reason)

    data = archive((entry("../x"), b"x"), (entry("later"), b"y"))
    untar = Untar(ring_of(data), on_problem=fail)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(RuntimeError, match="climbs out"):
        untar.extract(descriptor)
    os.close(descriptor)
    assert os.listdir(tmp_path) == []
