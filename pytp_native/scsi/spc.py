# SPDX-License-Identifier: WTFPL OR MIT
"""SCSI primary commands (SPC-6) as values; nothing here talks to a device. Light.

More of SPC is in vpd (VPD pages), supported_commands (REPORT SUPPORTED OPERATION CODES), mam (READ and WRITE
ATTRIBUTE), reservations, diagnostic and encryption.
"""

from __future__ import annotations

from pytp_native.errors import UsageError
from pytp_native.scsi import log
from pytp_native.scsi.command import SELF_TEST_S, Command, bits, no_data, packed, raw
from pytp_native.scsi.field import check_length, number
from pytp_native.scsi.inquiry import Inquiry, parse_inquiry, parse_unit_serial
from pytp_native.scsi.log import LogPage, parse_log_page
from pytp_native.scsi.mode import ModeData, parse_mode_6, parse_mode_10
from pytp_native.scsi.sense import Sense, parse_sense
from pytp_native.spec import opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytp_native.scsi.log import LogParameter

INQUIRY_BYTES = 96
LOG_BYTES = 16384


def test_unit_ready() -> Command[None]:
    """Whether a medium can be used now (SPC-6)."""
    return Command("TEST UNIT READY", bytes(6), no_data, repeatable=True)


def request_sense(*, descriptor: bool = False, alloc_bytes: int = 252) -> Command[Sense]:
    """Pending sense data: unit attention, progress, deferred error (SPC-6). Takes a unit attention away."""
    cdb = bytes((opcodes.REQUEST_SENSE, descriptor, 0, 0)) + packed(alloc_bytes, 1, "allocation length") + b"\0"
    return Command("REQUEST SENSE", cdb, parse_sense, alloc_bytes, repeatable=True)


def _inquiry_cdb(page: int | None, alloc_bytes: int) -> bytes:
    room = packed(alloc_bytes, 2, "allocation length")
    return bytes((opcodes.INQUIRY, page is not None, page or 0)) + room + b"\0"


def inquiry(*, alloc_bytes: int = INQUIRY_BYTES) -> Command[Inquiry]:
    """Standard INQUIRY data (SPC-6). Never disturbs a unit attention."""
    return Command("INQUIRY", _inquiry_cdb(None, alloc_bytes), parse_inquiry, alloc_bytes, repeatable=True)


def inquiry_page(page: int, *, alloc_bytes: int = 255) -> Command[bytes]:
    """A vital product data page, header included, as it came; vpd.py reads the known ones."""
    name = f"INQUIRY page {page:02x}h"
    return Command(name, _inquiry_cdb(bits(page, 8, "VPD page"), alloc_bytes), raw, alloc_bytes, repeatable=True)


def unit_serial(*, alloc_bytes: int = 255) -> Command[str]:
    """VPD page 80h: the unit serial number (SPC-6)."""
    cdb = _inquiry_cdb(0x80, alloc_bytes)
    return Command("INQUIRY page 80h", cdb, parse_unit_serial, alloc_bytes, repeatable=True)


def mode_sense_6(
    page: int, subpage: int = 0, *, control: int = 0, descriptors: bool = True, alloc_bytes: int = 255
) -> Command[ModeData]:
    """MODE SENSE (6) (SPC-6). `control`: mode.CURRENT, CHANGEABLE, DEFAULT, SAVED."""
    head = bytes(
        (opcodes.MODE_SENSE_6, 0 if descriptors else 0x08, _page_byte(control, page), bits(subpage, 8, "subpage"))
    )
    cdb = head + packed(alloc_bytes, 1, "allocation length") + b"\0"
    return Command("MODE SENSE (6)", cdb, parse_mode_6, alloc_bytes, repeatable=True)


def mode_sense_10(
    page: int, subpage: int = 0, *, control: int = 0, descriptors: bool = True, alloc_bytes: int = 1024
) -> Command[ModeData]:
    """MODE SENSE (10) (SPC-6)."""
    head = bytes(
        (opcodes.MODE_SENSE_10, 0 if descriptors else 0x08, _page_byte(control, page), bits(subpage, 8, "subpage"))
    )
    cdb = head + bytes(3) + packed(alloc_bytes, 2, "allocation length") + b"\0"
    return Command("MODE SENSE (10)", cdb, parse_mode_10, alloc_bytes, repeatable=True)


def _page_byte(control: int, page: int) -> int:
    return bits(control, 2, "page control") << 6 | bits(page, 6, "page code")


def mode_select_6(parameters: bytes, *, save: bool = False, page_format: bool = True) -> Command[None]:
    """MODE SELECT (6) (SPC-6); `parameters` from mode.ModeData.select_6."""
    length = packed(len(parameters), 1, "MODE SELECT (6) parameters")
    cdb = bytes((opcodes.MODE_SELECT_6, page_format << 4 | save, 0, 0)) + length + b"\0"
    return Command("MODE SELECT (6)", cdb, no_data, data_out=parameters)


