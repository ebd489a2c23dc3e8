# SPDX-License-Identifier: WTFPL OR MIT
"""One archive on one cartridge after the other: which blocks of it are where."""

from __future__ import annotations

from collections.abc import Iterable

from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.events import Part, Position
from pytp_native.stream.frames import FrameMap, pack_places


def position_of(drive: Drive) -> Position | None:
    """Return where the tape stands; None if the drive cannot tell, which must not end a job that wrote."""
    try:
        return drive.where()
    except PytpError:
        return None


class Parts:
    """The parts of the archive that is being written; the last of them is open.

    Blocks are those that leave the ring, over all parts. With `frames` they are compressed, and a part may end inside
    one of them: the rest of that block is then the first thing in the next part.
    """

    def __init__(self, drive: Drive, cartridge: str | None, frames: FrameMap | None = None, *, first: int = 0) -> None:
        """`first`: the archive goes on behind so many blocks of the ring."""
        self._drive = drive
        self._frames = frames
        self._done: list[Part] = []
        self._start = 0
        """Byte of all that leaves the ring with which the open part begins..."""
        self._end: int | None = None
        """... and ends, if that is not the end of a block."""
        self.begin(cartridge, first)

    def begin(self, cartridge: str | None, blocks: int) -> None:
        """Begin a part here, behind so many blocks."""
        here = position_of(self._drive)
        at = blocks * self._drive.block_bytes
        self._start = max(self._start, at) if self._end is None else self._end
        self._end = None
        self._fillers = self._closing = 0
        skipped = blocks if self._frames is None else self._frames.content_within(self._start)
        self._open = Part(cartridge, here.file if here else None, here.logical_block if here else None, 0, skipped)

    def put_ahead(self, blocks: bytes, *, continues: bool = True) -> None:
        """Write blocks that are not the ring's; `continues`: there is a block of content in them which is not the
        archive's."""
        size = self._drive.block_bytes
        for at in range(0, len(blocks), size):
            self._drive.tape.write_block(blocks[at : at + size])
        self._fillers = len(blocks) // size
        self._open = self._open._replace(ahead=int(continues))

    def end_at(self, edge: int, fillers: int = 0) -> None:
        """The frame behind the last block was completed: the open part ends at that byte, or `fillers` blocks on."""
        self._end = edge
        self._closing = fillers

    def content(self, blocks: int) -> int:
        """Return how many blocks of the archive are complete in so many blocks of the ring."""
        return blocks if self._frames is None else self._frames.content_within(blocks * self._drive.block_bytes)

    @property
    def first(self) -> Part:
        """The open part as it begins, in blocks of the ring."""
        ring_block = self._start // self._drive.block_bytes
        return self._open._replace(skipped=ring_block, ahead=self._fillers)

    def now(self, blocks: int) -> Part:
        """Return the open part when that many blocks are on tape."""
        if self._frames is None:
            return self._open._replace(blocks=blocks - self._open.skipped)
        size = self._drive.block_bytes
        end = max(self._start, blocks * size if self._end is None else self._end)
        first = self._start // size
        stored = -(-end // size) - first if end > self._start else 0
        archive = self._frames.content_within(end)
        places = self._frames.places(self._open.skipped, archive, (self._fillers - first) * size)
        return self._open._replace(
            blocks=archive - self._open.skipped,
            stored=self._fillers + stored + self._closing,
            frames=pack_places(places),
        )

    def close(self, blocks: int) -> Part:
        """Count the open part as done."""
        part = self.now(blocks)
        if part.on_tape:
            self._done.append(part)
        return part

    def so_far(self, blocks: int) -> tuple[Part, ...]:
        """All parts with something in them."""
        last = self.now(blocks)
        if self._done and self._done[-1].skipped == last.skipped:
            return tuple(self._done)
        return (*self._done, last) if last.on_tape or not self._done else tuple(self._done)


def part_with(parts: Iterable[Part], block: int) -> Part | None:
    """Return the part that holds block `block` of the archive."""
    return next((part for part in parts if part.skipped <= block < part.skipped + part.blocks), None)
