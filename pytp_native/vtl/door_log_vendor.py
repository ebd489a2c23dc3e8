# SPDX-License-Identifier: WTFPL OR MIT
"""The log pages that IBM's and HP's mechanisms answer beside the standards', and which of ours they have not.

Sources: HP LTO SCSI reference (33h to 35h, 3Eh, 0Ch/8000h on), LTFS (37h, and which drives tell capacities in 31h).
A parameter whose meaning is not published is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytp_native.vtl.door_log_parts import Parameters, data_sets, number, parameter
from pytp_native.vtl.incidents import Incident, incidents
from pytp_native.vtl.makers import HP, IBM
from pytp_native.vtl.wear import repositions, retries_of_load, worn_head

if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive

Pages = dict[tuple[int, int], Callable[["VirtualDrive"], "bytes | Parameters"]]

_MB = 10**6
_BYTES_PER_SECOND = 300 * _MB
"""At which the drive is taken to have moved what it moved: it has no clock."""
_BEST, _WORST = 1, 255
_WELLNESS = 16
_MEDIUM_ERROR, _HARDWARE_ERROR = 3, 4
_NEVER_CLEANED = 0xFFFFFFFF
_OK, _DEGRADED = 1, 2
_TAPE_DRIVE = 1


def _moved(drive: VirtualDrive) -> int:
    raw = drive.raw
    return int(raw.life_written + raw.life_read + raw.load_written + raw.load_read)


# -- IBM ---------------------------------------------------------------------------------------------------------------


def _efficiency(drive: VirtualDrive) -> Parameters:
    """Of drive and cartridge: 1 the best, 255 the worst, 0 not known: nothing ran yet, no cartridge."""
    of_drive = min(_BEST + worn_head(drive), _WORST) if _moved(drive) else 0
    of_medium = min(_BEST + drive.memory().degraded, _WORST) if drive.ready else 0
    return [number(0, of_drive, 1), number(1, of_medium, 1)]


def _capacity_lost(drive: VirtualDrive) -> Parameters:
    """Percent in 16.16 of what this load wrote that went to data sets written again; nothing before a write."""
    written = data_sets(int(drive.raw.load_written))
    if not drive.ready or not written:
        return []
    again = retries_of_load(drive, drive.memory()).writes
    return [number(0x7113, (again * 100 << 16) // (written + again), 4)]


# -- HP ----------------------------------------------------------------------------------------------------------------


def _wellness(drive: VirtualDrive) -> Parameters:
    """Sixteen entries, 0 the oldest; those that were never used are zeros."""
    kept = [_wellness_entry(one) for one in reversed(incidents(drive.directory))][-_WELLNESS:]
    kept += [bytes(15)] * (_WELLNESS - len(kept))
    return [parameter(code, value) for code, value in enumerate(kept)]


def _wellness_entry(one: Incident) -> bytes:
    """Time, signature of the cartridge, sense, further information."""
    signature = one.medium.encode("ascii", "replace")[-4:].ljust(4, b"\0")
    seconds = one.milliseconds // 1000 & 0xFFFFFFFF
    return seconds.to_bytes(4, "big") + signature + bytes([one.key]) + one.code.to_bytes(2, "big") + bytes(4)


def _performance(drive: VirtualDrive) -> Parameters:
    """How often it repositioned for 100 MB; before a write there is nothing to tell."""
    return [number(0, repositions(drive), 2)] if drive.ready and drive.raw.load_written else []


def _device_errors(drive: VirtualDrive) -> Parameters:
    """The last of the hardware's and the last of the medium's."""
    rows = []
    for code, key in ((0, _HARDWARE_ERROR), (1, _MEDIUM_ERROR)):
        last = next((one for one in incidents(drive.directory) if one.key == key), None)
        if last is not None:
            value = bytes([last.key]) + last.code.to_bytes(2, "big") + bytes(2 + 8)
            rows.append(parameter(code, value + (1).to_bytes(2, "big") + bytes(4 + 3)))
    return rows


def _device_status(drive: VirtualDrive) -> Parameters:
    raw = drive.raw
    flags = 0x04 if raw.cleaning_due else 0
    of_drive = _DEGRADED if worn_head(drive) or raw.life_write_errors + raw.load_write_errors else _OK
    of_medium = 0
    if drive.ready:
        of_medium = _DEGRADED if drive.memory().degraded or raw.load_write_errors + raw.load_read_errors else _OK
    state = bytes([flags, _OK << 2 | of_drive, of_medium, 0])
    return [
        number(0, _TAPE_DRIVE, 4), parameter(1, state), number(2, int(raw.life_loads), 4),
        number(3, _NEVER_CLEANED, 4),
    ]  # fmt: skip


def _sequential_access(drive: VirtualDrive) -> Parameters:
    raw, moved = drive.raw, _moved(drive)
    return [
        number(0x8000, max(moved - int(raw.cleaned_moved), 0) // _MB, 4), number(0x8001, int(raw.life_loads), 4),
        number(0x8002, int(raw.life_cleanings), 4), number(0x8003, moved // _BYTES_PER_SECOND, 4),
    ]  # fmt: skip


FAMILY_PAGES: dict[str, Pages] = {
    IBM: {(0x37, 0x00): _efficiency, (0x37, 0x64): _capacity_lost},
    HP: {(0x33, 0): _wellness, (0x34, 0): _performance, (0x35, 0): _device_errors, (0x3E, 0): _device_status},
}
MORE_PARAMETERS: dict[str, Pages] = {HP: {(0x0C, 0): _sequential_access}}
"""Behind those of a page that all drives have."""
LACKING: dict[str, dict[tuple[int, int], frozenset[int]]] = {
    HP: {(0x30, 0): frozenset({0x0A, 0x0B}), (0x17, 0): frozenset({0x0204})},
}
"""Parameters that a family's mechanisms do not tell."""
_CAPACITY_PAGE = (0x31, 0)
_LAST_WITH_CAPACITY_PAGE = 6
"""From LTO-7 on capacities are told by page 17h alone."""


def pages_of(drive: VirtualDrive, common: Pages) -> Pages:
    """Return the pages that this drive answers."""
    who = drive.personality
    found = {**common, **FAMILY_PAGES.get(who.family, {})}
    if who.family and int(who.generation.removeprefix("lto")) > _LAST_WITH_CAPACITY_PAGE:
        found.pop(_CAPACITY_PAGE, None)
    return found


def adapted(drive: VirtualDrive, key: tuple[int, int], parts: Parameters) -> Parameters:
    """Return a page's parameters as this drive's family tells them."""
    family = drive.personality.family
    without = LACKING.get(family, {}).get(key, frozenset())
    more = MORE_PARAMETERS.get(family, {}).get(key)
    told = [row for row in parts if row[0] not in without]
    if more is not None:
        extra = more(drive)
        told += extra if isinstance(extra, list) else []
    return told
