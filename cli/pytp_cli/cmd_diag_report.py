# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag report`: all that the history tells, as text or as one HTML page."""

from __future__ import annotations

import time
from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.diag_device import open_history
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.errors import NothingHere, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.diag.history import History
    from pytp_native.diag.report import Report
    from pytp_native.diag.trend import ElementUse


def report(
    ctx: typer.Context,
    html: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--html", metavar="FILE", help="Write one self-contained page there; FILE is replaced."),
    ] = None,
    replay: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--replay", metavar="FILE", help="Of the devices in a file of `pytp diag capture` instead."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Verdicts on all that was ever seen, retries by drive and cartridge and over time, alerts, the library's slots.
    Asks no device: see pytp diag health --all for that. Exit 11: there is no history yet."""
    of = f"replay:{replay}" if replay is not None else None
    with Run(ctx, "diag report", as_json=as_json) as run, open_history(run, create=False, of=of) as history:
        made = _made(run, history, replay)
        if not made.looks:
            raise NothingHere(history.path, "there are no looks yet", "see pytp diag health --all")
        run.fields.update(looks=made.looks, verdicts={one.name: one.level for one in made.verdicts})
        if html is not None:
            _write(html, made)
            run.fields["file"] = html
            run.say(html)
        else:
            run.say(_text(made))
    return run.exit_code


def _made(run: Run, history: History, replay: str | None) -> Report:
    from pytp_cli.cmd_diag_health import captured_addresses, lazy_drives, looks_at, tell_busy
    from pytp_native.diag.report import make_report

    if replay is None:
        return make_report(history)
    addresses, _absent = captured_addresses(run, replay)
    looks = looks_at(run, history, addresses, fail=False)
    tell_busy(run, looks)
    known = [one for one in looks if not getattr(one, "busy", "")]
    return make_report(history, known, lazy=lazy_drives(looks))


def _write(path: str, made: Report) -> None:
    from pytp_native.diag.report_html import html

    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(html(made))
    except OSError as exc:
        raise Refused(path, f"cannot be written ({exc.strerror})", "name another file") from exc


def _text(made: Report) -> str:
    from pytp_cli.cmd_diag_health import verdict_text
    from pytp_cli.tables import aligned

    parts = [f"from {made.looks} looks", "\n".join(verdict_text(one) for one in made.verdicts)]
    if made.cells:
        rows = [("RETRIES FOR 1000 DATA SETS", *map(printable, made.drives))]
        rows += [
            (printable(tape), *(_square(made, drive, tape) for drive in made.drives)) for tape in made.cartridges
        ]  # fmt: skip
        parts.append(aligned(rows, right=tuple(range(1, len(made.drives) + 1))))
    for series in made.series:
        told = " ".join(f"{point.value:.3g}" for point in series.points[-30:])
        parts.append(f"{printable(series.name)}, from look to look: {told}")
    if made.alerts:
        parts.append("\n".join(
            f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(one.seen))}  {one.alert.flag:2} {one.alert.severity}: "
            f"{one.alert.name} ({printable(one.units)})" for one in made.alerts
        ))  # fmt: skip
    for library in made.libraries:
        slots = [_element(one) for one in library.elements]
        parts.append(f"{printable(library.name)}, retries by element: {', '.join(slots) or 'none told'}")
    return "\n\n".join(parts)


def _element(one: ElementUse) -> str:
    failed = f" ({one.failures} of {one.moves} moves failed)" if one.failures else ""
    return f"{one.place or one.address}: {one.pick_retries + one.place_retries:g}{failed}"


def _square(made: Report, drive: str, tape: str) -> str:
    cell = made.cells.get((drive, tape))
    if cell is None or cell.rate is None:
        return "-"
    return f"{cell.rate:.3g}{' bad' if (drive, tape) in made.bad else ''}"
