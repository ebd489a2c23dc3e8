# SPDX-License-Identifier: WTFPL OR MIT
"""From looks and history to verdicts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pytp_native.devices.look import DriveLook, LibraryLook
from pytp_native.diag.blame import Blame, blame_of
from pytp_native.diag.history import History, StoredMove, Unit
from pytp_native.diag.trend import Cell, Past, cells, grown, read_past
from pytp_native.diag.verdict import Known, Verdict, judge_cartridge, judge_drive, judge_library
from pytp_native.spec.measures import CARTRIDGE, DRIVE, LIBRARY

LINK_S = 7 * 24 * 3600
"""A link that had errors in that time is worth a word: a bad cable has them now and then."""
CELLS_S = 90 * 24 * 3600
"""Years without trouble must not hide what has begun since, nor must what has been mended be blamed for ever."""
LATE_DAYS = 14
"""What has begun in these is not averaged away by the months before."""
MOVES_S = 30 * 24 * 3600
"""Failures of a robot that are older are forgiven: it may have been mended."""
RECENT_S = 24 * 3600
"""Flags that were cleared by being read count that long: nobody else will tell of them again."""


@dataclass(frozen=True, slots=True)
class Checkup:
    past: Past
    cells: tuple[Cell, ...]
    """Of all the past."""
    recent: tuple[Cell, ...]
    """Of the last months before the last look: what verdicts are about."""
    blame: Blame


def checkup(history: History) -> Checkup:
    """Read the history once and decide who is to blame for what."""
    past = read_past(history)
    latest = min(int(time.time()), max((look.seen for look in past.looks), default=0))
    recent = tuple(cells(past, latest - CELLS_S))
    lately = [replace(cell, days=LATE_DAYS) for cell in cells(past, latest - LATE_DAYS * 24 * 3600)]
    return Checkup(past, tuple(cells(past)), recent, blame_of(recent, lately))


def verdicts(
    history: History, looks: Iterable[DriveLook | LibraryLook], *, everything: bool = False,
    lazy: frozenset[str] = frozenset(),
) -> list[Verdict]:  # fmt: skip
    """Judge what was looked at now, and with `everything` all that was ever seen. `lazy`: keys of drives that may not
    ask for a cleaning."""
    found = checkup(history)
    by_key = {(unit.kind, unit.serial): unit for unit in found.past.units.values()}
    latest = found.past.all_latest() if everything else {}
    known: dict[int, Known] = {}
    for seen in looks:
        for one in _known_now(seen, by_key, found, lazy):
            known[one.unit.id] = one
    if everything:
        for unit in found.past.units.values():
            if unit.id not in known:
                known[unit.id] = _known_before(unit, latest.get(unit.id, {}), found)
    recent = _recent_alerts(history)
    return [_judge(_with_alerts(one, recent), found.blame) for one in sorted(known.values(), key=_order)]


def _known_before(unit: Unit, latest: Mapping[str, float], found: Checkup) -> Known:
    """What is known of a unit that is not looked at now."""
    if unit.kind == LIBRARY:
        return _library(unit, found)
    return Known(unit, latest, cells=_cells_of(unit, found), link_errors=_link_errors(unit, found))


def _library(unit: Unit, found: Checkup, alerts: frozenset[int] = frozenset()) -> Known:
    lately = found.past.grown_since(unit.id, int(time.time()) - MOVES_S)
    return Known(unit, lately.counters, alerts, moves=_moves(unit, found), of_its_life=not lately.known_before)


def _order(known: Known) -> tuple[int, str]:
    return (DRIVE, CARTRIDGE, LIBRARY).index(known.unit.kind), known.unit.shown


def _judge(known: Known, found: Blame) -> Verdict:
    if known.unit.kind == DRIVE:
        return judge_drive(known, found)
    return judge_cartridge(known, found) if known.unit.kind == CARTRIDGE else judge_library(known)


def _known_now(
    seen: DriveLook | LibraryLook, by_key: dict[tuple[str, str], Unit], found: Checkup, lazy: frozenset[str]
) -> list[Known]:
    if isinstance(seen, LibraryLook):
        unit = by_key.get((LIBRARY, seen.key))
        if unit is None:
            return []
        return [_library(unit, found, seen.alerts or frozenset())]
    drive = by_key.get((DRIVE, seen.key))
    if drive is None:
        return []
    tape = seen.cartridge
    cartridge = by_key.get((CARTRIDGE, tape.key)) if tape is not None else None
    alerts = seen.alerts or frozenset()
    told = [Known(drive, seen.counters, alerts, _cells_of(drive, found), partner=cartridge,
                  asks_for_cleaning=seen.key not in lazy, link_errors=_link_errors(drive, found))]  # fmt: skip
    if tape is not None and cartridge is not None:
        told.append(Known(cartridge, tape.counters, alerts, _cells_of(cartridge, found), tape.end_of_data_missing,
                          partner=drive))  # fmt: skip
    return told


def _link_errors(unit: Unit, found: Checkup) -> float:
    return grown(found.past, unit.id, "link_errors", int(time.time()) - LINK_S) if unit.kind == DRIVE else 0


def _moves(unit: Unit, found: Checkup) -> tuple[StoredMove, ...]:
    return found.past.moves_of(unit.id, int(time.time()) - MOVES_S)


def _cells_of(unit: Unit, found: Checkup) -> tuple[Cell, ...]:
    return tuple(one for one in found.recent if unit.id in (one.drive, one.cartridge))


def _recent_alerts(history: History) -> dict[int, frozenset[int]]:
    """Flags of the last day that reading has cleared, by drive or library."""
    found: dict[int, set[int]] = {}
    for one in history.alerts(int(time.time()) - RECENT_S):
        unit = one.library if one.library is not None else one.drive
        if one.cleared and unit is not None:
            found.setdefault(unit, set()).add(one.flag)
    return {unit: frozenset(flags) for unit, flags in found.items()}


def _with_alerts(known: Known, recent: dict[int, frozenset[int]]) -> Known:
    extra = recent.get(known.unit.id)
    if not extra:
        return known
    return replace(known, alerts=known.alerts | extra)
