# SPDX-License-Identifier: WTFPL OR MIT
"""A compressed archive that goes on on another cartridge: the frame that early warning cuts is completed before that,
and a filler takes the place of what the last block has already given."""

from __future__ import annotations

from pytp_native.devices.drive import Drive
from pytp_native.errors import CartridgeNeeded, Interrupted
from pytp_native.light import NamedTuple
from pytp_native.stream.compress import Compressor
from pytp_native.stream.frames import filler_to
from pytp_native.stream.ring import Ring

_NEXT = "pytp resume, or back up again"


class Cut(NamedTuple):
    """Where a part ends."""

    edge: int
    """Byte of all that leaves the ring."""
    blocks: int
    """Whole blocks of the ring in front of that."""
    fillers: int
    """Blocks behind the last one that holds something."""
    is_last: bool
    """Nothing is left for another part."""


class FrameCutter:
    """Used in a pause of the pipeline, by the thread that runs the job."""

    def __init__(self, drive: Drive, ring: Ring, compressor: Compressor) -> None:
        self._drive = drive
        self._ring = ring
        self._compressor = compressor
        self._size = drive.block_bytes

    def end(self, blocks: int) -> Cut:
        """Write, behind `blocks` blocks of the ring, what is left of the frame that they cut, and fill up the block.

        Raises CartridgeNeeded when it does not fit, Interrupted when the ring was stopped.
        """
        frames, size = self._compressor.frames, self._size
        edge, at = frames.end_of_cut(blocks * size), blocks
        while True:
            while (at + 1) * size <= edge:
                self._write(bytes(self._look()))
                self._ring.release()
                at += 1
            if edge == at * size:
                return Cut(edge, at, 0, self._is_over())
            tail = bytes(self._look()[: edge - at * size])  # now the frames in this block are known
            further = frames.end_of_fillers(edge)
            if further == edge:
                break
            edge = further
        tail += filler_to(len(tail), size)
        for start in range(0, len(tail), size):
            self._write(tail[start : start + size])
        return Cut(edge, at, len(tail) // size - 1, is_last=False)

    def start(self, cut: Cut, continuation: bytes | None) -> bytes:
        """Return what the next part begins with: a frame with the block `continuation`, and a filler up to where the
        rest of the cut block lies in that."""
        ahead = b"" if continuation is None else self._compressor.whole(continuation)
        return ahead + filler_to(len(ahead) % self._size, self._size, cut.edge % self._size)

    def go_on(self, cut: Cut, start: bytes) -> int:
        """Write the block in which `start` ends, if it does not end with one, and return how many blocks of the ring
        are behind us now."""
        used = cut.edge % self._size
        if not used:
            return cut.blocks
        self._drive.tape.write_block(start[-used:] + bytes(self._look()[used:]))
        self._ring.release()
        return cut.blocks + 1

    def _is_over(self) -> bool:
        return self._ring.look() is None and not self._ring.stopped

    def _look(self) -> memoryview:
        block = self._ring.look()
        if block is None:
            raise Interrupted(self._drive.address, "interrupted; its last tape file is cut off", _NEXT)
        return block

    def _write(self, block: bytes) -> None:
        """Behind early warning st refuses every other write, up to the end (st(4))."""
        try:
            self._drive.tape.write_block(block)
        except CartridgeNeeded:
            try:
                self._drive.tape.write_block(block)
            except CartridgeNeeded as error:
                fact = "the cartridge is full; its last frame is cut off"
                raise CartridgeNeeded(self._drive.address, fact, _NEXT) from error
