# SPDX-License-Identifier: WTFPL OR MIT
"""The report's content, the same for text and HTML: verdicts, what grew with whom and when, flags, slots."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytp_native.devices.look import DriveLook, LibraryLook
from pytp_native.diag.blame import is_bad
from pytp_native.diag.checkup import checkup, verdicts
from pytp_native.diag.history import History
from pytp_native.diag.trend import Cell, ElementUse, Past, elements, growth
from pytp_native.diag.verdict import Verdict
from pytp_native.light import NamedTuple
from pytp_native.spec.measures import LIBRARY
from pytp_native.spec.tape_alerts import Alert, alert_of

MOST_ALERTS = 200


class Point(NamedTuple):
    seen: int
    value: float
    """Retries for 1000 data sets since the look before."""


class Series(NamedTuple):
    name: str
    points: tuple[Point, ...]


class SeenAlert(NamedTuple):
    seen: int
    units: str
    alert: Alert


class LibraryMap(NamedTuple):
    name: str
    elements: tuple[ElementUse, ...]


@dataclass(frozen=True, slots=True)
class Report:
    made: int
    """Seconds since 1970."""
    looks: int
    verdicts: tuple[Verdict, ...]
    drives: tuple[str, ...]
    cartridges: tuple[str, ...]
    """Those that were seen before and after in a drive: the axes of the heat map."""
    cells: dict[tuple[str, str], Cell]
    bad: frozenset[tuple[str, str]]
    series: tuple[Series, ...]
    alerts: tuple[SeenAlert, ...]
    libraries: tuple[LibraryMap, ...]


def make_report(
    history: History, looks: Sequence[DriveLook | LibraryLook] = (), *, lazy: frozenset[str] = frozenset()
) -> Report:
    """Put together what the history tells, and the looks that were taken just now if there are any; no device is asked.
    `lazy`: keys of drives that may not ask for a cleaning."""
    found = checkup(history)
    units = found.past.units
    cells = {(units[one.drive].shown, units[one.cartridge].shown): one for one in found.cells}
    alerts = []
    for one in history.alerts()[:MOST_ALERTS]:
        names = [units[unit].shown for unit in (one.drive, one.library, one.cartridge) if unit is not None]
        alerts.append(SeenAlert(one.seen, ", ".join(names), alert_of(one.flag, changer=one.library is not None)))
    libraries = tuple(
        LibraryMap(unit.shown, tuple(elements(found.past.latest(unit.id), found.past.moves_of(unit.id))))
        for unit in units.values() if unit.kind == LIBRARY
    )  # fmt: skip
    return Report(
        int(time.time()), len(found.past.looks), tuple(verdicts(history, looks, everything=True, lazy=lazy)),
        tuple(sorted({drive for drive, _tape in cells})), tuple(sorted({tape for _drive, tape in cells})), cells,
        frozenset(key for key, one in cells.items() if is_bad(one)), tuple(_series(found.past)), tuple(alerts),
        libraries,
    )  # fmt: skip


def _series(past: Past) -> list[Series]:
    """Retries for 1000 data sets of every drive, from look to look."""
    points: dict[int, list[Point]] = {}
    before: dict[int, tuple[int, int]] = {}
    for look in past.looks:
        if look.drive is None or look.cartridge is None:
            continue
        last = before.get(look.cartridge)
        before[look.cartridge] = (look.id, look.drive)
        if last is None or last[1] != look.drive:
            continue
        old = past.counters.get(last[0], {}).get(look.cartridge, {})
        new = past.counters.get(look.id, {}).get(look.cartridge, {})
        sets, retries = (_grown(old, new, names) for names in _RATE)
        if sets:
            points.setdefault(look.drive, []).append(Point(look.seen, 1000 * retries / sets))
    return [Series(past.units[drive].shown, tuple(told)) for drive, told in points.items()]


_RATE = (("data_sets_written", "data_sets_read"), ("write_retries", "read_retries"))


def _grown(old: Mapping[str, float], new: Mapping[str, float], names: Sequence[str]) -> float:
    return sum(growth(old[name], new[name]).amount for name in names if name in old and name in new)
