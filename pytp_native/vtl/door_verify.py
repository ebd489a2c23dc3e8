# SPDX-License-Identifier: WTFPL OR MIT
"""VERIFY (6) (SSC-5 6.13): the drive reads for itself; nothing but the verdict comes back."""

from __future__ import annotations

from pytp_native.spec import sense as codes
from pytp_native.vtl import sense
from pytp_native.vtl.door_medium import moving
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.reply import GOOD, TargetReply, check, verdict
from pytp_native.vtl.sense import Sense

_TO_END, _PROTECTION, _FILEMARKS, _COMPARE, _FIXED = 0x20, 0x10, 0x08, 0x02, 0x01
_MISCOMPARE = Sense(codes.MISCOMPARE, 0x1D00)


@moving
def verify_6(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """What is read for it counts as verified (page 05h), and not as read for a host."""
    raw = drive.raw
    read, errors = int(raw.load_read), int(raw.load_read_errors)
    reply = _verify(drive, cdb, data)
    raw.load_verified += int(raw.load_read) - read
    raw.load_verify_errors += int(raw.load_read_errors) - errors
    raw.load_read, raw.load_read_errors = read, errors
    return reply


def _verify(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """Blocks as READ (6) counts them; with VTE all up to the end of data, with VBF so many tape files. Logical block
    protection is not here. Immediate or not, it is done when it returns."""
    flags, length = cdb[1], int.from_bytes(cdb[2:5], "big")
    fixed, size = bool(flags & _FIXED), int(drive.raw.block_bytes)
    whole = bool(flags & (_TO_END | _FILEMARKS))
    if flags & _PROTECTION or (whole and flags & (_COMPARE | _FIXED)) or (fixed and not size):
        return check(sense.INVALID_FIELD)
    if flags & _TO_END:
        return _tape_files(drive, None)
    if flags & _FILEMARKS:
        return _tape_files(drive, length)
    if length == 0:
        return GOOD
    into = bytearray(length * size if fixed else length)
    if flags & _COMPARE and len(data) != len(into):
        return check(sense.INVALID_FIELD)
    problem = (drive.read_fixed(memoryview(into), size) if fixed else drive.read_variable(memoryview(into))).sense
    if problem is None and flags & _COMPARE and into != data:
        return check(_MISCOMPARE)
    return verdict(problem)


def _tape_files(drive: VirtualDrive, count: int | None) -> TargetReply:
    """Read on over `count` filemarks, or for None to the end of data; the first bad block ends it."""
    into, passed = memoryview(bytearray(drive.personality.most_block)), 0
    while count is None or passed < count:
        problem = drive.read_variable(into).sense
        if problem is None or problem.ili:
            continue
        if problem.filemark:
            passed += 1
        elif count is None and problem.key == codes.BLANK_CHECK:
            return GOOD
        else:
            return verdict(problem._replace(information=None if count is None else count - passed))
    return GOOD
