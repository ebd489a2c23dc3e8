# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual drive's SCSI door: CDB bytes in, reply bytes out (SPC-5, SSC-5). Judges nothing for the caller.

Like sg it works beside a user of the tape, but a command that moves the medium while somebody has the tape open is
answered BUSY. A unit attention that st has seen is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable

from pytp_native.errors import DeviceBusy, MediumDamaged, PytpError
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes
from pytp_native.vtl import (
    door_buffers,
    door_clock,
    door_inquiry,
    door_log,
    door_medium,
    door_memory,
    door_mode,
    door_opcodes,
    door_reserve,
    door_security,
    door_verify,
    sense,
)
from pytp_native.vtl.door_medium import Command
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.files import Lock
from pytp_native.vtl.incidents import note_incident
from pytp_native.vtl.reply import BUSY, GOOD, TargetReply, check
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.state import drive_lock


class VirtualTarget:
    """Drive `number` of the library at `path`, as a logical unit."""

    def __init__(self, path: str, number: int, *, hold: bool = False) -> None:
        """With `hold` a drive with a cartridge is kept open between commands, until it is unloaded or `release`:
        faster, and nobody else can use it.

        Raises BadAddress if there is no such drive.
        """
        self._path, self._number, self._hold = path, number, hold
        self._held: tuple[VirtualDrive, Lock] | None = None
        VirtualDrive(path, number).close()

    def close(self) -> None:
        self.release()

    def release(self) -> None:
        """Let others have the drive, the library's robot for one."""
        if self._held is not None:
            drive, lock = self._held
            self._held = None
            drive.close()
            lock.release()

    def execute(self, cdb: bytes, data_out: bytes = b"") -> TargetReply:
        """Do one command."""
        if self._hold and self._held is None:
            self._take()
        if self._held is not None:
            held = self._held[0]
            reply = _told(held, _answer(held, cdb, data_out))
            if held.cartridge is None:
                self.release()
            return reply
        drive = VirtualDrive(self._path, self._number)
        try:
            _catch_up(drive)
            return _told(drive, _answer(drive, cdb, data_out))
        finally:
            drive.close()

    def _take(self) -> None:
        """Hold the drive, if nobody else does and its cartridge can be opened."""
        drive = VirtualDrive(self._path, self._number)
        try:
            lock = drive_lock("", drive.directory)
        except DeviceBusy:
            drive.close()
            return
        try:
            drive.attach()
        except PytpError:
            drive.detach()  # a damaged cartridge
        if drive.cartridge is None:
            drive.close()
            lock.release()
            return
        self._held = drive, lock


def _told(drive: VirtualDrive, reply: TargetReply) -> TargetReply:
    """Put sense data into the format that the control mode page asks for."""
    if reply.problem is None or not drive.raw.descriptor_sense:
        return reply
    return reply._replace(sense=reply.problem.encode(descriptors=True))


def _catch_up(drive: VirtualDrive) -> None:
    """If the library moved a cartridge since, the drive has to notice; a user of the tape has done so already."""
    if drive.state.valid and drive.raw.loads == drive.bay.loads:
        return
    try:
        with drive_lock("", drive.directory):
            drive.attach()
            drive.detach()
    except DeviceBusy:
        return
    except PytpError as exc:
        drive.trouble = exc  # a damaged cartridge is loaded none the less


def _answer(drive: VirtualDrive, cdb: bytes, data_out: bytes) -> TargetReply:
    command = _COMMANDS.get(cdb[0]) if cdb else None
    attention = drive.raw.sg_attention
    if attention and cdb and cdb[0] not in _ANSWERED_ALWAYS:
        drive.raw.sg_attention = 0
        return check(Sense(codes.UNIT_ATTENTION, attention))
    if command is None:
        return check(sense.INVALID_OPERATION)
    if len(cdb) < (opcodes.cdb_bytes(cdb[0]) or 6):
        return check(sense.INVALID_FIELD)
    try:
        return command(drive, cdb, data_out)
    except DeviceBusy:
        return BUSY
    except MediumDamaged as exc:
        drive.trouble = exc
        return check(sense.read_error(0))


