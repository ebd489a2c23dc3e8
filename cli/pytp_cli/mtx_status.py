# SPDX-License-Identifier: WTFPL OR MIT
"""What `mtx status` prints, to the byte, and the same as JSON."""

from __future__ import annotations

from pytp_cli.inquiry_lines import printable
from pytp_cli.raw_output import as_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_cli.mtx_library import Library, Place


def text(library: Library, device: str) -> str:
    """The lines. Tags keep the padding that the library gives them."""
    counts = f"{len(library.drives)} Drives, {len(library.slots)} Slots ( {library.mail_slots} Import/Export )"
    lines = [f"  Storage Changer {device}:{counts}"]
    lines += [f"Data Transfer Element {number}:{_drive(drive)}" for number, drive in enumerate(library.drives)]
    lines += [f"      Storage Element {number}{_slot(slot)}" for number, slot in enumerate(library.slots, 1)]
    return "\n".join(lines) + "\n"


def _drive(drive: Place) -> str:
    if not drive.full:
        return "Empty"
    source = f"Storage Element {drive.source + 1}" if drive.source is not None else "Unknown Storage Element"
    tag = f":VolumeTag = {as_bytes(drive.tag)}" if drive.tag else ""
    alternate = f":AlternateVolumeTag = {as_bytes(drive.alternate)}" if drive.alternate else ""
    return f"Full ({source} Loaded){tag}{alternate}"


def _slot(slot: Place) -> str:
    """The rest of a slot's line, with the blank behind Full that scripts split at."""
    kind = " IMPORT/EXPORT" if slot.mail else ""
    tag = f":VolumeTag={as_bytes(slot.tag)}" if slot.tag else ""
    alternate = f":AlternateVolumeTag={as_bytes(slot.alternate)}" if slot.alternate else ""
    return f"{kind}:{'Full ' if slot.full else 'Empty'}{tag}{alternate}"


def fields(library: Library) -> dict[str, Any]:
    """What `status --json` adds. Numbers are those of the lines: slots from 1, drives from 0."""
    return {
        "drives": [
            {
                "drive": number, **_place(drive),
                "source_slot": drive.source + 1 if drive.full and drive.source is not None else None,
            }
            for number, drive in enumerate(library.drives)
        ],
        "slots": [{"slot": number, **_place(slot), "import_export": slot.mail}
                  for number, slot in enumerate(library.slots, 1)],
    }  # fmt: skip


def _place(place: Place) -> dict[str, Any]:
    return {"element": place.address, "full": place.full, "label": printable(place.tag) or None}
