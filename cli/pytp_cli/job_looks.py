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

WATCHED = frozenset({"backup", "restore", "verify", "test"})


@contextmanager
def looking(run: Run, drive: Drive | None, verb: str) -> Iterator[None]:
    """Look before and behind what is done inside, and at each cartridge that comes and goes meanwhile, if it is a job
    that deserves it."""
    if drive is None or verb not in WATCHED:
        yield
        return
    looks = _Looks(run, drive, verb)
    looks.before()
    drive.leaving, drive.arrived = looks.after, looks.before
    try:
        yield
    finally:
        looks.after()
        looks.report()


class _Looks:
    """Two looks for each cartridge of a job."""

    def __init__(self, run: Run, drive: Drive, verb: str) -> None:
        self._run, self._drive, self._verb = run, drive, verb
        self._begun: DriveLook | None = None
        self._pairs: list[tuple[DriveLook, DriveLook]] = []

    def before(self) -> None:
        self._begun = _look(self._run, self._drive, f"before {self._verb}")

    def after(self) -> None:
        begun, self._begun = self._begun, None
        ended = _look(self._run, self._drive, f"after {self._verb}") if begun is not None else None
        if begun is not None and ended is not None:
            self._pairs.append((begun, ended))

    def report(self) -> None:
        if self._pairs:
            _report(self._run, self._pairs)


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


def _report(run: Run, pairs: list[tuple[DriveLook, DriveLook]]) -> None:
    """Put the difference into the JSON object, and what is amiss on the screen."""
    from pytp_native.diag.difference import difference
    from pytp_native.spec.tape_alerts import alert_of

    before, after = pairs[0][0], pairs[-1][1]
    found, parts = difference(before, after), [difference(*pair) for pair in pairs]
    serials = [look.cartridge.serial if look.cartridge else None for _before, look in pairs]
    health: dict[str, Any] = {
        "drive_serial": after.serial, "cartridge_serial": serials[-1],
        "drive": found.drive, "cartridge": parts[-1].cartridge, "alerts": found.alerts, "new_alerts": found.new_alerts,
        "counters": {
            name: [before.counters.get(name), now] for name, now in after.counters.items()
            if now != before.counters.get(name)
        },
        "cartridges": [
            {"serial": serial, "drive": part.drive, "cartridge": part.cartridge}
            for serial, part in zip(serials, parts, strict=True)
        ],
    }  # fmt: skip
    run.fields["health"] = health
    trouble: dict[str, float] = {}
    for part in parts:
        for name, value in part.trouble.items():
            trouble[name] = trouble.get(name, 0) + value
    if trouble:
        told = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in trouble.items())
        run.note(f"the drive counted {told}; see pytp diag health")
    for flag in found.new_alerts:
        alert = alert_of(flag)
        run.note(f"the drive raised flag {flag}, {alert.name} ({alert.severity}): {alert.action}")
