# SPDX-License-Identifier: WTFPL OR MIT
"""When a drive will want to be cleaned: by how long it ran between its last cleanings (SSC-5, 14h/0008h to 000Ah)."""

from __future__ import annotations

from collections.abc import Mapping

from pytp_native.diag import rules
from pytp_native.light import NamedTuple


class Forecast(NamedTuple):
    hours: float
    """Of motion since the last cleaning."""
    interval_hours: float | None
    """Mean between the last ones, or what the drive says itself; None: neither is known."""
    left_hours: float | None
    due: bool


def forecast(counters: Mapping[str, float], *, asks: bool = True) -> Forecast | None:
    """None for a drive that does not tell its hours. `asks`: it raises its flag by itself, so that a drive without a
    record of cleanings is not sent to one."""
    hours = counters.get("motion_hours_since_cleaning")
    if hours is None:
        return None
    marks = [
        hours,
        counters.get("motion_hours_since_second_cleaning"),
        counters.get("motion_hours_since_third_cleaning"),
    ]
    gaps = [after - before for before, after in zip(marks, marks[1:], strict=False)  # noqa: RUF007 - pairs with None
            if before is not None and after is not None and after > before]  # fmt: skip
    interval = sum(gaps) / len(gaps) if gaps else counters.get("cleaning_interval_hours")
    if interval is None and not asks:
        interval = float(rules.HOURS_WITHOUT_CLEANING)
    left = interval - hours if interval is not None else None
    return Forecast(hours, interval, left, interval is not None and hours > rules.CLEANING_DUE * interval)


def next_cleaning(told: Forecast | None, *, asked: bool) -> str:
    """Say when the drive will want to be cleaned; `asked`: it does so now."""
    if asked:
        return "now: the drive asks for it"
    if told is None:
        return "not foreseen: the drive does not tell its hours of motion"
    if told.interval_hours is None or told.left_hours is None:
        return "when the drive asks: it was not cleaned often enough to foresee it"
    usual = f"{told.hours:.0f} h of motion since the last one, {told.interval_hours:.0f} h are usual"
    return f"due: {usual}" if told.due else f"likely in {max(told.left_hours, 0):.0f} h of motion: {usual}"
