# SPDX-License-Identifier: WTFPL OR MIT
"""A few sessions over several cartridges killed at random; `python -m tests.faults.set_campaign` kills many."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.set_campaign import Lost, Sets


@pytest.mark.parametrize("kind", ["plain", "zstd", "incremental-zstd"])
def test_a_set_that_was_killed_comes_to_its_end_and_restores(shelf: Path, kind: str) -> None:
    sets = Sets(shelf / "sets", kind, seed=5)
    while not sets.killed:
        sets.one()
    assert sets.cartridges > 2 * sets.sessions


def test_the_campaign_notices_a_file_that_is_not_restored(shelf: Path) -> None:
    sets = Sets(shelf / "sets", "plain", seed=6)
    (sets.tree / "a" / "new").write_bytes(b"after the backup")
    with pytest.raises(Lost, match="missing: b'/a/new'"):
        sets._read_all(sets.catalog)
