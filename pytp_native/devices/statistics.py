# SPDX-License-Identifier: WTFPL OR MIT
"""What a drive counts: errors, compression and the cartridge's own statistics, out of LOG SENSE pages 02h, 03h, 17h,
1Bh or 32h. None is what the drive does not tell; nothing is made up.

Asking clears no counter. It does clear a pending unit attention, so never ask beside somebody who has the tape open:
st would not learn of a reset.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytp_native.devices.retry import CALM
from pytp_native.errors import NotSupported
from pytp_native.scsi import executor, mam, spc
from pytp_native.scsi.log import LogPage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport

WRITE_ERRORS, READ_ERRORS, VOLUME, TAPE_USAGE = 0x02, 0x03, 0x17, 0x30
COMPRESSION = (0x1B, 0x32)
"""SSC-4's page, and the one of older drives with the same parameters."""
DEVICE_STATISTICS = 0x14
_METRES = 0x0004
_BARCODE = 0x0806


@dataclass(frozen=True, slots=True)
class ErrorCounters:
    """Pages 02h and 03h (SPC-6), since the cartridge was loaded; `retries` are rewrites or rereads."""

    corrected_without_delay: int | None
    corrected_with_delay: int | None
    retries: int | None
    corrected: int | None
    corrections: int | None
    """How often the correction algorithm ran."""
    processed: int | None
    """Bytes by the standard; LTO drives count data sets here."""
    uncorrected: int | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One direction of page 17h (SSC-5): over the cartridge's life, and of the last mount."""

    data_sets: int | None
    retries: int | None
    unrecovered: int | None
    suspended: int | None
    fatal_suspended: int | None
    last_mount_unrecovered: int | None
    last_mount_mb: int | None
    """10^6 bytes"""
    lifetime_mb: int | None
    compression_percent: int | None
    """Of the last load: 250 is 2.5 to 1."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Page 17h, or what page 30h of older drives has of it."""

    threads: int | None
    """How often the cartridge was loaded."""
    written: Transfer
    read: Transfer
    capacity_mb: int | None = None
    used_mb: int | None = None
    """Native, 10^6 bytes"""
    life_percent: int | None = None
    """What is left of its useful life."""
    serial: str = ""
    beginning_passes: int | None = None
    middle_passes: int | None = None


@dataclass(frozen=True, slots=True)
class Compression:
    """Page 1Bh or 32h, of the last load; ratios in percent: 250 is 2.5 to 1."""

    read_percent: int | None
    write_percent: int | None
    enabled: bool | None


@dataclass(frozen=True, slots=True)
class Statistics:
    write_errors: ErrorCounters | None = None
    read_errors: ErrorCounters | None = None
    volume: Volume | None = None
    compression: Compression | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """What tells how far a tape was wound: counters that only grow, and how full it is."""

    middle_passes: int | None
    """Over the middle of the tape (page 17h); some drives count them only when the cartridge leaves."""
    metres: int | None
    """Of tape that the drive has moved in its life (page 14h)."""
    used_mb: int | None = None
    capacity_mb: int | None = None


def read_statistics(scsi: ScsiTransport) -> Statistics:
    """Ask for what the drive has. Raises what the device fails with; pages that it does not have are None."""
    there = {page for page, _subpage in executor.run(scsi, spc.supported_log_pages(), CALM)}
    write, read = (
        _error_counters(_page(scsi, page)) if page in there else None for page in (WRITE_ERRORS, READ_ERRORS)
    )
    ratios = next((_compression(_page(scsi, page)) for page in COMPRESSION if page in there), None)
    return Statistics(write, read, _volume(scsi, there), ratios)


def read_error_counters(scsi: ScsiTransport, page: int) -> ErrorCounters | None:
    """Return one of pages 02h and 03h; None if the drive does not have it."""
    return _error_counters(_page(scsi, page))


def read_motion(scsi: ScsiTransport) -> Motion:
    """Ask for what tells how far the tape was wound."""
    there = {page for page, _subpage in executor.run(scsi, spc.supported_log_pages(), CALM)}
    device = _page(scsi, DEVICE_STATISTICS) if DEVICE_STATISTICS in there else None
    volume = _volume(scsi, there)
    metres = device.number(_METRES) if device is not None else None
    if volume is None:
        return Motion(None, metres)
    return Motion(volume.middle_passes, metres, volume.used_mb, volume.capacity_mb)


def read_barcode(scsi: ScsiTransport) -> str:
    """Return the barcode in the cartridge's memory (attribute 0806h), "" if there is none."""
    found = executor.run(scsi, mam.read_attributes(first=_BARCODE, alloc_bytes=64), CALM)
    return next((one.text for one in found if one.identifier == _BARCODE), "")


def _page(scsi: ScsiTransport, page: int) -> LogPage | None:
    try:
        return executor.run(scsi, spc.log_sense(page), CALM)
    except NotSupported:
        return None


def _error_counters(page: LogPage | None) -> ErrorCounters | None:
    return ErrorCounters(*(page.number(code) for code in range(7))) if page is not None else None


def _volume(scsi: ScsiTransport, there: set[int]) -> Volume | None:
    """Parameter 0000h of page 17h says whether the rest is valid; page 30h has no such thing and fewer parameters."""
    page = _page(scsi, VOLUME) if VOLUME in there else None
    if page is not None:
        return _volume_of(page) if page.number(0) else None
    old = _page(scsi, TAPE_USAGE) if TAPE_USAGE in there else None
    return _volume_of(old) if old is not None and old.parameters else None


def _volume_of(page: LogPage) -> Volume:
    serial = page.get(0x40)
    return Volume(
        page.number(0x01), _transfer(page, 0x02, 0), _transfer(page, 0x07, 1),
        page.number(0x16), page.number(0x17), page.number(0x19), serial.text if serial is not None else "",
        page.number(0x101), page.number(0x102),
    )  # fmt: skip


def _transfer(page: LogPage, first: int, read: int) -> Transfer:
    counts = [page.number(code) for code in range(first, first + 5)]
    return Transfer(*counts, *(page.number(code + read) for code in (0x0C, 0x0E, 0x10, 0x12)))


def _compression(page: LogPage | None) -> Compression | None:
    if page is None:
        return None
    enabled = page.number(0x100)
    return Compression(page.number(0), page.number(1), None if enabled is None else bool(enabled))
