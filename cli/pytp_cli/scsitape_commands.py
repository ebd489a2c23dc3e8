# SPDX-License-Identifier: WTFPL OR MIT
"""The commands of scsitape (SSC-5). All raise Refused or Failure."""

from __future__ import annotations

import os

from pytp_cli.generic_device import ATTENTIVE, Refused
from pytp_cli.mtx_failure import Failure, shown
from pytp_cli.raw_output import err, out_bytes
from pytp_native.errors import BadReply, BlockTooLarge, UsageError
from pytp_native.scsi.command import ERASE_S, LOAD_S, LOCATE_S, READ_S, REWIND_S, WRITE_S
from pytp_native.scsi.policy import ONCE
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.generic_device import GenericDevice
    from pytp_native.scsi.policy import Policy
    from pytp_native.scsi.sense import Sense

_VARIABLE_ROOM = 128 * 1024
"""Bytes of the largest block in variable mode."""
_EJECT_FAILED, _END_OF_MEDIUM, _VOLUME_OVERFLOW = 255, 2, 3
"""Exit statuses beside 1."""
_TO_FILEMARKS, _TO_END = 1, 3
"""What SPACE counts."""
_ANYWHERE = frozenset({"setblk", "eod", "rewind", "eject", "reten", "seek"})
"""They mean the same wherever the tape stands, so that they may be sent again after a unit attention. Behind one the
tape may stand at its beginning, or be another: what counts from where it stands, or writes, is told instead."""


