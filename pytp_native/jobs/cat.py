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
from pytp_native.stream.ring import Ring


def cat(
    drive: Drive,
    file: int | None,
    write: Callable[[memoryview], object],
    interrupt: Interrupt,
    *,
    decompress: bool = False,
) -> JobReport:
    """Pass every block of tape file `file` (None: the one at the head) to `write`, which must take all of it;
    `decompress`: what its Zstandard frames hold, where it consists of them.

    Leaves the tape at the start of the next tape file, also when `write` raises. Exit codes of the report: 0, 6 device
    error (what came before it was passed on), 8 frames that are
    damaged or cut off, 11 nothing here, 130.
    """
    since = time.monotonic()
    try:
        if file is not None:
            drive.go_to_file(file)
        notes: list[str] = []
        with TapeFile(drive, interrupt, notes.append) as source:
            try:
                _pass_on(source.archive() if decompress else source.ring, write)
            finally:
                source.ring.stop()
                source.to_next()
    except NothingHere as error:
        return nothing_here("cat", drive, error)
    lost = [text for text in notes if "frame" in text]
    return _report(drive, source, time.monotonic() - since, interrupt, lost)


def _pass_on(ring: Ring, write: Callable[[memoryview], object]) -> None:
    while (block := ring.look()) is not None:
        write(block)
        ring.release()


def _report(drive: Drive, source: TapeFile, duration_s: float, interrupt: Interrupt, lost: list[str]) -> JobReport:
    exit_code, message, status = 0, "", "read"
    if interrupt.triggered:
        exit_code, message, status = 130, f"tape file {source.number}: interrupted", "interrupted"
    elif source.error is not None:
        exit_code, message, status = source.error.exit_code, str(source.error), "failed"
    elif lost:
        exit_code, message, status = 8, f"tape file {source.number}: not all of it was given out: {lost[0]}", "failed"
    argument = ArgumentReport(
        f"file {source.number}".encode(), status, source.number, source.first_block,
        source.blocks, 0, source.data_bytes, duration_s,
    )  # fmt: skip
    return JobReport("cat", exit_code, drive.name, (argument,), drive.where(), message)
