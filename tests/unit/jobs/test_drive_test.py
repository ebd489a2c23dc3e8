# SPDX-License-Identifier: WTFPL OR MIT
"""Tests of a drive on a virtual tape: what is found is what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.devices.self_test import SelfTestResult
from pytp_native.devices.statistics import ErrorCounters
from pytp_native.errors import PytpError, Refused
from pytp_native.jobs import scratch
from pytp_native.jobs.block_trial import BlockTrial, Limits, SizeResult, largest_safe
from pytp_native.jobs.drive_test import DriveTest, attended
from pytp_native.jobs.events import Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.pattern import Pattern, PatternTape
from pytp_native.jobs.read_scan import ReadScan, ScanResult
from pytp_native.jobs.scratch import ScratchRequest, consent
from pytp_native.jobs.throughput import Throughput
from pytp_native.transport.moved import Stop
from pytp_native.units import KIB, MIB
from pytp_native.vtl.library import Library
from pytp_native.vtl.state import DriveState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport

BARCODE = "PYT001L9"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "vtl", drives=1, slots=1, mail_slots=0, cartridges=1, capacity_bytes=64 * MIB)


@pytest.fixture
def drive(library: Library) -> Iterator[Drive]:
    with Drive.open(f"vtl:{library.path}/drive0", write=True) as opened:
        yield opened


@pytest.fixture
def scan(drive: Drive) -> Callable[..., ScanResult]:
    def run(counters: Callable[[], ErrorCounters | None] = lambda: None, stretch_bytes: int = 1 << 20) -> ScanResult:
        return ReadScan(drive, lambda _event: None, Interrupt(), counters, stretch_bytes=stretch_bytes).run()

    return run


class Answers:
    """A drive that is asked for nothing."""

    def self_test(self) -> SelfTestResult:
        return SelfTestResult(True, "passed", 0.0)

    def read_counters(self) -> ErrorCounters | None:
        return None

    def limits(self) -> Limits:
        return Limits()

    def ratio(self) -> float | None:
        return None


class Altering:
    """A tape that gives other data than it was given, from its third block read on."""

    def __init__(self, tape: TapeTransport) -> None:
        self._tape = tape

    def __getattr__(self, name: str) -> object:
        return getattr(self._tape, name)

    def write_from(self, ring: object, *, limit: int = 0) -> object:
        moved = self._tape.write_from(ring, limit=limit)  # type: ignore[arg-type]
        mtio.back_records(self._tape, 1)
        self._tape.write_block(b"\xff" * self._tape.status().block_bytes)
        return moved


def write(drive: Drive, sizes: list[int]) -> None:
    """A block of each size, 0: a filemark; rewound."""
    mtio.set_block_bytes(drive.tape, 0)
    for size in sizes:
        if size:
            drive.tape.write_block(bytes(size))
        else:
            drive.write_filemark()
    drive.rewind()


def test_a_scan_reads_blocks_of_any_size_over_filemarks(drive: Drive, scan: Callable[..., ScanResult]) -> None:
    write(drive, [100, 2 * MIB, 0, 0, 5 * MIB, 512, 0])
    found = scan()
    assert found.complete
    assert sum(one.blocks for one in found.stretches) == 4
    assert sum(one.data_bytes for one in found.stretches) == 7 * MIB + 612
    assert found.stretches[0].first_block == 0
    assert found.stretches[-1].first_block > 0


def test_a_scan_goes_on_behind_blocks_that_cannot_be_read(
    library: Library, drive: Drive, scan: Callable[..., ScanResult]
) -> None:
    write(drive, [64 * KIB] * 40 + [0] + [64 * KIB] * 10 + [0])
    for block in (0, 7, 8, 39, 50):
        library.add_fault(0, f"read {block}: medium error")
    found = scan()
    assert found.unreadable == (0, 7, 8, 39, 50)
    assert found.complete
    assert sum(one.blocks for one in found.stretches) == 45
    assert sum(one.unreadable for one in found.stretches) == 5


def test_a_scan_reads_less_at_once_behind_a_small_adapter(
    library: Library, drive: Drive, scan: Callable[..., ScanResult]
) -> None:
    write(drive, [100 * KIB] * 3 + [0])
    library.add_fault(0, "adapter 128K")
    assert scan().complete
    library.clear_faults(0)
    library.add_fault(0, "adapter 64K")
    found = scan()
    assert not found.complete
    assert "too long for this host" in found.stopped_by


def test_a_scan_tells_retries_by_stretch(drive: Drive, scan: Callable[..., ScanResult]) -> None:
    write(drive, [MIB] * 4 + [0])
    counts = iter([0, 0, 0, 5, 5, 5, 5, 7, 7, 7, 7, 7])

    def counters() -> ErrorCounters:
        return ErrorCounters(0, 0, next(counts), 0, 0, 0, 0)

    found = scan(counters)
    assert [one.retries for one in found.stretches] == [0, 5, 0, 2]
    assert [one.rate for one in found.stretches] == [None] * 4, "nobody has counted data sets"


def test_an_interrupted_scan_says_so(drive: Drive) -> None:
    write(drive, [MIB] * 4 + [0])
    interrupt = Interrupt()
    job = ReadScan(drive, lambda _event: interrupt.trigger(), interrupt, lambda: None, stretch_bytes=MIB)
    found = job.run()
    assert (found.complete, found.stopped_by) == (False, "interrupted")
    assert len(found.stretches) < 4


def test_every_size_is_written_and_read_back(drive: Drive) -> None:
    said: list[str] = []
    interrupt = Interrupt()
    job = BlockTrial(drive, PatternTape(drive, interrupt), Limits(), interrupt, said.append, each_bytes=128 * KIB)
    results = job.run()
    assert [one.block_bytes // KIB for one in results if one.safe] == [64, 128, 256, 512, 1024, 2048, 4096, 8192]
    assert largest_safe(results) == 8 * MIB


def test_sizes_that_the_adapter_does_not_move_are_its_fault(library: Library, drive: Drive) -> None:
    library.add_fault(0, "adapter 300K")
    interrupt = Interrupt()
    limits = Limits(drive_least=1, drive_most=2 * MIB)
    tape = PatternTape(drive, interrupt)
    results = BlockTrial(drive, tape, limits, interrupt, lambda _text: None, each_bytes=128 * KIB).run()
    assert [one.blames for one in results] == ["", "", "", "host", "host", "host", "drive", "drive"]
    assert largest_safe(results) == 256 * KIB


def test_a_hole_below_a_size_makes_it_unsafe() -> None:
    good, bad = SizeResult(1, True, True), SizeResult(2, True, False, "worse", "either")
    assert largest_safe((good, bad, SizeResult(3, True, True))) == 1
    assert largest_safe((SizeResult(1, False, False, "", "drive"), SizeResult(2, True, True))) == 2
    assert largest_safe((bad, good)) is None


def test_data_that_come_back_other_than_written_are_found(drive: Drive) -> None:
    drive.tape = Altering(drive.tape)  # type: ignore[assignment]
    interrupt = Interrupt()
    tape = PatternTape(drive, interrupt)
    results = BlockTrial(drive, tape, Limits(), interrupt, lambda _text: None, each_bytes=128 * KIB).run()
    assert largest_safe(results) is None
    assert results[0].written
    assert "other than written" in results[0].reason
    speeds = Throughput(drive, tape, interrupt, lambda _text: None, lambda: 2.5, data_bytes=4 * MIB).run(MIB)
    assert [(one.wrong_blocks, one.ratio) for one in speeds] == [(1, 2.5)], "what is wrong once is not measured again"


def test_blocks_of_a_pattern_differ_and_one_kind_compresses() -> None:
    import zlib

    noise, text = Pattern(64 * KIB), Pattern(64 * KIB, compressible=True)
    assert len({noise.block(number) for number in range(5)}) == 5
    assert len(zlib.compress(noise.block(0))) > 60 * KIB
    assert len(zlib.compress(text.block(0))) < KIB


def test_a_full_cartridge_ends_a_transfer(drive: Drive) -> None:
    drive.prepare(MIB)
    moved = PatternTape(drive, Interrupt()).write(Pattern(MIB), 100).moved
    assert moved.stop in {Stop.EARLY_WARNING, Stop.END_OF_MEDIUM}
    assert 50 < moved.blocks < 64


def test_an_interrupt_while_writing_leaves_a_blank_tape(drive: Drive) -> None:
    interrupt, said = Interrupt(), []

    def emit(event: object) -> None:
        if isinstance(event, Notice):
            said.append(event.text)
            if "blocks of 256 KiB" in event.text:
                interrupt.trigger()

    agreed = consent(drive, ScratchRequest(BARCODE, BARCODE), None, emit)
    report = DriveTest(drive, Answers(), emit, interrupt, name="d").run(agreed, scan=True)
    assert report.exit_code == 130
    assert report.details["left"] == "is blank"
    assert report.details["throughput"] is None
    assert "erasing" in said[-1]
    assert drive.to_end_of_data() is False
    assert drive.tape.position() == 0


def test_the_door_is_locked_from_the_consent_to_the_end(library: Library, drive: Drive) -> None:
    state = DriveState(f"{library.path}/drive0")

    def locked() -> bool:
        return bool(state.raw.prevented)

    agreed = consent(drive, ScratchRequest(BARCODE, BARCODE), None, lambda _event: None)
    assert locked()
    report = DriveTest(drive, Answers(), lambda _event: None, Interrupt(), name="d").run(agreed, scan=True)
    assert (report.exit_code, locked()) == (0, False)
    with pytest.raises(Refused):
        consent(drive, ScratchRequest("OTHER1L9", BARCODE), None, lambda _event: None)
    assert not locked()


def test_a_cartridge_that_was_changed_after_the_consent_is_not_written(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "two", drives=1, slots=2, mail_slots=0, cartridges=2, capacity_bytes=8 * MIB)
    with Drive.open(f"vtl:{library.path}/drive0", write=True) as drive:
        agreed = consent(drive, ScratchRequest(BARCODE, BARCODE), None, lambda _event: None)
        drive.unlock_door()
        with suppress(PytpError):
            mtio.offline(drive.tape)
    library.unload(0)
    library.load(2, 0)
    with Drive.open(f"vtl:{library.path}/drive0", write=True) as drive:
        write(drive, [100, 0])
        agreed._drive = drive
        with pytest.raises(Refused, match="another cartridge"):
            DriveTest(drive, Answers(), lambda _event: None, Interrupt(), name="d").run(agreed, scan=True)
        drive.rewind()
        assert drive.tape.read_block(memoryview(bytearray(200))) == 100


def run_scratch(drive: Drive, interrupt: Interrupt | None = None, emit: Callable[[object], object] = lambda _e: None):
    agreed = consent(drive, ScratchRequest(BARCODE, BARCODE, BARCODE), None, emit)
    return DriveTest(drive, Answers(), emit, interrupt or Interrupt(), name="d").run(agreed, scan=True)


@pytest.mark.parametrize("fault", ["power cut at 5", "moved to 0 at 5", "write 5: medium error", "reset at 5"])
def test_an_error_at_the_tape_says_nothing_about_block_sizes(library: Library, drive: Drive, fault: str) -> None:
    library.add_fault(0, fault)
    told = run_scratch(drive).details
    assert told["sizes_complete"] is False
    assert [one["block_bytes"] for one in told["block_sizes"]], "what was tried before stays"  # type: ignore[union-attr]
    words = [one["words"] for one in told["findings"]]  # type: ignore[union-attr]
    assert words
    assert not any("block size" in one for one in words)
    assert told["throughput"] is None


def test_an_interrupt_before_the_first_write_leaves_the_tape_as_it_is(drive: Drive) -> None:
    write(drive, [1000, 0])
    interrupt = Interrupt()
    agreed = consent(drive, ScratchRequest(BARCODE, BARCODE, BARCODE), None, lambda _event: None)
    check = agreed.check
    agreed.check = lambda: (check(), interrupt.trigger())  # type: ignore[method-assign, func-returns-value, assignment]
    report = DriveTest(drive, Answers(), lambda _event: None, interrupt, name="d").run(agreed, scan=True)
    assert (report.exit_code, report.details["left"], report.details["verdict"]) == (130, None, None)
    drive.rewind()
    drive.prepare(0)
    assert drive.tape.read_block(memoryview(bytearray(2000))) == 1000


def test_a_medium_that_may_be_another_is_not_erased(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    agreed = consent(drive, ScratchRequest(BARCODE, BARCODE), None, lambda _event: None)
    write(drive, [1000, 0])
    told = scratch.read_memory(drive.address)
    monkeypatch.setattr(scratch, "read_memory", lambda _address: told._replace(serial="ANOTHER"))
    with pytest.raises(Refused, match="still in the drive"):
        agreed.blank(in_doubt=False)
    monkeypatch.setattr(scratch, "read_memory", lambda _address: told._replace(serial=None))
    with pytest.raises(Refused, match="still in the drive"):
        agreed.blank(in_doubt=True)
    with pytest.raises(Refused, match="another cartridge"):
        agreed.check()
    drive.rewind()
    assert drive.tape.read_block(memoryview(bytearray(2000))) == 1000


def test_a_write_that_is_refused_says_what_may_be_left(library: Library, drive: Drive) -> None:
    library.add_fault(0, "write 0: medium error")
    told = run_scratch(drive).details
    assert "pytp catalog rebuild" in str(told["left"])


def test_a_scan_that_the_drive_ends_keeps_what_was_read(library: Library, drive: Drive) -> None:
    write(drive, [64 * KIB] * 30 + [0])
    library.add_fault(0, "eject at 20")
    report = run_scratch(drive)
    assert report.exit_code == 13
    scan = report.details["scan"]
    assert scan["blocks"] == 20 or scan["blocks"] > 0  # type: ignore[index]
    assert "load the cartridge" in report.details["findings"][0]["action"]  # type: ignore[index]
    assert report.details["left"] is None, "nothing is written then"


def test_the_block_size_is_left_as_it_was(drive: Drive) -> None:
    drive.prepare(4096)
    run_scratch(drive)
    assert drive.status().block_bytes == 4096


def test_a_drive_without_a_self_test_has_no_verdict() -> None:
    class Without(Answers):
        def self_test(self) -> SelfTestResult:
            return SelfTestResult(None, "the drive has no self-test", 0.0)

    report = DriveTest(None, Without(), lambda _event: None, Interrupt(), name="d").run()
    assert (report.exit_code, report.details["verdict"]) == (11, None)


def test_somebody_hears_of_a_long_self_test() -> None:
    import threading

    heard = threading.Event()

    def work() -> SelfTestResult:
        assert heard.wait(20)
        return SelfTestResult(True, "passed", 1.0)

    told = attended(work, lambda _seconds: heard.set(), every_s=0.001)
    assert told.passed
    with pytest.raises(ZeroDivisionError):
        attended(lambda: SelfTestResult(bool(1 // 0), "", 0.0), lambda _seconds: None)
