# SPDX-License-Identifier: WTFPL OR MIT
"""What a person sees: lines, the summary table and the progress figures."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pytp_cli import tables
from pytp_cli.progress import ProgressBar, Speed, progress_text
from pytp_cli.screen import Screen
from pytp_native.jobs.events import ArgumentReport, ArgumentStarted, MemberListed, MemberProblem, Notice, Progress


def test_events_become_lines_on_stderr_and_members_on_stdout(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    screen = Screen("backup", quiet_stdout=False, bar=True)
    for record in (
        ArgumentStarted(b"/srv", 4),
        ArgumentStarted(b"file 5", 5),
        Notice("info", "TAPE", "rewound"),
        Notice("warning", "SOURCE", "odd\nname"),
        MemberProblem(b"a\xff", "vanished"),
        Progress(1, 2, 0.5),
        MemberListed(b"-rw- x\xff"),
    ):
        screen(record)
    screen.close()
    out, err = capsysbinary.readouterr()
    assert out == b"-rw- x\xff\n"
    assert err.decode().splitlines() == [
        "pytp: backup /srv (tape file 4)",
        "pytp: backup tape file 5",
        "pytp: rewound",
        "pytp: warning: [SOURCE] odd\\nname",
        "pytp: [SOURCE] a\\xff: vanished",
    ]


def test_with_json_members_are_kept_and_stdout_stays_empty(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen("list", quiet_stdout=True, bar=False)
    screen(MemberListed(b"line\xff"))
    screen(Notice("warning", "TAPE", "t"))
    assert capsys.readouterr().out == ""
    assert screen.members == [{"line": "line\udcff"}]
    assert screen.notices == [{"level": "warning", "kind": "TAPE", "text": "t"}]


def test_summary_has_a_line_per_argument_and_the_total() -> None:
    reports = (
        ArgumentReport(b"/a", "saved", 0, 0, 2, 10, 100_000_000, 2.0),
        ArgumentReport(b"/long/name", "partial", 1, 3, 1, 5, 50_000_000, 1.0, (MemberProblem(b"x", "gone"),)),
        ArgumentReport(b"/c", "not started", None, None, 0, 0, 0, 0.0),
    )
    lines = tables.summary(reports).splitlines()
    assert lines[0].split() == ["ARGUMENT", "STATUS", "TAPE", "FILE", "FILES", "DATA", "DURATION", "MB/s", "ERRORS"]
    assert lines[1].split() == ["/a", "saved", "0", "10", "95.4", "MiB", "2.0", "s", "50.0", "0"]
    assert lines[2].split()[-2:] == ["50.0", "1"]
    assert lines[3].split()[:4] == ["/c", "not", "started", "-"]
    assert lines[4].split() == ["TOTAL", "2", "of", "3", "15", "143", "MiB", "3.0", "s", "50.0", "1"]
    assert len({line.rindex(line.split()[-1]) for line in lines[1:]}) == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "0:01:00"), (3661.4, "1:01:01"), (90061, "25:01:01")]
)
def test_duration(seconds: float, text: str) -> None:
    assert tables.duration(seconds) == text


def test_progress_text_has_bytes_rate_fill_files_and_time_left() -> None:
    text = progress_text(Progress(1234, 10 * 1024**2, 0.87, 110 * 1024**2), 1024.0**2 * 10)
    assert text == "10 MiB  10.5 MB/s  buffer 87%  1234 files  ETA 10.0 s"
    assert "ETA" not in progress_text(Progress(1, 1, 0.0), 5.0)
    assert "ETA" not in progress_text(Progress(1, 1, 0.0, 2), 0.0)


def test_speed_is_that_of_the_last_ten_seconds() -> None:
    speed = Speed()
    assert speed.add(0.0, 0) == 0.0
    assert speed.add(1.0, 100) == 100.0
    for second in range(2, 30):
        rate = speed.add(float(second), 100 + (second - 1) * 1000)
    assert rate == 1000.0


def test_the_bar_shows_figures_and_keeps_lines_above_it() -> None:
    out = io.StringIO()
    bar = ProgressBar("backup", Console(file=out, force_terminal=True, width=120, color_system=None))
    bar.update(Progress(7, 1 << 20, 0.5, 2 << 20))
    bar.line("pytp: [odd] name")
    bar.close()
    text = out.getvalue()
    assert "pytp: [odd] name\n" in text
    assert "7 files" in text
