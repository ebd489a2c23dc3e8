# SPDX-License-Identifier: WTFPL OR MIT
"""A stretch of a compressed archive: the frames it lies in are read and decompressed, and nothing else."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from threading import Thread

from pytp_native.catalog.restoring import ArchivePart
from pytp_native.jobs.events import Part
from pytp_native.light import NamedTuple
from pytp_native.stream.decompress import Decompressor
from pytp_native.stream.frames import FramePlace, unpack_places
from pytp_native.stream.ring import Ring
from pytp_native.units import MIB

RING_BYTES = 64 * MIB
PLAIN_BYTES = 32 * MIB


class Cover(NamedTuple):
    """The blocks of a tape file that hold a stretch."""

    first: int
    """Block of the tape file."""
    blocks: int | None
    """None: up to the end, or until nothing more is wanted."""
    frames: list[FramePlace]
    """From the one on that is needed first; none where they are not known."""
    content: int
    """Block of the archive that comes out first."""


def cover(part: ArchivePart | Part, size: int, first: int, blocks: int) -> Cover:
    """Return where blocks `first`... of the archive are, in blocks of `size` bytes; the whole
    tape file where its frames are not known."""
    places = unpack_places(part.frames or b"")
    if not places:
        return Cover(0, None, [], part.skipped - part.ahead)
    begin = max(0, bisect_right([place.content for place in places], first) - 1)
    behind = [place for place in places[begin + 1 :] if place.content >= first + blocks]
    start = places[begin]
    tape_block = start.stored // size
    count = -(-behind[0].stored // size) - tape_block if behind else None
    return Cover(tape_block, count, places[begin:], start.content)


class FramedStretch:
    """Takes stored blocks and puts the wanted ones of the archive into a ring; `ring` is where stored ones go."""

    def __init__(self, into: Ring, where: Cover, first: int, blocks: int, tell: Callable[[str], object]) -> None:
        self.ring = Ring(into.block_bytes, RING_BYTES, reading=True)
        self._plain = Ring(into.block_bytes, PLAIN_BYTES, reading=True)
        start = where.frames[0].stored if where.frames else 0
        self._tell = tell
        self._notes: list[str] = []
        self._decompressor = Decompressor(self.ring, self._plain, self._notes.append, where.frames, start)
        self._into = into
        self._skip = first - where.content
        self._blocks = blocks
        self.done = 0
        """Wanted blocks that were put."""
        self._threads = [Thread(target=self._decompressor.run, daemon=True), Thread(target=self._pass_on, daemon=True)]
        for thread in self._threads:
            thread.start()

    def _pass_on(self) -> None:
        while self.done < self._blocks and (block := self._plain.look()) is not None:
            if self._skip:
                self._skip -= 1
            elif not self._into.put(block):
                break
            else:
                self.done += 1
            self._plain.release()
        self._plain.stop()
        self.ring.stop()

    def finish(self) -> None:
        """No more stored blocks come: wait until the wanted ones are put. Raises what the frames raise."""
        self.ring.finish()
        for thread in self._threads:
            thread.join()
        if self.done < self._blocks:  # else the last frame was not read to its end, because nobody wanted that
            for note in self._notes:
                self._tell(note)
        if self._decompressor.error is not None and self.done < self._blocks:
            raise self._decompressor.error
