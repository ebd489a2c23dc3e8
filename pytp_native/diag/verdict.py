# SPDX-License-Identifier: WTFPL OR MIT
"""Good, watch or act now: one verdict for each drive, cartridge and library, with the evidence and what to do."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pytp_native.diag import rules
from pytp_native.diag.blame import Blame
from pytp_native.diag.cleaning import Forecast, forecast
from pytp_native.diag.history import StoredMove, Unit
from pytp_native.diag.moves import Culprit, culprits
from pytp_native.diag.trend import Cell, elements, total
from pytp_native.spec import tape_alerts
from pytp_native.spec.measures import CARTRIDGE, DRIVE, LIBRARY
from pytp_native.spec.tape_alerts import HOST

GOOD, WATCH, ACT = "good", "watch", "act now"
LEVELS = (GOOD, WATCH, ACT)
_CABLE = "change its cable, then the port of the host adapter or expander: it is neither drive nor tape"
_SWAP = "try a good cartridge in this drive and this cartridge in another drive"


@dataclass(frozen=True, slots=True)
class Finding:
    level: str
    words: str
    """With the numbers."""
    action: str
    blames: str
    """drive, cartridge, library, host, or either."""


@dataclass(slots=True)
class Verdict:
    kind: str
    """drive, cartridge, library"""
    serial: str
    name: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def level(self) -> str:
        return max((one.level for one in self.findings), key=LEVELS.index, default=GOOD)

    def add(self, level: str, words: str, action: str, blames: str) -> None:
        self.findings.append(Finding(level, words, action, blames))


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return 0, 13 (watch) or 14 (act now)."""
    return {GOOD: 0, WATCH: 13, ACT: 14}[max((one.level for one in verdicts), key=LEVELS.index, default=GOOD)]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a unit now: its last counters, its flags, its cells."""

    unit: Unit
    counters: Mapping[str, float]
    alerts: frozenset[int] = frozenset()
    cells: tuple[Cell, ...] = ()
    end_of_data_missing: bool = False
    asks_for_cleaning: bool = True
    """False: a drive that may not ask for it while it writes (devices/quirks.py)."""
    partner: Unit | None = None
    """The cartridge in the drive, or the drive around the cartridge, now."""
    moves: tuple[StoredMove, ...] = ()
    """Of a library's robot, lately."""
    of_its_life: bool = False
    """Nobody had looked at a library a month ago: its counters are those since it was made."""
    link_errors: float = 0
    """Of a drive, lately."""


def judge_drive(known: Known, blame: Blame) -> Verdict:
    verdict = Verdict(DRIVE, known.unit.serial, known.unit.shown)
    _apply_rules(verdict, known, DRIVE, "")
    _judge_alerts(verdict, known.alerts, DRIVE, _guilty(known, blame))
    if known.unit.id in blame.drives:
        _blamed(verdict, blame.drives[known.unit.id], "cartridges", "clean it; if that does not help have it serviced")
    _pairs(verdict, (one for one in blame.either if one.drive == known.unit.id), "with one cartridge")
    if known.link_errors:
        verdict.add(WATCH, f"{known.link_errors:g} errors of its link to the host in the last week", _CABLE, HOST)
    told = forecast(known.counters, asks=known.asks_for_cleaning)
    if told is not None and told.due:
        verdict.add(WATCH, cleaning_words(told), "clean it: pytp diag clean", DRIVE)
    return verdict


def judge_cartridge(known: Known, blame: Blame) -> Verdict:
    verdict = Verdict(CARTRIDGE, known.unit.serial, known.unit.shown)
    guilty = _guilty(known, blame)
    _apply_rules(verdict, known, CARTRIDGE, guilty)
    _judge_alerts(verdict, known.alerts, CARTRIDGE, guilty)
    if known.unit.id in blame.cartridges:
        _blamed(
            verdict, blame.cartridges[known.unit.id], "drives", "copy what can be read with a good drive, and retire it"
        )
    elif guilty != DRIVE:
        _pairs(verdict, (one for one in blame.either if one.cartridge == known.unit.id), "with one drive")
    if not known.cells:
        _judge_life(verdict, known.counters)
    if known.end_of_data_missing:
        verdict.add(WATCH, "its end of data was never written: power was lost, or a job died",
                    "read it to its end once, then append", CARTRIDGE)  # fmt: skip
    return verdict


def _judge_life(verdict: Verdict, counters: Mapping[str, float]) -> None:
    """Retries over the cartridge's life, where no looks tell in which drive they were."""
    for verb, name in (("written", "write_retries"), ("read", "read_retries")):
        retries, data_sets = counters.get(name), counters.get(f"data_sets_{verb}")
        if retries is None or not data_sets or retries < rules.LEAST_RETRIES:
            continue
        rate = 1000 * retries / data_sets
        if rate >= rules.RETRIES_WATCH:
            words = f"{retries:g} of {data_sets:g} data sets {verb} again over its life ({rate:.0f} for 1000)"
            verdict.add(WATCH, words, "use it in other drives and compare: pytp diag trend", rules.EITHER)