def _simple(command: Callable[[VirtualDrive, bytes], TargetReply]) -> Command:
    return lambda drive, cdb, _data: command(drive, cdb)


def _nothing(_drive: VirtualDrive, _cdb: bytes, _data: bytes) -> TargetReply:
    return GOOD


def _send_diagnostic(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """The default self-test (SELFTEST), which the fault "self-test failure" makes fail."""
    failing = cdb[1] & _SELFTEST and any(one.kind == "self-test failure" for one in drive.faults.faults)
    if not failing:
        return GOOD
    failed = sense.SELF_TEST_FAILED
    note_incident(drive, failed.key, failed.code, opcodes.SEND_DIAGNOSTIC)
    return check(failed)


_SELFTEST = 0x04
_ANSWERED_ALWAYS = {opcodes.INQUIRY, opcodes.REQUEST_SENSE, opcodes.REPORT_LUNS}
_COMMANDS: dict[int, Command] = {
    opcodes.TEST_UNIT_READY: door_medium.unit_ready,
    opcodes.REWIND: door_medium.rewind,
    opcodes.REQUEST_SENSE: door_medium.request_sense,
    opcodes.FORMAT_MEDIUM: door_medium.format_medium,
    opcodes.READ_BLOCK_LIMITS: _simple(door_inquiry.read_block_limits),
    opcodes.READ_6: door_medium.read_6,
    opcodes.WRITE_6: door_medium.write_6,
    opcodes.WRITE_FILEMARKS_6: door_medium.write_filemarks,
    opcodes.SPACE_6: door_medium.space_6,
    opcodes.INQUIRY: _simple(door_inquiry.inquiry),
    opcodes.MODE_SELECT_6: door_mode.select_6,
    opcodes.RESERVE_6: door_reserve.reserve,
    opcodes.RELEASE_6: door_reserve.reserve,
    opcodes.ERASE_6: door_medium.erase,
    opcodes.MODE_SENSE_6: door_mode.sense_6,
    opcodes.LOAD_UNLOAD: door_medium.load_unload,
    opcodes.SEND_DIAGNOSTIC: _send_diagnostic,
    opcodes.PREVENT_ALLOW_MEDIUM_REMOVAL: door_medium.prevent_allow,
    opcodes.LOCATE_10: door_medium.locate_10,
    opcodes.READ_POSITION: door_medium.read_position,
    opcodes.REPORT_DENSITY_SUPPORT: _simple(door_inquiry.report_density_support),
    opcodes.VERIFY_6: door_verify.verify_6,
    opcodes.RECEIVE_DIAGNOSTIC_RESULTS: _simple(door_buffers.receive_diagnostic),
    opcodes.READ_BUFFER: _simple(door_buffers.read_buffer),
    opcodes.SECURITY_PROTOCOL_IN: _simple(door_security.security_protocol_in),
    opcodes.LOG_SELECT: door_log.log_select,
    opcodes.LOG_SENSE: door_log.log_sense,
    opcodes.MODE_SELECT_10: door_mode.select_10,
    opcodes.RESERVE_10: door_reserve.reserve,
    opcodes.RELEASE_10: door_reserve.reserve,
    opcodes.PERSISTENT_RESERVE_IN: _simple(door_reserve.reserve_in),
    opcodes.PERSISTENT_RESERVE_OUT: door_reserve.reserve_out,
    opcodes.MODE_SENSE_10: door_mode.sense_10,
    opcodes.READ_ATTRIBUTE: door_memory.read_attribute,
    opcodes.WRITE_ATTRIBUTE: door_memory.write_attribute,
    opcodes.SPACE_16: door_medium.space_16,
    opcodes.LOCATE_16: door_medium.locate_16,
    opcodes.REPORT_LUNS: _simple(door_inquiry.report_luns),
    opcodes.SECURITY_PROTOCOL_OUT: door_security.security_protocol_out,
    opcodes.MAINTENANCE_OUT: door_clock.maintenance_out,
    opcodes.MAINTENANCE_IN: door_opcodes.maintenance_in,
}
