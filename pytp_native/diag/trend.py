# SPDX-License-Identifier: WTFPL OR MIT
"""What grew between looks: by drive x cartridge, and by element of a library. Resets and roll-overs are recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pytp_native.diag.history import History, StoredLook, StoredMove, Unit
from pytp_native.light import NamedTuple

GROWING = (
    "mounts", "data_sets_written", "write_retries", "unrecovered_write_errors", "suspended_writes",
    "fatal_suspended_writes", "data_sets_read", "read_retries", "unrecovered_read_errors", "suspended_reads",
    "fatal_suspended_reads", "written_mb", "read_mb",
)  # fmt: skip
"""Counters of cartridges that say what a drive did with it."""
_WIDTHS = ((16, 0.99), (24, 0.99), (32, 0.9), (48, 0.9))
"""Bits of counters that LTO drives have, and how full one is that may begin anew by itself. How long one is nobody
has kept: longer ones pass such a value on their way, too, and those of 8 bits are too often near their end."""


class Growth(NamedTuple):
    amount: float
    reset: bool = False
    """It began anew: the amount is what has been counted since then."""


def growth(before: float, now: float) -> Growth:
    """Return how much a counter grew. A smaller value is a roll-over if the old one was near the end of its width, else
    a reset."""
    if now >= before:
        return Growth(now - before)
    for width, full in _WIDTHS:
        size = 1 << width
        if full * size <= before < size and now < (1 - full) * size:
            return Growth(now + size - before)
    return Growth(now, reset=True)


@dataclass(slots=True)
class Cell:
    """What one drive did with one cartridge, as far as looks before and after tell."""

    drive: int
    cartridge: int
    grown: dict[str, float] = field(default_factory=dict)
    looks: int = 0
    resets: int = 0
    days: int | None = None
    """It is about so many last days of the history; None: about all that was asked for."""

    @property
    def data_sets(self) -> float:
        return self.grown.get("data_sets_written", 0) + self.grown.get("data_sets_read", 0)

    @property
    def retries(self) -> float:
        return self.grown.get("write_retries", 0) + self.grown.get("read_retries", 0)

    @property
    def unrecovered(self) -> float:
        return self.grown.get("unrecovered_write_errors", 0) + self.grown.get("unrecovered_read_errors", 0)

    @property
    def terabytes(self) -> float:
        return (self.grown.get("written_mb", 0) + self.grown.get("read_mb", 0)) / 1e6

    @property
    def rate(self) -> float | None:
        """Retries for 1000 data sets; None without data."""
        return 1000 * self.retries / self.data_sets if self.data_sets else None


class Lately(NamedTuple):
    """Growth of a unit's counters."""

    counters: Mapping[str, float]
    known_before: bool
    """False: they are those of its whole life."""


@dataclass(frozen=True, slots=True)
class Past:
    """The history, read once."""

    units: Mapping[int, Unit]
    looks: tuple[StoredLook, ...]
    counters: Mapping[int, Mapping[int, Mapping[str, float]]]
    """By look and unit."""
    moves: tuple[StoredMove, ...] = ()
    """Of robots, the oldest first."""

    def moves_of(self, library: int, since: int = 0) -> tuple[StoredMove, ...]:
        return tuple(one for one in self.moves if one.library == library and one.seen >= since)

    def latest(self, unit: int) -> dict[str, float]:
        """Return the last value of each counter of a unit."""
        found: dict[str, float] = {}
        for look in self.looks:
            found.update(self.counters.get(look.id, {}).get(unit, {}))
        return found

    def grown_since(self, unit: int, since: int) -> Lately:
        """Return how much the counters of a unit grew from the last look before that time to now, resets and all; of
        one that nobody had looked at by then, what they counted since it was made."""
        before: dict[str, float] = {}
        amounts: dict[str, float] = {}
        for look in self.looks:
            for name, value in self.counters.get(look.id, {}).get(unit, {}).items():
                if look.seen >= since:
                    amounts[name] = amounts.get(name, 0) + growth(before.get(name, 0), value).amount
                before[name] = value
        known_before = any(unit in self.counters.get(look.id, {}) for look in self.looks if look.seen < since)
        return Lately(amounts, known_before)

    def all_latest(self) -> dict[int, dict[str, float]]:
        """Return the same of all units."""
        found: dict[int, dict[str, float]] = {}
        for look in self.looks:
            for unit, values in self.counters.get(look.id, {}).items():
                found.setdefault(unit, {}).update(values)
        return found


