# SPDX-License-Identifier: WTFPL OR MIT
"""Carrying commands: retries by rule, time limits, progress."""

from __future__ import annotations

import pytest

from pytp_native import errors
from pytp_native.devices import retry
from pytp_native.scsi import executor, spc, ssc
from pytp_native.scsi.executor import Clock
from pytp_native.scsi.policy import ONCE, Policy, Rule
from pytp_native.scsi.supported_commands import SupportedCommand, timeouts
from pytp_native.transport.records import ScsiReply
from tests.unit.scsi.answers import BUSY, GOOD, RESERVATION_CONFLICT, Answers, check, fixed

READY = spc.test_unit_ready()
OK = ScsiReply(GOOD, b"", b"")


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now_s += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now_s, self.sleep)


@pytest.fixture
def time():
    return Time()


def test_a_unit_attention_is_asked_past(time):
    device = Answers([check(6, 0x2900), check(6, 0x2800), OK])
    executor.run(device, READY, retry.CALM, clock=time.clock)
    assert len(device.sent) == 3
    assert time.naps == []


def test_a_unit_attention_that_does_not_end_is_told(time):
    device = Answers([check(6, 0x2900)] * 6)
    with pytest.raises(errors.UnitAttention):
        executor.run(device, READY, retry.CALM, clock=time.clock)
    assert len(device.sent) == 5


def test_without_a_policy_the_first_answer_is_final():
    device = Answers([check(6, 0x2900), OK])
    with pytest.raises(errors.UnitAttention):
        executor.run(device, READY)
    assert len(device.sent) == 1


@pytest.mark.parametrize("reply", [check(6, 0x2900), check(2, 0x0401), ScsiReply(BUSY, b"", b""), check(0xB, 0x4700)])
@pytest.mark.parametrize(
    "command", [ssc.space_6(1, 1), ssc.write_6(b"x"), ssc.rewind(), ssc.write_filemarks_6(1), ssc.read_6(4)]
)
def test_what_moves_or_writes_is_never_sent_twice(command, reply, time):
    device = Answers([reply, OK])
    with pytest.raises(errors.PytpError):
        executor.run(device, command, retry.LOADING, clock=time.clock)
    assert len(device.sent) == 1


def test_a_deferred_error_is_no_reason_to_ask_again(time):
    device = Answers([check(6, 0x2900, deferred=True), OK])
    with pytest.raises(errors.UnitAttention):
        executor.run(device, READY, retry.CALM, clock=time.clock)
    assert len(device.sent) == 1


def test_becoming_ready_is_waited_for_and_shows_how_far_it_is(time):
    answers = [check(6, 0x2800)]
    answers += [check(2, 0x0401, specific=bytes((0x80, 0x40 * step, 0))) for step in (1, 2, 3)]
    seen = []
    executor.run(Answers([*answers, OK]), READY, retry.LOADING, on_wait=seen.append, clock=time.clock)
    assert [one.rule for one in seen] == ["unit attention"] + ["becoming ready"] * 3
    assert [one.sense.progress for one in seen[1:]] == [0.25, 0.5, 0.75]
    assert [one.elapsed_s for one in seen] == [0.0, 0.0, 2.0, 4.0]
    assert [one.attempt for one in seen] == [1, 2, 3, 4]


def test_a_load_that_takes_two_hours_is_no_failure_and_one_that_takes_longer_is(time):
    class Slow(Answers):
        def execute(self, cdb, *, data_out=b"", data_in_bytes=0, timeout_s=60.0):
            return OK if time.now_s >= 1000.0 + self.seconds else check(2, 0x0401)

    device = Slow([])
    device.seconds = 7190.0
    executor.run(device, READY, retry.LOADING, clock=time.clock)
    time.now_s, device.seconds = 1000.0, 7300.0
    with pytest.raises(errors.NotReady, match="becoming ready"):
        executor.run(device, READY, retry.LOADING, clock=time.clock)
    assert time.now_s <= 1000.0 + 7200.0


@pytest.mark.parametrize("code", [0x3A00, 0x0402, 0x0403, 0x0412, 0x0400])
def test_a_device_that_does_not_become_ready_says_so_at_once(code, time):
    device = Answers([check(2, code)])
    with pytest.raises(errors.PytpError):
        executor.run(device, READY, retry.LOADING, clock=time.clock)
    assert time.naps == []


