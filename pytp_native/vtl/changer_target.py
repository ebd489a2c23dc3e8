# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual changer's SCSI door: CDB bytes in, reply bytes out (SPC-5, SMC-3). Judges nothing for the caller."""

from __future__ import annotations

from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes
from pytp_native.vtl import changer_pages, element_status, sense
from pytp_native.vtl.changer import Moved, VirtualChanger
from pytp_native.vtl.element_status import Request
from pytp_native.vtl.inventory import library_lock
from pytp_native.vtl.reply import GOOD, TargetReply, answer, check, verdict
from pytp_native.vtl.sense import Sense

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[[VirtualChanger, bytes], TargetReply]


class ChangerTarget:
    """The changer of the library at `path`, as a logical unit."""

    def __init__(self, path: str) -> None:
        """Raises BadAddress if there is no library."""
        self._path = path
        VirtualChanger(path)

    def close(self) -> None:
        """Nothing is held open between commands."""

    def execute(self, cdb: bytes, data_out: bytes = b"") -> TargetReply:
        """Do one command; none of them takes data."""
        del data_out
        with library_lock(self._path):
            changer = VirtualChanger(self._path)
            before = vars(changer.state).copy()
            reply = _answer(changer, cdb)
            if not changer.state.known or vars(changer.state) != before:
                changer.state.save()
        return reply


