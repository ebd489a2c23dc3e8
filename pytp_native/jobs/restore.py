# SPDX-License-Identifier: WTFPL OR MIT
"""Restore the tape file at the head into a directory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import HostDiskFull, NothingHere, UsageError
from pytp_native.jobs.events import ArgumentStarted, Emit, JobReport, Notice
from pytp_native.jobs.following import Follower
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.known import KnownMembers
from pytp_native.jobs.reading import Reading, nothing_here
from pytp_native.jobs.supply import Supply
from pytp_native.jobs.tape_file import next_archive
from pytp_native.stream.untar import Ended, Existing, Untar


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What to restore, and where to."""

    target: bytes = b"."
    patterns: tuple[bytes, ...] = ()
    """Members, directories with all beneath them, or globs; none: everything."""
    existing: Existing = Existing.KEEP
    strip: int = 0
    """Leading components that names lose; what has no more is left out."""
    output: int | None = None
    """A descriptor that takes the content of the files instead of the target."""


def restore(
    drive: Drive,
    request: RestoreRequest,
    emit: Emit,
    interrupt: Interrupt,
    supply: Supply | None = None,
    *,
    catalog: Catalog | None = None,
) -> JobReport:
    """Restore one tape file, past labels and trailers, beneath `request.target`; leave the tape at the start of the
    next one, also after errors. An archive that goes on on another cartridge is followed there if there is a `supply`;
    where the `catalog` knows this tape file, checksums are compared.

    Exit codes of the report: 0; 1 some members have problems (listed); 6 device error, blocks that cannot be read, or a
    full target; 8 checksums that differ; 11 nothing here; 12 the archive is cut; 130.

    Raises what keeps it from starting: Refused in mid-file, UsageError for the target...
    """
    since = time.monotonic()
    notes: list[str] = []  # of the thread that reads
    made = request.output is None and not os.path.exists(request.target)
    target, ours = (None, False) if request.output is not None else open_target(request.target)
    try:
        follow = (
            None if supply is None else Follower(supply, interrupt, notes.append, catalog.path if catalog else None)
        )
        warn = _warner(emit)
        with (
            closing(KnownMembers(drive, catalog, emit)) as known,
            next_archive(drive, interrupt, warn, follow=follow, salvages=True) as file,
        ):
            emit(ArgumentStarted(f"file {file.number}".encode(), file.number))
            reading = Reading(file, emit, restores=True)
            untar = reading.untar
            _set_up(untar, request, target, ours=ours)
            known.expect(untar, file)
            try:
                untar.run()
            finally:
                untar.settle()
            untar.tell_unmatched("not found in this tape file")
            reading.progress()
        file.to_next()
        reading.tell_unread()
    except NothingHere as error:
        return nothing_here("restore", drive, error)
    finally:
        if target is not None:
            os.close(target)
        if made:  # a refused restore leaves nothing behind
            with suppress(OSError):
                os.rmdir(request.target)
    for note in notes:
        emit(Notice("info", "LIBRARY", note))
    tell_owners(untar.counts().owners_skipped, emit)
    full = HostDiskFull(os.fsdecode(request.target), "the file system is full") if _is_full(untar) else None
    return reading.report("restore", "restored", since, interrupt, full)


def _warner(emit: Emit) -> Callable[[str], None]:
    return lambda text: emit(Notice("warning", "TAPE", text))


def _set_up(untar: Untar, request: RestoreRequest, target: int | None, *, ours: bool) -> None:
    untar.choose(request.patterns)
    if request.output is not None:
        untar.to_output(request.output)
    elif target is not None:
        untar.into(target, existing=request.existing, target_is_ours=ours, strip=request.strip)


def _is_full(untar: Untar) -> bool:
    return untar.ended is Ended.TARGET_FULL


def tell_owners(skipped: int, emit: Emit) -> None:
    """Say once that only root may set owners."""
    if skipped:
        text = f"owners and privileged attributes of {skipped} members were not set: only root may set them"
        emit(Notice("warning", "PERMISSION", text))


def open_target(path: bytes) -> tuple[int, bool]:
    """Return a descriptor of the target, made if it is missing, and whether the archive may change its attributes."""
    name = os.fsdecode(path) or "TARGET ''"
    try:
        made = not os.path.exists(path)
        os.makedirs(path, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with os.scandir(path) as entries:
            return descriptor, made or next(entries, None) is None
    except OSError as error:
        raise UsageError(name, f"cannot be used as target: {error.strerror}", "name a directory") from error
