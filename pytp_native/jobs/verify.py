# SPDX-License-Identifier: WTFPL OR MIT
"""Verify: read back what was saved, compare it with its checksums, and record what that proves."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from pytp_native.catalog.restoring import Archive, Place
from pytp_native.catalog.store import Catalog
from pytp_native.catalog.verifying import Begun, Proof, Scope
from pytp_native.devices.cartridge_memory import read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, NothingHere, PytpError, VerifyFailed
from pytp_native.jobs.archive_reading import HASHES, ArchiveReading, Outcome
from pytp_native.jobs.cartridge import identify
from pytp_native.jobs.catalog_restore import goes_on, make_report, not_started, tell_gaps
from pytp_native.jobs.events import Emit, JobReport, MemberProblem, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.plan import ArchivePlan, Plan, cut_off
from pytp_native.jobs.right_cartridge import RightCartridge
from pytp_native.jobs.source_comparison import SourceComparison
from pytp_native.jobs.supply import Supply
from pytp_native.stream.pack import Hash
from pytp_native.stream.untar import Counts
from pytp_native.units import MIB

WINDOW_BYTES = 256 * MIB
"""Of each so many bytes a sample reads a part in one go: everywhere on the tape, and with few locates."""
_KEEP_S = 5.0
"""How often it is recorded how far the reading has come."""


WHAT_IS_LOADED = Scope()


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to read back; `scope` without anything in it means the cartridge in the drive."""

    scope: Scope = WHAT_IS_LOADED
    sample_percent: float | None = None
    """Only so much of it, spread over all; None: all of it."""
    against_source: bytes | None = None
    """Compare with the files beneath this directory, too."""
    restart: bool = False
    """Do not go on where a verification was stopped."""


def verify(
    drive: Drive, catalog: Catalog, request: VerifyRequest, emit: Emit, interrupt: Interrupt, *,
    supply: Supply | None = None,
) -> JobReport:  # fmt: skip
    """Read what is in the scope in the order of the tapes and compare; stopped, it goes on there the next time.

    Exit codes of the report: 0; 6 blocks that cannot be read; 8 something differs; 10 a cartridge is missing; 130.
    Raises NothingHere when there is nothing in the scope, CatalogError.
    """
    return _Verification(drive, catalog, request, emit, interrupt).run(supply)


