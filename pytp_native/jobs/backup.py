# SPDX-License-Identifier: WTFPL OR MIT
"""Backup: each argument becomes one tape file of plain tar, reported as saved only when its filemark is on tape."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from functools import partial

from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import is_worm, read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError, Refused
from pytp_native.jobs.agreement import check_catalog, check_identity, check_loss, tell_unknown
from pytp_native.jobs.argument_file import ArgumentFile
from pytp_native.jobs.arguments import Argument, resolve_arguments
from pytp_native.jobs.cartridge import (
    Found,
    Identity,
    check_agreement,
    check_block_bytes,
    check_name,
    earlier_trailers,
    fresh_label,
    identify,
    identity_of,
    leave_room,
)
from pytp_native.jobs.cleaning_break import Cleaner, CleaningBreak
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.frame import About, Frame, Place
from pytp_native.jobs.frontier import FLUSH_BYTES
from pytp_native.jobs.history import Histories
from pytp_native.jobs.intent import Intent
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import Ledger, Told, cartridge_facts
from pytp_native.jobs.members import MemberList, MemberLog
from pytp_native.jobs.probe import Probe
from pytp_native.jobs.session import Session, Span
from pytp_native.jobs.spanning import Terms
from pytp_native.jobs.supply import Supply
from pytp_native.light import NamedTuple
from pytp_native.stream.compress import Plan, plan_compression
from pytp_native.stream.memory import available_bytes, ring_bytes
from pytp_native.stream.pack import Hash
from pytp_native.stream.record import seconds
from pytp_native.stream.ring import Ring
from pytp_native.units import MIB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.jobs.staging import Staging

HASHES = {"xxh3": Hash.XXH3, "sha256": Hash.SHA256, "none": Hash.NONE}


OWN_RING = 8 * MIB
"""For label and trailer, which are written while the big ring holds what goes on on the next cartridge."""


class BackupRequest(NamedTuple):
    """What to save and how; sizes in bytes, fill levels in percent of the ring."""

    paths: tuple[bytes, ...]
    exclude: tuple[bytes, ...] = ()
    one_file_system: bool = False
    full_paths: bool = False
    overwrite: bool = False
    confirm: str | None = None
    """Barcode of the cartridge whose contents may be lost, although the catalog needs them."""
    hw_compression: bool | None = None
    hash_name: str = "xxh3"
    memory_bytes: int | None = None
    high_percent: int = 20
    low_percent: int = 10
    label: str | None = None
    job: str | None = None
    level: str = "full"
    """full; incremental: what has changed since the last session of the job; differential: since the last full one."""
    bare: bool = False
    """Write neither label nor trailer: nothing but the arguments."""
    append_foreign: bool = False
    """Append also to a tape that has no label of pytp."""
    volume: str | None = None
    """The cartridge's barcode as the user knows it: for a new label, or the one that has to be there."""
    library_barcode: str | None = None
    """The barcode that the library reads on the cartridge in this drive."""
    library_is_silent: bool = False
    """There is a library, and it did not say."""
    pool: str | None = None
    """For a new label."""
    flush_bytes: int = FLUSH_BYTES
    """How much may be in doubt when power fails, with a drive that does not tell what is on the medium."""
    probe: bool = True
    """Read the first, a middle and the last member back at the end."""
    zstd_level: int | None = None
    """Compress, in frames; None: do not."""
    strategy: str = "direct"
    """direct; tar: archives are built on disk first; dd: and written without a buffer."""
    builders: int = 2
    tar_dir: str = ""
    """Where archives are built."""
    members_file: str | None = None
    """Where to leave a JSON line per member (tape file, block, offset, checksum)."""


