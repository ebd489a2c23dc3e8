# SPDX-License-Identifier: WTFPL OR MIT
"""Test a drive: its own self-test, a scan of the tape, and, on a cartridge that may be erased, writing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from pytp_native.devices.drive import Drive
from pytp_native.devices.self_test import SelfTestResult
from pytp_native.devices.statistics import ErrorCounters
from pytp_native.diag import trial
from pytp_native.diag.verdict import GOOD, LEVELS, Finding
from pytp_native.errors import NothingHere, PytpError
from pytp_native.jobs.block_trial import SIZES, BlockTrial, Limits, SizeResult, largest_safe
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.pattern import PatternTape
from pytp_native.jobs.read_scan import STRETCH_BYTES, ReadScan, ScanResult
from pytp_native.jobs.scratch import Scratch
from pytp_native.jobs.throughput import Throughput
from pytp_native.units import GIB, MIB

TELL_EVERY_S = 30.0
_SIZES_PART, _SPEED_PART = 64, 8
"""Of a small cartridge that a block size, and that a kind of data may take."""
_CODES = {GOOD: 0, "watch": 13, "act now": 14}


class Asking(Protocol):
    """What the drive is asked beside its open tape; nothing here moves it, but for the self-test."""

    def self_test(self) -> SelfTestResult: ...

    def read_counters(self) -> ErrorCounters | None: ...

    def limits(self) -> Limits: ...

    def ratio(self) -> float | None: ...


class DriveTest:
    """One test; `drive` is None where no tape is needed."""

    def __init__(self, drive: Drive | None, asking: Asking, emit: Emit, interrupt: Interrupt, *, name: str) -> None:
        self._drive = drive
        self._asking = asking
        self._emit = emit
        self._interrupt = interrupt
        self._name = name
        self._findings: list[Finding] = []
        self._tested_nothing, self._words = False, ""
        self._failed = False
        """The drive has failed with more than a block: it is not asked to write."""
        self._details: dict[str, object] = {
            "self_test": None, "scan": None, "block_sizes": None, "largest_safe": None, "sizes_complete": None,
            "throughput": None,
            "left": None,
        }  # fmt: skip

    def run(self, scratch: Scratch | None = None, *, scan: bool = False) -> JobReport:
        """Do what is wanted. With `scratch` all on that cartridge is lost, and it is blank afterwards; else the tape
        is rewound at the end. Raises Refused when that cartridge is not there any more."""
        try:
            self._test(scratch, scan=scan)
        finally:
            if scratch is not None:
                scratch.release()
        return self._report()

    def _test(self, scratch: Scratch | None, *, scan: bool) -> None:
        self._self_test()
        if self._drive is not None and (scan or scratch is not None):
            with self._noting("the read scan"):
                self._scan(self._drive)
            if self._failed or self._interrupt.triggered:
                return
            if scratch is not None:
                self._write(self._drive, scratch)
            else:
                with self._noting("rewinding"):
                    self._drive.rewind()

    def _say(self, text: str) -> None:
        self._emit(Notice("info", "TEST", f"{self._name}: {text}"))

    @contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        """A test that ends with an error is a finding, and no end of the others."""
        try:
            yield
        except PytpError as exc:
            self._failed = True
            self._findings.append(trial.judge_failure(f"{what} came to no end", exc.fact))

    def _self_test(self) -> None:
        self._say("self-test, which may take minutes and cannot be interrupted")
        try:
            result = attended(
                self._asking.self_test, lambda seconds: self._say(f"still testing itself ({seconds:.0f} s)")
            )
        except PytpError as exc:
            if self._drive is None:
                raise
            result = SelfTestResult(None, f"came to no end: {exc.fact}", 0.0)
            self._findings.append(trial.judge_failure("the self-test came to no end", exc.fact))
        self._details["self_test"] = result._asdict()
        self._tested_nothing = result.passed is None and self._drive is None
        self._words = result.words
        self._findings += trial.judge_self_test(result)
        if self._drive is not None:
            with suppress(PytpError):  # st does not know where the test has left the tape; the scan tells what is wrong
                self._drive.rewind()

    def _scan(self, drive: Drive) -> None:
        if self._interrupt.triggered:
            return
        self._say("reading the tape")
        stretch = STRETCH_BYTES if drive.has_lowest_speed else MIB
        scan = ReadScan(drive, self._emit, self._interrupt, self._asking.read_counters, stretch_bytes=stretch)
        result = scan.run()
        self._details["scan"] = scan_object(result)
        places = [trial.Place(one.retries, one.data_sets, one.unreadable, one.data_bytes) for one in result.stretches]
        self._findings += trial.judge_scan(places)
        self._failed |= result.failed
        if result.failed and not self._interrupt.triggered:
            self._findings.append(trial.judge_end(result.stopped_by))
        elif not result.complete and not self._interrupt.triggered:
            self._findings.append(trial.judge_failure("the read scan ended early", result.stopped_by))

    def _write(self, drive: Drive, scratch: Scratch) -> None:
        scratch.check()
        if self._interrupt.triggered:
            return
        self._say(f"everything on {scratch.barcode} is lost now")
        scratch.give_up()
        tape = PatternTape(drive, self._interrupt)
        try:
            with self._noting("writing"):
                each = scratch.share(16 * MIB if drive.has_lowest_speed else MIB, _SIZES_PART)
                largest = self._sizes(drive, tape, each)
                if largest is not None and not self._failed and not self._interrupt.triggered:
                    amount = scratch.share(4 * GIB if drive.has_lowest_speed else 16 * MIB, _SPEED_PART)
                    self._speeds(drive, tape, min(largest, drive.block_bytes), amount)
        finally:
            self._leave(scratch, tape)

    def _leave(self, scratch: Scratch, tape: PatternTape) -> None:
        """Erase what was written; a tape that took nothing stays as it is."""
        if not tape.wrote:
            self._details["left"] = "may hold what it held, which the catalog has given up: pytp catalog rebuild"
            return
        self._say("erasing what the test wrote")
        with self._noting("erasing the cartridge"):
            self._details["left"] = "may hold what the test wrote"
            self._details["left"] = scratch.blank(in_doubt=self._failed)

    def _sizes(self, drive: Drive, tape: PatternTape, each: int) -> int | None:
        trying = BlockTrial(drive, tape, self._asking.limits(), self._interrupt, self._say, each_bytes=each)
        results = trying.run()
        largest = largest_safe(results)
        stopped = any(one.blames == "either" for one in results)
        self._failed |= stopped
        self._details.update(
            block_sizes=[{**one._asdict(), "safe": one.safe} for one in results], largest_safe=largest,
            sizes_complete=len(results) == len(SIZES) and not stopped and all(one.safe or one.blames for one in results)
        )  # fmt: skip
        self._findings += _judge_sizes(results, largest, drive.block_bytes)
        return largest

    def _speeds(self, drive: Drive, tape: PatternTape, block_bytes: int, amount: int) -> None:
        measure = Throughput(drive, tape, self._interrupt, self._say, self._asking.ratio, data_bytes=amount)
        speeds = measure.run(block_bytes)
        self._details["throughput"] = [one._asdict() for one in speeds]
        self._findings += [trial.judge_failure(f"{one.data} data", one.reason) for one in speeds if one.reason]

    def _report(self) -> JobReport:
        interrupted = self._interrupt.triggered
        level = max((one.level for one in self._findings), key=LEVELS.index, default=GOOD)
        position = None
        if self._drive is not None:
            with suppress(PytpError):
                position = self._drive.where()
        self._details.update(
            verdict=None if interrupted or self._tested_nothing else level,
            findings=[{"level": one.level, "words": one.words, "action": one.action, "blames": one.blames}
                      for one in self._findings],
        )  # fmt: skip
        where = f"; the tape stands at {position}" if position is not None else ""
        message = f"{self._name}: interrupted{where}" if interrupted else ""
        code = 130 if interrupted else _CODES[level]
        if self._tested_nothing and not interrupted:
            message, code = f"{self._name}: nothing was tested: {self._words}", NothingHere.exit_code
        return JobReport("diag test", code, self._name, (), position, message, details=self._details)


def _judge_sizes(results: tuple[SizeResult, ...], largest: int | None, configured: int) -> list[Finding]:
    """Only what the host's adapter or the drive refuses is about the size; an error at the tape ends the trial."""
    found = [trial.judge_failure(f"blocks of {one.block_bytes} bytes", one.reason) for one in results
             if one.blames == "either"]  # fmt: skip
    bounds = [one for one in results if one.blames in {"host", "drive"} and one.block_bytes > (largest or 0)]
    if bounds and not found:
        blames = trial.HOST if bounds[0].blames == "host" else "drive"
        found += trial.judge_block_size(largest, configured, [one.reason for one in bounds], blames)
    return found


