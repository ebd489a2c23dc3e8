# SPDX-License-Identifier: WTFPL OR MIT
"""Winding a tape by the drive's own command, past st: the answer tells a refusal from a failure, and how far it is.

Used beside an open st node whose tape is at its beginning, and leaves it there, so that st's idea of it stays right.
"""

from __future__ import annotations

from pytp_native.devices.retry import BUSY, UNIT_ATTENTION, becoming_ready
from pytp_native.devices.time_limits import time_limits_of
from pytp_native.errors import NotSupported, PytpError
from pytp_native.scsi import executor, spc, ssc
from pytp_native.scsi.command import LOCATE_S
from pytp_native.scsi.executor import Clock, Waiting
from pytp_native.scsi.policy import Policy
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import sense as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.transport.base import ScsiTransport


def retension(
    scsi: ScsiTransport, *, on_wait: Callable[[Waiting], None] | None = None, clock: Clock | None = None
) -> None:
    """Have the drive wind the tape from end to end (LOAD UNLOAD with RETEN, SSC-5) and return when it is at its
    beginning. `on_wait` hears every two seconds how far the drive is, if it takes the command with IMMED.

    Raises NotSupported if the drive refuses the command, DeviceBusy if it takes no such command now.
    """
    clock = clock or Clock()
    who = executor.run(scsi, spc.inquiry(), Policy((UNIT_ATTENTION,)))
    limits = time_limits_of(scsi, who)
    try:
        command = ssc.load_unload(load=True, retension=True, immediate=True)
        executor.run(scsi, command, timeouts=limits, vendor=who.vendor)
    except NotSupported as exc:
        if parse_sense(exc.sense).code != codes.INVALID_FIELD_IN_CDB:
            raise
        command = ssc.load_unload(load=True, retension=True)
        executor.run(scsi, command, timeouts=limits, vendor=who.vendor)
    most_s = max(LOCATE_S, executor.timeout_of(command, limits))
    policy = Policy((UNIT_ATTENTION, BUSY, becoming_ready(most_s)))
    executor.run(scsi, spc.test_unit_ready(), policy, on_wait=on_wait, vendor=who.vendor, clock=clock)


def position(scsi: ScsiTransport) -> int | None:
    """Return the logical block at the head, also while the tape winds, if the drive tells it then.

    May take as long as the motion: most drives answer when it has ended. The limit is that of the motion, so that the
    kernel never aborts what the drive has only put off.
    """
    try:
        return executor.run(scsi, ssc.read_position()._replace(timeout_s=LOCATE_S)).block
    except PytpError:
        return None
