# SPDX-License-Identifier: WTFPL OR MIT
"""Give out the bytes of a tape file as they are."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytp_native.devices.drive import Drive
from pytp_native.errors import NothingHere
from pytp_native.jobs.events import ArgumentReport, JobReport
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.reading import nothing_here
from pytp_native.jobs.tape_file import TapeFile


def cat(drive: Drive, file: int | None, write: Callable[[memoryview], object], interrupt: Interrupt) -> JobReport:
    """Pass every block of tape file `file` (None: the one at the head) to `write`, which must take all of it.

    Leaves the tape at the start of the next tape file, also when `write` raises. Exit codes of the report: 0, 6 device
    error (what came before it was passed on), 11 nothing here, 130.
    """
    since = time.monotonic()
    try:
        if file is not None:
            drive.go_to_file(file)
        with TapeFile(drive, interrupt, lambda _text: None) as source:
            try:
                _pass_on(source, write)
            finally:
                source.ring.stop()
                source.to_next()
    except NothingHere as error:
        return nothing_here("cat", drive, error)
    return _report(drive, source, time.monotonic() - since, interrupt)


def _pass_on(source: TapeFile, write: Callable[[memoryview], object]) -> None:
    while (block := source.ring.look()) is not None:
        write(block)
        source.ring.release()


def _report(drive: Drive, source: TapeFile, duration_s: float, interrupt: Interrupt) -> JobReport:
    exit_code, message, status = 0, "", "read"
    if interrupt.triggered:
        exit_code, message, status = 130, f"tape file {source.number}: interrupted", "interrupted"
    elif source.error is not None:
        exit_code, message, status = source.error.exit_code, str(source.error), "failed"
    argument = ArgumentReport(
        f"file {source.number}".encode(), status, source.number, source.first_block,
        source.blocks, 0, source.data_bytes, duration_s,
    )  # fmt: skip
    return JobReport("cat", exit_code, drive.name, (argument,), drive.where(), message)
