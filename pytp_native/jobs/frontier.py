# SPDX-License-Identifier: WTFPL OR MIT
"""How far the archive that is being written is known to be on the medium, and whether the tape is where it should be.

Between two writes the drive is asked (READ POSITION, extended form, tells what is still in its buffer). One that does
not tell is made to write its buffer out now and then: MTWEOF 0, which puts no filemark into the archive. Asking is left
to the thread that writes: a unit attention that the answer brings would else be lost on st, which would write on where
a reset has left the tape.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import DeviceError, NotSupported, PytpError, UnitAttention
from pytp_native.jobs.events import Part
from pytp_native.jobs.parts import position_of
from pytp_native.transport import open_scsi, resolve
from pytp_native.transport.records import Moved, Stop
from pytp_native.units import GIB, MIB

if TYPE_CHECKING:
    from pytp_native.jobs.packing import Flow
    from pytp_native.scsi.policy import Policy
    from pytp_native.scsi.position import TapePosition
    from pytp_native.transport.base import ScsiTransport

FLUSH_BYTES = 64 * GIB
"""A flush stops the tape for some 2.5 seconds: of 64 GiB at 400 MB/s that is 1.5 %."""
LOOK_BYTES = 512 * MIB
"""How often the drive is asked: about once a second."""


class TapeMoved(DeviceError):
    """The tape does not stand behind what was written last."""

    trusted = 0
    """The logical block up to which it holds what the catalog says."""
    next_step = "find out who did it, then: pytp resume"

    @classmethod
    def found(cls, drive: Drive, here: int, wanted: int, trusted: int) -> TapeMoved:
        """It stands at `here` and not at `wanted`."""
        lost = f"blocks from {trusted} on are in doubt" if trusted < wanted else "what was written is still there"
        fact = f"the tape stands at block {here} and not behind block {wanted - 1}, which was written last"
        error = cls(drive.address, f"{fact}: it was moved by another program, or its drive was reset; {lost}")
        error.trusted = trusted
        return error


def end_of_data(drive: Drive) -> int | None:
    """Go there, from a place where nothing may be written, and return its block; None where the drive does not get
    there."""
    with suppress(PytpError):
        drive.tape.sync()  # calls off the filemark that st would write where the tape stands
        mtio.end_of_data(drive.tape)
        return drive.tape.position()
    return None


class Frontier:
    """Begun with every part of an archive; `write` is for the thread that writes, the rest for the job's."""

    def __init__(self, drive: Drive, flush_bytes: int = FLUSH_BYTES) -> None:
        self.durable = 0
        """So many blocks of the archive are on the medium."""
        self._drive = drive
        self._flush_blocks = max(1, flush_bytes // drive.block_bytes)
        self._look_blocks = max(1, min(LOOK_BYTES, flush_bytes) // drive.block_bytes)
        self._scsi: ScsiTransport | None = None
        self._asked = False
        self.trusted: int | None = None
        """Where the tape was moved meanwhile: the logical block up to which it holds what the catalog says."""
        self._blocks = self._zero = self._checked = 0
        self._knows_place = False
        self._behind: int | None = None
        """Logical block behind the filemark of the tape file that was written last, on this cartridge."""

    def close(self) -> None:
        """Stop asking."""
        if self._scsi is not None:
            self._scsi.close()
            self._scsi = None

    def begin(self, part: Part) -> None:
        """The tape stands where this part begins, behind the blocks that are ahead of it; or was moved since another
        tape file was written here."""
        self._blocks = self._checked = self.durable = part.skipped
        start = part.first_block if self._behind is None else self._behind
        self._knows_place = part.first_block is not None
        self._zero = (start or 0) + part.ahead - part.skipped

    def leave(self) -> None:
        """What follows is written on another cartridge."""
        self._behind = None

    def count(self, blocks: int) -> None:
        """So many blocks were written past `write`."""
        self._blocks += blocks

    def write(self, flow: Flow) -> Moved:
        """Write all that comes, as TapeTransport.write_from, looking around now and then."""
        blocks = data_bytes = 0
        if self._behind is not None and self._blocks == self._checked:
            try:
                self.check_place()
            except PytpError as error:
                return Moved(0, 0, Stop.ERROR, error)
        while True:
            moved = flow.write_to(self._drive.tape, self._look_blocks)
            blocks, data_bytes = blocks + moved.blocks, data_bytes + moved.data_bytes
            self._blocks += moved.blocks
            if moved.stop is not Stop.LIMIT:
                return moved._replace(blocks=blocks, data_bytes=data_bytes)
            try:
                self._look_around()
            except PytpError as error:
                return Moved(blocks, data_bytes, Stop.ERROR, error)

    def _look_around(self) -> None:
        self.check_place()
        if not self._asked:  # not before there is something to ask: most jobs are short, and this takes a while
            self._asked = True
            self._scsi = self._open()
        on_medium = self._on_medium()
        if on_medium is not None:
            self.durable = max(self.durable, min(on_medium - self._zero, self._blocks))
        if self._blocks - self.durable >= self._flush_blocks:
            self._drive.tape.sync()
            self.durable = self._blocks

    # -- where the tape is -------------------------------------------------------------------------------------------

    def check_place(self) -> None:
        """Raise DeviceError where the tape does not stand behind what was written: somebody else has moved it, or a
        reset or a loss of power has rewound it. `trusted` and `durable` are what is left then."""
        if self._knows_place and (here := self._drive.tape.position()) != self._zero + self._blocks:
            raise self._elsewhere(here)
        self._checked = self._blocks

    def end(self) -> None:
        """The filemark behind the archive was written. Raises as `check_place`."""
        self._blocks += 1
        self.check_place()
        self._behind = self._zero + self._blocks if self._knows_place else None

    def survivors(self, blocks: int) -> int | None:
        """After the drive has failed: how many of `blocks` blocks of the archive it still has, in front of the head.

        None where the tape does not stand behind any of them: st's own filemark, which a close would write there, is
        called off.
        """
        if self.trusted is not None:
            return None
        here = position_of(self._drive)
        at = here.logical_block if here is not None else None
        kept = None if at is None or not self._knows_place else at - self._zero
        if kept is None or not self.durable <= kept <= blocks:
            with suppress(PytpError):
                self._drive.tape.sync()
            return None
        return kept

    def flush(self, kept: int) -> None:
        """After that, with no filemark to be had: `kept` blocks are on the medium if the drive says so. st counts
        blocks from here afterwards: the tape has to be rewound."""
        with suppress(PytpError):
            self._drive.tape.sync()
            if self._drive.tape.position() == self._zero + kept:
                self.durable = max(self.durable, kept)

    def _elsewhere(self, here: int) -> TapeMoved:
        """Find out what that has cost. What was written since the last look may lie anywhere in front of the end of
        data, over what was there: a write makes its end that of the data."""
        wanted, since = self._zero + self._blocks, self._blocks - self._checked
        end = end_of_data(self._drive)
        trusted = wanted if end == wanted else max(0, min(wanted, here if end is None else end) - since)
        self.trusted, self.durable = trusted, min(self.durable, max(0, trusted - self._zero))
        return TapeMoved.found(self._drive, here, wanted, trusted)

    # -- what the drive has in its buffer ----------------------------------------------------------------------------

    def _open(self) -> ScsiTransport | None:
        """A second way to the drive, if there is one and both tell the same place."""
        from pytp_native.devices.retry import CALM  # noqa: PLC0415 - construct is slow to import

        try:
            if resolve(self._drive.address).kind not in {"st", "vtl drive"}:
                return None
            scsi = open_scsi(self._drive.address)
        except PytpError:
            return None
        with suppress(PytpError):
            told = self._ask(scsi, CALM)
            if told.on_medium is not None and told.block == self._drive.tape.position():
                return scsi
        scsi.close()
        return None

    def _on_medium(self) -> int | None:
        """Ask once. Raises UnitAttention; a drive that fails to answer otherwise is not asked again."""
        from pytp_native.devices.retry import EXACT  # noqa: PLC0415

        if self._scsi is None:
            return None
        try:
            return self._ask(self._scsi, EXACT).on_medium
        except UnitAttention:
            raise
        except PytpError:
            self.close()
            return None

    @staticmethod
    def _ask(scsi: ScsiTransport, policy: Policy) -> TapePosition:
        from pytp_native.scsi import ssc  # noqa: PLC0415
        from pytp_native.scsi.executor import run  # noqa: PLC0415

        try:
            return run(scsi, ssc.read_position_extended(), policy)
        except NotSupported:
            return run(scsi, ssc.read_position(), policy)
