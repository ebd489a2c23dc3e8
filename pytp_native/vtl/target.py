# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual drive's SCSI door: CDB bytes in, reply bytes out (SPC-5, SSC-5). Judges nothing for the caller.

Like sg it works beside a user of the tape, but a command that moves the medium while somebody has the tape open is
answered BUSY. A unit attention that st has seen is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable

from pytp_native.errors import DeviceBusy, PytpError
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes
from pytp_native.vtl import sense
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.reply import BUSY, GOOD, TargetReply, ascii_field, check
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.state import drive_lock


class VirtualTarget:
    """Drive `number` of the library at `path`, as a logical unit."""

    def __init__(self, path: str, number: int) -> None:
        """Raises BadAddress if there is no such drive."""
        self._path, self._number = path, number
        VirtualDrive(path, number).close()

    def close(self) -> None:
        """Nothing is held open between commands."""

    def execute(self, cdb: bytes, data_out: bytes = b"") -> TargetReply:
        """Do one command. `data_out` is for commands to come."""
        drive = VirtualDrive(self._path, self._number)
        try:
            self._catch_up(drive)
            return self._answer(drive, cdb)
        finally:
            drive.close()

    def _catch_up(self, drive: VirtualDrive) -> None:
        """If the library moved a cartridge since, the drive has to notice; a user of the tape has done so already."""
        if drive.state.valid and drive.raw.loads == drive.bay.loads:
            return
        try:
            with drive_lock("", drive.directory):
                drive.attach()
        except DeviceBusy:
            return
        except PytpError as exc:
            drive.trouble = exc  # a damaged cartridge is loaded none the less

    def _answer(self, drive: VirtualDrive, cdb: bytes) -> TargetReply:
        command = _COMMANDS.get(cdb[0]) if cdb else None
        attention = drive.raw.sg_attention
        if attention and cdb and cdb[0] not in {opcodes.INQUIRY, opcodes.REQUEST_SENSE}:
            drive.raw.sg_attention = 0
            return check(Sense(codes.UNIT_ATTENTION, attention))
        if command is None:
            return check(sense.INVALID_OPERATION)
        if len(cdb) < _cdb_bytes(cdb[0]):
            return check(sense.INVALID_FIELD)
        return command(drive, cdb)


def _cdb_bytes(opcode: int) -> int:
    return {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}.get(opcode >> 5, 6)


def _test_unit_ready(drive: VirtualDrive, _cdb: bytes) -> TargetReply:
    problem = drive.test_unit_ready()
    return check(problem) if problem is not None else GOOD


