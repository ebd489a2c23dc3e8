# SPDX-License-Identifier: WTFPL OR MIT
"""Member records and tables of frames have one byte order on tape, whatever machine wrote them."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

from pytp_native.ffi import ffi, lib
from pytp_native.jobs.members import MemberLog
from pytp_native.stream.frames import FramePlace, pack_places
from pytp_native.stream.member_columns import MemberColumns
from pytp_native.stream.member_index import checksum_lines
from pytp_native.stream.pack import Member, Packer, member_record, read_members
from pytp_native.stream.ring import Ring

FORMAT_MD_RECORD = "QQQqqQQQQIIIIIIBB32s"
MEMBER = Member(
    name=b"a", link=b"", type="0", block=0x0102, offset=512, size=5, stored_bytes=1024, mode=0o100644,
    mtime_ns=7_000_000_008, ctime_ns=9_000_000_010, device=11, inode=12, uid=13, gid=14, digest=b"\xaa" * 16,
)  # fmt: skip
GOLDEN = bytes.fromhex(
    """
    0201000000000000 0500000000000000 0004000000000000 0700000000000000 0900000000000000
    0b00000000000000 0c00000000000000 0d00000000000000 0e00000000000000
    08000000 0a000000 00020000 a4810000 01000000 00000000 30 10
    """
) + b"\xaa" * 16 + bytes(16) + b"a"  # fmt: skip


def test_a_record_is_these_bytes() -> None:
    assert member_record(MEMBER) == GOLDEN
    assert list(read_members(io.BytesIO(GOLDEN))) == [MEMBER]


def test_the_native_readers_take_these_bytes() -> None:
    columns, used = MemberColumns().convert(GOLDEN)
    assert used == len(GOLDEN)
    assert (columns.blocks, columns.offsets, columns.sizes, columns.modes) == ([0x0102], [512], [5], [0o100644])
    assert columns.mtimes_ns == [7_000_000_008]
    assert checksum_lines(GOLDEN) == b"aa" * 16 + b"  a\n"


def test_the_packer_writes_little_endian(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    os.utime(tmp_path / "file", ns=(0, 0x0102_0304 * 10**9 + 5))
    ring = Ring(10240, 1 << 20)
    with MemberLog() as log:
        packer = Packer(ring, lambda *_: None, members_fd=log.fileno())
        packer.add(os.fsencode(tmp_path / "file"), b"file")
        packer.end()
        with log.raw() as records:
            data = records.read()
    told = struct.unpack_from("<" + FORMAT_MD_RECORD, data)
    assert (told[1], told[3], told[9], told[13]) == (5, 0x0102_0304, 5, 4)
    assert data[24:32] == bytes([4, 3, 2, 1, 0, 0, 0, 0])


def test_a_machine_of_the_other_order_turns_every_number_around() -> None:
    head = ffi.new("uint8_t[]", list(GOLDEN[:-1]))
    lib.pytp_member_swap(head)
    numbers = struct.unpack("<" + FORMAT_MD_RECORD, GOLDEN[:-1])
    assert bytes(ffi.buffer(head)) == struct.pack(">" + FORMAT_MD_RECORD, *numbers)


def test_a_table_of_frames_is_these_bytes() -> None:
    assert pack_places([FramePlace(1, 0x0203)]) == bytes.fromhex("01000000000000000302000000000000")
