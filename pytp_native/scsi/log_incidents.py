# SPDX-License-Identifier: WTFPL OR MIT
"""Page 16h, a device's own log of incidents, and page 15h of a changer, what it did with each element. Light."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.scsi.field import number, text


class DriveIncident(NamedTuple):
    """One entry of a drive's page 16h (SSC-5, Tape Diagnostic Data log page); code 0 is the newest."""

    density: int
    medium_type: int
    motion_hours: int
    """Lifetime medium motion when it happened."""
    repeated: bool
    key: int
    asc: int
    ascq: int
    vendor_code: int
    firmware: str
    hours_since_cleaning: int
    opcode: int
    service_action: int
    medium: str
    """Serial number of the cartridge."""
    time_origin: int
    milliseconds: int


def drive_incident(value: bytes) -> DriveIncident | None:
    """None for a cut entry and for one that was never used: all zeros."""
    if len(value) < 68 or not any(value):
        return None
    return DriveIncident(
        density=value[2], medium_type=value[3], motion_hours=number(value, 4, 4), repeated=bool(value[9] & 0x80),
        key=value[9] & 0x0F, asc=value[10], ascq=value[11], vendor_code=number(value, 12, 4),
        firmware=text(value[16:20]), hours_since_cleaning=number(value, 20, 4), opcode=value[24],
        service_action=value[25] & 0x1F, medium=text(value[28:60]), time_origin=value[60] & 7,
        milliseconds=number(value, 62, 6),
    )  # fmt: skip


class ChangerIncident(NamedTuple):
    """One entry of a changer's page 16h (SMC-3, Media Changer Diagnostic Data log page)."""

    repeated: bool
    key: int
    asc: int
    ascq: int
    vendor_code: int
    firmware: str
    moves: int
    picks: int
    pick_retries: int
    places: int
    place_retries: int
    tags_read: int
    tags_unreadable: int
    opcode: int
    service_action: int
    error_type: int
    transport: int | None
    initial: int | None
    last_good: int | None
    destination: int | None
    """Element addresses, None where the changer does not vouch for them."""
    volume_tag: str
    time_origin: int
    milliseconds: int


def changer_incident(value: bytes) -> ChangerIncident | None:
    """None for a cut entry and for one that was never used."""
    if len(value) < 96 or not any(value):
        return None
    counts = [number(value, at, 4) for at in range(12, 40, 4)]
    places = [number(value, at, 2) if value[43] & bit else None for at, bit in ((44, 8), (46, 4), (48, 2), (50, 1))]
    return ChangerIncident(
        repeated=bool(value[1] & 0x80), key=value[1] & 0x0F, asc=value[2], ascq=value[3],
        vendor_code=number(value, 4, 4), firmware=text(value[8:12]), moves=counts[0], picks=counts[1],
        pick_retries=counts[2], places=counts[3], place_retries=counts[4], tags_read=counts[5],
        tags_unreadable=counts[6], opcode=value[40], service_action=value[41] & 0x1F, error_type=value[42],
        transport=places[0], initial=places[1], last_good=places[2], destination=places[3],
        volume_tag=text(value[52:84]), time_origin=value[88] & 7, milliseconds=number(value, 90, 6),
    )  # fmt: skip


class ElementCounts(NamedTuple):
    """One element of a changer's page 15h (SMC-3, Element Statistics log page); the code is its address."""

    places: int
    place_retries: int
    picks: int
    pick_retries: int
    tags_read: int
    tags_unreadable: int


def element_counts(value: bytes) -> ElementCounts | None:
    if len(value) < 24:
        return None
    return ElementCounts(*(number(value, at, 4) for at in range(0, 24, 4)))