class TapeCommands:
    """The commands, on one open drive."""

    def __init__(self, device: GenericDevice) -> None:
        self._device = device

    def do(self, word: str, numbers: list[int]) -> int:
        """Do one; return the exit status. Raises Refused, Failure."""
        if word == "read":
            return self._read(*numbers)
        if word == "write":
            return self._write(*numbers)
        if word == "eject":
            return self._eject()
        if word == "erase":
            self._send("REWIND", bytes((opcodes.REWIND, 0, 0, 0, 0, 0)), REWIND_S, ONCE)
        name, cdb, timeout_s = self._command(word, *numbers)
        policy = ATTENTIVE if word in _ANYWHERE else ONCE
        self._send(name, cdb, timeout_s, policy, _block_size(numbers[0]) if word == "setblk" else b"")
        return 0

    def _command(self, word: str, number: int = 0) -> tuple[str, bytes, float]:
        if word == "setblk":
            _check(word, number, 0xFFFFFF)
            return "MODE SELECT (6)", bytes((opcodes.MODE_SELECT_6, 0x10, 0, 0, 12, 0)), REWIND_S
        if word in {"fsf", "bsf"}:
            _check(word, number, 0x7FFFFF)
            count = (number if word == "fsf" else -number).to_bytes(3, "big", signed=True)
            return "SPACE (6)", bytes((opcodes.SPACE_6, _TO_FILEMARKS)) + count + b"\0", LOCATE_S
        if word == "eod":
            return "SPACE (6)", bytes((opcodes.SPACE_6, _TO_END, 0, 0, 0, 0)), LOCATE_S
        if word == "mark":
            _check(word, number, 0xFFFFFF)
            cdb = bytes((opcodes.WRITE_FILEMARKS_6, 0)) + number.to_bytes(3, "big") + b"\0"
            return "WRITE FILEMARKS (6)", cdb, WRITE_S
        if word == "seek":
            _check(word, number, 0xFFFFFFFF)
            return "LOCATE (10)", bytes((opcodes.LOCATE_10, 0, 0)) + number.to_bytes(4, "big") + bytes(3), LOCATE_S
        if word == "reten":
            return "LOAD UNLOAD", bytes((opcodes.LOAD_UNLOAD, 0, 0, 0, 0x03, 0)), LOAD_S + 2 * REWIND_S
        if word == "erase":
            return "ERASE (6)", bytes((opcodes.ERASE_6, 0, 0, 0, 0, 0)), ERASE_S
        return "REWIND", bytes((opcodes.REWIND, 0, 0, 0, 0, 0)), REWIND_S

    def _send(self, name: str, cdb: bytes, timeout_s: float, policy: Policy, data: bytes = b"") -> None:
        self._device.send(name, cdb, data_out=data, timeout_s=timeout_s, policy=policy)

    def _eject(self) -> int:
        try:
            self._send("LOAD UNLOAD", bytes((opcodes.LOAD_UNLOAD, 0, 0, 0, 0x02, 0)), LOAD_S, ATTENTIVE)
        except Refused as refused:
            line = "Eject (0x1B) failed\nscsitape:eject failed\n"
            raise Failure(shown(refused) + line, refused.why, code=_EJECT_FAILED) from refused
        return 0

    # -- data ----------------------------------------------------------------------------------------------------------

    def _read(self, block_bytes: int, count: int) -> int:
        """Copy blocks to standard output up to a filemark or the end of the data, at most `count` (0: all)."""
        _check("read", block_bytes, 0xFFFFFF)
        length = 1 if block_bytes else _VARIABLE_ROOM
        cdb = bytes((opcodes.READ_6, bool(block_bytes))) + length.to_bytes(3, "big") + b"\0"
        done = 0
        while not count or done < count:
            data, is_end = self._read_one(cdb, block_bytes or _VARIABLE_ROOM, in_blocks=bool(block_bytes))
            if data:
                out_bytes(data)
            if is_end:
                return 0
            done += 1
        return 0

    def _read_one(self, cdb: bytes, room: int, *, in_blocks: bool) -> tuple[bytes, bool]:
        """Return a block, and whether the file or the data end there."""
        from pytp_native.scsi.command import Command, raw

        command = Command("READ (6)", cdb, raw, room, timeout_s=READ_S)
        reply = self._device.carry(command, ONCE)
        sense = _sense(reply.sense) if reply.status == opcodes.CHECK_CONDITION else None
        if sense is None:
            return self._device.answer(reply, command), False
        missing = sense.information or 0
        if sense.key == codes.NO_SENSE and sense.ili and not in_blocks:
            if missing < 0:
                why = BlockTooLarge(self._device.name, f"a block of {room - missing} bytes; {room} is the most here")
                raise Failure("scsitape:Read Error\n", why)
            return reply.data[: room - missing], False
        if _ends(sense):
            moved = (0 if missing else room) if in_blocks else room - max(0, missing)
            return reply.data[:moved], True
        return self._device.answer(reply, command), False

    def _write(self, block_bytes: int, count: int) -> int:
        """Write standard input in blocks, at most `count` (0: all)."""
        _check("write", block_bytes, 0xFFFFFF)
        room, done = block_bytes or _VARIABLE_ROOM, 0
        while not count or done < count:
            data = _gather(room)
            if not data:
                return 0
            if block_bytes and len(data) != block_bytes:
                line = f"Error: Data ({len(data)} bytes) not even multiple of block size ({block_bytes} bytes).\n"
                raise Failure(line, UsageError("write", "the input ends inside a block", "pad it, or use 0 as size"))
            code = self._write_one(data, in_blocks=bool(block_bytes))
            if code:
                return code
            done += 1
        return 0

    def _write_one(self, data: bytes, *, in_blocks: bool) -> int:
        length = 1 if in_blocks else len(data)
        err(f"Writing {length} blocks\n")
        cdb = bytes((opcodes.WRITE_6, in_blocks)) + length.to_bytes(3, "big") + b"\0"
        try:
            self._send("WRITE (6)", cdb, WRITE_S, ONCE, data)
        except Refused as refused:
            sense = _sense(refused.sense)
            if sense is None or not sense.eom:
                raise
            code = _VOLUME_OVERFLOW if sense.key == codes.VOLUME_OVERFLOW else _END_OF_MEDIUM
            raise Failure("", refused.why, code=code) from refused
        return 0


def _block_size(number: int) -> bytes:
    """Mode parameters: buffered mode, default density, this block length."""
    return bytes((0, 0, 0x10, 8, 0, 0, 0, 0, 0)) + number.to_bytes(3, "big")


def _check(word: str, number: int, most: int) -> None:
    if number > most:
        raise Failure("", UsageError(word, f"{number} is too large", f"the largest is {most}"))


def _sense(data: bytes) -> Sense | None:
    try:
        return parse_sense(data)
    except BadReply:
        return None


def _ends(sense: Sense) -> bool:
    """A filemark, the end of the data, or the end of the partition (SSC-5, READ (6)): the normal end of a file. Any
    other medium error near the end of the tape is one: the block is lost."""
    if sense.key == codes.NO_SENSE and sense.filemark:
        return True
    at_end = sense.eom and sense.code == codes.END_OF_PARTITION
    return sense.key == codes.BLANK_CHECK or (sense.key == codes.MEDIUM_ERROR and at_end)


def _gather(room: int) -> bytes:
    """Read standard input until `room` bytes are there or it ends: a pipe gives less at a time."""
    parts, left = [], room
    while left:
        part = os.read(0, left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
