# SPDX-License-Identifier: WTFPL OR MIT
"""From replies to errors: one class per thing that an operator would do differently, and words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native import errors
from pytp_native.scsi import judge
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec.sense_codes import CODES, standard_meaning
from pytp_native.spec.sense_vendors import LTO_VENDORS, vendor_meaning
from pytp_native.transport.records import ScsiReply
from tests.unit.scsi.answers import BUSY, GOOD, RESERVATION_CONFLICT, check, fixed


def outcome(reply: ScsiReply, **more) -> errors.PytpError | None:
    return judge.reply_error(reply, device="/dev/sg1", command="READ (6)", **more)


@pytest.mark.parametrize(
    ("key", "code", "kind"),
    [
        (0x2, 0x3A00, errors.NoMedium),
        (0x2, 0x3A04, errors.NoMedium),
        (0x2, 0x0401, errors.NotReady),
        (0x2, 0x0418, errors.LibraryError),
        (0x3, 0x1100, errors.MediumError),
        (0x3, 0x3000, errors.MediumError),
        (0x4, 0x4400, errors.DeviceError),
        (0x4, 0x530A, errors.LibraryError),
        (0x5, 0x2000, errors.NotSupported),
        (0x5, 0x2400, errors.NotSupported),
        (0x5, 0x2600, errors.NotSupported),
        (0x5, 0x2101, errors.LibraryError),
        (0x5, 0x3B0D, errors.LibraryError),
        (0x5, 0x3B0E, errors.LibraryError),
        (0x5, 0x5302, errors.DeviceError),
        (0x6, 0x2800, errors.UnitAttention),
        (0x6, 0x2900, errors.UnitAttention),
        (0x7, 0x2700, errors.WriteProtected),
        (0x7, 0x300C, errors.WriteProtected),
        (0x7, 0x7401, errors.DeviceError),
        (0x8, 0x0005, errors.EndOfData),
        (0x8, 0x0000, errors.NothingHere),
        (0x9, 0x8000, errors.DeviceError),
        (0xB, 0x4700, errors.DeviceError),
        (0xD, 0x0002, errors.CartridgeNeeded),
        (0xE, 0x1D00, errors.VerifyFailed),
    ],
)
def test_the_class_of_a_check_condition(key, code, kind):
    assert type(outcome(check(key, code))) is kind


@pytest.mark.parametrize(
    ("code", "flags", "kind"),
    [
        (0x0001, 0x80, errors.FilemarkMet),
        (0x0004, 0x40, errors.BeginningOfTape),
        (0x0000, 0x20, errors.BlockSizeMismatch),
        (0x0005, 0x00, errors.EndOfData),
    ],
)
def test_marks_met_on_the_way_stop_the_command(code, flags, kind):
    assert type(outcome(check(0, code, flags=flags))) is kind


@pytest.mark.parametrize(
    ("key", "code", "flags"), [(0, 0x0002, 0x40), (0, 0x0007, 0x40), (0, 0x0017, 0), (1, 0x1701, 0), (0, 0x8282, 0)]
)
def test_early_warning_recovered_errors_and_requests_for_cleaning_are_success(key, code, flags):
    assert outcome(check(key, code, flags=flags, information=0)) is None


@pytest.mark.parametrize("code", [0x5D00, 0x5D02, 0x0B01])
def test_a_failure_prediction_told_with_no_sense_is_no_failure_of_the_command(code):
    assert outcome(check(0, code)) is None


@pytest.mark.parametrize(("code", "changer"), [(0, False), (0, True), (0x1501, False), (0x0401, True), (0x0002, False)])
def test_no_sense_without_flags_is_no_word_that_the_command_was_done(code, changer):
    error = outcome(check(0, code), changer=changer)
    assert isinstance(error, errors.DeviceError)
    if not code:
        assert "not known whether the command was done" in error.next_step


@pytest.mark.parametrize("flags", [0x80, 0x40, 0x20])
def test_flags_that_only_tapes_have_excuse_no_robot(flags):
    assert type(outcome(check(0, 0, flags=flags), changer=True)) is errors.DeviceError


def test_good_is_success_and_raise_for_returns():
    assert outcome(ScsiReply(GOOD, b"", b"")) is None
    judge.raise_for(ScsiReply(GOOD, b"", b""), device="x", command="y")


def test_raise_for_raises():
    with pytest.raises(errors.MediumError) as caught:
        judge.raise_for(check(3, 0x1100), device="/dev/sg1", command="READ (6)")
    assert caught.value.sense == fixed(3, 0x1100)


@pytest.mark.parametrize("key", [0, 1, 3, 4])
def test_a_deferred_error_is_never_success(key):
    error = outcome(check(key, 0x0C00, deferred=True))
    assert error is not None
    assert "deferred" in error.fact
    assert "this command was not executed" in error.next_step


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (BUSY, errors.DeviceBusy),
        (0x28, errors.DeviceBusy),
        (RESERVATION_CONFLICT, errors.DeviceBusy),
        (0x22, errors.DeviceError),
    ],
)
def test_other_statuses_are_never_success(status, kind):
    assert type(outcome(ScsiReply(status, b"", b""))) is kind


@pytest.mark.parametrize("axes", [{"host_status": 3}, {"driver_status": 6}])
def test_a_transport_failure_is_never_success(axes):
    error = outcome(ScsiReply(GOOD, b"", b"data", **axes))
    assert isinstance(error, errors.DeviceError)


def test_the_sense_bit_of_the_driver_is_no_failure():
    assert outcome(ScsiReply(GOOD, b"", b"", driver_status=0x08)) is None


@pytest.mark.parametrize("sense", [b"", b"\x7f" * 18])
def test_check_condition_without_readable_sense_is_an_error(sense):
    error = outcome(ScsiReply(2, sense, b""))
    assert type(error) is errors.DeviceError
    assert error.sense == sense


def test_a_changers_failures_are_the_librarys():
    assert type(outcome(check(4, 0x1501), changer=True)) is errors.LibraryError
    assert type(outcome(check(2, 0x3A00), changer=True)) is errors.LibraryError
    assert type(outcome(check(5, 0x2000), changer=True)) is errors.NotSupported


def test_one_line_says_what_and_what_next():
    error = outcome(check(2, 0x0401, specific=b"\x80\x1f\x00"))
    assert str(error) == (
        "/dev/sg1: READ (6): not ready: becoming ready, 12 % done (sense 2/04/01); "
        "wait until it is loaded; a new LTO-9 cartridge can take two hours"
    )
    error = outcome(check(5, 0x2400, specific=b"\xc9\x00\x04"))
    assert "(CDB byte 4 bit 1) (sense 5/24/00)" in str(error)
    error = outcome(check(8, 0x0005, information=-3))
    assert "residual -3" in str(error)


def test_an_unknown_code_is_shown_as_numbers():
    assert "code 2bh/77h" in str(outcome(check(4, 0x2B77)))
    assert "the vendor's own code 91h/02h" in str(outcome(check(4, 0x9102)))
    assert "component 85h failed" in str(outcome(check(4, 0x4085)))
    assert "read error (code 11h/7fh)" in str(outcome(check(3, 0x117F)))


def test_the_vendors_codes_come_first():
    assert "asks to be cleaned" in judge.describe(parse_sense(fixed(1, 0x8282)), "IBM     ")
    assert vendor_meaning("QUANTUM", 3, 0x8500) is not None
    assert vendor_meaning("ACME", 3, 0x8500) is None
    assert vendor_meaning("IBM", 6, 0x8283) != vendor_meaning("IBM", 5, 0x8283)
    assert "key service (code eeh/77h)" in judge.describe(parse_sense(fixed(7, 0xEE77)), "HPE")
    assert all(vendor == vendor.upper() for vendor in LTO_VENDORS)


def test_every_known_code_has_words_that_fit_in_a_line():
    for code, (words, step) in CODES.items():
        assert words, hex(code)
        assert words == words.strip()
        assert len(words) + len(step) < 140, hex(code)
        assert not words.endswith((".", ";")), hex(code)
        assert not step.endswith((".", ";")), hex(code)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 15), st.integers(0, 0xFFFF), st.booleans(), st.booleans(), st.sampled_from([0, 0x20, 0x40, 0x80]))
def test_every_sense_is_success_or_a_typed_error_in_one_line(key, code, deferred, changer, flags):
    error = outcome(check(key, code, deferred=deferred, flags=flags), changer=changer)
    assert standard_meaning(code)[0]
    if error is None:
        assert key in (0, 1, 15)
        assert not deferred
        return
    assert "\n" not in str(error)
    assert f"sense {key:x}/{code >> 8:02x}/{code & 255:02x}" in str(error)
