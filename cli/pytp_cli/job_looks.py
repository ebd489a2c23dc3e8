# SPDX-License-Identifier: WTFPL OR MIT
"""A look at the drive before and behind a job, by itself: stored in the history, the difference in the job's report.

A job never fails for it: a drive that cannot be asked (no sg node, no permission) has no "health" in its report.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pytp_native.errors import PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.run import Run
    from pytp_native.devices.drive import Drive
    from pytp_native.devices.look import DriveLook

WATCHED = frozenset({"backup", "restore", "verify"})


@contextmanager
def looking(run: Run, drive: Drive | None, verb: str) -> Iterator[None]:
    """Look before and behind what is done inside, if it is a job that deserves it."""
    if drive is None or verb not in WATCHED:
        yield
        return
    before = _look(run, drive, f"before {verb}")
    try:
        yield
    finally:
        after = _look(run, drive, f"after {verb}") if before is not None else None
        if before is not None and after is not None:
            _report(run, before, after)


def _look(run: Run, drive: Drive, occasion: str) -> DriveLook | None:
    """None if it cannot be asked, or the history cannot keep what asking clears."""
    from pytp_cli.diag_device import open_history
    from pytp_native.devices.look import DriveLook
    from pytp_native.devices.quiet import opened_beside_own
    from pytp_native.diag.looking import take_look

    with suppress(PytpError), opened_beside_own(drive.address) as device, open_history(run) as history:
        seen = take_look(device, history, occasion)
        return seen if isinstance(seen, DriveLook) else None
    return None


def _report(run: Run, before: DriveLook, after: DriveLook) -> None:
    """Put the difference into the JSON object, and what is amiss on the screen."""
    from pytp_native.diag.difference import difference
    from pytp_native.spec.tape_alerts import alert_of

    found = difference(before, after)
    health: dict[str, Any] = {
        "drive_serial": after.serial, "cartridge_serial": after.cartridge.serial if after.cartridge else None,
        "drive": found.drive, "cartridge": found.cartridge, "alerts": found.alerts, "new_alerts": found.new_alerts,
        "counters": {
            name: [before.counters.get(name), now] for name, now in after.counters.items()
            if now != before.counters.get(name)
        },
    }  # fmt: skip
    run.fields["health"] = health
    if found.trouble:
        told = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in found.trouble.items())
        run.note(f"the drive counted {told}; see pytp diag health")
    for flag in found.new_alerts:
        alert = alert_of(flag)
        run.note(f"the drive raised flag {flag}, {alert.name} ({alert.severity}): {alert.action}")