def backup(
    drive: Drive,
    request: BackupRequest,
    emit: Emit,
    interrupt: Interrupt,
    supply: Supply | None = None,
    *,
    catalog: Catalog | None = None,
    guard: Catalog | None = None,
    cleaner: Cleaner | None = None,
) -> JobReport:
    """Append the arguments at the end of data (or overwrite from here), and report what is on the tape.

    Raises PytpError for what is refused before anything is written; later failures are in the report. The tape is left
    behind the last filemark written. `supply` gives the next cartridge when one is full; without it that ends the job.
    `catalog` records the session; `guard` is asked what may be lost where that is None. `cleaner` may clean the drive
    between two tape files.
    """
    arguments = resolve_arguments(request.paths, full_paths=request.full_paths)
    ring, plan = share_memory(drive, request)
    with ExitStack() as stack:
        log = stack.enter_context(MemberLog())
        wanted = request.members_file
        members = stack.enter_context(MemberList(wanted)) if wanted else None
        place = find_place(drive, request, emit, catalog or guard)
        if guard is not None:
            _strike_out(guard, drive, place, request)
        if catalog is not None and not request.overwrite:
            check_catalog(catalog, drive, place)
        ledger = Ledger(catalog, drive, log, emit, told(request, arguments)) if catalog else None
        staging = staging_of(drive, request, ring, log)
        writer = ArgumentFile(
            drive,
            ring,
            log,
            interrupt,
            hash_kind=HASHES[request.hash_name],
            exclude=request.exclude,
            one_file_system=request.one_file_system,
            ledger=ledger,
            flush_bytes=request.flush_bytes,
            compression=plan,
            flow=staging.flow if staging else None,
            packing=staging.packing if staging else None,
        )
        stack.callback(writer.close)
        frame = None if request.bare else frame_of(drive, request, place, emit, catalog)
        span = None if supply is None else Span(supply, terms(request, catalog))
        probe = Probe(drive, HASHES[request.hash_name]) if request.probe else None
        histories = histories_of(catalog, request, emit)
        session = Session(
            drive, writer, emit, interrupt, frame=frame, span=span, members=members, ledger=ledger, probe=probe,
            histories=histories, cleaning=CleaningBreak(cleaner, emit, request.hw_compression) if cleaner else None,
        )  # fmt: skip
        stack.callback(session.close)
        if staging is not None:
            stack.callback(staging.close)
            preface = None if frame is None else partial(frame.preface, is_here=False)
            staging.start(arguments, histories, writer, emit, preface)
        return session.run(arguments)


def staging_of(drive: Drive, request: BackupRequest, ring: Ring, log: MemberLog) -> Staging | None:
    """Where archives are built before they are written, if the strategy wants that. Raises ArchiveNotBuilt."""
    if request.strategy == "direct":
        return None
    from pytp_native.jobs.builders import How  # noqa: PLC0415 - most backups do without
    from pytp_native.jobs.staging import Staging  # noqa: PLC0415

    how = How(
        request.tar_dir,
        drive.block_bytes,
        request.builders,
        HASHES[request.hash_name],
        request.exclude,
        request.one_file_system,
    )
    return Staging(how, ring, log, buffered=request.strategy == "tar")


def histories_of(catalog: Catalog | None, request: BackupRequest, emit: Emit) -> Histories | None:
    """What was saved before, where only changes are wanted."""
    if catalog is None or request.level == "full":
        return None
    return Histories(catalog, request.job, request.level, emit)


def share_memory(drive: Drive, request: BackupRequest) -> tuple[Ring, Plan | None]:
    """Make the ring, and the plan of what the compression takes beside it, if there is one."""
    memory = ring_bytes(request.memory_bytes, available_bytes())
    plan = None
    if request.zstd_level is not None:
        capacity = read_memory(drive.address).maximum_mib
        capacity_bytes = None if capacity is None else capacity * MIB
        plan = plan_compression(request.zstd_level, memory, drive.block_bytes, capacity_bytes)
    ring = Ring(drive.block_bytes, plan.tape_bytes if plan else memory)
    if drive.has_lowest_speed:
        ring.set_marks(request.high_percent / 100, request.low_percent / 100)
    else:
        ring.stay_hot()
    return ring, plan


def told(request: BackupRequest, arguments: tuple[Argument, ...]) -> Told:
    """What the catalog is told of a request. A bare session cannot be resumed: no label says which cartridge it is."""
    plan = Intent(
        arguments, request.exclude, request.one_file_system, request.hw_compression, request.append_foreign,
        request.pool, request.level, request.zstd_level, request.probe,
    )  # fmt: skip
    text = None if request.bare else plan.text()
    return Told(request.hash_name, request.job, request.label, request.library_barcode, text, request.level)


def terms(request: BackupRequest, catalog: Catalog | None = None) -> Terms:
    """What holds for every cartridge of a request."""
    return Terms(request.hw_compression, request.pool, request.append_foreign, catalog)


def about(request: BackupRequest) -> About:
    """What the trailer tells of a request."""
    return About(hash=request.hash_name, job=request.job, label=request.label, level=request.level)


def frame_of(drive: Drive, request: BackupRequest, place: Place, emit: Emit, catalog: Catalog | None) -> Frame:
    """Make what is written around the arguments."""
    start = start_of(catalog, place, emit)
    return Frame(drive, Ring(drive.block_bytes, OWN_RING), place, emit, about(request), started=start)


