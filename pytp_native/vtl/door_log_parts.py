# SPDX-License-Identifier: WTFPL OR MIT
"""How log parameters are laid out (SPC-5, SSC-5), and the drive's pages that are nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.vtl.incidents import incidents
from pytp_native.vtl.reply import ascii_field
from pytp_native.vtl.wear import DATA_SET_BYTES

if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive

Parameters = list[tuple[int, bytes]]

_LIST, _COUNTER = 0x03, 0x60
"""Control bytes: a list; a counter that is not saved by threshold (TSD), as LTO drives tell."""
_FLAGS = 64
_NONE = 0xFF
_PERCENT = 40
"""Relative humidity."""
_SELF_TESTS = 20
_FAILURE_EXPECTED = 0x5D00


def parameter(code: int, value: bytes, control: int = _LIST) -> tuple[int, bytes]:
    return code, code.to_bytes(2, "big") + bytes([control, len(value)]) + value


def number(code: int, value: int, width: int, control: int = _COUNTER) -> tuple[int, bytes]:
    """A counter; one that is too large for its field stays at its highest value."""
    return parameter(code, min(value, (1 << 8 * width) - 1).to_bytes(width, "big"), control)


def data_sets(count: int) -> int:
    return -(-count // DATA_SET_BYTES)


def flags_bitmap(flags: int) -> bytes:
    """64 flags, flag 1 in bit 7 of byte 0."""
    return int(f"{flags & (1 << _FLAGS) - 1:064b}"[::-1], 2).to_bytes(8, "big")


def error_counters(processed: int, retries: int, hard: int) -> Parameters:
    """Pages 02h and 03h; 0005h counts data sets, not bytes, as LTO drives do."""
    counts = (0, 0, retries, retries, retries)
    return [
        *(number(code, count, 4) for code, count in enumerate(counts)),
        number(5, data_sets(processed), 8), number(6, hard, 4),
    ]  # fmt: skip


def environment(celsius: int) -> Parameters:
    """Page 0Dh/01h: now, then highest and lowest, of its life and since power-on; others are not told."""
    humid = (_PERCENT,) * 5 + (_NONE,) * 2
    return [
        parameter(0x0000, bytes([0, *(celsius,) * 5, 0x80, 0x80])), parameter(0x0100, bytes([0, *humid])),
    ]  # fmt: skip


def exception_status(alerts: int, celsius: int) -> Parameters:
    """Page 2Fh: while a TapeAlert flag is raised, that a failure may be expected (SSC-5 4.2.20, SPC-5)."""
    return [parameter(0, (_FAILURE_EXPECTED if alerts else 0).to_bytes(2, "big") + bytes([celsius]))]


def mounts(drives: list[str]) -> bytes:
    """Parameter 0300h of page 17h: vendor and serial number of the drives that loaded the cartridge, the last first."""
    rows = b""
    for age, name in enumerate(drives):
        value = ascii_field(name[:8], 8) + ascii_field(name[8:], 32)
        rows += bytes([3 + len(value), 0]) + age.to_bytes(2, "big") + value
    return rows


def self_tests() -> Parameters:
    """Page 10h: twenty entries, none of them used."""
    return [parameter(code, bytes(16)) for code in range(1, _SELF_TESTS + 1)]


def diagnostic_data(drive: VirtualDrive) -> Parameters:
    """Page 16h (SSC-5, Tape Diagnostic Data): what went wrong, the newest first. The drive has no clock for hours."""
    rows = []
    for code, one in enumerate(incidents(drive.directory)):
        value = bytes([0, 0, drive.personality.density, 0]) + bytes(4) + bytes([0, one.key])
        value += one.code.to_bytes(2, "big") + bytes(4) + ascii_field(drive.personality.revision, 4) + bytes(4)
        value += bytes([one.opcode, 0, 0, 0]) + ascii_field(one.medium, 32)
        value += bytes([2, 0]) + one.milliseconds.to_bytes(6, "big") + bytes(4)
        rows.append(parameter(code, value))
    return rows