def mode_select_10(parameters: bytes, *, save: bool = False, page_format: bool = True) -> Command[None]:
    """MODE SELECT (10) (SPC-6); `parameters` from mode.ModeData.select_10."""
    length = packed(len(parameters), 2, "MODE SELECT (10) parameters")
    cdb = bytes((opcodes.MODE_SELECT_10, page_format << 4 | save)) + bytes(5) + length + b"\0"
    return Command("MODE SELECT (10)", cdb, no_data, data_out=parameters)


def log_sense(
    page: int,
    subpage: int = 0,
    *,
    control: int = log.CUMULATIVE,
    first_parameter: int = 0,
    alloc_bytes: int = LOG_BYTES,
) -> Command[LogPage]:
    """LOG SENSE (SPC-6). Page 2Eh clears TapeAlert flags by being read: save them before showing them."""
    cdb = bytes((opcodes.LOG_SENSE, 0, _page_byte(control, page), bits(subpage, 8, "subpage"), 0))
    cdb += packed(first_parameter, 2, "parameter code") + packed(alloc_bytes, 2, "allocation length") + b"\0"
    return Command("LOG SENSE", cdb, parse_log_page, alloc_bytes, repeatable=page != log.TAPE_ALERT)


def supported_log_pages(*, subpages: bool = False) -> Command[tuple[tuple[int, int], ...]]:
    """LOG SENSE page 00h or 00h/FFh: (page, subpage) pairs."""
    cdb = log_sense(0, 0xFF if subpages else 0).cdb
    return Command("LOG SENSE", cdb, log.parse_supported_pages, LOG_BYTES, repeatable=True)


def log_select(
    parameters: Iterable[LogParameter] = (), *, page: int = 0, subpage: int = 0, control: int = log.CUMULATIVE,
    reset: bool = False, save: bool = False,
) -> Command[None]:  # fmt: skip
    """LOG SELECT (SPC-6): set parameters of a page. `reset` (PCR) sets counters back, those of the page, or without one
    of all pages: ask the operator first."""
    if reset and parameters:
        raise UsageError("LOG SELECT", "counters are set back without a parameter list")
    data = log.encoded(page, subpage, parameters)
    # The page is named by the list's header where there is a list (SPC-6, LOG SELECT).
    named = (_page_byte(control, 0 if data else page), 0 if data else bits(subpage, 8, "subpage"))
    cdb = bytes((opcodes.LOG_SELECT, reset << 1 | save, *named, 0, 0, 0)) + packed(
        len(data), 2, "LOG SELECT parameters"
    )
    return Command("LOG SELECT", cdb + b"\0", no_data, data_out=data)


def report_luns(*, select: int = 0, alloc_bytes: int = 4096) -> Command[tuple[int, ...]]:
    """REPORT LUNS (SPC-6); a changer is often LUN 1 of its first drive."""
    head = bytes((opcodes.REPORT_LUNS, 0, bits(select, 8, "select report"), 0, 0, 0))
    cdb = head + packed(alloc_bytes, 4, "allocation length") + bytes(2)
    return Command("REPORT LUNS", cdb, parse_luns, alloc_bytes, repeatable=True)


def parse_luns(data: bytes) -> tuple[int, ...]:
    """Return the LUNs as the 64-bit numbers they are; the plain LUN n is n << 48 (SAM-6)."""
    check_length(data, 8, "REPORT LUNS data")
    end = min(len(data), 8 + number(data, 0, 4))
    return tuple(number(data, at, 8) for at in range(8, end - 7, 8))


def prevent_allow_medium_removal(*, prevent: bool) -> Command[None]:
    """Lock or unlock the cartridge (SPC-6); always unlock again."""
    cdb = bytes((opcodes.PREVENT_ALLOW_MEDIUM_REMOVAL, 0, 0, 0, prevent, 0))
    return Command("PREVENT ALLOW MEDIUM REMOVAL", cdb, no_data)


def reserve_6() -> Command[None]:
    """RESERVE (6) (SPC-2): obsolete; persistent reservations outlive a reset."""
    return Command("RESERVE (6)", bytes((opcodes.RESERVE_6, 0, 0, 0, 0, 0)), no_data)


def release_6() -> Command[None]:
    return Command("RELEASE (6)", bytes((opcodes.RELEASE_6, 0, 0, 0, 0, 0)), no_data)


def reserve_10() -> Command[None]:
    return Command("RESERVE (10)", bytes((opcodes.RESERVE_10,)) + bytes(9), no_data)


def release_10() -> Command[None]:
    return Command("RELEASE (10)", bytes((opcodes.RELEASE_10,)) + bytes(9), no_data)


def self_test(*, code: int = 0) -> Command[None]:
    """SEND DIAGNOSTIC, default self-test without UNITOFFL (SPC-6): writes nothing to a loaded tape.

    `code`: 0 the default self-test, 1 and 2 short and extended in the background, 4 abort, 5 and 6 in the foreground.
    """
    first = bits(code, 3, "self-test code") << 5 | (0 if code else 0x04)
    cdb = bytes((opcodes.SEND_DIAGNOSTIC, first, 0, 0, 0, 0))
    return Command("SEND DIAGNOSTIC", cdb, no_data, timeout_s=SELF_TEST_S)
