# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages about what is around the tape: the port, power conditions, errors that are not the medium's, service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.spec import sense as codes
from pytp_native.vtl.door_log_parts import Parameters, number, parameter
from pytp_native.vtl.incidents import incidents
from pytp_native.vtl.wear import link_errors

if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive

_SAS, _END_DEVICE = 0x06, 0x01
_FAST, _FASTER = 0x0A, 0x0B
"""6 and 12 Gbit/s."""
_FIRST_FASTER = 9
_LOCAL = 0x3 << 60
"""NAA 3h: an address that nobody has registered."""
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
