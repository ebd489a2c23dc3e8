# SPDX-License-Identifier: WTFPL OR MIT
"""Drive or cartridge? Errors that follow a drive through many cartridges are the drive's, those that follow a cartridge
through many drives the cartridge's. What cannot be told apart is said to be either's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pytp_native.diag import rules
from pytp_native.diag.trend import Cell


@dataclass(slots=True)
class Blame:
    """By the numbers of the history's units; the cells are the evidence."""

    drives: dict[int, list[Cell]] = field(default_factory=dict)
    cartridges: dict[int, list[Cell]] = field(default_factory=dict)
    either: list[Cell] = field(default_factory=list)
    """Trouble seen with this pair only, and nothing to compare with."""

    def of_pair(self, drive: int, cartridge: int) -> str:
        """Return "drive", "cartridge", "both", or "" if nobody is to blame or nobody can tell."""
        blamed = [
            name
            for name, found in (("drive", drive in self.drives), ("cartridge", cartridge in self.cartridges))
            if found
        ]
        return "both" if len(blamed) > 1 else blamed[0] if blamed else ""


def is_bad(cell: Cell) -> bool:
    """Tell whether a pair had more trouble than is usual."""
    if cell.unrecovered:
        return True
    return cell.retries >= rules.LEAST_RETRIES and (cell.rate or 0) >= rules.RETRIES_WATCH


def blame_of(whole: Iterable[Cell], lately: Iterable[Cell]) -> Blame:
    """Decide by a long time, and by its last part, where months of good use would average away what has begun since.
    Who does well in the long time is no less innocent because little was seen of it lately."""
    told = _telling(whole)
    found, late = blame(told), blame(lately, beside=told)
    for mine, theirs in ((found.drives, late.drives), (found.cartridges, late.cartridges)):
        for unit, bad in theirs.items():
            mine.setdefault(unit, bad)
    pairs = {(cell.drive, cell.cartridge) for cell in found.either}
    for cell in late.either:
        if (cell.drive, cell.cartridge) not in pairs and not found.of_pair(cell.drive, cell.cartridge):
            found.either.append(cell)
    return found


def _telling(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.data_sets or cell.unrecovered]


def blame(cells: Iterable[Cell], beside: Iterable[Cell] = ()) -> Blame:
    """Decide for every pair with trouble. Cells without data say nothing; those `beside` are only witnesses of how
    drives and cartridges do with others."""
    told = _telling(cells)
    witnesses = [*told, *beside]
    found = Blame()
    for drive, own in _by(told, "drive").items():
        bad = [cell for cell in own if is_bad(cell)]
        if len(bad) >= rules.BAD_CARTRIDGES and 2 * len(bad) > len(own):
            found.drives[drive] = bad
    for cartridge, own in _by(told, "cartridge").items():
        bad = [cell for cell in own if is_bad(cell) and cell.drive not in found.drives]
        if len(bad) >= rules.BAD_DRIVES:
            found.cartridges[cartridge] = bad
    for cell in told:
        if is_bad(cell) and not found.of_pair(cell.drive, cell.cartridge):
            _settle(cell, witnesses, found)
    return found


def _settle(cell: Cell, told: list[Cell], found: Blame) -> None:
    """One pair alone: who does well with others is not to blame."""
    others = [other for other in told if (other.drive, other.cartridge) != (cell.drive, cell.cartridge)]
    drive_does_well = any(not is_bad(other) for other in others if other.drive == cell.drive)
    cartridge_does_well = any(not is_bad(other) for other in others if other.cartridge == cell.cartridge)
    if drive_does_well and not cartridge_does_well:
        found.cartridges.setdefault(cell.cartridge, []).append(cell)
    elif cartridge_does_well and not drive_does_well:
        found.drives.setdefault(cell.drive, []).append(cell)
    else:
        found.either.append(cell)


def _by(cells: list[Cell], name: str) -> dict[int, list[Cell]]:
    found: dict[int, list[Cell]] = {}
    for cell in cells:
        found.setdefault(getattr(cell, name), []).append(cell)
    return found
