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
    """Mean between the last ones; None: there were too few."""
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
    interval = sum(gaps) / len(gaps) if gaps else None
    if interval is None and not asks:
        interval = float(rules.HOURS_WITHOUT_CLEANING)
    left = interval - hours if interval is not None else None
    return Forecast(hours, interval, left, interval is not None and hours > rules.CLEANING_DUE * interval)
