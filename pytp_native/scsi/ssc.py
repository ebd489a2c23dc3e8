# SPDX-License-Identifier: WTFPL OR MIT
"""SCSI stream commands (SSC-5) as values: what moves, reads and writes a tape. Light.

None of these is repeated on its own: a lost answer does not mean that the tape did not move. Read the position first.
REPORT DENSITY SUPPORT is in density, access orders and wraps are in access_order.
"""

from __future__ import annotations

from pytp_native.errors import UsageError
from pytp_native.scsi import position
from pytp_native.scsi.command import (
    ERASE_S,
    FORMAT_S,
    LOAD_S,
    LOCATE_S,
    READ_S,
    REWIND_S,
    SET_CAPACITY_S,
    VERIFY_S,
    WRITE_S,
    Command,
    bits,
    no_data,
    packed,
    raw,
)
from pytp_native.scsi.position import BlockLimits, TapePosition
from pytp_native.spec import opcodes

BLOCKS, FILEMARKS, SEQUENTIAL_FILEMARKS, END_OF_DATA = range(4)
"""Codes of SPACE."""
TO_OBJECT, TO_FILE, TO_END_OF_DATA = 0, 1, 3
"""Destination types of LOCATE (16)."""
OVERWRITE_NONE, OVERWRITE_HERE, OVERWRITE_FORMAT = range(3)


def rewind(*, immediate: bool = False) -> Command[None]:
    """To the beginning of the partition (SSC-5); `immediate` returns at once, REQUEST SENSE tells the progress."""
    return Command("REWIND", bytes((opcodes.REWIND, immediate, 0, 0, 0, 0)), no_data, timeout_s=REWIND_S)


def read_block_limits() -> Command[BlockLimits]:
    cdb = bytes((opcodes.READ_BLOCK_LIMITS, 0, 0, 0, 0, 0))
    return Command("READ BLOCK LIMITS", cdb, position.parse_block_limits, 6, repeatable=True)


def read_most_object() -> Command[int]:
    """READ BLOCK LIMITS with MLOI: the highest logical object number that the drive can have."""
    cdb = bytes((opcodes.READ_BLOCK_LIMITS, 1, 0, 0, 0, 0))
    return Command("READ BLOCK LIMITS", cdb, position.parse_most_object, 20, repeatable=True)


def read_position() -> Command[TapePosition]:
    """Short form: block, and what is still in the drive's buffer (SSC-5)."""
    cdb = bytes((opcodes.READ_POSITION, position.SHORT)) + bytes(8)
    return Command("READ POSITION", cdb, position.parse_short, position.SHORT_BYTES, repeatable=True)


def read_position_long() -> Command[TapePosition]:
    """Long form: the only one that counts filemarks."""
    cdb = bytes((opcodes.READ_POSITION, position.LONG)) + bytes(8)
    return Command("READ POSITION", cdb, position.parse_long, position.LONG_BYTES, repeatable=True)


def read_position_extended() -> Command[TapePosition]:
    cdb = bytes((opcodes.READ_POSITION, position.EXTENDED)) + bytes(5) + b"\0\x20\0"
    return Command("READ POSITION", cdb, position.parse_extended, position.EXTENDED_BYTES, repeatable=True)


def read_6(length: int, *, fixed_bytes: int = 0, suppress_length: bool = False) -> Command[bytes]:
    """READ (6) (SSC-5): one block of at most `length` bytes, or `length` blocks of `fixed_bytes`.

    A filemark, another block length and the end of the data come as CHECK CONDITION with a residual.
    """
    if fixed_bytes and suppress_length:
        raise UsageError("READ (6)", "SILI is for variable blocks only")
    cdb = (
        bytes((opcodes.READ_6, suppress_length << 1 | bool(fixed_bytes))) + packed(length, 3, "transfer length") + b"\0"
    )
    return Command("READ (6)", cdb, raw, length * (fixed_bytes or 1), timeout_s=READ_S)


