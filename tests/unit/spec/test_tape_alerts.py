# SPDX-License-Identifier: WTFPL OR MIT
"""The tables of TapeAlert flags."""

from __future__ import annotations

import pytest

from pytp_native.spec import tape_alerts
from pytp_native.spec.tape_alerts import CHANGER_ALERTS, CRITICAL, DRIVE_ALERTS, INFORMATION, WARNING, alert_of


def test_every_flag_that_is_not_reserved_is_there():
    assert sorted(DRIVE_ALERTS) == list(range(1, 62))
    assert sorted(CHANGER_ALERTS) == list(range(1, 33))


@pytest.mark.parametrize("table", [DRIVE_ALERTS, CHANGER_ALERTS], ids=["drive", "changer"])
def test_each_has_a_name_of_its_own_a_severity_and_something_to_do(table):
    assert len({alert.name for alert in table.values()}) == len(table)
    for flag, alert in table.items():
        assert alert.flag == flag
        assert alert.severity in {CRITICAL, WARNING, INFORMATION}
        assert alert.scope
        assert alert.action
        assert not alert.action.endswith(".")


@pytest.mark.parametrize(
    ("flag", "severity"),
    [(4, CRITICAL), (20, CRITICAL), (21, WARNING), (19, INFORMATION), (59, WARNING), (49, INFORMATION)],
)
def test_severities(flag, severity):
    assert alert_of(flag).severity == severity


def test_a_flag_counts_for_one_verdict_at_most():
    groups = (tape_alerts.FAILING, tape_alerts.DEGRADED, tape_alerts.OPERATOR)
    flags = [flag for group in groups for flag in group]
    assert len(set(flags)) == len(flags)
    assert {
        alert.flag for alert in DRIVE_ALERTS.values() if alert.severity == INFORMATION
    } & tape_alerts.FAILING == set()


def test_the_same_number_means_another_thing_in_a_library():
    assert alert_of(16).name == "forced eject"
    assert alert_of(16, changer=True).name == "library door"
    assert alert_of(16, changer=True).scope == "library"


def test_a_reserved_flag_is_shown_by_its_number():
    assert alert_of(63).name == "flag 63"
    assert alert_of(40, changer=True).name == "flag 40"
