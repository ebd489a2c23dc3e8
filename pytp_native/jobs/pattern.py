# SPDX-License-Identifier: WTFPL OR MIT
"""Test data: blocks that differ from each other, written through a ring and compared when they are read back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random

from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.light import NamedTuple
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved, Stop
from pytp_native.units import MIB

_DIFFERENT = 5
"""Blocks; a prime, so that no power of two of blocks that went astray goes unseen."""
_RING_BYTES = 32 * MIB


class Pattern:
    """Made once: a drive of 400 MB/s must not wait for random numbers."""

    def __init__(self, block_bytes: int, *, compressible: bool = False, seed: int = 0) -> None:
        self.block_bytes = block_bytes
        self.compressible = compressible
        source = Random(seed * 2**32 + block_bytes)  # noqa: S311 - to be repeated, not to be secret
        self._blocks = [
            _text(number, block_bytes) if compressible else source.randbytes(block_bytes)
            for number in range(_DIFFERENT)
        ]

    def block(self, number: int) -> bytes:
        return self._blocks[number % _DIFFERENT]


def _text(number: int, block_bytes: int) -> bytes:
    line = b"block %d of what pytp diag test writes to see how a drive compresses\n" % number
    return (line * (block_bytes // len(line) + 1))[:block_bytes]


class Transfer(NamedTuple):
    moved: Moved
    seconds: float
    wrong: tuple[int, ...] = ()
    """Blocks, counted from 0, that were read and are not what was written."""


class PatternTape:
    """Moves patterns between memory and the tape in an open drive; the drive's block size is the pattern's."""

    def __init__(self, drive: Drive, interrupt: Interrupt, clock: Callable[[], float] = time.monotonic) -> None:
        self._drive = drive
        self._interrupt = interrupt
        self._clock = clock
        self._ring: Ring | None = None
        self.wrote = False
        """Something may be on the medium."""
        interrupt.on_trigger(self._stop)

    def _stop(self) -> None:
        if self._ring is not None:
            self._ring.stop()

    def write(self, pattern: Pattern, blocks: int) -> Transfer:
        """Write blocks and, if all went well, a filemark behind them; the time includes that they are on the medium.
        What fails is in `moved`."""
        began = self._clock()

        def fill(ring: Ring) -> None:
            if all(ring.put(pattern.block(number)) for number in range(blocks)):
                ring.finish()

        moved = self._move(pattern, fill, lambda ring: self._drive.tape.write_from(ring, limit=blocks), ended=Ring.stop)
        self.wrote |= moved.blocks > 0
        if moved.blocks and moved.error is None:
            try:
                self._drive.write_filemark()
            except PytpError as error:
                moved = moved._replace(stop=Stop.ERROR, error=error)
        return Transfer(moved, self._clock() - began)

    def read(self, pattern: Pattern, blocks: int) -> Transfer:
        """Read blocks and compare them."""
        began = self._clock()
        wrong: list[int] = []

        def compare(ring: Ring) -> None:
            number = 0
            while (data := ring.look()) is not None:
                if bytes(data) != pattern.block(number):
                    wrong.append(number)
                ring.release()
                number += 1

        moved = self._move(
            pattern, compare, lambda ring: self._drive.tape.read_into(ring, limit=blocks), ended=Ring.finish
        )
        return Transfer(moved, self._clock() - began, tuple(wrong))

    def _move(
        self, pattern: Pattern, beside: Callable[[Ring], None], move: Callable[[Ring], Moved],
        ended: Callable[[Ring], None],
    ) -> Moved:  # fmt: skip
        """Have the tape move blocks, without the GIL, while a thread of our own does its part."""
        ring = self._ring = Ring(pattern.block_bytes, _RING_BYTES)
        if self._interrupt.triggered:
            ring.stop()
        worker = threading.Thread(target=beside, args=(ring,), name="pattern")
        worker.start()
        try:
            return move(ring)
        finally:
            ended(ring)
            worker.join()
            self._ring = None
