# SPDX-License-Identifier: WTFPL OR MIT
"""Take a look at a device and keep it: what commands and jobs do before they say anything about its health."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytp_native.devices.alerts import read_alerts
from pytp_native.devices.look import look
from pytp_native.errors import NotSupported

if TYPE_CHECKING:
    from pytp_native.devices.look import DriveLook, LibraryLook
    from pytp_native.devices.quiet import Quiet
    from pytp_native.diag.history import History


def take_look(device: Quiet, history: History, occasion: str) -> DriveLook | LibraryLook:
    """Return what the device says, stored. Flags that are cleared by being read are on the disk before this returns.

    Beside somebody who has the tape open only its status is asked, and nothing is stored.
    """
    seen = look(device)
    if device.busy:
        return seen
    if seen.alerts is not None:
        history.store(seen, occasion)
        return seen
    stored: list[DriveLook | LibraryLook] = []

    def keep(flags: frozenset[int], gone: bool) -> None:
        stored.append(seen._replace(alerts=flags))
        history.store(stored[0], occasion, cleared=flags if gone else frozenset(), lasting=True)

    with suppress(NotSupported):
        read_alerts(device, keep)
    if not stored:
        history.store(seen, occasion)
    return stored[0] if stored else seen
