# SPDX-License-Identifier: WTFPL OR MIT
"""What `pytp status` adds to what st says: the library and the slot that the cartridge came from, and what the drive
has counted. All of it is a bonus: what fails is told with --verbose and spoils nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pytp_cli.names import printable
from pytp_native.errors import PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.config import Config, DriveConfig
    from pytp_native.devices.statistics import ErrorCounters, Statistics

Rows = list[tuple[str, str]]


def add_library(chosen: DriveConfig, flag: str | None, config: Config, facts: dict[str, Any]) -> None:
    """Fill in "library", "slot" and "barcode". Raises ConfigError only for a library that was named."""
    from pytp_cli.library_choice import named_library, serving

    choice = named_library(flag, config) if flag else serving(chosen, config)
    if choice is None:
        return
    facts["library"] = choice.name
    try:
        served = choice.open(lambda _step: None)
        try:
            from pytp_cli.library_choice import drive_number
            from pytp_native.devices.drive_port import DrivePort

            now = served.drive_status(0)
            number = drive_number(choice, chosen, now, DrivePort(chosen.address).serial)
            element = now.at(now.drive(number))
            facts["barcode"] = element.volume_tag or None
            facts["slot"] = served.slot_number(element.source) if element.full else None
        finally:
            served.changer.close()
    except PytpError as exc:
        facts["library_error"] = str(exc)


def add_statistics(address: str, facts: dict[str, Any]) -> None:
    """Fill in what the drive counts, and the barcode of a drive without a library from the cartridge's memory."""
    from pytp_native.devices.statistics import read_barcode, read_statistics
    from pytp_native.transport import open_scsi

    try:
        scsi = open_scsi(address)
        try:
            found = read_statistics(scsi)
            facts.update(_object(found))
            facts["statistics"] = found
            if facts.get("barcode") is None and "library" not in facts:
                facts["barcode"] = read_barcode(scsi) or None
        finally:
            scsi.close()
    except PytpError as exc:
        facts["statistics_error"] = str(exc)


def _object(found: Statistics) -> dict[str, Any]:
    return {
        "errors": {
            "write": asdict(found.write_errors) if found.write_errors else None,
            "read": asdict(found.read_errors) if found.read_errors else None,
        },
        "volume": asdict(found.volume) if found.volume else None,
        "compression": asdict(found.compression) if found.compression else None,
    }


def library_rows(facts: dict[str, Any], *, verbose: bool) -> Rows:
    rows = [("Library", printable(facts["library"]))] if facts.get("library") else []
    if facts.get("slot") is not None:
        rows.append(("From slot", str(facts["slot"])))
    if verbose and facts.get("library_error"):
        rows.append(("Library error", facts["library_error"]))
    return rows


def statistics_rows(facts: dict[str, Any], *, verbose: bool) -> Rows:
    """What counts for the cartridge as a whole."""
    rows: Rows = []
    found: Statistics | None = facts.get("statistics")
    if found is not None and found.volume is not None:
        volume = found.volume
        rows.append(("Thread count", _known(volume.threads)))
        if volume.capacity_mb:
            rows.append(("Capacity", f"{_known(volume.used_mb)} of {volume.capacity_mb} MB used"))
        if volume.life_percent is not None:
            rows.append(("Useful life", f"{volume.life_percent} % left"))
    if found is not None and found.compression is not None and found.compression.enabled is not None:
        rows.append(("Compression", "on" if found.compression.enabled else "off"))
    if verbose and facts.get("statistics_error"):
        rows.append(("Statistics", facts["statistics_error"]))
    return rows


def counter_table(found: Statistics | None) -> str:
    """The original's table, writing and reading side by side; "" when the drive tells nothing."""
    from pytp_cli.tables import aligned

    if found is None:
        return ""
    rows = _volume_counters(found) + _error_counters(found.write_errors, found.read_errors)
    return aligned([("", "WRITTEN", "READ"), *rows], right=(1, 2)) if rows else ""


_VOLUME_COUNTERS = (
    ("Data sets", "data_sets"), ("Retries", "retries"), ("Unrecovered errors", "unrecovered"),
    ("Suspended", "suspended"), ("Fatal suspended", "fatal_suspended"),
    ("Last mount, unrecovered errors", "last_mount_unrecovered"), ("Last mount, MB", "last_mount_mb"),
    ("Lifetime, MB", "lifetime_mb"),
)  # fmt: skip
_ERROR_COUNTERS = (
    ("Errors corrected", "corrected"), ("Rewrites, rereads", "retries"), ("Errors not corrected", "uncorrected"),
    ("Processed (bytes or data sets)", "processed"),
)  # fmt: skip


def _volume_counters(found: Statistics) -> list[tuple[str, str, str]]:
    volume, ratios = found.volume, found.compression
    rows = []
    written = read = None
    if volume is not None:
        rows = _pairs(_VOLUME_COUNTERS, volume.written, volume.read)
        written, read = volume.written.compression_percent, volume.read.compression_percent
    if ratios is not None:
        written, read = ratios.write_percent, ratios.read_percent
    return [*rows, ("Compression ratio", _ratio(written), _ratio(read))] if rows or ratios else []


def _error_counters(write: ErrorCounters | None, read: ErrorCounters | None) -> list[tuple[str, str, str]]:
    return _pairs(_ERROR_COUNTERS, write, read) if write or read else []


def _pairs(titles: tuple[tuple[str, str], ...], write: object, read: object) -> list[tuple[str, str, str]]:
    return [(title, _known(getattr(write, name, None)), _known(getattr(read, name, None))) for title, name in titles]


def _ratio(percent: int | None) -> str:
    return f"{percent / 100:.2f}" if percent else "-"


def _known(value: int | None) -> str:
    return "-" if value is None else str(value)
