# SPDX-License-Identifier: WTFPL OR MIT
"""Programmable early warning (SSC-5, Device Configuration Extension mode page): a drive that has it tells of the end of
the medium that much earlier than by itself, so that there is room for what a job writes at its end.

A drive without it, or one that SCSI commands do not reach, is no failure: it warns when it warns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.errors import PytpError
from pytp_native.transport import open_scsi, resolve

if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport

_PAGE, _SUBPAGE, _PEWS = 0x10, 0x01, slice(6, 8)
_PARAMETERS_SAVEABLE = 0x80
MOST_MB = 0xFFFF


def program(address: str, size_mb: int) -> int | None:
    """Set the zone in front of early warning, in 10^6 bytes, and return what it was; None where that cannot be done.
    The tape does not move. Drives keep it until they are switched off."""
    try:
        if resolve(address).kind not in {"st", "vtl drive"}:
            return None
        scsi = open_scsi(address)
    except PytpError:
        return None
    try:
        return _exchange(scsi, min(size_mb, MOST_MB))
    except PytpError:
        return None
    finally:
        scsi.close()


def _exchange(scsi: ScsiTransport, size_mb: int) -> int | None:
    from pytp_native.devices.retry import CALM  # noqa: PLC0415 - only jobs on large cartridges come here
    from pytp_native.scsi import mode, spc  # noqa: PLC0415
    from pytp_native.scsi.executor import run  # noqa: PLC0415

    may = run(scsi, spc.mode_sense_10(_PAGE, _SUBPAGE, control=mode.CHANGEABLE, descriptors=False), CALM)
    if not any(may.page(_PAGE, _SUBPAGE).data[_PEWS]):
        return None
    found = run(scsi, spc.mode_sense_10(_PAGE, _SUBPAGE, descriptors=False), CALM)
    page = bytearray(found.page(_PAGE, _SUBPAGE).data)
    before = int.from_bytes(page[_PEWS], "big")
    if before != size_mb:
        page[0] &= ~_PARAMETERS_SAVEABLE & 0xFF
        page[_PEWS] = size_mb.to_bytes(2, "big")
        run(scsi, spc.mode_select_10(found.select_10(bytes(page))), CALM)
    return before
