# SPDX-License-Identifier: WTFPL OR MIT
"""What a job did to drive and cartridge: the difference between the look before it and the look behind it."""

from __future__ import annotations

from collections.abc import Mapping

from pytp_native.devices.look import DriveLook
from pytp_native.diag.trend import growth
from pytp_native.light import NamedTuple
from pytp_native.spec.measures import CARTRIDGE, COUNTER, DRIVE, MEASURES

_TROUBLE = (
    "write_retries", "read_retries", "unrecovered_write_errors", "unrecovered_read_errors", "suspended_writes",
    "suspended_reads", "fatal_suspended_writes", "fatal_suspended_reads", "hard_write_errors", "hard_read_errors",
    "link_errors",
)  # fmt: skip


class Difference(NamedTuple):
    drive: dict[str, float]
    """Counters that grew, and by how much."""
    cartridge: dict[str, float] | None
    """None: another cartridge than before, or none."""
    new_alerts: tuple[int, ...]
    alerts: tuple[int, ...]
    """All that are raised now."""

    @property
    def trouble(self) -> dict[str, float]:
        """Of both, what should not have grown."""
        both = {**self.drive, **(self.cartridge or {})}
        return {name: both[name] for name in _TROUBLE if both.get(name)}


def difference(before: DriveLook, after: DriveLook) -> Difference:
    old, new = before.alerts or frozenset(), after.alerts or frozenset()
    same = before.cartridge is not None and after.cartridge is not None and before.cartridge.key == after.cartridge.key
    tape = None
    if same and before.cartridge is not None and after.cartridge is not None:
        tape = _grown(CARTRIDGE, before.cartridge.counters, after.cartridge.counters)
    return Difference(
        _grown(DRIVE, before.counters, after.counters), tape, tuple(sorted(new - old)), tuple(sorted(new))
    )


def _grown(subject: str, before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    found = {}
    for name, value in after.items():
        measure = MEASURES.get((subject, name))
        if measure is None or measure.kind != COUNTER or name not in before:
            continue
        amount = growth(before[name], value).amount
        if amount:
            found[name] = amount
    return found
