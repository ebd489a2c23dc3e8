# SPDX-License-Identifier: WTFPL OR MIT
"""Text tables and the units in them: the same on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.jobs.events import ArgumentReport

_SUMMARY_HEAD = ("ARGUMENT", "STATUS", "TAPE FILE", "FILES", "DATA", "DURATION", "MB/s", "ERRORS")


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return the rows as lines with columns two spaces apart; columns in `right` are set flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def summary(reports: Sequence[ArgumentReport]) -> str:
    """Return the table that ends a backup: a line per argument and the total."""
    from pytp_cli.names import printable

    rows = [_SUMMARY_HEAD, *(_row(printable(report.path), report) for report in reports)]
    rows.append(_total(reports))
    return aligned(rows, right=(2, 3, 4, 5, 6, 7))


def _row(name: str, report: ArgumentReport) -> tuple[str, ...]:
    place = "-" if report.tape_file is None else str(report.tape_file)
    return (name, report.status, place, *_figures(report.files, report.data_bytes, report.duration_s, report.errors))


def _total(reports: Sequence[ArgumentReport]) -> tuple[str, ...]:
    saved = sum(report.status in ("saved", "partial", "unchanged") for report in reports)
    files, data = sum(report.files for report in reports), sum(report.data_bytes for report in reports)
    errors = [error for report in reports for error in report.errors]
    seconds = sum(report.duration_s for report in reports)
    return ("TOTAL", f"{saved} of {len(reports)}", "", *_figures(files, data, seconds, errors))


def _figures(files: int, data_bytes: int, seconds: float, errors: Sequence[object]) -> tuple[str, ...]:
    from pytp_native.units import format_size

    return (str(files), format_size(data_bytes), duration(seconds), rate(data_bytes, seconds), str(len(errors)))


def rate(data_bytes: int, seconds: float) -> str:
    """Return decimal megabytes per second, as drives are sold."""
    return f"{data_bytes / seconds / 1e6:.1f}" if seconds > 0 else "-"


def duration(seconds: float) -> str:
    """Return "4.2 s" below a minute, then "h:mm:ss"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
