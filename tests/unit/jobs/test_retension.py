# SPDX-License-Identifier: WTFPL OR MIT
"""Retension on a virtual tape: what was wound is measured and told as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.devices.statistics import Motion
from pytp_native.errors import DeviceBusy, DeviceError, MediumError, NoMedium, NotSupported, PytpError, UnitAttention
from pytp_native.ffi import lib
from pytp_native.jobs.events import JobReport, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.retension import Native, Retension
from pytp_native.transport import open_tape
from pytp_native.units import MIB
from pytp_native.vtl.library import Library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport


class Winding:
    """A tape whose retension takes `seconds` of a clock that only it advances, or fails."""

    def __init__(self, tape: TapeTransport) -> None:
        self._tape = tape
        self.now_s = 0.0
        self.seconds = 0.0
        self.failures: dict[int, PytpError] = {}
        self.done: list[int] = []
        self.during = threading.Event()
        self.during.set()

    def __getattr__(self, name: str) -> object:
        return getattr(self._tape, name)

    def operate(self, operation: int, count: int = 1) -> None:
        self.done.append(operation)
        if operation in self.failures:
            raise self.failures[operation]
        if operation == lib.MTRETEN:
            assert self.during.wait(20)
            self.now_s += self.seconds
        self._tape.operate(operation, count)


@pytest.fixture
def tape(shelf: Path) -> Iterator[Winding]:
    """Two tape files of a block each; it stands at the end of data."""
    Library.create(shelf / "vtl", drives=1, slots=1, mail_slots=0, cartridges=1, capacity_bytes=16 * MIB)
    opened = open_tape(f"vtl:{shelf}/vtl/drive0", write=True)
    for _ in range(2):
        opened.write_block(b"x" * 1000)
        mtio.write_filemarks(opened)
    yield Winding(opened)
    opened.close()


class Job:
    def __init__(
        self, tape: Winding, *measured: Motion | None, tell_every_s: float = 30.0, native: Native | None = None,
        where: Callable[[], int | None] = lambda: None,
    ) -> None:  # fmt: skip
        self.notices: list[str] = []
        self.interrupt = Interrupt()
        counts = iter(measured)
        self.retension = Retension(
            Drive(tape, name="lto9"), self._emit, self.interrupt, measure=lambda: next(counts, None),  # type: ignore[arg-type]
            clock=lambda: tape.now_s, tell_every_s=tell_every_s, native=native, where=where,
        )  # fmt: skip
        self.on_notice = lambda _text: None

    def _emit(self, record: object) -> None:
        assert isinstance(record, Notice)
        self.notices.append(record.text)
        self.on_notice(record.text)

    def run(self) -> JobReport:
        return self.retension.run()


def test_a_drive_that_only_rewinds_is_wound_to_the_end_of_data_and_that_is_said(tape: Winding) -> None:
    job = Job(tape, Motion(5, 1000), Motion(5, 1000), Motion(5, 1000, 3, 2_500_000))
    report = job.run()
    assert tape.done == [lib.MTREW, lib.MTRETEN, lib.MTEOM, lib.MTREW]
    assert report.exit_code == 0
    assert report.details["native"] is False
    assert report.details["end_of_data"] == 4
    assert report.position is not None
    assert (report.position.file, report.position.block) == (0, 0)
    assert "only rewound" in job.notices[-1]
    assert "logical block 4 (3 of 2500000 MB used) and back: what lies behind it" in job.notices[-1]


@pytest.mark.parametrize(
    ("before", "after", "seconds", "evidence"),
    [
        (Motion(5, None), Motion(7, None), 0.0, "2 passes over the middle"),
        (Motion(5, 1000), Motion(5, 2700), 0.0, "1700 m of tape"),
        (None, None, 130.0, "it took 130 s"),
        (Motion(None, None), Motion(None, None), 61.0, "it took 61 s"),
    ],
)
def test_a_drive_that_wound_by_itself_is_believed_by_its_counters_or_its_time(
    tape: Winding, before: Motion | None, after: Motion | None, seconds: float, evidence: str
) -> None:
    tape.seconds = seconds
    job = Job(tape, before, after)
    report = job.run()
    assert tape.done == [lib.MTREW, lib.MTRETEN]
    assert report.details["native"] is True
    assert evidence in str(report.details["evidence"])
    assert "whole tape" in job.notices[-1]


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [(Motion(5, None), Motion(6, None), 59.0), (Motion(5, 0), Motion(5, 599), 0.0), (None, Motion(9, 9000), 0.0)],
)
def test_less_than_both_ways_is_not_the_whole_tape(
    tape: Winding, before: Motion | None, after: Motion | None, seconds: float
) -> None:
    tape.seconds = seconds
    assert Job(tape, before, after).run().details["native"] is False


def test_a_drive_that_refuses_the_command_is_wound_by_hand(tape: Winding) -> None:
    tape.failures[lib.MTRETEN] = NotSupported("lto9", "retension: no such thing")
    job = Job(tape)
    report = job.run()
    assert tape.done[-2:] == [lib.MTEOM, lib.MTREW]
    assert (report.exit_code, report.details["native"]) == (0, False)
    assert "refused the retension command (retension: no such thing)" in job.notices[-1]


@pytest.mark.parametrize(
    "error", [DeviceError("lto9", "broken"), UnitAttention("lto9", "reset"), NoMedium("lto9", "no")]
)
@pytest.mark.parametrize("by_itself", [True, False])
def test_a_failure_is_no_refusal(tape: Winding, error: PytpError, by_itself: bool) -> None:
    def fail(_far: object) -> None:
        raise error

    tape.failures[lib.MTRETEN] = error
    with pytest.raises(type(error)):
        Job(tape, native=fail if by_itself else None).run()
    assert tape.done == [lib.MTREW] if by_itself else [lib.MTREW, lib.MTRETEN]


def test_a_drive_that_takes_no_commands_beside_st_is_asked_through_st(tape: Winding) -> None:
    def busy(_far: object) -> None:
        raise DeviceBusy("lto9", "busy")

    Job(tape, native=busy).run()
    assert tape.done == [lib.MTREW, lib.MTRETEN, lib.MTEOM, lib.MTREW]


def test_progress_and_position_are_told_where_the_drive_tells_them(tape: Winding) -> None:
    def wind(far: Callable[[float | None], None]) -> None:
        far(0.25)
        assert tape.during.wait(20)

    tape.during.clear()
    job = Job(tape, native=wind, where=lambda: 4711, tell_every_s=0.01)
    job.on_notice = lambda text: tape.during.set() if "at block" in text else None
    job.run()
    assert lib.MTRETEN not in tape.done
    assert "lto9: still retension (0 s, 25%, at block 4711)" in job.notices


def test_a_drive_that_answers_only_when_it_stands_still_keeps_nobody_waiting(tape: Winding) -> None:
    asked: list[int] = []

    def where() -> int:
        asked.append(1)
        assert tape.during.wait(20)
        return 4711

    tape.during.clear()
    job = Job(tape, where=where, tell_every_s=0.01)
    still = "lto9: still retension (0 s)"
    job.on_notice = lambda _text: tape.during.set() if job.notices.count(still) == 3 else None
    job.run()
    assert job.notices.count(still) >= 3
    assert len(asked) <= 2


@pytest.mark.parametrize("operation", [lib.MTREW, lib.MTRETEN, lib.MTEOM])
def test_a_tape_that_cannot_be_read_ends_it(tape: Winding, operation: int) -> None:
    tape.failures[operation] = MediumError("lto9", "cannot be moved")
    with pytest.raises(MediumError):
        Job(tape).run()
    assert tape.done[-1] == operation


def test_a_blank_tape_was_not_wound_at_all(tape: Winding) -> None:
    mtio.rewind(tape)  # type: ignore[arg-type]
    tape.done.clear()
    mtio.erase(tape)  # type: ignore[arg-type]
    job = Job(tape)
    assert job.run().details["end_of_data"] == 0
    assert "blank, so nothing of it was wound" in job.notices[-1]


def test_a_long_motion_is_told_now_and_then(tape: Winding) -> None:
    tape.during.clear()
    job = Job(tape, tell_every_s=0.01)
    job.on_notice = lambda text: tape.during.set() if "still" in text else None
    job.run()
    assert "lto9: still retension (0 s)" in job.notices


def test_an_interrupt_ends_it_after_the_motion_under_way(tape: Winding) -> None:
    job = Job(tape)
    job.on_notice = lambda text: job.interrupt.trigger() if text.endswith(": retension") else None
    report = job.run()
    assert tape.done == [lib.MTREW, lib.MTRETEN]
    assert report.exit_code == 130
    assert "file 0" in report.message
