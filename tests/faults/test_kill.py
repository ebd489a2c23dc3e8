# SPDX-License-Identifier: WTFPL OR MIT
"""A short kill -9 campaign; `python -m tests.faults.kill_campaign` is the long one."""

import os
from pathlib import Path

import pytest

from tests.faults.kill_campaign import Campaign, Lost


def test_what_was_reported_as_saved_survives_kill_9(shelf: Path) -> None:
    campaign = Campaign(shelf / "kill", seed=7)
    campaign.run(20)
    assert campaign.killed > 0
    assert campaign.restored > 0
    assert campaign.claimed > 0


def test_the_campaign_notices_a_loss(shelf: Path) -> None:
    """Every block of the data file is damaged: the campaign must say so."""
    campaign = Campaign(shelf / "kill", seed=8)
    campaign.read_back()
    data = next((shelf / "kill" / "library").glob("cartridges/*/data"))
    with open(data, "r+b") as file:
        for at in range(0, os.path.getsize(data), 65536):
            file.seek(at + 700)
            file.write(b"rot")
    with pytest.raises(Lost):
        campaign.read_back()