def test_busy_and_reserved_are_waited_out(time):
    device = Answers([ScsiReply(BUSY, b"", b""), ScsiReply(RESERVATION_CONFLICT, b"", b""), OK])
    executor.run(device, READY, retry.CALM, clock=time.clock)
    assert time.naps == [1.0, 2.0]


def test_a_reservation_that_stays_is_told_with_its_reason(time):
    device = Answers([ScsiReply(RESERVATION_CONFLICT, b"", b"")] * 9)
    with pytest.raises(errors.DeviceBusy, match="another host has reserved it"):
        executor.run(device, READY, retry.CALM, clock=time.clock)
    assert len(device.sent) == 4


def test_rules_count_their_own_attempts(time):
    rules = Policy((Rule("a", keys=frozenset({6}), attempts=1), Rule("b", keys=frozenset({0xB}), attempts=1)))
    device = Answers([check(6, 0), check(0xB, 0), check(6, 0), OK])
    with pytest.raises(errors.UnitAttention):
        executor.run(device, READY, rules, clock=time.clock)
    assert len(device.sent) == 3


def test_missing_sense_data_are_asked_for_once():
    device = Answers([ScsiReply(2, b"", b""), fixed(3, 0x1100)])
    with pytest.raises(errors.MediumError):
        executor.run(device, READY)
    assert [cdb.hex() for cdb, *_ in device.sent] == ["000000000000", "03000000fc00"]


def test_missing_sense_data_that_cannot_be_had_are_an_error_too():
    with pytest.raises(errors.DeviceError, match="cannot be read"):
        executor.run(Answers([ScsiReply(2, b"", b""), ScsiReply(BUSY, b"", b"")]), READY)


def test_the_commands_own_room_and_data_are_sent():
    device = Answers([OK, bytes(36)])
    executor.run(device, ssc.write_6(b"abc"))
    executor.run(device, spc.inquiry(alloc_bytes=56))
    assert device.sent[0][1:3] == (b"abc", 0)
    assert device.sent[1][1:3] == (b"", 56)


def test_the_drives_own_time_limit_counts_with_a_tenth_more():
    told = timeouts([SupportedCommand(0x01, None, 6, 10, 600), SupportedCommand(0, None, 6)])
    device = Answers([OK] * 2)
    executor.run(device, ssc.rewind(), timeouts=told)
    executor.run(device, READY, timeouts=told)
    assert [sent[3] for sent in device.sent] == [pytest.approx(660), 60.0]


def test_time_limits_are_found_by_service_action():
    from pytp_native.scsi.supported_commands import report_supported_operation_codes

    command = report_supported_operation_codes()
    assert executor.timeout_of(command, {(0xA3, 0x0C): 100.0, (0xA3, 0x0F): 7.0}) == pytest.approx(110)
    assert executor.timeout_of(command, {(0xA3, 0x0F): 7.0}) == 60.0
    assert executor.timeout_of(ssc.erase_6(long=True)) > 100_000


def test_a_bad_answer_names_device_and_command():
    with pytest.raises(errors.BadReply, match=r"/dev/test: INQUIRY: .* 5 bytes"):
        executor.run(Answers([bytes(5)]), spc.inquiry())


def test_carry_returns_the_answer_unjudged():
    assert executor.carry(Answers([check(3, 0x1100)]), READY, ONCE).status == 2


@pytest.mark.parametrize("told", [fixed(0), b"", fixed(0)[:2]])
def test_a_check_condition_whose_sense_data_are_lost_is_no_success(told):
    """The device answers NO SENSE to whoever asks too late."""
    device = Answers([ScsiReply(0x02, b"", b""), told])
    with pytest.raises(errors.DeviceError, match="sense data cannot be read: none"):
        executor.run(device, READY)


def test_a_mark_that_only_request_sense_tells_of_counts():
    device = Answers([ScsiReply(0x02, b"", b""), fixed(0, 0x0001, flags=0x80)])
    with pytest.raises(errors.FilemarkMet):
        executor.run(device, ssc.space_6(1, 1))