def start_of(catalog: Catalog | None, place: Place, emit: Emit) -> int:
    """Return when a session begins: never before another one that is there already, however the clock was set: it tells
    which state of a file is the latest."""
    now = int(time.time())
    told = [seconds(trailer.started) for trailer in place.earlier[-1:]]
    known = catalog.last_start() if catalog is not None else None
    latest = max([*told, *([] if known is None else [known])], default=now)
    if latest <= now:
        return now
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(latest))
    fact = f"the clock is behind the session of {when}; this one counts as a second later"
    emit(Notice("warning", "CATALOG", f"{fact}; set the clock"))
    return latest + 1


def find_place(drive: Drive, request: BackupRequest, emit: Emit, catalog: Catalog | None = None) -> Place:
    """Set the drive up and go where writing begins, if that is allowed there; if it is not, the tape stands at the tape
    file that was to be overwritten, as before: the same words again, with the consent that was missing, mean it."""
    drive.prepare()
    if request.hw_compression is not None:
        drive.set_compression(request.hw_compression)
    start = _overwritten_file(drive) if request.overwrite else None
    try:
        known, found = _allowed(drive, request, start, emit, catalog)
    except PytpError:
        if start is not None:
            with suppress(PytpError):
                drive.go_to_file(start)
        raise
    if start is not None:
        drive.go_to_file(start)
        emit(Notice("warning", "TAPE", f"{drive.address}: overwriting: tape file {start} and all behind it is lost"))
    elif found.is_blank:
        drive.rewind()
    elif drive.to_end_of_data():
        emit(Notice("warning", "TAPE", f"{drive.address}: the last tape file had no filemark; one was written"))
    if request.bare:
        return Place(None)
    if start == 0 or found.is_blank:
        label = fresh_label(drive, known, found.label, request.pool)
        if catalog is not None:
            check_identity(catalog, drive, label, known.memory)
        return Place(label, fresh=True)
    return Place(found.label, earlier=earlier_trailers(drive, found.label, catalog))


def _allowed(
    drive: Drive, request: BackupRequest, start: int | None, emit: Emit, catalog: Catalog | None
) -> tuple[Identity, Found]:
    """Look who the cartridge is; raises Refused where it must not be written from tape file `start` on, or behind its
    end. The tape stands anywhere afterwards."""
    known = identity_of(drive, request.volume, request.library_barcode, is_silent=request.library_is_silent)
    leave_room(drive, known)
    found = identify(drive)
    if found.label is None and (start == 0 or found.is_blank) and not request.bare:
        check_name(drive, known)
    if found.label is not None:
        check_agreement(drive, found.label, known)
        if start != 0:
            check_block_bytes(drive, found.label)
    _check_consent(drive, request, found, start)
    if catalog is not None:
        check_identity(catalog, drive, found.label, known.memory)
        if start is not None or found.is_blank:
            facts = cartridge_facts(found.label, known.memory, request.library_barcode or request.volume)
            check_loss(catalog, drive, facts, start or 0, confirm=request.confirm, emit=emit)
        if start is not None:
            tell_unknown(catalog, drive, found.label, start, emit)
    return known, found


def _strike_out(guard: Catalog, drive: Drive, place: Place, request: BackupRequest) -> None:
    """Nothing of this job is recorded, but the catalog must not go on counting on what it writes over."""
    known = identity_of(drive, request.volume, request.library_barcode)
    label = None if place.fresh else place.label
    facts = cartridge_facts(label, known.memory, request.library_barcode or request.volume)
    by_serial = facts.uuid is None and facts.serial is not None
    guard.strike_out(facts._replace(barcode=None) if by_serial else facts, drive.where().file or 0)


def _overwritten_file(drive: Drive) -> int:
    """Return the tape file at the head, at the start of which the tape must stand."""
    where = drive.where()
    if where.file is None or where.block != 0:
        spot = str(where) if where.block is not None else f"an unknown place ({where})"
        raise Refused(
            drive.address,
            f"the tape stands at {spot}, and --overwrite starts only at block 0 of a tape file",
            "position it with rewind, ff or bb",
        )
    return where.file


def _check_consent(drive: Drive, request: BackupRequest, found: Found, start: int | None) -> None:
    """Raise Refused for a tape that is not ours, for bare tape files on one that is, and for writing over what nothing
    can be written over."""
    if start is not None and is_worm(drive.address):
        raise Refused(drive.address, "this is a WORM cartridge: what is on it stays", "append, or load another one")
    if start == 0:
        return
    if found.foreign and not request.append_foreign:
        fact = f"this is {found.foreign}; nothing was written"
        raise Refused(drive.address, fact, "add --append-foreign, or load a cartridge that is blank or labelled")
    if found.label is not None and request.bare:
        fact = f"cartridge {found.label.barcode} is labelled, and each session on it ends with a trailer"
        raise Refused(drive.address, fact, "leave --bare out, or load another cartridge")
