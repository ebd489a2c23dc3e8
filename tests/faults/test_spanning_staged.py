# SPDX-License-Identifier: WTFPL OR MIT
"""Archives that were built on disk first span cartridges as those that never were on disk: byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.jobs.frame import Frame
from pytp_native.stream.preface import Preface
from tests.faults.spanned import Shelf, data_files, join, sessions
from tests.faults.test_spanning import tree_of
from tests.trees import describe, differences

BLOCK = 10240


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Cut in large files, in one with holes, and among small ones."""
    top = tree_of(tmp_path / "source", **{f"small{number:03}": 1000 + 17 * number for number in range(150)})
    for number in range(5):
        (top / f"large{number}").write_bytes(os.urandom(3_100_000 + number))
    with open(top / "sparse", "wb") as file:
        file.seek(1 << 33)
        file.write(os.urandom(2_500_000))
        file.truncate(9 << 30)
    os.utime(top / "large2", ns=(1, 1_500_000_000_000_000_001))
    return top


@pytest.mark.parametrize("strategy", ["tar", "dd"])
def test_a_set_is_the_same_as_with_direct(
    tmp_path: Path, source: Path, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the uuid and the time of the session, which stand in front of it."""
    told = Preface("uuid", "2026-11-24T00:00:00Z", 1, "/a", "a", "full", "full", None, "xxh3", None, None)
    monkeypatch.setattr(Frame, "preface", lambda _frame, _argument, *, is_here=True: told.headers(BLOCK))
    sets = []
    for name in ("direct", strategy):
        shelf = Shelf(tmp_path / name, cartridges=4)
        done = shelf.backup(source, strategy=name, tar_dir=str(tmp_path / "tars"))
        assert (done.code, done.statuses) == (0, ["saved"])
        sets.append(shelf.set())
    direct, staged = sets
    assert list(direct) == list(staged)
    assert len(staged) >= 3
    assert [data_files(files) for files in direct.values()] == [data_files(files) for files in staged.values()]
    ended = join([data for files in staged.values() for data in data_files(files)], tmp_path / "joined", BLOCK)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert differences(describe(source), describe(tmp_path / "joined" / "source")) == []
    assert [one.arguments[0].path for one in sessions(staged["PYT003L9"])] == [str(source)]


@pytest.mark.parametrize("strategy", ["tar", "dd"])
def test_without_another_cartridge_what_is_complete_counts(tmp_path: Path, source: Path, strategy: str) -> None:
    shelf = Shelf(tmp_path / "library", cartridges=1)
    done = shelf.backup(source, strategy=strategy, tar_dir=str(tmp_path / "tars"))
    assert (done.code, done.statuses) == (10, ["failed"])
    assert 0 < done.report.arguments[0].files < 156
