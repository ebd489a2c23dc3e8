# SPDX-License-Identifier: WTFPL OR MIT
"""Restore by catalog: how things were at a time, or some files of it, from the cartridges they are on."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, NothingHere
from pytp_native.jobs.archive_reading import NO_COUNTS, ArchiveReading, Outcome
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.parts import position_of
from pytp_native.jobs.plan import ArchivePlan, Plan, make_plan
from pytp_native.jobs.restore import open_target, tell_owners
from pytp_native.jobs.right_cartridge import RightCartridge
from pytp_native.jobs.supply import Supply
from pytp_native.stream.ring import SMALLEST_BLOCK, Ring
from pytp_native.stream.untar import Existing, Problem, Untar
from pytp_native.units import MIB

GAP_BYTES = 256 * MIB
"""Data that nobody wants are read rather than passed over, up to so many: stopping a drive and going on elsewhere takes
about as long. Where nothing has to stop, nothing unwanted is read."""

_SEVERITY = (0, 1, 8, 6, 9, 10, 130)


@dataclass(frozen=True, slots=True)
class CatalogRequest:
    """What to restore, and where to."""

    wanted: Selector
    target: bytes = b"."
    patterns: tuple[bytes, ...] = ()
    existing: Existing = Existing.KEEP
    strip: int = 0
    output: int | None = None
    """A descriptor that takes the content of the files instead of the target."""


def plan_restore(catalog: Catalog, request: CatalogRequest, emit: Emit, *, gap_bytes: int = 0) -> Plan:
    """Find out what has to be read. NothingHere when nothing is wanted; patterns that name nothing are told."""
    unmatched: list[Problem] = []
    names = Untar(Ring(SMALLEST_BLOCK, 0), on_problem=unmatched.append)
    names.choose(request.patterns)
    plan = make_plan(catalog, catalog.states(request.wanted), names.wants, request.patterns, gap_bytes=gap_bytes)
    names.tell_unmatched("nothing saved has that name")
    for problem in unmatched:
        emit(Notice("warning", "CATALOG", f"{os.fsdecode(problem.path)}: {problem.reason}"))
    tell_gaps(plan, emit)
    if not plan.archives:
        plan.close()
        raise NothingHere("restore", "nothing that was saved is wanted", "see pytp find for what is there")
    plan.unmatched = len(unmatched)
    return plan


def tell_gaps(plan: Plan, emit: Emit) -> None:
    """Say what is missing of what is asked for."""
    for gap in plan.gaps:
        emit(Notice("warning", "CATALOG", gap))


def restore_from_catalog(
    drive: Drive,
    catalog: Catalog,
    request: CatalogRequest,
    emit: Emit,
    interrupt: Interrupt,
    *,
    supply: Supply | None = None,
) -> JobReport:
    """Restore beneath `request.target`, in the order of the tapes, with checksums compared; the tape is left where the
    reading ended. `supply` brings cartridges.

    Exit codes of the report: 0; 1 some members have problems (listed); 6 device error, blocks that cannot be read, or a
    full target; 8 checksums that differ; 10 a cartridge is missing; 130. Raises NothingHere, UsageError, CatalogError.
    """
    plan = plan_restore(catalog, request, emit, gap_bytes=GAP_BYTES if drive.has_lowest_speed else 0)
    made = request.output is None and not os.path.exists(request.target)
    target = None
    notes: list[str] = []
    try:
        if request.output is None:
            target, ours = open_target(request.target)
        else:
            ours = False

        def set_up(untar: Untar) -> None:
            if request.output is not None:
                untar.to_output(request.output)
            elif target is not None:
                untar.into(target, existing=request.existing, target_is_ours=ours, strip=request.strip)

        reading = ArchiveReading(
            drive, catalog, emit, interrupt,
            ready=RightCartridge(drive, supply, notes.append), set_up=set_up, status="restored",
            total_bytes=plan.blocks_bytes,
        )  # fmt: skip
        outcomes = _read_all(plan, reading, drive, interrupt, emit)
        for note in notes:
            emit(Notice("info", "LIBRARY", note))
        tell_owners(reading.owners_skipped, emit)
        return make_report("restore", drive, plan, reading, outcomes)
    finally:
        plan.close()
        if target is not None:
            os.close(target)
        if made:
            with suppress(OSError):
                os.rmdir(request.target)


def _read_all(plan: Plan, reading: ArchiveReading, drive: Drive, interrupt: Interrupt, emit: Emit) -> list[Outcome]:
    """A cartridge that is not to be had keeps nobody from what is on others."""
    outcomes: list[Outcome] = []
    over = False
    try:
        for one in plan.archives:
            if over:
                outcomes.append(not_started(one))
            else:
                was_open = drive.is_open
                outcomes.append(reading.read(one))
                over = interrupt.triggered or (outcomes[-1].ends_job and not goes_on(outcomes[-1], drive, was_open))
            emit(outcomes[-1].report)
    finally:
        reading.finish()
    return outcomes


def goes_on(outcome: Outcome, drive: Drive, was_open: bool) -> bool:
    """Tell whether the other archives can be read although this one's cartridge is missing: not where a person was
    asked for it, who went away."""
    return isinstance(outcome.failure, CartridgeNeeded) and drive.is_open >= was_open


def not_started(one: ArchivePlan) -> Outcome:
    """What is said of an archive that was not come to."""
    part = one.archive.parts[0]
    report = ArgumentReport(one.archive.path, "not started", part.number, part.first_block, 0, 0, 0, 0.0)
    return Outcome(report, None, ends_job=False, counts=NO_COUNTS)


def make_report(command: str, drive: Drive, plan: Plan, reading: ArchiveReading, outcomes: list[Outcome]) -> JobReport:
    """Sum up; the worst that happened decides."""
    exit_code, message = 0, ""
    problems = sum(len(outcome.report.errors) for outcome in outcomes) + plan.unmatched + len(plan.gaps)
    if problems:
        exit_code, message = 1, f"{problems} problems, listed above"
    for outcome in outcomes:
        if outcome.failure is not None and _rank(outcome.failure.exit_code) > _rank(exit_code):
            exit_code, message = outcome.failure.exit_code, str(outcome.failure)
    return JobReport(
        command, exit_code, drive.name, tuple(outcome.report for outcome in outcomes), position_of(drive), message,
        details={
            "members": sum(outcome.counts.members for outcome in outcomes),
            "checked": sum(outcome.counts.checked for outcome in outcomes),
            "damaged": sum(outcome.counts.damaged for outcome in outcomes),
            "kept": sum(outcome.counts.kept for outcome in outcomes),
            "locates": reading.locates, "blocks_read": reading.blocks, "blocks_unread": reading.unread,
        },
    )  # fmt: skip


def _rank(exit_code: int) -> int:
    return _SEVERITY.index(exit_code if exit_code in _SEVERITY else 6)


def describe_plan(plan: Plan) -> list[dict[str, Any]]:
    """Say what has to be read, for --dry-run: an entry for each tape file, in the order of reading."""
    return [entry for one in plan.archives for entry in _entries(one)]


def _entries(one: ArchivePlan) -> list[dict[str, Any]]:
    stretches = one.stretches()
    parts = dict.fromkeys(stretch.part for stretch in stretches)
    return [
        {
            "cartridge": part.barcode or part.uuid,
            "tape_file": part.number,
            "path": one.archive.path,
            "session": one.archive.uuid,
            "files": one.members if number == 0 else 0,
            "bytes": one.content_bytes if number == 0 else 0,
            "blocks": sum(stretch.blocks for stretch in stretches if stretch.part == part),
            "locates": sum(1 for stretch in stretches if stretch.part == part),
        }
        for number, part in enumerate(parts)
    ]
