# SPDX-License-Identifier: WTFPL OR MIT
"""Read all that is on a tape, in stretches: how fast, what the drive had to correct where, and which blocks it cannot
read."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from pytp_native import mtio
from pytp_native.devices.drive import LARGEST_BLOCK_BYTES, Drive
from pytp_native.devices.statistics import ErrorCounters
from pytp_native.errors import BlockTooLarge, EndOfData, NotSupported, PytpError
from pytp_native.jobs.bad_blocks import Step, is_unreadable, step_over
from pytp_native.jobs.events import Emit, Progress
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.light import NamedTuple
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved, Stop
from pytp_native.units import KIB, MIB

STRETCH_BYTES = 1024 * MIB
"""A few seconds of a drive's time: asking for its counters between stretches costs nothing then."""
MOST_UNREADABLE = 100
"""So many, and nobody needs to know where the others are."""
DATA_SET_BYTES = 2_500_000
"""About, LTO-5 and later: what a count of data sets is held against."""
_FIRST_ROOM, _LEAST_ROOM = 512 * KIB, 64 * KIB
_RING_BYTES = 32 * MIB


class Stretch(NamedTuple):
    tape_file: int | None
    first_block: int
    """Logical block (READ POSITION)."""
    blocks: int
    """Filemarks not counted."""
    data_bytes: int
    seconds: float
    retries: int | None
    """Data sets that the drive read again (page 03h); None: it does not tell."""
    data_sets: float | None
    uncorrected: int | None
    unreadable: int = 0
    """Blocks."""

    @property
    def rate(self) -> float | None:
        """Retries for 1000 data sets."""
        return 1000 * self.retries / self.data_sets if self.retries is not None and self.data_sets else None


class ScanResult(NamedTuple):
    stretches: tuple[Stretch, ...]
    unreadable: tuple[int, ...]
    """Logical blocks."""
    complete: bool
    """To the end of data."""
    stopped_by: str = ""
    """Why it is not."""
    failed: bool = False
    """The drive, not a block: nobody knows what is in it now."""


class ReadScan:
    """One scan from the beginning of the tape; it stands where the scan ended."""

    def __init__(
        self, drive: Drive, emit: Emit, interrupt: Interrupt, counters: Callable[[], ErrorCounters | None], *,
        stretch_bytes: int = STRETCH_BYTES, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """`counters` asks for page 03h, between stretches."""
        self._drive = drive
        self._emit = emit
        self._interrupt = interrupt
        self._counters = counters
        self._stretch_bytes = stretch_bytes
        self._clock = clock
        self._room = _FIRST_ROOM
        self._ring: Ring | None = None
        self._unreadable: list[int] = []
        self._total = 0
        self._longest = 0
        """Blocks of more than this many bytes are there."""
        interrupt.on_trigger(self._stop)

    def _stop(self) -> None:
        if self._ring is not None:
            self._ring.stop()

    def run(self) -> ScanResult:
        """Raises what the drive fails with before there is anything to tell."""
        before = self._drive.status().block_bytes
        self._drive.rewind()
        self._drive.prepare(0)
        stretches, why, failed = [], None, False
        try:
            while why is None:
                stretch, why = self._stretch()
                if stretch.blocks or stretch.unreadable:
                    stretches.append(stretch)
        except PytpError as error:
            why, failed = error.fact, True
        finally:
            with suppress(PytpError):
                mtio.set_block_bytes(self._drive.tape, before)
        return ScanResult(tuple(stretches), tuple(self._unreadable), why == "", why or "", failed)

    def _stretch(self) -> tuple[Stretch, str | None]:
        """Read a stretch; return why the scan ends with it: "" at the end of data, None: it does not."""
        here, counted = self._drive.where(), self._counters()
        began, bad = self._clock(), len(self._unreadable)
        blocks = data_bytes = 0
        why: str | None = None
        while why is None and data_bytes < self._stretch_bytes:
            try:
                first = self._drive.tape.position()
                moved = self._read(self._stretch_bytes - data_bytes)
                blocks, data_bytes = blocks + moved.blocks, data_bytes + moved.data_bytes
                why = self._after(moved, first + moved.blocks)
            except EndOfData:
                why = ""
            self._emit(Progress(0, self._total + data_bytes, 0.0))
        self._total += data_bytes
        told = self._counted(counted, data_bytes)
        seconds = self._clock() - began
        stretch = Stretch(here.file, here.logical_block or 0, blocks, data_bytes, seconds, *told)
        return stretch._replace(unreadable=len(self._unreadable) - bad), why

    def _read(self, most_bytes: int) -> Moved:
        """Read what fits the ring, in C; nobody takes it out, so that it is empty again for the next time."""
        if self._ring is None or self._ring.block_bytes != self._room:
            self._ring = Ring(self._room, _RING_BYTES, reading=True)
        if self._interrupt.triggered:
            return Moved(0, 0, Stop.CANCELLED)
        self._ring.reset()
        return self._drive.tape.read_into(self._ring, limit=max(1, min(self._ring.slots, most_bytes // self._room)))

    def _after(self, moved: Moved, block: int) -> str | None:
        """Go on after a read that ended at logical block `block`; return why the scan ends here."""
        if self._interrupt.triggered or moved.stop is Stop.CANCELLED:
            return "interrupted"
        if moved.stop is Stop.END_OF_DATA:
            return ""
        if moved.error is None:
            return None
        if isinstance(moved.error, BlockTooLarge):
            return self._more_room(moved.error)
        if isinstance(moved.error, NotSupported) and self._room // 2 >= max(_LEAST_ROOM, self._longest + 1):
            self._room //= 2  # more than the host adapter moves; nothing was read
            return None
        if isinstance(moved.error, NotSupported):
            return f"a block is too long for this host ({moved.error.fact})"
        if not is_unreadable(moved.error):
            raise moved.error
        return self._step_over(block)

    def _more_room(self, error: BlockTooLarge) -> str | None:
        """The tape stands behind a block that is longer than there was room for."""
        self._longest = max(self._longest, self._room)
        if self._room >= LARGEST_BLOCK_BYTES:
            raise error
        mtio.back_records(self._drive.tape, 1)
        self._room = min(self._room * 2, LARGEST_BLOCK_BYTES)
        return None

    def _step_over(self, block: int) -> str | None:
        """Go behind a block that cannot be read."""
        self._unreadable.append(block)
        if len(self._unreadable) >= MOST_UNREADABLE:
            return f"{MOST_UNREADABLE} blocks cannot be read"
        if step_over(self._drive, block) is Step.STUCK:
            return f"the drive could not get behind block {block}"
        return None

    def _counted(self, before: ErrorCounters | None, data_bytes: int) -> tuple[int | None, float | None, int | None]:
        """What page 03h counted meanwhile: retries, data sets, blocks not corrected."""
        after = self._counters()
        if before is None or after is None:
            return None, None, None
        retries = _growth(before.retries, after.retries)
        sets = _growth(before.processed, after.processed)
        if sets is None or sets > data_bytes / 100_000 or sets * 20 * DATA_SET_BYTES < data_bytes:
            sets = None  # other drives count bytes, or nothing, there
        return retries, float(sets) if sets else None, _growth(before.uncorrected, after.uncorrected)


def _growth(before: int | None, after: int | None) -> int | None:
    """None for a counter that is not told, or was reset."""
    if before is None or after is None or after < before:
        return None
    return after - before
