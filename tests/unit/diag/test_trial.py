# SPDX-License-Identifier: WTFPL OR MIT
"""What a test's results mean, and whose fault it is."""

from __future__ import annotations

import pytest

from pytp_native.devices.self_test import SelfTestResult
from pytp_native.diag.trial import Place, judge_block_size, judge_scan, judge_self_test

GOOD = Place(0, 400.0, 0)


def test_a_sound_scan_has_no_findings() -> None:
    assert judge_scan([GOOD] * 20) == []
    assert judge_scan([]) == []
    assert judge_scan([Place(None, None, 0)] * 5) == []


def test_retries_all_over_the_tape_are_the_heads() -> None:
    (finding,) = judge_scan([Place(8, 400.0, 0)] * 20)
    assert (finding.level, finding.blames) == ("watch", "drive")
    assert "160 of 8000 data sets" in finding.words


def test_retries_at_one_place_are_the_tapes() -> None:
    (finding,) = judge_scan([GOOD] * 19 + [Place(160, 400.0, 0)])
    assert (finding.level, finding.blames) == ("watch", "cartridge")


def test_many_retries_are_to_be_acted_on() -> None:
    (finding,) = judge_scan([Place(40, 400.0, 0)] * 20)
    assert finding.level == "act now"


@pytest.mark.parametrize(
    ("bad", "blames"), [(1, "cartridge"), (5, "cartridge"), (6, "either"), (10, "either"), (11, "drive")]
)
def test_unreadable_blocks_are_blamed_by_where_they_are(bad: int, blames: str) -> None:
    (finding,) = judge_scan([Place(0, 400.0, 2)] * bad + [GOOD] * (20 - bad))
    assert (finding.level, finding.blames) == ("act now", blames)


def test_few_stretches_say_nothing_about_where() -> None:
    assert [one.blames for one in judge_scan([GOOD, GOOD, Place(90, 400.0, 1)])] == ["either", "either"]


def test_a_block_size_above_the_largest_safe_one_is_told() -> None:
    assert judge_block_size(1 << 20, 1 << 19, ["too large"], "host") == []
    (finding,) = judge_block_size(1 << 20, 1 << 21, ["more than the host adapter moves"], "host")
    assert (finding.level, finding.blames) == ("act now", "host")
    assert "more than the host adapter moves" in finding.words
    assert judge_block_size(None, 1 << 19, [], "either")[0].level == "act now"


def test_only_a_failed_self_test_is_a_finding() -> None:
    assert judge_self_test(SelfTestResult(True, "passed", 1.0)) == []
    assert judge_self_test(SelfTestResult(None, "has none", 1.0)) == []
    assert judge_self_test(SelfTestResult(False, "4/3e/03", 1.0))[0].blames == "drive"