def write_6(data: bytes, *, fixed_bytes: int = 0) -> Command[None]:
    """WRITE (6) (SSC-5): one block, or whole blocks of `fixed_bytes`. Early warning is a CHECK CONDITION with
    sense key 0; the data were accepted."""
    if fixed_bytes and len(data) % fixed_bytes:
        raise UsageError("WRITE (6)", f"{len(data)} bytes are no whole blocks of {fixed_bytes}")
    count = len(data) // fixed_bytes if fixed_bytes else len(data)
    cdb = bytes((opcodes.WRITE_6, bool(fixed_bytes))) + packed(count, 3, "transfer length") + b"\0"
    return Command("WRITE (6)", cdb, no_data, data_out=data, timeout_s=WRITE_S)


def verify_6(length: int, *, fixed: bool = False, to_end_of_data: bool = False, filemarks: bool = False,
             protection: bool = False, immediate: bool = False) -> Command[None]:  # fmt: skip
    """VERIFY (6) (SSC-5): the drive reads and checks for itself, at the tape's speed; nothing is transferred."""
    first = to_end_of_data << 5 | protection << 4 | filemarks << 3 | immediate << 2 | fixed
    cdb = bytes((opcodes.VERIFY_6, first)) + packed(length, 3, "verification length") + b"\0"
    return Command("VERIFY (6)", cdb, no_data, timeout_s=VERIFY_S)


def verify_16(
    length: int, *, partition: int, object_id: int, fixed: bool = False, to_end_of_data: bool = False,
    filemarks: bool = False, protection: bool = False, immediate: bool = False,
) -> Command[None]:  # fmt: skip
    """VERIFY (16), explicit address command set (SSC-5)."""
    first = to_end_of_data << 5 | protection << 4 | filemarks << 3 | immediate << 2 | fixed
    cdb = bytes((opcodes.VERIFY_16, first, 0)) + _address(partition, object_id)
    return Command("VERIFY (16)", cdb + packed(length, 3, "verification length") + b"\0", no_data, timeout_s=VERIFY_S)


def write_filemarks_6(count: int, *, immediate: bool = False) -> Command[None]:
    """WRITE FILEMARKS (6) (SSC-5). Not immediate, it returns when everything before it is on the medium; `count` 0
    only flushes."""
    cdb = bytes((opcodes.WRITE_FILEMARKS_6, immediate)) + packed(count, 3, "filemark count") + b"\0"
    return Command("WRITE FILEMARKS (6)", cdb, no_data, timeout_s=WRITE_S)


def write_filemarks_16(
    count: int, *, partition: int, object_id: int, first: bool = False, last: bool = False, immediate: bool = False
) -> Command[None]:
    """WRITE FILEMARKS (16), explicit address command set (SSC-5)."""
    cdb = bytes((opcodes.WRITE_FILEMARKS_16, first << 3 | last << 2 | immediate, 0)) + _address(partition, object_id)
    cdb += packed(count, 3, "filemark count") + b"\0"
    return Command("WRITE FILEMARKS (16)", cdb, no_data, timeout_s=WRITE_S)


def space_6(code: int, count: int) -> Command[None]:
    """SPACE (6) (SSC-5): forwards, or backwards with a negative `count`. Forwards it stops behind a filemark,
    backwards before it."""
    cdb = bytes((opcodes.SPACE_6, bits(code, 4, "SPACE code"))) + packed(count, 3, "count", is_signed=True) + b"\0"
    return Command("SPACE (6)", cdb, no_data, timeout_s=LOCATE_S)


def space_16(code: int, count: int) -> Command[None]:
    """SPACE (16) (SSC-5)."""
    head = bytes((opcodes.SPACE_16, bits(code, 4, "SPACE code"), 0, 0))
    cdb = head + packed(count, 8, "count", is_signed=True) + bytes(4)
    return Command("SPACE (16)", cdb, no_data, timeout_s=LOCATE_S)


