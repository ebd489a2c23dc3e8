# SPDX-License-Identifier: WTFPL OR MIT
"""TapeAlert flags: where they can be read without being cleared they are; else they are saved before anybody sees
them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.devices import asking
from pytp_native.devices.look import ALERT_RESPONSE, ALERTS
from pytp_native.errors import NotSupported
from pytp_native.scsi.log import tape_alerts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.devices.quiet import Quiet


def read_alerts(device: Quiet, save: Callable[[frozenset[int], bool], None], *, clear: bool = False) -> frozenset[int]:
    """Return the flags that are raised. `save` gets them first, with whether the device has forgotten them by this.

    Page 12h of a drive clears nothing; page 2Eh, of others and with `clear`, does (for this host). Raises what `save`
    raises, DeviceBusy beside somebody who has the tape open, and NotSupported for a device without TapeAlert.
    """
    device.check_free()
    there = asking.log_page_list(device.scsi)
    quiet = (ALERT_RESPONSE, 0) in there and not device.is_changer
    if not quiet and (ALERTS, 0) not in there:
        raise NotSupported(device.address, "has no TapeAlert")
    page = ALERT_RESPONSE if quiet and not clear else ALERTS
    flags = tape_alerts(asking.log_page(device.scsi, page))
    save(flags, page == ALERTS)
    return flags
