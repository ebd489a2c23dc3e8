# SPDX-License-Identifier: WTFPL OR MIT
"""Power cuts at blocks all over a backup; `python -m tests.faults.power_campaign` cuts at every one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.stream.scan import Scan
from tests.faults.power_campaign import Desk, Lost, campaign, cut_and_resume, make_trees


@pytest.mark.parametrize(("first", "step", "buffer"), [(0, 4, 2), (3, 7, 0), (2, 9, 30)])
def test_what_was_safe_is_there_and_the_rest_follows_on_the_same_tape(
    shelf: Path, first: int, step: int, buffer: int
) -> None:
    told = campaign(shelf, step, buffer, first)
    assert told["resumed"] >= 4
    assert told["finished before"] == 1


@pytest.mark.parametrize(("kind", "first", "step"), [("zstd", 5, 9), ("incremental", 5, 9), ("incremental", 25, 1)])
def test_compressed_sessions_and_those_of_changes_follow_too(shelf: Path, kind: str, first: int, step: int) -> None:
    """The last ones cut the trailer, at each of its blocks."""
    told = campaign(shelf, step, 1, first, kind)
    assert told["resumed"] >= 3


def test_the_campaign_notices_a_member_that_is_not_there(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(shelf / "desk", make_trees(shelf / "source"))
    members = Scan.members
    monkeypatch.setattr(Scan, "members", lambda self: (one for one in members(self) if one.name != b"mixed/a/f1"))
    with pytest.raises(Lost, match="not there"):
        cut_and_resume(desk, 20, 0)