def grown(past: Past, unit: int, name: str, since: int) -> float:
    """Return how much a counter of a unit grew since then; nothing where it was not looked at before."""
    amount, before = 0.0, None
    for look in past.looks:
        value = past.counters.get(look.id, {}).get(unit, {}).get(name)
        if value is None:
            continue
        if before is not None and look.seen >= since:
            amount += growth(before, value).amount
        before = value
    return amount


def read_past(history: History) -> Past:
    counters: dict[int, dict[int, dict[str, float]]] = {}
    for look, unit, name, value in history.counters():
        counters.setdefault(look, {}).setdefault(unit, {})[name] = value
    return Past({one.id: one for one in history.units()}, tuple(history.looks()), counters, tuple(history.moves()))


def cells(past: Past, since: int = 0) -> list[Cell]:
    """Return what each drive did with each cartridge since then. What happened between a look in one drive and the next
    in another is nobody's."""
    found: dict[tuple[int, int], Cell] = {}
    before: dict[int, StoredLook] = {}
    fresh: Counter[tuple[int, int]] = Counter()
    """Mounts that brought a cartridge from elsewhere: the first look comes behind them."""
    for look in past.looks:
        if look.drive is None or look.cartridge is None:
            continue
        last = before.get(look.cartridge)
        before[look.cartridge] = look
        if look.seen < since:
            continue
        if last is None or (last.drive != look.drive and _mounted(past, last, look)):
            fresh[look.drive, look.cartridge] += 1
        if last is None or last.drive != look.drive:
            continue
        key = (look.drive, look.cartridge)
        cell = found.setdefault(key, Cell(*key))
        _add(cell, past.counters.get(last.id, {}).get(look.cartridge, {}),
             past.counters.get(look.id, {}).get(look.cartridge, {}))  # fmt: skip
    for key, cell in found.items():
        cell.grown["mounts"] = cell.grown.get("mounts", 0) + fresh[key]
    return list(found.values())


def _mounted(past: Past, last: StoredLook, now: StoredLook) -> bool:
    counts = (past.counters.get(look.id, {}).get(look.cartridge or 0, {}).get("mounts") for look in (last, now))
    before, after = counts
    return before is None or after is None or before != after


def _add(cell: Cell, before: Mapping[str, float], now: Mapping[str, float]) -> None:
    cell.looks += 1
    told = [
        growth(before[name], now[name])._asdict() | {"name": name} for name in GROWING if name in before and name in now
    ]
    cell.resets += any(one["reset"] for one in told)
    for one in told:
        cell.grown[one["name"]] = cell.grown.get(one["name"], 0) + one["amount"]


class ElementUse(NamedTuple):
    """What a library's robot did at an element."""

    address: int
    picks: float
    """As the library counts itself."""
    pick_retries: float
    places: float
    place_retries: float
    place: str = ""
    """"slot 3", "drive 0", where it is known."""
    moves: int = 0
    """That this host ordered."""
    failures: int = 0
    last_failure: str = ""

    @property
    def rate(self) -> float | None:
        """Retries for a move there; None: it was never there."""
        moves = self.picks + self.places
        retries = self.pick_retries + self.place_retries
        return retries / moves if moves else float(retries) or None


def elements(counters: Mapping[str, float], moves: Iterable[StoredMove] = ()) -> list[ElementUse]:
    """Return the elements in a library's counters ("element 1003 picks") and moves, by address."""
    found: dict[int, dict[str, float]] = {}
    for name, value in counters.items():
        if name.startswith("element "):
            _word, address, what = name.split(" ", 2)
            found.setdefault(int(address), {})[what] = value
    uses = {
        address: ElementUse(
            address, told.get("picks", 0), told.get("pick_retries", 0), told.get("places", 0),
            told.get("place_retries", 0),
        ) for address, told in found.items()
    }  # fmt: skip
    for one in moves:
        for number, place in ((one.source, one.source_place), (one.target, one.target_place)):
            use = uses.get(number, ElementUse(number, 0, 0, 0, 0))
            use = use._replace(place=place, moves=use.moves + 1)
            uses[number] = use._replace(failures=use.failures + 1, last_failure=one.error) if one.error else use
    return [use for _address, use in sorted(uses.items())]


def total(parts: Iterable[Cell]) -> Cell:
    """Return several cells as one; drive and cartridge are the first's."""
    parts = list(parts)
    whole = Cell(parts[0].drive, parts[0].cartridge, days=parts[0].days) if parts else Cell(0, 0)
    for one in parts:
        whole.looks += one.looks
        whole.resets += one.resets
        for name, value in one.grown.items():
            whole.grown[name] = whole.grown.get(name, 0) + value
    return whole
