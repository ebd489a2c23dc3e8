# SPDX-License-Identifier: WTFPL OR MIT
"""The tape file at the head, read into a ring by a thread of its own: what restore, ls and cat have in common."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import BlockSizeMismatch, BlockTooLarge, EndOfData, MediumError, NothingHere, PytpError, Refused
from pytp_native.ffi import lib
from pytp_native.jobs.bad_blocks import Step, is_unreadable, step_over
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.stream.decompress import Decompressor
from pytp_native.stream.frames import filler, frame_bytes, is_frame, packing_of
from pytp_native.stream.own_archive import Mark, find_mark
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import GMT_EOD, Moved, Stop
from pytp_native.units import MIB

if TYPE_CHECKING:  # a backup reads nothing
    from pytp_native.stream.untar import Standing, Untar

PLAIN_BYTES = 32 * MIB
RING_BYTES = 256 * MIB
"""Memory is touched only as far as the tape runs ahead of the reader."""

_LOOK_S = 0.002

_WHY = {
    Stop.FILEMARK: lib.PYTP_FILEMARK,
    Stop.END_OF_DATA: lib.PYTP_END_OF_DATA,
    Stop.CANCELLED: lib.PYTP_CANCELLED,
}


class TapeFile:
    """One tape file as a stream of blocks, whatever their size; a context manager around its reader thread.

    Entering reads the first block: it raises Refused where the head is not at the start of a tape file, EndOfData and
    NothingHere where there is nothing. What the drive raises later ends the stream and is in `error`. Leaving stops the
    reader; `to_next` or `to_start` then place the tape.
    """

    def __init__(
        self,
        drive: Drive,
        interrupt: Interrupt,
        notice: Callable[[str], object],
        follow: Callable[[TapeFile], bool] | None = None,
        *,
        salvages: bool = False,
    ) -> None:
        """`salvages`: a block that cannot be read becomes one of no bytes, and reading goes on behind it.

        `follow` is called behind the filemark, in the reader's thread, unless this is a label or trailer: True when
        the tape, another one perhaps, stands where the archive goes on."""
        self._follow = follow
        self._salvages = salvages
        self.unread: list[tuple[int, PytpError]] = []
        """Blocks that could not be read, from 0, and why; of an archive on several cartridges, counted through."""
        self.drive = drive
        self.number: int | None = None
        """As st counts, from 0."""
        self.first_block: int | None = None
        """Logical block of its start, where the drive tells it."""
        self.blocks = 0
        self.data_bytes = 0
        """Read so far, in whole blocks."""
        self.stop: Stop | None = None
        """Why reading ended; None while it runs."""
        self.error: PytpError | None = None
        self.packing: str | None = None
        """The program that has packed it so that it cannot be read here."""
        self.mark: Mark | None = None
        """What pytp itself wrote in front of this tape file: it is a label or a trailer."""
        self.reader: Untar | None = None
        """What takes the archive out of the ring."""
        self._at_filemark = False
        """Stepping over a bad block led there."""
        self._interrupt = interrupt
        self._notice = notice
        self._plain: Ring | None = None
        self._decompressor: Decompressor | None = None
        self._second: threading.Thread | None = None
        self._thread = threading.Thread(target=self._read, name="tape reader", daemon=True)

    def __enter__(self) -> TapeFile:
        self._check_head()
        self.drive.prepare()
        self.ring = self._first_ring(self.drive.block_bytes)
        self._interrupt.on_trigger(self.ring.stop)
        self.mark = self._find_mark()
        if self.stop is None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._plain is not None:
            self._plain.stop()
        if self._thread.is_alive():
            self.ring.stop()
            self._thread.join()
        self.join()

    def join(self) -> None:
        """Wait for the reader after the stream has ended; then `stop` and `error` are known."""
        if self._thread.ident is not None:
            self._thread.join()
        if self._second is not None and self._decompressor is not None:
            self._second.join()
            self.error = self.error or self._decompressor.error

    # -- what is in it -----------------------------------------------------------------------------------------------

    def archive(self) -> Ring:
        """Return the ring out of which the archive comes: `ring`, or if Zstandard frames come out of that another, in
        which their content is. Nobody else takes anything out of `ring` then."""
        if self._plain is not None:
            return self._plain
        start = self.ring.look() if self.blocks else None
        if start is None or not is_frame(start):
            self.packing = None if start is None else packing_of(start)
            return self.ring
        self._plain = Ring(self.ring.block_bytes, PLAIN_BYTES, reading=True)
        self._decompressor = Decompressor(self.ring, self._plain, self._notice)
        self._second = threading.Thread(target=self._decompressor.run, name="decompression", daemon=True)
        self._second.start()
        return self._plain

    def standing(self) -> Standing | None:
        """For `follow`: wait until all that was read is used up, and tell where the archive stands then; None when
        nobody takes any more of it."""
        while not self._is_used_up():
            if self.ring.stopped:
                return None
            time.sleep(_LOOK_S)
        return None if self.reader is None else self.reader.standing()

    def _is_used_up(self) -> bool:
        if self.ring.stats().filled or self.reader is None:
            return False
        if self._plain is None or self._decompressor is None:
            return True
        return self._decompressor.is_idle and not self._plain.stats().filled

    def pass_over(self, blocks: int) -> None:
        """For `follow`: the first `blocks` blocks of content here are not the archive's."""
        if self._plain is None:
            mtio.forward_records(self.drive.tape, blocks)
            return
        held, room = bytearray(), bytearray(self.ring.block_bytes)
        length = None
        while length is None and len(held) <= 2 * len(room):
            held += room[: self.drive.tape.read_block(memoryview(room))]
            length = frame_bytes(held)
        if length is not None:
            held[:length] = filler(length)
        for at in range(0, len(held), len(room)):
            self.ring.put(bytes(held[at : at + len(room)]))

    # -- where the tape stands afterwards ----------------------------------------------------------------------------

    def to_next(self) -> None:
        """Stand at the start of the next tape file, also after an error; at the end of data when this was the last.

        Where the drive cannot get there, `error` says so.
        """
        self.join()
        if self.stop in {Stop.FILEMARK, Stop.END_OF_DATA}:
            return
        try:
            self.drive.forward_files(1)
        except EndOfData:
            return  # no filemark behind it
        except PytpError as error:
            self.error = self.error or error  # what stopped the reading says more

    def to_start(self) -> None:
        """Stand at the start of this tape file."""
        self.join()
        if self.number is None:
            self.drive.to_file_start()
        else:
            self.drive.go_to_file(self.number)

    def chunks(self) -> Iterator[bytes]:
        """Yield its blocks; nobody else reads them then."""
        while (block := self.ring.get()) is not None:
            yield block

    # -- reading -----------------------------------------------------------------------------------------------------

    def _check_head(self) -> None:
        here = self.drive.where()
        if self.drive.status().has(GMT_EOD):
            raise EndOfData(self.drive.name, "end of data: no tape file begins here", "rewind, or go back with bb")
        if here.file is None and here.logical_block == 0:
            here = self.drive.rewind()  # no motion: after a load or a reset st does not know yet where it is
        if here.block is None or here.file is None:
            raise Refused(
                self.drive.name, "the drive does not know where in a tape file it stands", "rewind, then use ff"
            )
        if here.block != 0:
            fact = f"the tape stands at block {here.block} of file {here.file}, not at the start of a tape file"
            raise Refused(self.drive.name, fact, "use bb 0 for the start of this one")
        self.number = here.file
        self.first_block = here.logical_block

    def _first_ring(self, block_bytes: int) -> Ring:
        """Read one block, in the size that the tape turns out to have. An error of the device ends the stream."""
        ring = Ring(block_bytes, RING_BYTES, reading=True)
        first = self.drive.tape.read_into(ring, limit=1)
        if isinstance(first.error, BlockSizeMismatch | BlockTooLarge | MediumError):
            # MediumError: some drives say nothing else of a block with another length (tgt does not set ILI).
            ring, first = self._other_size(ring, first)
        self._take(first)
        if first.stop is Stop.FILEMARK:
            raise NothingHere(self.drive.name, f"tape file {self.number} is empty; the tape stands behind it")
        if first.stop is Stop.END_OF_DATA:
            mtio.end_of_data(self.drive.tape)  # st lost its block number in that read; the next command wants to know
            raise EndOfData(self.drive.name, "end of data: no tape file begins here", "rewind, or go back with bb")
        if first.error is not None and not self._pass_over(ring, self.first_block, first):
            self.stop, self.error = first.stop, first.error
            ring.finish(lib.PYTP_FAILED)
        return ring

    def _pass_over(self, ring: Ring, start: int | None, moved: Moved) -> bool:
        """Go on behind a block that could not be read; `start`: logical block at which that reading began."""
        if not self._salvages or start is None or moved.error is None or not is_unreadable(moved.error):
            return False
        step = step_over(self.drive, start + moved.blocks)
        if step is Step.FILEMARK:
            self._at_filemark = True
        if step is not Step.BEHIND:
            return False
        self.unread.append((self.blocks + len(self.unread), moved.error))
        return ring.put(b"")

    def _other_size(self, ring: Ring, first: Moved) -> tuple[Ring, Moved]:
        """Read the first block again in its own size; `first` stands if that is no better."""
        try:
            self.drive.to_file_start()
            real = self.drive.detect_block_bytes()
            self.drive.prepare(real)
        except NothingHere:
            raise
        except PytpError:
            return ring, first
        if real != ring.block_bytes:
            self._notice(f"the blocks of this tape file have {real} bytes instead of {ring.block_bytes}")
        ring = Ring(real, RING_BYTES, reading=True)
        return ring, self.drive.tape.read_into(ring, limit=1)

    def _find_mark(self) -> Mark | None:
        start = self.ring.look() if self.blocks else None
        return None if start is None else find_mark(start)

    def _take(self, moved: Moved) -> None:
        self.blocks += moved.blocks
        self.data_bytes += moved.data_bytes

    def _read(self) -> None:
        moved = Moved(0, 0, Stop.ERROR)
        try:
            moved = self._read_on()
            if isinstance(moved.error, BlockSizeMismatch):
                self._to_variable_blocks()
                moved = self._read_on()
            while moved.stop is Stop.FILEMARK and self._goes_on():
                moved = self._read_on()
        except PytpError as error:
            moved = Moved(0, 0, Stop.ERROR, error)
        except Exception as error:
            moved = Moved(0, 0, Stop.ERROR, PytpError(self.drive.name, f"{type(error).__name__}: {error}"))
        finally:
            self.stop = Stop.FILEMARK if self._at_filemark else moved.stop
            self.error = moved.error
            self.ring.finish(_WHY.get(moved.stop, lib.PYTP_FAILED))

    def _read_on(self) -> Moved:
        """Read until something other than a bad block ends it."""
        while True:
            start = self._logical_block() if self._salvages else None
            moved = self.drive.tape.read_into(self.ring)
            self._take(moved)
            if not self._pass_over(self.ring, start, moved):
                return moved

    def _logical_block(self) -> int | None:
        try:
            return self.drive.tape.position()
        except PytpError:
            return None

    def _goes_on(self) -> bool:
        return self._follow is not None and self.mark is None and self._follow(self)

    def _to_variable_blocks(self) -> None:
        """A block of another length, such as a short last one: read on, one block at a time, from that block."""
        mtio.set_block_bytes(self.drive.tape, 0)
        logical = self.drive.where().logical_block
        if self.first_block is not None and logical == self.first_block + self.blocks + 1:
            mtio.back_records(self.drive.tape)


@contextmanager
def next_archive(
    drive: Drive,
    interrupt: Interrupt,
    notice: Callable[[str], object],
    on_own: Callable[[TapeFile], object] = lambda file: None,
    follow: Callable[[TapeFile], bool] | None = None,
    *,
    salvages: bool = False,
) -> Iterator[TapeFile]:
    """The next tape file that is not pytp's own, from the one at the head on; `on_own` sees the others, `follow` is as
    for TapeFile.

    Raises what entering a TapeFile raises.
    """
    while True:
        with TapeFile(drive, interrupt, notice, follow, salvages=salvages) as file:
            if file.mark is None or interrupt.triggered:
                yield file
                return
            on_own(file)
        file.to_next()
        if file.error is not None:
            raise file.error
