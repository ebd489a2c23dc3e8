# SPDX-License-Identifier: WTFPL OR MIT
"""Which block sizes this drive and this host adapter can do: each is written, read back and compared."""

from __future__ import annotations

from collections.abc import Callable

from pytp_native.devices.drive import Drive
from pytp_native.errors import NotSupported, PytpError
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.pattern import Pattern, PatternTape, Transfer
from pytp_native.light import NamedTuple
from pytp_native.transport.records import Stop
from pytp_native.units import KIB, MIB, format_size

SIZES = tuple(64 * KIB << power for power in range(8))
"""64 KiB to 8 MiB, the longest block of LTO drives."""
_LEAST_BLOCKS = 2


class Limits(NamedTuple):
    """What can be known without trying."""

    drive_least: int | None = None
    drive_most: int | None = None
    """READ BLOCK LIMITS (SSC-5); None: not told."""


class SizeResult(NamedTuple):
    block_bytes: int
    written: bool
    read: bool
    """Read back, and it is what was written."""
    reason: str = ""
    """Why not."""
    blames: str = ""
    """drive (it refuses), host (the adapter does not move as much), either (an error at the tape); "": nobody."""

    @property
    def safe(self) -> bool:
        return self.written and self.read


class BlockTrial:
    """Each size is written at the beginning of the tape, over the one before."""

    def __init__(
        self, drive: Drive, tape: PatternTape, limits: Limits, interrupt: Interrupt, say: Callable[[str], None],
        *, each_bytes: int = 16 * MIB,
    ) -> None:  # fmt: skip
        self._drive = drive
        self._tape = tape
        self._limits = limits
        self._interrupt = interrupt
        self._say = say
        self._each = each_bytes

    def run(self) -> tuple[SizeResult, ...]:
        """Try them all; an interrupt, or a size at which the tape fails, ends it. Sizes not tried are not in the
        answer."""
        results: list[SizeResult] = []
        for size in SIZES:
            self._say(f"blocks of {format_size(size)}")
            try:
                result = self._try(size)
            except PytpError as error:
                result = SizeResult(size, False, False, error.fact, "either")
            if self._interrupt.triggered:
                break
            results.append(result)
            if result.blames == "either":
                break
        return tuple(results)

    def _try(self, size: int) -> SizeResult:
        least, most = self._limits.drive_least, self._limits.drive_most
        if (most and size > most) or (least and size < least):
            fact = f"the drive takes blocks of {least or 1} to {most or 'any number of'} bytes"
            return SizeResult(size, False, False, fact, "drive")
        pattern, blocks = Pattern(size), max(_LEAST_BLOCKS, self._each // size)
        self._drive.rewind()
        try:
            self._drive.prepare(size)
        except NotSupported as exc:
            return SizeResult(size, False, False, exc.fact, "drive")
        result = _judged(size, self._tape.write(pattern, blocks), blocks, written=True)
        if not result.written:
            return result
        self._drive.rewind()
        self._drive.prepare(size)
        done = self._tape.read(pattern, blocks)
        if done.wrong:
            return SizeResult(size, True, False, f"{len(done.wrong)} blocks came back other than written", "either")
        return _judged(size, done, blocks, written=False)


def _judged(size: int, done: Transfer, blocks: int, *, written: bool) -> SizeResult:
    """Say what a transfer means; `written`: it was the writing, else the reading back."""
    moved = done.moved
    if moved.error is None and moved.blocks == blocks:
        return SizeResult(size, True, not written)
    if written and moved.stop in {Stop.EARLY_WARNING, Stop.END_OF_MEDIUM}:
        return SizeResult(size, False, False, "the cartridge is too small to tell")
    if moved.error is None:
        return SizeResult(size, not written, False, f"{moved.blocks} of {blocks} blocks only", "either")
    blames = "host" if isinstance(moved.error, NotSupported) and not moved.blocks else "either"
    return SizeResult(size, not written, False, moved.error.fact, blames)


def largest_safe(results: tuple[SizeResult, ...]) -> int | None:
    """Return the largest size in bytes up to which everything that the drive allows has worked; None: none has."""
    largest = None
    for one in results:
        if one.safe:
            largest = one.block_bytes
        elif one.blames != "drive" or largest is not None:
            break
    return largest
