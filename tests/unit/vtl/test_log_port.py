# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages about what is around the tape."""

from __future__ import annotations

import pytest

from pytp_native.scsi.log import parse_log_page
from pytp_native.scsi.log_records import Limits, limits, phys
from pytp_native.scsi.log_values import readings
from tests.unit.vtl.commands import counters, good, log, parameters, rewind, settle, write


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


def test_what_verify_reads_is_not_read_for_a_host(drive, library):
    write(drive, b"x" * 5000)
    library.add_fault(0, "read 1: medium error")
    write(drive, b"x" * 5000)
    rewind(drive)
    assert drive.execute(bytes([0x13, 0, 0, 0x13, 0x88, 0])).status == 0
    assert (counters(drive, 0x05)[5], counters(drive, 0x05)[6]) == (1, 0)
    assert drive.execute(bytes([0x13, 0, 0, 0x13, 0x88, 0])).status == 2
    assert counters(drive, 0x05)[6] == 1
    assert (counters(drive, 0x03)[5], counters(drive, 0x03)[6], counters(drive, 0x0C)[3]) == (0, 0, 0)
    assert set(counters(drive, 0x04).values()) == {0}


def test_a_slow_host_lets_the_buffer_run_empty(drive, library):
    library.add_fault(0, "starved 400")
    for _ in range(4):
        write(drive, b"x" * (1 << 18))
    assert counters(drive, 0x01) == {0: 4, 1: 0}


def test_error_events_are_told_as_text_the_oldest_first(drive, library):
    assert log(drive, 0x07) == bytes([0x07, 0, 0, 0])
    library.add_fault(0, "write 0: medium error")
    write(drive, b"x")
    library.clear_faults(0)
    library.add_fault(0, "write 1: deferred error after 1")
    for _ in range(4):
        write(drive, b"x")
    events = parameters(log(drive, 0x07))
    assert [value.split(b" ")[1] for value in events.values()] == [b"3/0c/00"] * 3
    assert list(parameters(log(drive, 0x0B)).values()) == [events[1]]


def test_limits_are_what_sg_logs_says_of_them(drive):
    """sg3_utils 1.46 names the bytes in this order; 45 C is where operation ends."""
    asked = bytes([0x4D, 0, 0x4D, 2, 0, 0, 0, 1, 0, 0])
    page = parse_log_page(good(drive.execute(asked, data_in_bytes=256)))
    told = [one.value for one in readings(page)]
    assert told == [Limits(55, 50, 5, 0, 45, 43, 12, 10), Limits(90, 85, 10, 5, 80, 75, 25, 20)]
    assert limits(b"\x80" * 8, humidity=False) == Limits(*[None] * 8)
    assert limits(b"\xff" * 8, humidity=True) == Limits(*[None] * 8)
    assert limits(b"\x80" * 7, humidity=False) is None