class _Verification:
    def __init__(
        self, drive: Drive, catalog: Catalog, request: VerifyRequest, emit: Emit, interrupt: Interrupt
    ) -> None:
        self._drive = drive
        self._catalog = catalog
        self._request = request
        self._emit = emit
        self._interrupt = interrupt
        self._begun: dict[int, Begun] = {}
        """By the first tape file of the archives, where they were begun before."""
        self._lost: list[str] = []
        """Members of which a part is missing, in words."""
        self._now: Archive | None = None
        self._kept_s = 0.0

    def run(self, supply: Supply | None) -> JobReport:
        plan = self._plan()
        notes: list[str] = []
        try:
            reading = ArchiveReading(
                self._drive, self._catalog, self._emit, self._interrupt,
                ready=RightCartridge(self._drive, supply, notes.append), set_up=lambda untar: untar.to_output(-1),
                status="verified", total_bytes=plan.blocks_bytes, on_counts=self._keep,
            )  # fmt: skip
            outcomes: list[Outcome] = []
            over = False
            for one in plan.archives:
                was_open = self._drive.is_open
                outcome = not_started(one) if over else self._one(reading, one)
                self._emit(outcome.report)
                outcomes.append(outcome)
                ends = outcome.ends_job and not goes_on(outcome, self._drive, was_open)
                over = over or ends or self._interrupt.triggered
            for note in notes:
                self._emit(Notice("info", "LIBRARY", note))
            return make_report("verify", self._drive, plan, reading, outcomes)
        finally:
            plan.close()

    # -- what is read ------------------------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        scope = self._request.scope
        if scope == WHAT_IS_LOADED:
            scope = Scope(cartridge=self._cartridge())
        plans = [self._plan_one(archive) for archive in self._catalog.archives(scope)]
        wanted = [one for one in plans if one.members]
        if not wanted:
            raise NothingHere("verify", "the catalog knows nothing of that", "see pytp sessions, or catalog rebuild")
        plan = Plan(wanted)
        if scope.session is not None or scope.label is not None:
            plan.gaps = [gap for one in plans for gap in self._catalog.gaps(one.archive)]
        plan.gaps = list(dict.fromkeys([*plan.gaps, *self._lost]))
        tell_gaps(plan, self._emit)
        return plan

    def _cartridge(self) -> str:
        uuid = read_memory(self._drive.address).uuid
        if uuid is None:
            label = identify(self._drive).label
            if label is None:
                fact = "the cartridge in the drive has no label of pytp"
                raise NothingHere(self._drive.name, fact, "say --session or --label")
            uuid = label.uuid
        return uuid

    def _plan_one(self, archive: Archive) -> ArchivePlan:
        plan = ArchivePlan(archive, WINDOW_BYTES // archive.block_bytes if self._drive.has_lowest_speed else 0)
        places = self._catalog.places(archive)
        if self._request.sample_percent is not None:
            places = _sampled(places, archive.block_bytes, self._request.sample_percent)
        else:
            begun = Begun() if self._request.restart else self._catalog.begun_verifying(archive)
            self._begun[archive.parts[0].identity] = begun
            for _passed in range(begun.members):
                next(places, None)
        for place in places:
            if archive.holds(place.block, place.last_block(archive.block_bytes)):
                plan.add(place)
            else:
                self._lost.append(cut_off(place.path))
        return plan

    # -- one archive -------------------------------------------------------------------------------------------------

    def _one(self, reading: ArchiveReading, plan: ArchivePlan) -> Outcome:
        self._now, self._kept_s = plan.archive, time.monotonic()
        outcome = reading.read(plan)
        if not outcome.ends_job and not self._interrupt.triggered:
            outcome = self._with_what_was_found_before(plan.archive, outcome)
            outcome = self._against_source(plan.archive, outcome)
            self._record(plan.archive, outcome)
        elif self._request.sample_percent is None:
            self._remember(plan.archive, outcome.counts)
        return outcome

    def _so_far(self, archive: Archive, counts: Counts) -> Begun:
        before = self._begun.get(archive.parts[0].identity, Begun())
        return Begun(
            before.members + counts.members,
            before.data_bytes + counts.content_bytes,
            before.damaged + counts.damaged,
        )

    def _with_what_was_found_before(self, archive: Archive, outcome: Outcome) -> Outcome:
        """A verification that was stopped and goes on ends as all of it does."""
        damaged = self._begun.get(archive.parts[0].identity, Begun()).damaged
        if not damaged or outcome.failure is not None:
            return outcome
        fact = f"{damaged} members were found to be damaged or lost before the verification was stopped"
        failure = VerifyFailed(archive.path.decode(errors="backslashreplace"), fact, "see them with --restart")
        return outcome._replace(report=outcome.report._replace(status="failed"), failure=failure)

    def _keep(self, counts: Counts) -> None:
        """Called now and then while an archive is read."""
        now = time.monotonic()
        if self._now is not None and self._request.sample_percent is None and now - self._kept_s >= _KEEP_S:
            self._kept_s = now
            self._remember(self._now, counts)

    def _remember(self, archive: Archive, counts: Counts) -> None:
        """The member that is being read now is read again: it is not compared yet."""
        so_far = self._so_far(archive, counts)
        if counts.members > 0:
            self._catalog.keep_verifying(archive, so_far._replace(members=so_far.members - 1))

    def _record(self, archive: Archive, outcome: Outcome) -> None:
        total = self._so_far(archive, outcome.counts)
        strength = "full" if self._request.sample_percent is None else "sample"
        self._catalog.record_proof(
            archive, Proof(self._drive.address, strength, total.members, total.data_bytes, total.damaged)
        )
        if HASHES.get(archive.hash, Hash.NONE) is Hash.NONE:
            text = "was saved without checksums: only that its blocks can be read was verified"
            self._emit(Notice("warning", "CATALOG", f"{archive.path.decode(errors='backslashreplace')}: {text}"))

    def _against_source(self, archive: Archive, outcome: Outcome) -> Outcome:
        if self._request.against_source is None:
            return outcome
        source = SourceComparison(self._request.against_source, archive, HASHES.get(archive.hash, Hash.NONE))
        problems: list[MemberProblem] = []
        for place in self._catalog.places(archive):
            for what in source.differences(place):
                problems.append(MemberProblem(place.path, what))
                self._emit(problems[-1])
            if self._interrupt.triggered:
                break
        if not problems:
            return outcome
        report = outcome.report._replace(status="failed", errors=(*outcome.report.errors, *problems))
        failure: PytpError | None = outcome.failure
        if not isinstance(failure, MediumError):
            subject = archive.path.decode(errors="backslashreplace")
            failure = VerifyFailed(subject, f"{len(problems)} differences from the source, listed above")
        return outcome._replace(report=report, failure=failure)


def _sampled(places: Iterator[Place], block_bytes: int, percent: float) -> Iterator[Place]:
    """Yield the members of a stretch of each window, at a random place in it; at least one member of all."""
    share = min(1.0, percent / 100)
    window, start, end, any_yet = -1, 0.0, 0.0, False
    last: Place | None = None
    for place in places:
        at = place.block * block_bytes + place.offset
        if at // WINDOW_BYTES != window:
            window = at // WINDOW_BYTES
            start = (window + random.random() * (1 - share)) * WINDOW_BYTES  # noqa: S311 - no secret
            end = start + share * WINDOW_BYTES
        last = place
        if start <= at < end:
            any_yet = True
            yield place
    if not any_yet and last is not None:
        yield last