def judge_library(known: Known) -> Verdict:
    verdict = Verdict(LIBRARY, known.unit.serial, known.unit.shown)
    for flag in sorted(known.alerts):
        told = tape_alerts.alert_of(flag, changer=True)
        level = {tape_alerts.CRITICAL: ACT, tape_alerts.WARNING: WATCH}.get(told.severity, GOOD)
        verdict.add(level, f"flag {flag}: {told.name}", told.action, LIBRARY)
    used = [one for one in elements(known.counters, known.moves) if one.rate is not None]
    for one in used:
        usual = statistics.median([other.rate or 0.0 for other in used if other is not one] or [0.0])
        retries, moves = one.pick_retries + one.place_retries, one.picks + one.places
        if retries >= rules.SLOT_LEAST and (one.rate or 0) > rules.SLOT_FACTOR * usual:
            name = f"{one.place}, element {one.address}" if one.place else f"element {one.address}"
            when = "in its whole life" if known.of_its_life else "in the last month"
            words = f"{name}: {retries:g} retries in {moves:g} moves {when} (elsewhere {usual:g} a move)"
            verdict.add(WATCH, words, "look at that slot and at the cartridge in it, then at the robot", LIBRARY)
    _judge_moves(verdict, culprits(known.moves))
    return verdict


def _judge_moves(verdict: Verdict, found: list[Culprit]) -> None:
    if len(found) >= rules.BAD_PLACES:
        words = ", ".join(f"{' or '.join(one.places)} {one.failures} of {one.moves}" for one in found)
        verdict.add(ACT, f"moves fail at {len(found)} places: {words}", "have the robot serviced", LIBRARY)
        return
    for one in found:
        words = f"{' or '.join(one.places)}: {one.failures} of {one.moves} moves failed in the last month"
        verdict.add(WATCH, words, "look at that place and at the cartridges moved there, then at the robot", LIBRARY)


def _apply_rules(verdict: Verdict, known: Known, kept_by: str, guilty: str) -> None:
    for rule in rules.RULES:
        value = known.counters.get(rule.measure)
        if rule.kept_by != kept_by or value is None:
            continue
        level = _level(rule, value)
        if level == GOOD:
            continue
        blames = rule.blames if rule.blames != rules.EITHER else guilty or rules.EITHER
        if kept_by == CARTRIDGE and blames == DRIVE:
            continue  # told with the drive
        verdict.add(level, f"{rule.words}: {value:g}{f' {rule.unit}' if rule.unit else ''}", rule.action, blames)


def _level(rule: rules.Rule, value: float) -> str:
    if rule.low:
        return ACT if value < rule.act else WATCH if value < rule.watch else GOOD
    return ACT if value >= rule.act else WATCH if value >= rule.watch else GOOD


def _judge_alerts(verdict: Verdict, flags: frozenset[int], kind: str, guilty: str) -> None:
    """Flags that are about this kind of thing; those that may be either's go where the history points, else to both."""
    own = {DRIVE: tape_alerts.DRIVE, CARTRIDGE: tape_alerts.MEDIUM}[kind]
    for flag in sorted(flags):
        told = tape_alerts.alert_of(flag)
        shared = told.scope == tape_alerts.EITHER
        if shared and guilty not in ("", "both", kind):
            continue
        if (
            not shared
            and told.scope != own
            and not (kind == DRIVE and told.scope in {tape_alerts.HOST, tape_alerts.LIBRARY})
        ):
            continue
        level = ACT if flag in tape_alerts.FAILING else WATCH if flag in tape_alerts.DEGRADED else GOOD
        blames = (guilty if guilty == kind else rules.EITHER) if shared else kind if told.scope == own else told.scope
        verdict.add(level, f"flag {flag}: {told.name}", told.action, blames)


def _guilty(known: Known, blame: Blame) -> str:
    """Who is to blame for trouble of this unit: by its pair now, else by its own record."""
    unit, partner = known.unit, known.partner
    if partner is not None:
        pair = (unit.id, partner.id) if unit.kind == DRIVE else (partner.id, unit.id)
        return blame.of_pair(*pair)
    if unit.kind == CARTRIDGE:
        if unit.id in blame.cartridges:
            return CARTRIDGE
        drives = {cell.drive for cell in known.cells if cell.unrecovered or cell.retries}
        return DRIVE if drives and drives <= set(blame.drives) else ""
    return DRIVE if unit.id in blame.drives else ""


def _blamed(verdict: Verdict, cells: list[Cell], others: str, action: str) -> None:
    whole = total(cells)
    level = ACT if whole.unrecovered or (whole.rate or 0) >= rules.RETRIES_ACT else WATCH
    count = f"{len(cells)} {others if len(cells) != 1 else others[:-1]}"
    verdict.add(level, f"{_numbers(whole)} with {count}; others do better", action, verdict.kind)


def _pairs(verdict: Verdict, cells: Iterable[Cell], where: str) -> None:
    for one in cells:
        level = ACT if one.unrecovered or (one.rate or 0) >= rules.RETRIES_ACT else WATCH
        verdict.add(level, f"{_numbers(one)} {where}", _SWAP, rules.EITHER)


def _numbers(cell: Cell) -> str:
    rate = f" ({cell.rate:.0f} for 1000)" if cell.rate is not None else ""
    hard = f", {cell.unrecovered:g} not recovered" if cell.unrecovered else ""
    when = f" in the last {cell.days} days" if cell.days is not None else ""
    return f"{cell.retries:g} retries in {cell.data_sets:g} data sets{rate}{hard}{when}"


def cleaning_words(told: Forecast) -> str:
    usual = f", usually cleaned after {told.interval_hours:.0f}" if told.interval_hours is not None else ""
    return f"{told.hours:.0f} hours of motion since its last cleaning{usual}"
