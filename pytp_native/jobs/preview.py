# SPDX-License-Identifier: WTFPL OR MIT
"""What a backup would write, to which cartridges, and how long that would take; nothing is written or moved."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory, read_memory
from pytp_native.devices.drive import Drive
from pytp_native.jobs.argument_file import ArgumentFile
from pytp_native.jobs.arguments import resolve_arguments
from pytp_native.jobs.backup import BackupRequest, histories_of
from pytp_native.jobs.events import ArgumentReport, Emit, JobReport
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.members import MemberLog
from pytp_native.light import NamedTuple
from pytp_native.spec.speed_matching import NATIVE_MB_S
from pytp_native.stream.ring import Ring
from pytp_native.units import MIB

_ENOUGH_S = 10
"""A shorter session says nothing about speed: times are kept in seconds."""


class Load(NamedTuple):
    """What a cartridge would take."""

    barcode: str | None
    """None: any blank one."""
    free_bytes: int | None
    """None: nobody knows."""
    tape_bytes: int


def preview(
    drive: Drive, request: BackupRequest, emit: Emit, interrupt: Interrupt,
    *, catalog: Catalog | None, volumes: Sequence[str] = (), shelved: Sequence[str] = (),
) -> JobReport:  # fmt: skip
    """Look at the arguments as a backup would, opening no file. The report's statuses are "would be saved" and
    "unchanged"; its details say which cartridges would be needed: `volumes`, else those `shelved` that the catalog
    does not know as written."""
    arguments = resolve_arguments(request.paths, full_paths=request.full_paths)
    histories = histories_of(catalog, request, emit)
    reports = []
    with MemberLog() as log:
        look = ArgumentFile(
            drive, Ring(drive.block_bytes, 2 * drive.block_bytes), log, interrupt, exclude=request.exclude,
            one_file_system=request.one_file_system,
        )  # fmt: skip
        for argument in arguments:
            started = time.monotonic()
            history = histories.of(argument) if histories else None
            found = look.survey(argument, history.known if history else None, first_only=False)
            writes = bool(found.members) or (history is not None and history.has_gone())
            blocks = -(-(found.tape_bytes + 1024) // drive.block_bytes) if writes else 0
            reports.append(
                ArgumentReport(
                    argument.path, "would be saved" if writes else "unchanged", None, None, blocks, found.members,
                    blocks * drive.block_bytes, time.monotonic() - started,
                )
            )  # fmt: skip
    total = sum(report.data_bytes for report in reports)
    loads = (
        _loads(total, read_memory(drive.address), request, volumes or _blank(shelved, catalog), catalog)
        if total
        else []
    )
    details: dict[str, object] = {
        "dry_run": True,
        "tape_bytes": total,
        "cartridges": [load._asdict() for load in loads],
        "seconds": _seconds(total, catalog),
        "seconds_from": "last session",
    }
    if details["seconds"] is None and total:
        rate = NATIVE_MB_S.get(drive.status().density_code)
        details |= {"seconds": round(total / 1e6 / rate, 1) if rate else None, "seconds_from": "native speed"}
    return JobReport("backup", 0, drive.address, tuple(reports), None, details=details)


def _loads(
    total: int, memory: Memory, request: BackupRequest, volumes: Sequence[str], catalog: Catalog | None
) -> list[Load]:
    """Distribute the bytes over the cartridge in the drive, those in `volumes`, and blank ones that nobody knows."""
    known = {one.barcode: one.remaining_bytes for one in catalog.cartridges()} if catalog else {}
    full = None if memory.maximum_mib is None else memory.maximum_mib * MIB
    free = full if request.overwrite else None if memory.remaining_mib is None else memory.remaining_mib * MIB
    first = request.volume or request.library_barcode or memory.barcode
    names: list[tuple[str | None, int | None]] = [(first, free), *((name, known.get(name, full)) for name in volumes)]
    loads: list[Load] = []
    while total > 0:
        barcode, room = names.pop(0) if names else (None, full)
        taken = total if room is None else min(total, room)
        loads.append(Load(barcode, room, taken))
        total -= taken
        if not taken and not names and not full:
            break
    return loads


def _blank(shelved: Sequence[str], catalog: Catalog | None) -> list[str]:
    written = {one.barcode for one in catalog.cartridges() if one.last_written} if catalog else set()
    return [barcode for barcode in shelved if barcode not in written]


def _seconds(total: int, catalog: Catalog | None) -> int | None:
    """Estimate from the last session of this catalog that was long enough; None without one."""
    for session in catalog.sessions() if catalog and total else ():
        took = (session.ended or 0) - session.started
        moved = sum(file.blocks * file.block_bytes for file in session.tape_files)
        if session.origin == "backup" and session.state in {"complete", "partial"} and took >= _ENOUGH_S and moved:
            return round(total * took / moved)
    return None