def _answer(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    opcode = cdb[0] if cdb else -1
    if changer.state.attention and opcode not in _ANSWERED_ALWAYS:
        told = Sense(codes.UNIT_ATTENTION, changer.state.attention)
        changer.state.attention = 0
        return check(told)
    command = _COMMANDS.get(opcode)
    if command is None or (opcode == opcodes.EXCHANGE_MEDIUM and not changer.personality.exchanges):
        return check(sense.INVALID_OPERATION)
    if len(cdb) < (opcodes.cdb_bytes(opcode) or 6):
        return check(sense.INVALID_FIELD)
    if opcode in _NEEDS_ROBOT and (problem := changer.not_ready()) is not None:
        return check(problem)
    return command(changer, cdb)


def _word(cdb: bytes, at: int) -> int:
    return int.from_bytes(cdb[at : at + 2], "big")


def _nothing(_changer: VirtualChanger, _cdb: bytes) -> TargetReply:
    return GOOD


def _request_sense(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    """Pending unit attention, else what TEST UNIT READY would say, else NO SENSE; descriptor format is not offered."""
    if cdb[1] & 1:
        return check(sense.INVALID_FIELD)
    pending = Sense(codes.UNIT_ATTENTION, changer.state.attention) if changer.state.attention else changer.not_ready()
    changer.state.attention = 0
    return answer((pending or Sense(codes.NO_SENSE)).encode(), cdb[4])


def _inquiry(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    if not cdb[1] & 1:
        if cdb[2]:
            return check(sense.INVALID_FIELD)
        return answer(changer_pages.standard_inquiry(changer), _word(cdb, 3))
    page = changer_pages.vital_page(changer, cdb[2])
    return check(sense.INVALID_FIELD) if page is None else answer(page, _word(cdb, 3))


def _report_luns(_changer: VirtualChanger, cdb: bytes) -> TargetReply:
    return answer(b"\0\0\0\x08" + bytes(12), int.from_bytes(cdb[6:10], "big"))


def _prevent_allow(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    """Locks the operator's doors: magazines and mail slots."""
    changer.state.prevented = bool(cdb[4] & 1)
    return GOOD


def _mode_sense_6(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    return _mode_sense(changer, cdb, long=False, allocated=cdb[4])


def _mode_sense_10(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    return _mode_sense(changer, cdb, long=True, allocated=_word(cdb, 7))


def _mode_sense(changer: VirtualChanger, cdb: bytes, *, long: bool, allocated: int) -> TargetReply:
    """No block descriptor: a changer has none (SMC-3 7.3.1)."""
    if cdb[2] >> 6 == 3:
        return check(sense.SAVING_NOT_SUPPORTED)
    pages = changer_pages.mode_pages(changer, cdb[2] & 0x3F, cdb[3], cdb[2] >> 6)
    if pages is None:
        return check(sense.INVALID_FIELD)
    header = (len(pages) + 6).to_bytes(2, "big") + bytes(6) if long else bytes([len(pages) + 3, 0, 0, 0])
    return answer(header + pages, allocated)


def _log_sense(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    page = changer_pages.log_page(changer, cdb[2] & 0x3F, cdb[3])
    return check(sense.INVALID_FIELD) if page is None else answer(page, _word(cdb, 7))


# -- elements --------------------------------------------------------------------------------------------------------


def _read_element_status(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    if cdb[1] & 0x0F not in element_status.ALL_KINDS:
        return check(sense.INVALID_FIELD)
    request = Request(
        cdb[1] & 0x0F, _word(cdb, 2), _word(cdb, 4), bool(cdb[1] & 0x10), bool(cdb[6] & 1),
        int.from_bytes(cdb[7:10], "big"),
    )  # fmt: skip
    data = element_status.report(changer.elements, request, changer.exceptions())
    return check(sense.INVALID_ELEMENT) if data is None else answer(data, request.allocated)


def _initialize_range(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    """The inventory is always right; a range has to begin at an element."""
    if cdb[1] & 1 and changer.elements.find(_word(cdb, 2)) is None:
        return check(sense.INVALID_ELEMENT)
    return GOOD


def _position(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    if cdb[8] & 1:
        return check(sense.INVALID_FIELD)
    return verdict(changer.position_to(_word(cdb, 2), _word(cdb, 4)))


def _move(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    if cdb[10] & 1:
        return check(sense.INVALID_FIELD)  # INVERT: the robot does not turn cartridges over
    return _told(changer.move(_word(cdb, 2), _word(cdb, 4), _word(cdb, 6)))


def _exchange(changer: VirtualChanger, cdb: bytes) -> TargetReply:
    if cdb[10] & 3:
        return check(sense.INVALID_FIELD)
    return _told(changer.exchange(_word(cdb, 2), _word(cdb, 4), _word(cdb, 6), _word(cdb, 8)))


def _told(moved: Moved) -> TargetReply:
    return verdict(moved.sense)._replace(seconds=moved.seconds)


_ANSWERED_ALWAYS = {opcodes.INQUIRY, opcodes.REQUEST_SENSE, opcodes.REPORT_LUNS}
_NEEDS_ROBOT = {
    opcodes.TEST_UNIT_READY, opcodes.INITIALIZE_ELEMENT_STATUS, opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE,
    opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE_OLD, opcodes.POSITION_TO_ELEMENT, opcodes.MOVE_MEDIUM,
    opcodes.EXCHANGE_MEDIUM, opcodes.READ_ELEMENT_STATUS,
}  # fmt: skip
_COMMANDS: dict[int, Command] = {
    opcodes.TEST_UNIT_READY: _nothing,
    opcodes.REQUEST_SENSE: _request_sense,
    opcodes.INITIALIZE_ELEMENT_STATUS: _nothing,
    opcodes.INQUIRY: _inquiry,
    opcodes.RESERVE_6: _nothing,
    opcodes.RELEASE_6: _nothing,
    opcodes.MODE_SENSE_6: _mode_sense_6,
    opcodes.SEND_DIAGNOSTIC: _nothing,
    opcodes.PREVENT_ALLOW_MEDIUM_REMOVAL: _prevent_allow,
    opcodes.POSITION_TO_ELEMENT: _position,
    opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE: _initialize_range,
    opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE_OLD: _initialize_range,
    opcodes.LOG_SENSE: _log_sense,
    opcodes.MODE_SENSE_10: _mode_sense_10,
    opcodes.REPORT_LUNS: _report_luns,
    opcodes.MOVE_MEDIUM: _move,
    opcodes.EXCHANGE_MEDIUM: _exchange,
    opcodes.READ_ELEMENT_STATUS: _read_element_status,
}
