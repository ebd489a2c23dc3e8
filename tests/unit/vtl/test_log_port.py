# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages about what is around the tape."""

from __future__ import annotations

import pytest

from pytp_native.scsi.log_records import phys
from tests.unit.vtl.commands import counters, log, settle, write


@pytest.fixture
def drive(scsi):
    return settle(scsi)


def test_a_port_counts_the_errors_of_its_link(drive, library):
    def told():
        return phys(log(drive, 0x18)[8:])

    assert [(phy.identifier, phy.rate, phy.errors) for phy in told()] == [(0, 0x0B, 0)]
    library.add_fault(0, "link errors 40")
    assert [(phy.invalid_dwords, phy.disparity_errors, phy.losses_of_sync) for phy in told()] == [(40, 40, 0)]


def test_errors_that_are_not_the_mediums_have_a_page(drive, library):
    assert counters(drive, 0x06) == {0: 0}
    library.add_fault(0, "write 0: medium error")
    write(drive, b"x")
    assert counters(drive, 0x06) == {0: 0}
    library.add_fault(0, "self-test failure")
    drive.execute(bytes([0x1D, 4, 0, 0, 0, 0]))
    assert counters(drive, 0x06) == {0: 1}


def test_pages_that_have_nothing_to_tell_are_there(drive):
    for page in (0x15, 0x2D):
        assert log(drive, page) == bytes([page, 0, 0, 0])
    assert set(counters(drive, 0x1A).values()) == {0}
