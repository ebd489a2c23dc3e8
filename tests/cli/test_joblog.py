# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytp_cli.joblog import JobLog, state_directory
from pytp_native.jobs.events import ArgumentReport, ArgumentStarted, JobReport, MemberProblem, Notice, Progress
from pytp_native.jobs.failure import stage_of_reason


def lines(log: JobLog) -> list[dict[str, object]]:
    log.close()
    assert log.path
    return [json.loads(line) for line in Path(log.path).read_text().splitlines()]


def test_one_line_per_event_with_the_originals_words(tmp_path: Path) -> None:
    log = JobLog("backup", str(tmp_path))
    problem = MemberProblem(b"caf\xe9\n", "Permission denied")
    log.event(ArgumentStarted(b"/srv", 3))
    log.event(Progress(1, 2, 0.5))
    log.event(Notice("warning", "BUFFER", "ran empty"))
    log.event(problem)
    log.event(MemberProblem(b"x", "grew while it was read"))
    limits: dict[str, object] = {"limited_by": "source", "underruns": 3}
    log.event(JobReport("backup", 6, "/dev/nst0", (), None, "/dev/nst0: it broke", limits))
    found = lines(log)
    assert [line["kind"] for line in found] == ["TAR", "BUFFER", "PERMISSION", "SOURCE", "BUFFER", "TAPE"]
    assert [line["level"] for line in found] == ["info", "warning", "warning", "warning", "info", "error"]
    assert found[0]["tape_file"] == 3
    assert found[2]["text"] == "[PERMISSION] caf\\xe9\\n: Permission denied"
    assert os.fsencode(str(found[2]["path"])) == b"caf\xe9\n"
    assert found[4]["text"] == "[BUFFER] limited by source, underruns 3"
    assert found[4]["limits"] == limits
    assert found[5]["exit"] == 6
    assert all(str(line["time"]).endswith("+00:00") for line in found)


def test_an_arguments_outcome_is_logged_with_its_figures(tmp_path: Path) -> None:
    log = JobLog("backup", str(tmp_path))
    log.event(ArgumentReport(b"/srv", "partial", 0, 0, 7, 5, 999, 0.25, (MemberProblem(b"a", "gone"),)))
    (line,) = lines(log)
    assert (line["status"], line["blocks"], line["files"], line["bytes"], line["errors"]) == ("partial", 7, 5, 999, 1)


def test_the_log_goes_to_tar_dir_which_is_made(tmp_path: Path) -> None:
    log = JobLog("direct_backup", str(tmp_path / "new" / "tars"), {"XDG_STATE_HOME": str(tmp_path / "state")})
    log.close()
    assert log.path
    assert Path(log.path).parent == tmp_path / "new" / "tars"
    assert Path(log.path).name.startswith("direct_backup_2")
    assert log.warning is None


def test_without_a_usable_tar_dir_it_goes_to_the_state_directory_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = JobLog("backup", str(tmp_path / "file" / "tars"), {"XDG_STATE_HOME": str(tmp_path / "state")})
    log.close()
    assert log.path
    assert Path(log.path).parent == tmp_path / "state" / "pytp"
    assert log.warning


def test_without_any_place_there_is_no_log_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = JobLog("backup", None, {"XDG_STATE_HOME": str(tmp_path / "file")})
    log.event(Notice("info", "TAPE", "x"))
    log.close()
    assert log.path is None


def test_state_directory_defaults_to_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert state_directory({}) == "/h/.local/state/pytp"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("Permission denied", "PERMISSION"), ("Operation not permitted", "PERMISSION"), ("vanished", "SOURCE")],
)
def test_problem_kind(reason: str, kind: str) -> None:
    assert stage_of_reason(reason) == kind


def test_a_log_whose_disk_is_full_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    log = JobLog("backup", str(tmp_path))
    assert log.path
    os.unlink(log.path)
    log._file = open("/dev/full", "w", buffering=1)  # noqa: SIM115
    log.event(Notice("info", "TAPE", "x"))
    log.event(Notice("info", "TAPE", "y"))
    warning = log.take_warning()
    assert warning
    assert "No space left" in warning
    assert log.take_warning() is None
