# SPDX-License-Identifier: WTFPL OR MIT
"""Jobs look at the drive before and behind themselves."""

from __future__ import annotations

import os
from pathlib import Path

from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp


def test_a_backup_tells_what_it_did_to_drive_and_cartridge(pytp: Pytp, drive: str, source: Path) -> None:
    told = pytp("backup", str(source), "-d", drive, "--json").json
    assert told["health"]["cartridge"]["data_sets_written"] >= 1
    assert told["health"]["new_alerts"] == []
    assert told["health"]["cartridge_serial"].startswith("PV")
    pytp("rewind", "-d", drive)
    assert pytp("restore", str(source.parent / "out"), "-d", drive, "--json").json["health"]["drive"] is not None
    (pair,) = pytp("diag", "trend", "--json").json["pairs"]
    assert pair["looks"] == 3


def test_trouble_in_a_job_is_said_at_its_end(pytp: Pytp, library: Path, drive: str, source: Path) -> None:
    Library(library).add_fault(0, "worn head 1000")
    ended = pytp("backup", str(source), "-d", drive)
    assert ended.code == 0
    assert "the drive counted write retries 1" in ended.err


def test_flags_that_a_failed_job_leaves_are_told_and_stored(
    pytp: Pytp, library: Path, drive: str, source: Path
) -> None:
    Library(library).add_fault(0, "write 2: medium error")
    told = pytp("backup", str(source), "-d", drive, "--json")
    assert told.code == 6
    assert told.json["health"]["new_alerts"] == [3, 6]
    assert "raised flag 6, write failure" in told.err
    assert "write failure" in pytp("diag", "alerts", "--past").out


def test_a_job_does_not_fail_for_a_history_that_cannot_be_kept(
    pytp: Pytp, drive: str, source: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home" / ".local" / "state" / "pytp"
    (home / "history.db").mkdir(parents=True)
    ended = pytp("backup", str(source), "-d", drive, "--json")
    assert ended.code == 0
    assert "health" not in ended.json


def test_each_cartridge_of_a_set_is_looked_at_when_it_comes_and_when_it_goes(
    pytp: Pytp, tmp_path: Path, source: Path
) -> None:
    path = tmp_path / "set"
    Library.create(path, drives=1, slots=4, cartridges=4, capacity_bytes=2 << 20)
    for number in range(5):
        (source / f"large{number}").write_bytes(os.urandom(1_000_000))
    drive = f"vtl:{path}/drive0"
    told = pytp("backup", str(source), "-d", drive, "--json").json
    assert len(told["cartridges"]) == 4
    looks = told["health"]["cartridges"]
    assert len({one["serial"] for one in looks}) == 4
    assert all(one["cartridge"]["data_sets_written"] >= 1 for one in looks)
    pairs = pytp("diag", "trend", "--json").json["pairs"]
    assert len(pairs) == 4
    assert sum(pair["terabytes"] for pair in pairs) > 3e-6