def _request_sense(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """Pending unit attention, else what TEST UNIT READY would say, else NO SENSE; descriptor format is not offered."""
    if cdb[1] & 1:
        return check(sense.INVALID_FIELD)
    attention = drive.raw.sg_attention
    drive.raw.sg_attention = 0
    pending = Sense(codes.UNIT_ATTENTION, attention) if attention else drive.test_unit_ready()
    answer = pending or Sense(codes.NO_SENSE)
    return TargetReply(opcodes.GOOD, data=answer.encode()[: cdb[4]])


def _read_block_limits(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    if cdb[1] & 1:
        return check(sense.INVALID_FIELD)
    limits = drive.personality
    return TargetReply(
        opcodes.GOOD, data=b"\0" + limits.most_block.to_bytes(3, "big") + limits.least_block.to_bytes(2, "big")
    )


def _inquiry(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    allocated = int.from_bytes(cdb[3:5], "big")
    if cdb[1] & 1:
        page = _PAGES.get(cdb[2])
        if page is None:
            return check(sense.INVALID_FIELD)
        body = page(drive)
        data = bytes([0x01, cdb[2]]) + len(body).to_bytes(2, "big") + body
    elif cdb[2]:
        return check(sense.INVALID_FIELD)
    else:
        data = _standard_inquiry(drive)
    return TargetReply(opcodes.GOOD, data=data[:allocated])


def _standard_inquiry(drive: VirtualDrive) -> bytes:
    """SPC-5 6.7.2: a removable sequential-access device of SPC-3, response format 2."""
    who = drive.personality
    head = bytes([0x01, 0x80, 0x05, 0x02, 36 - 5, 0, 0, 0])
    return head + ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + ascii_field(who.revision, 4)


def _page_supported(_drive: VirtualDrive) -> bytes:
    return bytes(sorted(_PAGES))


def _page_serial(drive: VirtualDrive) -> bytes:
    return drive.bay.serial.encode("ascii")


def _page_identification(drive: VirtualDrive) -> bytes:
    """One T10 vendor ID designator: vendor, product, serial (SPC-5 7.7.6.4)."""
    who = drive.personality
    name = ascii_field(who.vendor, 8) + ascii_field(who.product, 16) + _page_serial(drive)
    return bytes([0x02, 0x01, 0, len(name)]) + name


def _page_capabilities(_drive: VirtualDrive) -> bytes:
    """Sequential-access device capabilities (SSC-5 8.6.2): no WORM."""
    return bytes(4)


def _read_position(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """SSC-5 7.7: short (00h, 01h), long (06h) and extended (08h) form. Nothing waits in a buffer here."""
    if not drive.ready:
        return check(sense.NO_MEDIUM)
    position, partition = drive.position, int(drive.raw.partition)
    beginning = 0x80 if position == 0 else 0
    form = cdb[1] & 0x1F
    if form in {0x00, 0x01}:
        if position > 0xFFFFFFFF:
            beginning |= 0x02  # PERR: does not fit
        block = (position & 0xFFFFFFFF).to_bytes(4, "big")
        data = bytes([beginning, partition, 0, 0]) + block + block + bytes(8)
    elif form == 0x06:
        files = _filemarks_before(drive, position)
        unknown = 0x08 if files is None else 0  # MPU
        data = bytes([beginning | unknown, 0, 0, 0]) + partition.to_bytes(4, "big") + position.to_bytes(8, "big")
        data += (files or 0).to_bytes(8, "big") + bytes(8)
    elif form == 0x08:
        block = position.to_bytes(8, "big")
        data = bytes([beginning, partition]) + (0x1C).to_bytes(2, "big") + bytes(4) + block + block + bytes(8)
        data = data[: int.from_bytes(cdb[7:9], "big")]
    else:
        return check(sense.INVALID_FIELD)
    return TargetReply(opcodes.GOOD, data=data)


def _filemarks_before(drive: VirtualDrive, position: int) -> int | None:
    """From the cartridge if nobody else is using it, else what st knows."""
    try:
        with drive_lock("", drive.directory):
            drive.attach()
            return drive.cartridge.place_of(position)[0] if drive.cartridge is not None else None
    except PytpError:
        return int(drive.raw.file) if drive.raw.file >= 0 else None


def _load_unload(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """LOAD and RETEN are honoured, HOLD and EOT refused."""
    if cdb[4] & 0x0C:
        return check(sense.INVALID_FIELD)
    try:
        with drive_lock("", drive.directory):
            drive.attach()
            problem = drive.load() if cdb[4] & 1 else drive.unload()
    except DeviceBusy:
        return BUSY
    except PytpError:
        return check(sense.TARGET_FAILURE)
    return check(problem) if problem is not None else GOOD


_PAGES: dict[int, Callable[[VirtualDrive], bytes]] = {
    0x00: _page_supported,
    0x80: _page_serial,
    0x83: _page_identification,
    0xB0: _page_capabilities,
    0xB1: _page_serial,
}

_COMMANDS: dict[int, Callable[[VirtualDrive, bytes], TargetReply]] = {
    opcodes.TEST_UNIT_READY: _test_unit_ready,
    opcodes.REQUEST_SENSE: _request_sense,
    opcodes.READ_BLOCK_LIMITS: _read_block_limits,
    opcodes.INQUIRY: _inquiry,
    opcodes.LOAD_UNLOAD: _load_unload,
    opcodes.READ_POSITION: _read_position,
}
