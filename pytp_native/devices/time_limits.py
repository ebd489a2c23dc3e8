# SPDX-License-Identifier: WTFPL OR MIT
"""How long each command may take on one device: what the device says, else what is known of its kind.

For executor.run's `timeouts`, which adds a tenth. What is in neither keeps the limit of its command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytp_native.devices import retry
from pytp_native.devices.quirks import Quirks, quirks_of
from pytp_native.errors import PytpError
from pytp_native.scsi import executor
from pytp_native.scsi.inquiry import TAPE, Inquiry
from pytp_native.spec import time_limits

if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport

Limits = dict[tuple[int, int | None], float]

# ULTRIUM-TD8, ULT3580-HH9, ULT3580-TDA, HH LTO Gen 7, Ultrium 6-SCSI, ULTRIUM 4, LTO-9 HH, VIRTUAL ULTRIM10
_GENERATION = re.compile(r"(?:TD|HH|LTO-|LTO Gen |ULTRI?U?M[ -]?)(\d{1,2}|A)(?![0-9A-Z])", re.IGNORECASE)


def generation_of(product: str) -> int | None:
    """Return the LTO generation that a product identification names, None if it names none."""
    found = _GENERATION.search(product)
    if found is None:
        return None
    return 10 if found[1].upper() == "A" else int(found[1])


def time_limits_of(scsi: ScsiTransport, who: Inquiry) -> Limits:
    """Ask the device for its own limits and fill up with what is known. Never fails for a device that tells none."""
    from pytp_native.scsi import supported_commands  # noqa: PLC0415 - construct is slow to import

    known = known_limits(who)
    try:
        told = executor.run(scsi, supported_commands.report_supported_operation_codes(), retry.CALM)
    except PytpError:
        return known
    return _with_first_load(known | supported_commands.timeouts(told), who)


def known_limits(who: Inquiry) -> Limits:
    """Return what is known about such a drive without asking it; nothing about a changer."""
    generation = generation_of(who.product) if who.device_type == TAPE else None
    if generation is None:
        return {}
    makers: tuple[str, ...] = (time_limits.HPE,) if who.vendor.upper() in {"HP", "HPE"} else (time_limits.IBM,)
    if who.vendor.upper() not in {"IBM", "HP", "HPE"}:
        makers = (time_limits.IBM, time_limits.HPE)  # whose mechanism it is, is not told: the longer figure
    limits: Limits = {}
    for maker in makers:
        for code, seconds in time_limits.drive_limits(maker, generation).items():
            limits[code, None] = max(seconds, limits.get((code, None), 0.0))
    return _with_first_load(limits, who)


def _with_first_load(limits: Limits, who: Inquiry) -> Limits:
    """A new LTO-9 cartridge is measured while it is loaded: no figure of a drive counts that in."""
    extra = quirks_of(who).first_load_s
    if extra <= Quirks().first_load_s:
        return limits
    longer: Limits = {}
    for code in time_limits.OPTIMISING:
        if (code, None) in limits:
            longer[code, None] = extra + limits[code, None]
    return {**limits, **longer}
