# SPDX-License-Identifier: WTFPL OR MIT
"""One archive on one cartridge after the other: which blocks of it are where."""

from __future__ import annotations

from collections.abc import Iterable

from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.events import Part, Position


def position_of(drive: Drive) -> Position | None:
    """Return where the tape stands; None if the drive cannot tell, which must not end a job that wrote."""
    try:
        return drive.where()
    except PytpError:
        return None


class Parts:
    """The parts of the archive that is being written; the last of them is open."""

    def __init__(self, drive: Drive, cartridge: str | None) -> None:
        self._drive = drive
        self._done: list[Part] = []
        self.begin(cartridge, 0)

    def begin(self, cartridge: str | None, skipped: int) -> None:
        """Begin a part here, with block `skipped` of the archive."""
        here = position_of(self._drive)
        self._open = Part(cartridge, here.file if here else None, here.logical_block if here else None, 0, skipped)

    def put_ahead(self, block: bytes) -> None:
        """Write a block that is not the archive's."""
        self._drive.tape.write_block(block)
        self._open = Part(self._open.cartridge, self._open.tape_file, self._open.first_block, 0, self._open.skipped, 1)

    def now(self, blocks: int) -> Part:
        """Return the open part when that many blocks of the archive are on tape."""
        last = self._open
        return Part(last.cartridge, last.tape_file, last.first_block, blocks - last.skipped, last.skipped, last.ahead)

    def close(self, blocks: int) -> Part:
        """Count the open part as done."""
        part = self.now(blocks)
        if part.blocks or part.ahead:
            self._done.append(part)
        return part

    def so_far(self, blocks: int) -> tuple[Part, ...]:
        """All parts with something in them."""
        last = self.now(blocks)
        if self._done and self._done[-1].skipped == last.skipped:
            return tuple(self._done)
        return (*self._done, last) if last.blocks or last.ahead or not self._done else tuple(self._done)


def part_with(parts: Iterable[Part], block: int) -> Part | None:
    """Return the part that holds block `block` of the archive."""
    return next((part for part in parts if part.skipped <= block < part.skipped + part.blocks), None)
