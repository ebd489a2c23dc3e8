# SPDX-License-Identifier: WTFPL OR MIT
"""How fast a drive writes and reads back, with data that it can compress and with data that it cannot."""

from __future__ import annotations

from collections.abc import Callable

from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.pattern import Pattern, PatternTape
from pytp_native.light import NamedTuple

INCOMPRESSIBLE, COMPRESSIBLE = "incompressible", "compressible"
KINDS = (INCOMPRESSIBLE, COMPRESSIBLE)


class Speed(NamedTuple):
    data: str
    """incompressible or compressible"""
    data_bytes: int
    block_bytes: int
    write_mb_s: float | None
    """10^6 bytes a second, until all of it was on the medium; None: nothing was written, or it failed."""
    read_mb_s: float | None
    wrong_blocks: int
    ratio: float | None
    """What the drive says that it compressed since the load to; None: it does not tell."""
    reason: str = ""
    """What went wrong."""


class Throughput:
    """Writes from the beginning of the tape: one tape file for each kind of data."""

    def __init__(
        self, drive: Drive, tape: PatternTape, interrupt: Interrupt, say: Callable[[str], None],
        ratio: Callable[[], float | None], *, data_bytes: int,
    ) -> None:  # fmt: skip
        self._drive = drive
        self._tape = tape
        self._interrupt = interrupt
        self._say = say
        self._ratio = ratio
        self._data_bytes = data_bytes

    def run(self, block_bytes: int) -> tuple[Speed, ...]:
        """Measure with blocks of that size; an interrupt ends it with what is known."""
        found: list[Speed] = []
        for kind in KINDS:
            if self._interrupt.triggered or (found and found[-1].reason):
                break
            found.append(self._measure(kind, block_bytes))
        return tuple(found)

    def _measure(self, kind: str, block_bytes: int) -> Speed:
        pattern = Pattern(block_bytes, compressible=kind == COMPRESSIBLE, seed=1)
        self._drive.rewind()
        self._drive.prepare(block_bytes)
        self._say(f"writing {kind} data")
        written = self._tape.write(pattern, max(1, self._data_bytes // block_bytes))
        done = Speed(kind, written.moved.data_bytes, block_bytes, _rate(written.moved.data_bytes, written.seconds),
                     None, 0, self._ratio(), _fact(written.moved.error))  # fmt: skip
        if done.reason or self._interrupt.triggered or not written.moved.blocks:
            return done
        self._drive.rewind()
        self._say(f"reading {kind} data")
        read = self._tape.read(pattern, written.moved.blocks)
        reason = _fact(read.moved.error)
        if not reason and not self._interrupt.triggered:
            if read.wrong:
                reason = f"{len(read.wrong)} of {read.moved.blocks} blocks came back other than written"
            elif read.moved.blocks < written.moved.blocks:
                reason = f"{read.moved.blocks} of {written.moved.blocks} blocks could be read"
        return done._replace(
            read_mb_s=_rate(read.moved.data_bytes, read.seconds), wrong_blocks=len(read.wrong), reason=reason
        )


def _fact(error: PytpError | None) -> str:
    return error.fact if error is not None else ""


def _rate(data_bytes: int, seconds: float) -> float | None:
    return data_bytes / 1e6 / seconds if data_bytes and seconds > 0 else None
