# SPDX-License-Identifier: WTFPL OR MIT
"""Wait while a cleaning cartridge works, and tell how it ended, by what TEST UNIT READY says (SPC-6, 30h and 3Ah)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.errors import NotReady
from pytp_native.scsi import executor, spc
from pytp_native.scsi.executor import Clock
from pytp_native.scsi.judge import describe, sense_of
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

if TYPE_CHECKING:
    from pytp_native.scsi.sense import Sense
    from pytp_native.transport.base import ScsiTransport

CLEANED, USED_UP, FAILED = "cleaned", "used up", "failed"
MOST_S = 900.0
"""A cleaning takes two to five minutes."""
_USED_UP = frozenset({0x300B, 0x3013})
_FAILED = frozenset({0x3007, 0x300A})
_AT_WORK = frozenset({codes.CLEANING_CARTRIDGE_INSTALLED, codes.BECOMING_READY, 0x0407})


def wait_cleaned(scsi: ScsiTransport, *, poll_s: float, clock: Clock = Clock()) -> str:  # noqa: B008 - a value
    """Return CLEANED, USED_UP or FAILED as soon as the drive is done. NotReady if it is not after a quarter of an hour.

    A cleaning cartridge that stays in the drive with 30h/03h is at work, or done: page 14h's count of cleanings tells.
    """
    began = clock.now()
    last: Sense | None = None
    while clock.now() - began < MOST_S:
        last = sense_of(executor.carry(scsi, spc.test_unit_ready()))
        if last is not None and last.key == codes.UNIT_ATTENTION:
            continue
        ended = _ended(last)
        if ended:
            return ended
        clock.sleep(poll_s)
    told = describe(last) if last is not None else opcodes.status_name(opcodes.GOOD)
    raise NotReady(
        scsi.address, f"the cleaning has not ended after {MOST_S / 60:.0f} minutes: {told}", "look at the drive"
    )


def _ended(sense: Sense | None) -> str:
    """Return how it ended, "" while it goes on. Let go of (3Ah), or ready: there is no cleaning cartridge at work."""
    if sense is None or sense.asc == 0x3A:
        return CLEANED
    if sense.code in _USED_UP:
        return USED_UP
    if sense.code in _FAILED:
        return FAILED
    return "" if sense.code in _AT_WORK else FAILED
