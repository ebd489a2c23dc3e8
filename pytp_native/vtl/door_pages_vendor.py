# SPDX-License-Identifier: WTFPL OR MIT
"""The VPD and mode pages that IBM's and HP's mechanisms have beside the standards'.

Sources: IBM LTO SCSI reference GA32-0928 (C0h, C1h; mode 24h, 25h), HP LTO SCSI reference (C0h to C5h; medium types).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytp_native.vtl.makers import HP, IBM
from pytp_native.vtl.reply import ascii_field

if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive

Bodies = dict[int, Callable[["VirtualDrive"], bytes]]

_COMPONENTS = ("Firmware", "Hardware", "PCA", "Mechanism", "Head", "ACI")
_FIRST_COMPONENT = 0xC0
_LIBRARY_MANAGED = 0x60
_PLATFORM = "VIRTUAL"


def _firmware(drive: VirtualDrive) -> bytes:
    """Code name, time and date of the build, platform; there was no build, so no time."""
    return ascii_field(drive.personality.revision, 12) + ascii_field("", 7 + 8) + ascii_field(_PLATFORM, 12)


def _serials(drive: VirtualDrive) -> bytes:
    """Manufacturing, then reported."""
    return ascii_field(drive.bay.serial, 12) * 2


def _component(name: str) -> Callable[[VirtualDrive], bytes]:
    """Component, version, date, variant."""

    def build(drive: VirtualDrive) -> bytes:
        version = drive.personality.revision if name == _COMPONENTS[0] else ""
        return ascii_field(name, 26) + ascii_field(version, 19) + ascii_field("", 24) + ascii_field("", 23)

    return build


VPD_PAGES: dict[str, Bodies] = {
    IBM: {0xC0: _firmware, 0xC1: _serials},
    HP: {_FIRST_COMPONENT + at: _component(name) for at, name in enumerate(_COMPONENTS)},
}


def _encryption_settings(_drive: VirtualDrive) -> bytes:
    """Mode page 24h: able to encrypt, and not doing so."""
    return bytes([0, 0, 0, 0, 0, 0x01])


def _read_write_control(_drive: VirtualDrive) -> bytes:
    """Mode page 25h: who manages keys, in byte 27."""
    return bytes(25) + bytes([_LIBRARY_MANAGED]) + bytes(4)


MODE_PAGES: dict[str, Bodies] = {IBM: {0x24: _encryption_settings, 0x25: _read_write_control}}


def medium_type(family: str, kind: int, *, worm: bool) -> int:
    """Return the mode header's medium type: of HP's a cartridge is normal or write-once, its format is in the density
    code."""
    return int(worm) if family == HP else kind
