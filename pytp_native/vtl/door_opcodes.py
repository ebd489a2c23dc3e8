# SPDX-License-Identifier: WTFPL OR MIT
"""REPORT SUPPORTED OPERATION CODES of the drive (SPC-5 6.35), with the timeouts that an LTO-9 drive recommends."""

from __future__ import annotations

import struct

from pytp_native.light import NamedTuple
from pytp_native.spec import opcodes
from pytp_native.vtl import door_clock, sense
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.reply import TargetReply, answer, check


class Supported(NamedTuple):
    opcode: int
    seconds: int
    """Recommended timeout."""
    action: int | None = None


COMMANDS = (
    Supported(opcodes.TEST_UNIT_READY, 60), Supported(opcodes.REWIND, 600), Supported(opcodes.REQUEST_SENSE, 60),
    Supported(opcodes.FORMAT_MEDIUM, 3000), Supported(opcodes.READ_BLOCK_LIMITS, 60),
    Supported(opcodes.READ_6, 2340), Supported(opcodes.WRITE_6, 1500), Supported(opcodes.WRITE_FILEMARKS_6, 1620),
    Supported(opcodes.SPACE_6, 2940), Supported(opcodes.INQUIRY, 60), Supported(opcodes.MODE_SELECT_6, 60),
    Supported(opcodes.RESERVE_6, 60), Supported(opcodes.RELEASE_6, 60), Supported(opcodes.ERASE_6, 74341),
    Supported(opcodes.MODE_SENSE_6, 60), Supported(opcodes.LOAD_UNLOAD, 960), Supported(opcodes.SEND_DIAGNOSTIC, 1980),
    Supported(opcodes.PREVENT_ALLOW_MEDIUM_REMOVAL, 60), Supported(opcodes.LOCATE_10, 2940),
    Supported(opcodes.READ_POSITION, 60), Supported(opcodes.REPORT_DENSITY_SUPPORT, 60),
    Supported(opcodes.LOG_SENSE, 60), Supported(opcodes.MODE_SELECT_10, 60), Supported(opcodes.RESERVE_10, 60),
    Supported(opcodes.RELEASE_10, 60), Supported(opcodes.MODE_SENSE_10, 60), Supported(opcodes.READ_ATTRIBUTE, 60),
    Supported(opcodes.WRITE_ATTRIBUTE, 60), Supported(opcodes.SPACE_16, 2940), Supported(opcodes.LOCATE_16, 2940),
    Supported(opcodes.REPORT_LUNS, 60), Supported(opcodes.VERIFY_6, 63300), Supported(opcodes.LOG_SELECT, 60),
    Supported(opcodes.RECEIVE_DIAGNOSTIC_RESULTS, 60), Supported(opcodes.READ_BUFFER, 480),
    Supported(opcodes.SECURITY_PROTOCOL_IN, 60), Supported(opcodes.SECURITY_PROTOCOL_OUT, 60),
    *(Supported(opcodes.PERSISTENT_RESERVE_IN, 60, action) for action in range(4)),
    *(Supported(opcodes.PERSISTENT_RESERVE_OUT, 60, action) for action in range(7)),
    Supported(opcodes.MAINTENANCE_OUT, 60, opcodes.SET_TIMESTAMP),
    Supported(opcodes.MAINTENANCE_IN, 60, opcodes.REPORT_TIMESTAMP),
    Supported(opcodes.MAINTENANCE_IN, 60, opcodes.REPORT_SUPPORTED_OPERATION_CODES),
)  # fmt: skip


def maintenance_in(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """Everything (0), or one command, by its operation code (1) or with its service action (2)."""
    action = cdb[1] & 0x1F
    if action == opcodes.REPORT_TIMESTAMP:
        return door_clock.report_timestamp(drive, cdb)
    if action != opcodes.REPORT_SUPPORTED_OPERATION_CODES:
        return check(sense.INVALID_FIELD)
    return _supported(drive, cdb)


def _supported(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    del drive
    with_timeouts, options = cdb[2] & 0x80, cdb[2] & 7
    allocated = int.from_bytes(cdb[6:10], "big")
    if options == 0:
        body = b"".join(_entry(command, bool(with_timeouts)) for command in COMMANDS)
        return answer(len(body).to_bytes(4, "big") + body, allocated)
    action = int.from_bytes(cdb[4:6], "big")
    of_code = [command for command in COMMANDS if command.opcode == cdb[3]]
    if options > 2 or (of_code and (of_code[0].action is None) != (options == 1)):
        return check(sense.INVALID_FIELD)
    found = next((command for command in of_code if options == 1 or command.action == action), None)
    if found is None:
        return answer(bytes([0, 1, 0, 0]), allocated)
    return answer(_one(found, bool(with_timeouts)), allocated)


def _length(command: Supported) -> int:
    return opcodes.cdb_bytes(command.opcode) or 6


def _entry(command: Supported, with_timeouts: bool) -> bytes:
    flags = (0x02 if with_timeouts else 0) | (0x01 if command.action is not None else 0)
    head = struct.pack(">BBHBBH", command.opcode, 0, command.action or 0, 0, flags, _length(command))
    return head + (_timeouts(command) if with_timeouts else b"")


def _one(command: Supported, with_timeouts: bool) -> bytes:
    """Supported as the standard has it (3); every bit of the CDB may be set but the control byte's."""
    length = _length(command)
    usage = bytes([command.opcode]) + b"\xff" * (length - 2) + b"\0"
    head = bytes([0, 0x83 if with_timeouts else 0x03]) + length.to_bytes(2, "big")
    return head + usage + (_timeouts(command) if with_timeouts else b"")


def _timeouts(command: Supported) -> bytes:
    """Nominal time (not told) and recommended timeout, in seconds."""
    return struct.pack(">HBBII", 10, 0, 0, 0, command.seconds)
