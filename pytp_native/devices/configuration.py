# SPDX-License-Identifier: WTFPL OR MIT
"""From what was found to the configuration that says so: config.json with every drive and library, in the order in
which the libraries count their drives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytp_native.config import DEFAULT_BLOCK_BYTES
from pytp_native.devices.discovery import Found, FoundDrive, FoundLibrary
from pytp_native.devices.nodes import real_address

DRIVES, LIBRARIES = "tape_drives", "tape_libraries"


@dataclass
class Proposal:
    data: dict[str, Any]
    """What belongs into the file."""
    notes: list[str] = field(default_factory=list)
    """What an operator should know about it."""

    @property
    def is_empty(self) -> bool:
        return not self.data[DRIVES] and not self.data[LIBRARIES]


def propose(found: Found, known: Mapping[str, Any]) -> Proposal:
    """Return the configuration of the devices found. `known` is the file that there is already, parsed: its settings,
    names and block sizes stay, and so do its devices that were not found, with a note."""
    data = {**known, DRIVES: [], LIBRARIES: []}
    proposal = Proposal(data)
    old_drives, old_libraries = known.get(DRIVES, []), known.get(LIBRARIES, [])
    names: dict[str, str] = {}
    for drive in _one_path_each(_ordered(found), proposal):
        entry = _entry(old_drives, drive.address, drive) or {
            "name": _name("drive", old_drives, data[DRIVES]), "block_size": DEFAULT_BLOCK_BYTES,
        }  # fmt: skip
        names[drive.address] = entry["name"]
        data[DRIVES].append({"name": entry["name"], "device_path": drive.address, **_rest(entry)})
    for library in found.libraries:
        entry = _entry(old_libraries, library.address, library) or {
            "name": _name("library", old_libraries, data[LIBRARIES])
        }
        drives = list(_members(library, names, proposal))
        told = {"slots": library.slots, "drives": drives} if library.elements or library.slots else {}
        data[LIBRARIES].append({"name": entry["name"], "device_path": library.address, **_rest(entry), **told})
    for kind, entries in ((DRIVES, old_drives), (LIBRARIES, old_libraries)):
        _keep(kind, entries, proposal)
    return proposal


def _ordered(found: Found) -> Iterator[FoundDrive]:
    """Yield the drives of the first library as it counts them, those of the next, and then those of none."""
    for library in found.libraries:
        here = (drive for drive in found.drives if drive.place and drive.place.library == library.address)
        yield from sorted(here, key=lambda drive: drive.place.number if drive.place else 0)
    yield from (drive for drive in found.drives if drive.place is None)


def _one_path_each(drives: Iterable[FoundDrive], proposal: Proposal) -> Iterator[FoundDrive]:
    """Leave out second paths to the same drive."""
    seen: dict[tuple[str, str, str], str] = {}
    for drive in drives:
        if drive.nodes is not None and drive.nodes.tape is None:
            proposal.notes.append(f"{drive.address}: left out, it has no tape node; load the st module: modprobe st")
            continue
        key = (drive.vendor, drive.product, drive.serial)
        if drive.nodes is not None and drive.serial and seen.setdefault(key, drive.address) != drive.address:
            proposal.notes.append(f"{drive.address}: left out, it is another path to {seen[key]}")
            continue
        yield drive


def _members(library: FoundLibrary, names: Mapping[str, str], proposal: Proposal) -> Iterator[str]:
    """Yield the names of a library's drives; the place in the list is the drive's number, so each must have one."""
    last = max((element.number for element in library.elements if element.drive in names), default=-1)
    for element in library.elements:
        name = names.get(element.drive or "")
        if name is None:
            serial = f", serial {element.serial}" if element.serial else ""
            proposal.notes.append(
                f"{library.address}: its drive {element.number} (element {element.element}{serial}) was not found here"
            )
        if element.number <= last:
            yield name or f"not-here-{element.number}"


def _entry(
    entries: Iterable[Mapping[str, Any]], address: str, device: FoundDrive | FoundLibrary
) -> Mapping[str, Any] | None:
    """Return the entry of the old file that means this device, by whichever of its names."""
    own = {real_address(name) for name in (address, *(device.nodes.paths if device.nodes else ()))}
    return next((entry for entry in entries if real_address(str(entry.get("device_path"))) in own), None)


def _name(kind: str, *taken: Iterable[Mapping[str, Any]]) -> str:
    used = {entry.get("name") for entries in taken for entry in entries}
    return next(name for name in (f"{kind}{number}" for number in range(len(used) + 1)) if name not in used)


def _rest(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in {"name", "device_path"}}


def _keep(kind: str, entries: Iterable[Mapping[str, Any]], proposal: Proposal) -> None:
    """Put the old entries behind the new ones whose devices were not found."""
    written = {entry["name"] for entry in proposal.data[kind]}
    for entry in entries:
        if entry.get("name") not in written:
            proposal.data[kind].append(dict(entry))
            proposal.notes.append(f"{entry.get('name')}: kept, but {entry.get('device_path')} was not found now")