def locate_10(
    block: int, *, partition: int | None = None, immediate: bool = False, vendor_id: bool = False
) -> Command[None]:
    """LOCATE (10) (SSC-5); `partition` None stays in this one."""
    cdb = bytes((opcodes.LOCATE_10, vendor_id << 2 | (partition is not None) << 1 | immediate, 0))
    cdb += packed(block, 4, "block number") + b"\0" + packed(partition or 0, 1, "partition") + b"\0"
    return Command("LOCATE (10)", cdb, no_data, timeout_s=LOCATE_S)


def locate_16(
    target: int, *, kind: int = TO_OBJECT, partition: int | None = None, immediate: bool = False, explicit: bool = False
) -> Command[None]:
    """LOCATE (16) (SSC-5). With TO_FILE vendors disagree by one filemark: see devices/quirks.py."""
    first = bits(kind, 3, "destination type") << 3 | (partition is not None) << 1 | immediate
    cdb = bytes((opcodes.LOCATE_16, first, explicit)) + _address(partition or 0, target) + bytes(4)
    return Command("LOCATE (16)", cdb, no_data, timeout_s=LOCATE_S)


def erase_6(*, long: bool, immediate: bool = False) -> Command[None]:
    """ERASE (6) (SSC-5): end of data here, or the whole rest of the partition overwritten (many hours)."""
    cdb = bytes((opcodes.ERASE_6, immediate << 1 | long, 0, 0, 0, 0))
    return Command("ERASE (6)", cdb, no_data, timeout_s=ERASE_S if long else WRITE_S)


def erase_16(
    *, long: bool, partition: int, object_id: int, first: bool = False, last: bool = False, immediate: bool = False
) -> Command[None]:
    """ERASE (16), explicit address command set (SSC-5)."""
    head = bytes((opcodes.ERASE_16, first << 3 | last << 2 | immediate << 1 | long, 0))
    return Command("ERASE (16)", head + _address(partition, object_id) + bytes(4), no_data, timeout_s=ERASE_S)


def load_unload(
    *, load: bool, retension: bool = False, to_end: bool = False, hold: bool = False, immediate: bool = False
) -> Command[None]:
    """LOAD UNLOAD (SSC-5). HOLD without LOAD leaves the cartridge seated, its memory readable.

    A new LTO-9 cartridge can take two hours: use `immediate` and poll TEST UNIT READY.
    """
    cdb = bytes((opcodes.LOAD_UNLOAD, immediate, 0, 0, hold << 3 | to_end << 2 | retension << 1 | load, 0))
    timeout_s = LOCATE_S if retension else LOAD_S
    return Command("LOAD UNLOAD", cdb, no_data, timeout_s=timeout_s)


def format_medium(*, form: int = 0, verify: bool = False, immediate: bool = False) -> Command[None]:
    """FORMAT MEDIUM (SSC-5), at the beginning of partition 0; destroys all data. `form`: 0 one partition, 1 as mode
    page 11h says, 2 default and then as the page says."""
    cdb = bytes((opcodes.FORMAT_MEDIUM, verify << 1 | immediate, bits(form, 4, "format"), 0, 0, 0))
    return Command("FORMAT MEDIUM", cdb, no_data, timeout_s=FORMAT_S)


def set_capacity(proportion: int, *, immediate: bool = False) -> Command[None]:
    """SET CAPACITY (SSC-5): use `proportion`/65535 of the tape; destroys all data."""
    cdb = bytes((opcodes.SET_CAPACITY, immediate, 0)) + packed(proportion, 2, "proportion") + b"\0"
    return Command("SET CAPACITY", cdb, no_data, timeout_s=SET_CAPACITY_S)


def allow_overwrite(allow: int, *, partition: int = 0, object_id: int = 0) -> Command[None]:
    """ALLOW OVERWRITE (SSC-5): in append-only mode, before data are overwritten; `object_id` is the position."""
    head = bytes((opcodes.ALLOW_OVERWRITE, 0, bits(allow, 4, "allow overwrite")))
    return Command("ALLOW OVERWRITE", head + _address(partition, object_id) + bytes(4), no_data)


def _address(partition: int, object_id: int) -> bytes:
    """Bytes 3 to 11 of the 16-byte commands."""
    return packed(partition, 1, "partition") + packed(object_id, 8, "object number")