def scan_object(result: ScanResult) -> dict[str, object]:
    stretches = result.stretches
    return {
        "blocks": sum(one.blocks for one in stretches), "bytes": sum(one.data_bytes for one in stretches),
        "seconds": round(sum(one.seconds for one in stretches), 3), "complete": result.complete,
        "stopped_by": result.stopped_by, "unreadable": list(result.unreadable),
        "stretches": [
            {**one._asdict(), "seconds": round(one.seconds, 3), "retries_per_1000": one.rate,
             "retries_per_mb": None if one.retries is None or not one.data_bytes
             else one.retries / (one.data_bytes / 1e6)}
            for one in stretches
        ],
    }  # fmt: skip


def attended(
    work: Callable[[], SelfTestResult], still: Callable[[float], None], *, every_s: float = TELL_EVERY_S,
    clock: Callable[[], float] = time.monotonic,
) -> SelfTestResult:  # fmt: skip
    """Do something long in a thread of its own and say now and then that it lasts; raises what it raises."""
    found: list[SelfTestResult] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as exc:  # carried over to the job's thread
            failed.append(exc)

    began = clock()
    worker = threading.Thread(target=run, name="self-test")
    worker.start()
    while True:
        worker.join(every_s)
        if not worker.is_alive():
            break
        still(clock() - began)
    if failed:
        raise failed[0]
    return found[0]
