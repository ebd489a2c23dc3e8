# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp backup --dry-run`: what would be written, to which cartridges, how long it would take."""

from __future__ import annotations

from pytp_cli.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.next_cartridge import NextCartridge
    from pytp_native.catalog.store import Catalog
    from pytp_native.devices.drive import Drive
    from pytp_native.jobs.backup import BackupRequest
    from pytp_native.jobs.events import Emit, JobReport
    from pytp_native.jobs.interrupt import Interrupt


def show_preview(run: Run, drive: Drive, order: BackupRequest, source: NextCartridge, catalog: Catalog | None) -> None:
    """Look, and print what was found."""
    from pytp_native.jobs.preview import preview

    shelved = () if source.named else source.shelved()

    def look(emit: Emit, interrupt: Interrupt) -> JobReport:
        return preview(drive, order, emit, interrupt, catalog=catalog, volumes=source.named, shelved=shelved)

    report = run.job(look, verb="dry run")
    run.say(_text(report))


def _text(report: JobReport) -> str:
    from pytp_cli.names import printable
    from pytp_cli.tables import aligned, duration
    from pytp_native.units import format_size

    rows = [("ARGUMENT", "STATUS", "FILES", "ON TAPE")]
    rows += [(printable(one.path), one.status, str(one.files), format_size(one.data_bytes)) for one in report.arguments]
    lines = [aligned(rows, right=(2, 3))]
    loads: list[dict[str, object]] = report.details["cartridges"]  # type: ignore[assignment]
    for load in loads:
        free, name = load["free_bytes"], load["barcode"] or "a blank cartridge"
        room = f" of {format_size(int(str(free)))} free" if free is not None else ""
        lines.append(f"{name}: {format_size(int(str(load['tape_bytes'])))}{room}")
    seconds = report.details["seconds"]
    if seconds is not None:
        speed = "the last session" if report.details["seconds_from"] == "last session" else "its drive, uncompressed"
        lines.append(f"About {duration(float(str(seconds)))}, at the speed of {speed}")
    return "\n".join([*lines, "Nothing was written."])
