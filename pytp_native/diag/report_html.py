# SPDX-License-Identifier: WTFPL OR MIT
"""The report as one HTML page: no scripts, nothing from elsewhere, plots as SVG, readable on paper."""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape

from pytp_native.diag.report import LibraryMap, Report, Series
from pytp_native.diag.trend import Cell
from pytp_native.diag.verdict import ACT, GOOD, WATCH, Verdict

_COLOURS = {GOOD: "good", WATCH: "watch", ACT: "act"}
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; margin: 2em auto; max-width: 70em; padding: 0 1em }
h1 { font-size: 1.6em }
h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; margin: .5em 0 }
th, td { padding: .25em .6em; text-align: left; vertical-align: top }
th { border-bottom: 1px solid #999; font-weight: 600 }
td.n { text-align: right; font-variant-numeric: tabular-nums }
.good { background: #dff3e3 } .watch { background: #fff1c9 }
.act { background: #fbd5d0 } .none { background: #f1f2f4 }
.level { padding: .1em .5em; border-radius: .3em; white-space: nowrap; border: 1px solid #0002 }
ul { margin: .2em 0; padding-left: 1.2em } .map td { border: 1px solid #fff; text-align: center; min-width: 3.2em }
svg { max-width: 100%; height: auto } .quiet { color: #59636e }
@media print { body { margin: 0; max-width: none; font-size: 10pt }
  h2, tr, svg { break-inside: avoid }
  .level, td { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
_WIDTH, _HEIGHT, _EDGE = 640, 160, 34


def html(report: Report) -> str:
    """Return the whole page."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(report.made))
    body = "".join((
        f"<h1>Tape drives, cartridges and libraries</h1><p class=quiet>{made}, from {report.looks} looks</p>",
        _section("Verdicts", _verdicts(report.verdicts)),
        _section("Drive by cartridge: retries for 1000 data sets", _heat_map(report)),
        _section("Retries for 1000 data sets, from look to look", "".join(map(_plot, report.series)) or _NOTHING),
        _section("Alerts", _alerts(report)),
        _section("Libraries", "".join(map(_library, report.libraries)) or _NOTHING),
    ))  # fmt: skip
    head = f'<meta charset="utf-8"><title>Tape report {made}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


_NOTHING = "<p class=quiet>nothing yet</p>"


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>{content}"


def _table(head: Iterable[str], rows: Iterable[str], kind: str = "") -> str:
    titles = "".join(f"<th>{escape(one)}</th>" for one in head)
    return f'<table class="{kind}"><thead><tr>{titles}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _verdicts(verdicts: Iterable[Verdict]) -> str:
    rows = []
    for one in sorted(verdicts, key=lambda one: -list(_COLOURS).index(one.level)):
        told = "".join(
            f"<li>{escape(finding.words)} <span class=quiet>({escape(finding.blames)})</span>"
            f"<br>{escape(finding.action)}</li>"
            for finding in one.findings
        )
        level = f'<span class="level {_COLOURS[one.level]}">{one.level}</span>'
        found = f"<ul>{told}</ul>" if told else ""
        rows.append(f"<tr><td>{level}</td><td>{one.kind}</td><td>{escape(one.name)}</td><td>{found}</td></tr>")
    return _table(("Verdict", "", "", "Why, and what to do"), rows) if rows else _NOTHING


def _heat_map(report: Report) -> str:
    rows = []
    for tape in report.cartridges:
        cells = "".join(
            _square(report.cells.get((drive, tape)), (drive, tape) in report.bad) for drive in report.drives
        )
        rows.append(f"<tr><th>{escape(tape)}</th>{cells}</tr>")
    return _table(("", *report.drives), rows, "map") if rows else _NOTHING


def _square(cell: Cell | None, bad: bool) -> str:
    if cell is None or cell.rate is None:
        return "<td class=none></td>"
    title = f"{cell.retries:g} retries, {cell.unrecovered:g} not recovered, {cell.data_sets:g} data sets"
    hard = f" +{cell.unrecovered:g}" if cell.unrecovered else ""
    return f'<td class="{"act" if bad else "good"}" title="{title}">{cell.rate:.3g}{hard}</td>'


def _plot(series: Series) -> str:
    """A line over time; the scale begins at 0."""
    first, last = series.points[0].seen, series.points[-1].seen
    most = max(1.0, *(one.value for one in series.points))
    span = max(last - first, 1)
    places = [
        (
            _EDGE + (_WIDTH - 2 * _EDGE) * (one.seen - first) / span,
            _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * one.value / most,
        )
        for one in series.points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#0a5ab4"/>' for x, y in places)
    dates = [time.strftime("%Y-%m-%d", time.localtime(when)) for when in (first, last)]
    floor = _HEIGHT - _EDGE
    name, box = escape(series.name), f"0 0 {_WIDTH} {_HEIGHT}"
    return (
        f'<h3>{name}</h3><svg viewBox="{box}" role="img" aria-label="{name}">'
        f'<path d="M{_EDGE} {_EDGE}V{floor}H{_WIDTH - _EDGE}" fill="none" stroke="#999"/>'
        f'<polyline points="{line}" fill="none" stroke="#0a5ab4" stroke-width="1.5"/>{dots}'
        f'<text x="2" y="{_EDGE + 4}" font-size="11">{most:.3g}</text><text x="2" y="{floor}" font-size="11">0</text>'
        f'<text x="{_EDGE}" y="{_HEIGHT - 12}" font-size="11">{dates[0]}</text>'
        f'<text x="{_WIDTH - _EDGE}" y="{_HEIGHT - 12}" font-size="11" text-anchor="end">{dates[1]}</text></svg>'
    )


def _alerts(report: Report) -> str:
    rows = [
        f"<tr><td>{time.strftime('%Y-%m-%d %H:%M', time.localtime(one.seen))}</td><td>{escape(one.units)}</td>"
        f"<td class=n>{one.alert.flag}</td><td>{escape(one.alert.name)}</td><td>{one.alert.severity}</td>"
        f"<td>{escape(one.alert.action)}</td></tr>"
        for one in report.alerts
    ]
    return _table(("When", "Where", "Flag", "", "", "What to do"), rows) if rows else _NOTHING


def _library(library: LibraryMap) -> str:
    """Where the robot was, and how often it had to try again."""
    usual = [one.rate or 0.0 for one in library.elements]
    squares = []
    for one in library.elements:
        retries = one.pick_retries + one.place_retries
        rest = (sum(usual) - (one.rate or 0.0)) / max(len(usual) - 1, 1)
        kind = (
            "act" if retries >= 3 and (one.rate or 0.0) > 5 * rest else "watch" if retries or one.failures else "good"
        )
        title = f"{one.picks:g} picks, {one.pick_retries:g} again; {one.places:g} places, {one.place_retries:g} again"
        title += f"; {one.failures} of {one.moves} moves failed" if one.moves else ""
        failed = f", {one.failures} failed" if one.failures else ""
        name = escape(one.place or str(one.address))
        squares.append(f'<td class="{kind}" title="{title}">{name}<br>{retries:g}{failed}</td>')
    rows = ["<tr>" + "".join(squares[at : at + 12]) + "</tr>" for at in range(0, len(squares), 12)]
    table = f"<table class=map>{''.join(rows)}</table>" if rows else _NOTHING
    return (
        f"<h3>{escape(library.name)}</h3><p class=quiet>place or element address, retries and failures there</p>{table}"
    )
