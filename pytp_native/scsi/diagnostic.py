# SPDX-License-Identifier: WTFPL OR MIT
"""Diagnostics, buffers and the device's clock (SPC-6): dumps, cartridge memory images, firmware, time stamps."""

from __future__ import annotations

from construct import Bytes, BytesInteger, Int8ub, Int16ub, Int24ub, Padding, Struct

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.scsi.command import BUFFER_S, SELF_TEST_S, Command, bits, no_data, packed, raw
from pytp_native.scsi.layouts import built, parsed
from pytp_native.spec import opcodes

DATA, DESCRIPTOR, ECHO, ECHO_DESCRIPTOR, ERROR_HISTORY = 0x02, 0x03, 0x0A, 0x0B, 0x1C
"""Modes of READ BUFFER."""
_FIRMWARE_MODES = frozenset({0x04, 0x05, 0x06, 0x07, 0x0D, 0x0E, 0x0F})
SINCE_RESET, SET_BY_SCSI, SET_OTHERWISE = 0, 2, 3
"""Where a clock's time comes from."""

_TIMESTAMP = Struct("length" / Int16ub, "origin" / Int8ub, Padding(1), "milliseconds" / BytesInteger(6))
_SET_TIMESTAMP = Struct(Padding(4), "milliseconds" / BytesInteger(6), Padding(2))
_BUFFER = Struct("boundary" / Int8ub, "capacity" / Int24ub)
_PAGE = Struct("page" / Int8ub, "specific" / Bytes(1), "length" / Int16ub)


class DiagnosticPage(NamedTuple):
    page: int
    data: bytes
    """What follows the 4-byte header."""


class BufferSize(NamedTuple):
    boundary: int
    """Offsets are multiples of this many bytes."""
    capacity: int


class Timestamp(NamedTuple):
    origin: int
    milliseconds: int
    """Since 1970, or since the reset."""


def receive_diagnostic_results(page: int | None = None, *, alloc_bytes: int = 4096) -> Command[DiagnosticPage]:
    """RECEIVE DIAGNOSTIC RESULTS: one page, or what the last SEND DIAGNOSTIC asked for."""
    head = bytes((opcodes.RECEIVE_DIAGNOSTIC_RESULTS, page is not None, bits(page or 0, 8, "diagnostic page")))
    cdb = head + packed(alloc_bytes, 2, "allocation length") + b"\0"
    return Command("RECEIVE DIAGNOSTIC RESULTS", cdb, parse_diagnostic, alloc_bytes, repeatable=True)


def parse_diagnostic(data: bytes) -> DiagnosticPage:
    header = parsed(_PAGE, data, "diagnostic page")
    return DiagnosticPage(header.page, bytes(data[4 : 4 + header.length]))


def default_self_test() -> Command[None]:
    """SEND DIAGNOSTIC with SELFTEST (SPC-6 6.39): returns when the test has ended, which may take minutes.
    GOOD: it passed. It leaves the medium as it is, because UNITOFFL is not set."""
    cdb = bytes((opcodes.SEND_DIAGNOSTIC, 0x04, 0, 0, 0, 0))
    return Command("SEND DIAGNOSTIC (self-test)", cdb, no_data, timeout_s=SELF_TEST_S)


def send_diagnostic(page: bytes) -> Command[None]:
    """SEND DIAGNOSTIC with a page, header included (PF); never with UNITOFFL, which may overwrite a loaded tape."""
    cdb = bytes((opcodes.SEND_DIAGNOSTIC, 0x10, 0)) + packed(len(page), 2, "parameter list length") + b"\0"
    return Command("SEND DIAGNOSTIC", cdb, no_data, data_out=page, timeout_s=SELF_TEST_S)


def read_buffer(mode: int, buffer: int = 0, *, offset: int = 0, length: int = 4) -> Command[bytes]:
    """READ BUFFER (10), as it came: dumps (mode DATA), echo."""
    head = bytes((opcodes.READ_BUFFER, bits(mode, 5, "mode"), bits(buffer, 8, "buffer")))
    cdb = head + packed(offset, 3, "buffer offset") + packed(length, 3, "allocation length") + b"\0"
    return Command("READ BUFFER", cdb, raw, length, timeout_s=BUFFER_S, repeatable=True)


def read_buffer_size(buffer: int = 0) -> Command[BufferSize]:
    cdb = read_buffer(DESCRIPTOR, buffer, length=4).cdb
    return Command("READ BUFFER", cdb, parse_buffer_size, 4, timeout_s=BUFFER_S, repeatable=True)


def parse_buffer_size(data: bytes) -> BufferSize:
    found = parsed(_BUFFER, data, "buffer descriptor")
    return BufferSize(1 << found.boundary if found.boundary < 64 else 0, found.capacity)


def write_buffer(mode: int, buffer: int, data: bytes, *, offset: int = 0, firmware: bool = False) -> Command[None]:
    """WRITE BUFFER. Modes that download firmware need `firmware`, so that none is sent by mistake."""
    if mode in _FIRMWARE_MODES and not firmware:
        raise UsageError("WRITE BUFFER", f"mode {mode:02x}h replaces the firmware", "say that it is meant")
    head = bytes((opcodes.WRITE_BUFFER, bits(mode, 5, "mode"), bits(buffer, 8, "buffer")))
    cdb = head + packed(offset, 3, "buffer offset") + packed(len(data), 3, "parameter list length") + b"\0"
    return Command("WRITE BUFFER", cdb, no_data, data_out=data, timeout_s=BUFFER_S)


def report_timestamp() -> Command[Timestamp]:
    """REPORT TIMESTAMP: needed to date the entries of log page 16h."""
    head = bytes((opcodes.MAINTENANCE_IN, opcodes.REPORT_TIMESTAMP, 0, 0, 0, 0))
    return Command("REPORT TIMESTAMP", head + packed(12, 4, "length") + bytes(2), parse_timestamp, 12, repeatable=True)


def parse_timestamp(data: bytes) -> Timestamp:
    found = parsed(_TIMESTAMP, data, "timestamp")
    return Timestamp(found.origin & 7, found.milliseconds)


def set_timestamp(milliseconds: int) -> Command[None]:
    """SET TIMESTAMP, in milliseconds since 1970; may be refused (control extension mode page, TCMOS and SCSIP)."""
    data = built(_SET_TIMESTAMP, {"milliseconds": milliseconds}, "SET TIMESTAMP")
    head = bytes((opcodes.MAINTENANCE_OUT, opcodes.SET_TIMESTAMP, 0, 0, 0, 0))
    return Command("SET TIMESTAMP", head + packed(len(data), 4, "length") + bytes(2), no_data, data_out=data)
