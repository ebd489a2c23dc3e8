# SPDX-License-Identifier: WTFPL OR MIT
"""Where blocks lie on the tape: recommended access order (SSC-5) and IBM's end-of-wrap positions.

LTO-9 full-height and later drives, and the 3592, have them.
"""

from __future__ import annotations

from construct import BytesInteger, GreedyRange, Int16ub, Padding, Struct

from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command, bits, no_data, packed, raw
from pytp_native.scsi.field import check_length, number
from pytp_native.scsi.layouts import parsed
from pytp_native.spec import opcodes

ROOM = 65536
REORDER = 2
_WRAPS = GreedyRange(Struct("wrap" / Int16ub, "partition" / Int16ub, Padding(2), "block" / BytesInteger(6)))


class WrapEnd(NamedTuple):
    """The last logical object of one wrap."""

    wrap: int
    partition: int
    block: int


def read_end_of_wrap_positions() -> Command[tuple[WrapEnd, ...]]:
    """READ END OF WRAP POSITION (IBM), all wraps: the map for an order of seeks."""
    head = bytes((opcodes.MAINTENANCE_IN, opcodes.READ_END_OF_WRAP_POSITION, 0x45, 0x02, 0, 0))
    cdb = head + packed(ROOM, 4, "allocation length") + bytes(2)
    return Command("READ END OF WRAP POSITION", cdb, parse_wrap_ends, ROOM, repeatable=True)


def parse_wrap_ends(data: bytes) -> tuple[WrapEnd, ...]:
    """Entries of twelve bytes behind a 4-byte header; not confirmed on hardware."""
    check_length(data, 4, "end of wrap positions")
    body = data[4 : 2 + max(2, number(data, 0, 2))]
    return tuple(WrapEnd(one.wrap, one.partition, one.block) for one in parsed(_WRAPS, body, "end of wrap positions"))


def generate_recommended_access_order(segments: bytes, *, process: int = REORDER, kind: int = 0) -> Command[None]:
    """GENERATE RECOMMENDED ACCESS ORDER: hand over the user data segments as SSC-5 lays them out."""
    head = bytes((opcodes.MAINTENANCE_OUT, opcodes.RECOMMENDED_ACCESS_ORDER))
    head += bytes((bits(process, 3, "process"), bits(kind, 8, "segment type"), 0, 0))
    cdb = head + packed(len(segments), 4, "parameter list length") + bytes(2)
    return Command("GENERATE RECOMMENDED ACCESS ORDER", cdb, no_data, data_out=segments)


def receive_recommended_access_order(*, kind: int = 0, alloc_bytes: int = ROOM) -> Command[bytes]:
    """RECEIVE RECOMMENDED ACCESS ORDER: the segments in the order to read them, as they came."""
    head = bytes((opcodes.MAINTENANCE_IN, opcodes.RECOMMENDED_ACCESS_ORDER, 0, 0, 0, 0))
    cdb = head + packed(alloc_bytes, 4, "allocation length") + bytes((bits(kind, 8, "segment type"), 0))
    return Command("RECEIVE RECOMMENDED ACCESS ORDER", cdb, raw, alloc_bytes, repeatable=True)
