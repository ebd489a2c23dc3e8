# SPDX-License-Identifier: WTFPL OR MIT
"""REPORT TIMESTAMP and SET TIMESTAMP of the virtual drive (SPC-5 6.38, 6.45): the host's clock until a host sets it."""

from __future__ import annotations

import time

from pytp_native.spec import opcodes
from pytp_native.vtl import sense
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.host_state import changed_state, read_state
from pytp_native.vtl.reply import GOOD, TargetReply, answer, check

_BY_COMMAND, _OTHERWISE = 2, 3
"""Timestamp origin: SET TIMESTAMP, or by other means than SCSI."""
_PARAMETERS = 12


def report_timestamp(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    ahead = read_state(drive.directory).clock_ms
    origin = _OTHERWISE if ahead is None else _BY_COMMAND
    now = (_now() + (ahead or 0)) & 0xFFFFFFFFFFFF
    return answer(bytes((0, 10, origin, 0)) + now.to_bytes(6, "big") + bytes(2), int.from_bytes(cdb[6:10], "big"))


def maintenance_out(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """SET TIMESTAMP; there is nothing else to maintain."""
    if cdb[1] & 0x1F != opcodes.SET_TIMESTAMP:
        return check(sense.INVALID_FIELD)
    if len(data) != _PARAMETERS or int.from_bytes(cdb[6:10], "big") != _PARAMETERS:
        return check(sense.PARAMETER_LIST_LENGTH)
    with changed_state(drive.directory) as state:
        state.clock_ms = int.from_bytes(data[4:10], "big") - _now()
    return GOOD


def _now() -> int:
    return int(time.time() * 1000)
