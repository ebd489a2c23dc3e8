# SPDX-License-Identifier: WTFPL OR MIT
"""The drive's own retension: refusals, failures, progress and limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.devices import winding
from pytp_native.errors import DeviceBusy, DeviceError, MediumError, NotReady, NotSupported, PytpError
from pytp_native.scsi.executor import Waiting
from pytp_native.transport.records import ScsiReply
from tests.unit.devices.injected import FakeTime, Injected
from tests.unit.scsi.answers import BUSY, check

LOAD_UNLOAD, TEST_UNIT_READY, READ_POSITION, INQUIRY = 0x1B, 0x00, 0x34, 0x12
ILLEGAL, NOT_READY = 5, 2
INVALID_OPERATION, INVALID_FIELD, IN_PROGRESS = 0x2000, 0x2400, 0x0407


class Recorder(Injected):
    """Keeps the bytes, and does not let the virtual drive see a retension: it has none that takes time."""

    def __init__(self, scsi: Injected) -> None:
        super().__init__(scsi)
        self.cdbs: list[bytes] = []

    def execute(self, cdb: bytes, **more: object) -> ScsiReply:  # type: ignore[override]
        self.cdbs.append(cdb)
        return super().execute(cdb, **more)  # type: ignore[arg-type]


@pytest.fixture
def drive(path: Path, drive: Injected) -> Recorder:
    return Recorder(drive)


def test_it_is_sent_at_once_and_waited_for_with_its_progress(drive: Recorder) -> None:
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, IN_PROGRESS, specific=b"\x80\x40\x00")] * 3
    heard: list[Waiting] = []
    time = FakeTime()
    winding.retension(drive, on_wait=heard.append, clock=time.clock)
    assert [cdb for cdb in drive.cdbs if cdb[0] == LOAD_UNLOAD] == [bytes((LOAD_UNLOAD, 1, 0, 0, 3, 0))]
    assert [one.sense.progress for one in heard if one.sense is not None and one.rule == "becoming ready"] == [0.25] * 3
    assert time.now_s == 6.0


def test_a_drive_that_does_not_take_immed_is_asked_without(drive: Recorder) -> None:
    drive.plans[LOAD_UNLOAD] = [check(ILLEGAL, INVALID_FIELD)]
    winding.retension(drive, clock=FakeTime().clock)
    assert [cdb[1] for cdb in drive.cdbs if cdb[0] == LOAD_UNLOAD] == [1, 0]


@pytest.mark.parametrize("codes", [(INVALID_OPERATION,), (INVALID_FIELD, INVALID_FIELD)])
def test_a_refusal_is_said_to_be_one(drive: Recorder, codes: tuple[int, ...]) -> None:
    drive.plans[LOAD_UNLOAD] = [check(ILLEGAL, code) for code in codes]
    with pytest.raises(NotSupported):
        winding.retension(drive, clock=FakeTime().clock)
    assert drive.sent.count(LOAD_UNLOAD) == len(codes)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(check(4, 0x4400), DeviceError), (check(3, 0x0900), MediumError), (ScsiReply(BUSY, b"", b""), DeviceBusy),
     (check(ILLEGAL, 0x3B00), DeviceError)],
)  # fmt: skip
def test_a_failure_is_none(drive: Recorder, answer: ScsiReply, kind: type[PytpError]) -> None:
    drive.plans[LOAD_UNLOAD] = [answer]
    with pytest.raises(kind) as caught:
        winding.retension(drive, clock=FakeTime().clock)
    assert not isinstance(caught.value, NotSupported)


def test_a_tape_that_fails_while_it_winds_is_a_failure(drive: Recorder) -> None:
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, IN_PROGRESS), check(3, 0x0900)]
    with pytest.raises(MediumError):
        winding.retension(drive, clock=FakeTime().clock)


def test_it_does_not_wait_for_ever(drive: Recorder) -> None:
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, IN_PROGRESS)] * 9000
    with pytest.raises(NotReady):
        winding.retension(drive, clock=FakeTime().clock)


def test_the_position_is_asked_for_with_the_time_limit_of_the_motion(drive: Recorder) -> None:
    """A drive may put off its answer until the tape stands still; the kernel would abort what takes too long."""
    assert winding.position(drive) is None  # a unit attention
    assert winding.position(drive) == 0
    assert drive.limits[READ_POSITION] == [3940.0] * 2
    drive.plans[READ_POSITION] = [ScsiReply(BUSY, b"", b"")]
    assert winding.position(drive) is None
