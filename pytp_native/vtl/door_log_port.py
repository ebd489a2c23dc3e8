# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages about what is around the tape: the port, power conditions, errors that are not the medium's, service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytp_native.spec import sense as codes
from pytp_native.vtl.door_log_parts import Parameters, error_counters, number, parameter
from pytp_native.vtl.incidents import Incident, incidents
from pytp_native.vtl.wear import link_errors, repositions

if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive

_SAS, _END_DEVICE = 0x06, 0x01
_FAST, _FASTER = 0x0A, 0x0B
"""6 and 12 Gbit/s."""
_FIRST_FASTER = 9
_LOCAL = 0x3 << 60
"""NAA 3h: an address that nobody has registered."""
_MB = 10**6
_UNDER_RUNS, _OVER_RUNS = 0x0000, 0x0001
_TEXT = 0x01
_CELSIUS_LIMITS = (55, 50, 5, 0, 45, 43, 12, 10)
"""High critical, over; low critical over, low critical; the same for operation: LTO drives work from 10 to 45 C."""
_HUMIDITY_LIMITS = (90, 85, 10, 5, 80, 75, 25, 20)
_POWER_CONDITIONS = (0x01, 0x02, 0x03, 0x04, 0x08, 0x09)


def port(drive: VirtualDrive) -> Parameters:
    """Page 18h: one SAS phy (SPL-5, Protocol Specific Port log page). "link errors N" of a fault script are its errors:
    as many words that make no sense, and as many of the wrong disparity."""
    rate = _FASTER if int(drive.personality.generation.removeprefix("lto")) >= _FIRST_FASTER else _FAST
    errors = link_errors(drive).to_bytes(4, "big")
    phy = bytes([0, 0, 0, 48, _END_DEVICE << 4, rate, 0, 0]) + _address(drive.bay.serial) + _address("HOST")
    phy += bytes(8) + errors + errors + bytes(4 + 4) + bytes(4)
    return [parameter(1, bytes([_SAS, 0, 0, 1]) + phy)]


def _address(name: str) -> bytes:
    return (_LOCAL | int.from_bytes(name.encode("ascii")[-7:], "big")).to_bytes(8, "big")


def buffer_runs(drive: VirtualDrive) -> Parameters:
    """Page 01h: a drive whose host is too slow runs out of data, and stops; none ever has too much."""
    stops = repositions(drive) * int(drive.raw.load_written) // (100 * _MB)
    return [number(_UNDER_RUNS, stops, 4), number(_OVER_RUNS, 0, 4)]


def reverse_errors(_drive: VirtualDrive) -> Parameters:
    """Page 04h: it never reads backwards."""
    return error_counters(0, 0, 0)


def verify_errors(drive: VirtualDrive) -> Parameters:
    """Page 05h."""
    return error_counters(int(drive.raw.load_verified), 0, int(drive.raw.load_verify_errors))


def error_events(drive: VirtualDrive) -> Parameters:
    """Page 07h: the errors that are kept, the oldest first, as text."""
    return _events(drive, incidents(drive.directory))


def deferred_errors(drive: VirtualDrive) -> Parameters:
    """Page 0Bh: those that were told later than they happened."""
    return _events(drive, [one for one in incidents(drive.directory) if one.deferred])


def _events(drive: VirtualDrive, found: Sequence[Incident]) -> Parameters:
    rows = []
    for number_, one in enumerate(reversed(found)):
        seen = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.milliseconds / 1000))
        text = f"{seen} {one.key:x}/{one.code >> 8:02x}/{one.code & 0xFF:02x} command {one.opcode:02x} {one.medium}"
        rows.append(parameter(number_, text.strip().encode("ascii", "replace"), _TEXT))
    return rows


def limits(_drive: VirtualDrive) -> Parameters:
    """Page 0Dh/02h (SPC-5): critical and operating limits of temperature and humidity, each with where it is over."""
    return [parameter(0x0000, bytes(_CELSIUS_LIMITS)), parameter(0x0100, bytes(_HUMIDITY_LIMITS))]


def non_medium_errors(drive: VirtualDrive) -> Parameters:
    """Page 06h: of the errors that are kept."""
    others = (codes.MEDIUM_ERROR, codes.BLANK_CHECK)
    return [number(0, sum(one.key not in others for one in incidents(drive.directory)), 4)]


def power_conditions(_drive: VirtualDrive) -> Parameters:
    """Page 1Ah: it never sleeps."""
    return [number(code, 0, 4) for code in _POWER_CONDITIONS]


def nothing(_drive: VirtualDrive) -> Parameters:
    """A page that has no parameters while there is nothing to tell."""
    return []
