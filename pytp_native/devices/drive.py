# SPDX-License-Identifier: WTFPL OR MIT
"""A drive as jobs use it: positions, tape files and block sizes over one open tape."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from pytp_native import mtio
from pytp_native.devices import early_warning
from pytp_native.devices.patience import open_patiently
from pytp_native.errors import (
    BeginningOfTape,
    BlockTooLarge,
    DeviceError,
    EndOfData,
    FilemarkMet,
    NoMedium,
    NothingHere,
    NotSupported,
    PytpError,
    Refused,
)
from pytp_native.transport import open_tape, resolve
from pytp_native.transport.records import GMT_EOD, MtStatus, Position
from pytp_native.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import TracebackType

    from pytp_native.transport.base import TapeTransport

T = TypeVar("T")

DEFAULT_BLOCK_BYTES = 512 * KIB
LARGEST_BLOCK_BYTES = 16 * MIB - 1
"""The transfer length of READ(6) and WRITE(6) has 24 bits (SSC-5, READ(6))."""

_PROBE_BYTES = (DEFAULT_BLOCK_BYTES, MIB, 2 * MIB, 4 * MIB, 8 * MIB, LARGEST_BLOCK_BYTES)
_LEAST_PROBE_BYTES = 64 * KIB


class Drive:
    """One open drive. Where a method does not speak of the position, it does not change.

    Anything may raise what the transport raises (transport/base.py): NoMedium, MediumError...
    """

    def __init__(
        self,
        tape: TapeTransport,
        *,
        block_bytes: int = DEFAULT_BLOCK_BYTES,
        name: str | None = None,
        has_lowest_speed: bool = False,
        writes: bool = False,
    ) -> None:
        self.tape = tape
        self.block_bytes = block_bytes
        """Block size in bytes that `prepare` sets."""
        self.name = name or tape.address
        """What messages and reports call it: the configured name or the address."""
        self.is_open = True
        """False when it was opened empty, and when `change` could not open the device again."""
        self.leaving: Callable[[], object] = lambda: None
        """Called by `change` before the cartridge goes..."""
        self.arrived: Callable[[], object] = lambda: None
        """... and when another one has come."""
        self._writes = writes
        self._warned_before: int | None = None
        self.has_lowest_speed = has_lowest_speed
        """A real drive stops and backs up when data come too slowly; a virtual one does not care."""

    @classmethod
    def open(
        cls,
        address: str,
        *,
        block_bytes: int = DEFAULT_BLOCK_BYTES,
        write: bool = False,
        status_only: bool = False,
        may_be_empty: bool = False,
        name: str | None = None,
    ) -> Drive:
        """Open a drive by address. A rewinding node is refused: its close would rewind behind the job's back.

        `may_be_empty`: an empty drive is opened too; `prepare` raises NoMedium until `change` has brought a cartridge.
        """
        target = resolve(address)
        while target.inner:
            target = resolve(target.inner)
        if target.rewinds and not status_only:
            raise Refused(address, "this node rewinds the tape at every close", f"use {target.no_rewind_node}")
        is_open = True
        try:
            tape = open_tape(address, status_only=True) if status_only else open_patiently(address, write=write)
        except NoMedium:
            if not may_be_empty:
                raise
            tape, is_open = open_tape(address, status_only=True), False
        drive = cls(tape, block_bytes=block_bytes, name=name, has_lowest_speed=target.kind == "st", writes=write)
        drive.is_open = is_open
        return drive

    def __enter__(self) -> Drive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; an error of the close does not hide the one that ended the job."""
        try:
            self.close()
        except PytpError:
            if error is None:
                raise

    @property
    def address(self) -> str:
        return self.tape.address

    def close(self) -> None:
        """Give the drive back; after a write as the last operation the driver adds a filemark."""
        if self._warned_before is not None:
            early_warning.program(self.address, self._warned_before)
            self._warned_before = None
        self.tape.close()

    def change(self, swap: Callable[[], T]) -> T:
        """Let go of the device while `swap` changes its cartridge, and open it again, whatever came of it: what `swap`
        raises counts, even where nothing can be opened then.

        The kernel looks at a cartridge when the device is opened. Afterwards the tape is at its beginning.
        """
        address = self.tape.address
        if self.is_open:
            self.leaving()
        self.tape.close()
        self.is_open = False
        try:
            result = swap()
        except BaseException:
            with suppress(PytpError):
                self._open_again(address)
            raise
        self._open_again(address)
        self.arrived()
        return result

    def _open_again(self, address: str) -> None:
        self.tape = open_patiently(address, write=self._writes)
        self.is_open = True

    # -- facts -------------------------------------------------------------------------------------------------------

    def status(self) -> MtStatus:
        return self.tape.status()

    def where(self) -> Position:
        """Return the position, as far as the drive knows it. NoMedium after a `change` that left the drive empty."""
        if not self.is_open:
            raise NoMedium(self.name, "the drive is empty")
        try:
            # First: at the beginning of the partition st takes its file and block number from this answer.
            logical_block: int | None = self.tape.position()
        except PytpError:
            logical_block = None
        status = self.tape.status()
        return Position(status.file_number, status.block_number, logical_block, status.mt_resid)

    # -- settings ----------------------------------------------------------------------------------------------------

    def prepare(self, block_bytes: int | None = None) -> None:
        """Set the block size in bytes (default: this drive's; 0: variable) and check that it took, on this descriptor.

        Raises NotSupported when the drive keeps another one, NoMedium when the drive is empty.
        """
        if not self.is_open:
            raise NoMedium(self.name, "the drive is empty")
        wanted = self.block_bytes if block_bytes is None else block_bytes
        mtio.set_block_bytes(self.tape, wanted)
        actual = self.tape.status().block_bytes
        if actual != wanted:
            raise NotSupported(
                self.name, f"block size {wanted} was set, but the drive has {actual}", "use another size"
            )

    def prepare_anywhere(self, block_bytes: int | None = None) -> None:
        """As `prepare`, for who places the tape afterwards in any case: one whose position a reset has lost is rewound,
        without which the driver does nothing at all (st(4): EIO until then)."""
        try:
            self.prepare(block_bytes)
        except NotSupported:
            raise
        except DeviceError:
            self.rewind()
            self.prepare(block_bytes)

    def set_compression(self, on: bool) -> None:
        """Switch hardware compression for what is written from now on; NotSupported when the drive has no switch."""
        mtio.set_compression(self.tape, on)

    def warn_early(self, size_mb: int) -> None:
        """Have the drive, if it can, tell of the end of the medium 10^6 * `size_mb` bytes earlier than by itself, until
        `close`."""
        if size_mb > 0:
            before = early_warning.program(self.address, size_mb)
            self._warned_before = before if self._warned_before is None else self._warned_before

    def lock_door(self) -> None:
        """Keep the cartridge in, whoever presses the button (PREVENT ALLOW MEDIUM REMOVAL); a drive that cannot is no
        failure. Before the first write: st forgets with it that a filemark is due."""
        with suppress(PytpError):
            mtio.lock(self.tape)

    def unlock_door(self) -> None:
        """Let the cartridge go; also with a drive that has failed."""
        if self.is_open:
            with suppress(PytpError):
                mtio.unlock(self.tape)

    # -- motion ------------------------------------------------------------------------------------------------------

    def rewind(self) -> Position:
        """Stand at file 0, block 0."""
        mtio.rewind(self.tape)
        return self.where()

    def go_to_file(self, number: int) -> Position:
        """Stand at block 0 of that file, counted from 0. EndOfData when there are fewer files; it stands there then."""
        if number < 0:
            raise Refused(self.name, f"there is no file {number}", "files count from 0")
        here = self.where()
        if number == 0:
            return self.rewind()
        if here.file is None:
            mtio.rewind(self.tape)
            self._forward(number)
        elif number > here.file:
            self._forward(number - here.file)
        elif number < here.file or here.block != 0:
            mtio.back_filemarks_m(self.tape, here.file - number + 1)
        return self._check_file(number)

    def forward_files(self, count: int = 1) -> Position:
        """Stand at block 0 of the file `count` further on; EndOfData when there are fewer, and it stands there."""
        if count > 0:
            self._forward(count)
        return self.where()

    def back_files(self, count: int = 1) -> Position:
        """Stand at block 0 of the file `count` back: 0 is the current file. Past file 0 it stands at the beginning.

        Refused while the file number is unknown (after a seek): counting back could end anywhere.
        """
        here = self.where()
        if here.file is None:
            raise Refused(self.name, "the drive does not know which file it is in", "rewind, then go forward with ff")
        return self.go_to_file(max(0, here.file - max(0, count)))

    def to_file_start(self) -> Position:
        """Stand at block 0 of the current file; also where its number is unknown."""
        here = self.where()
        if here.file is not None:
            return self.go_to_file(here.file)
        try:
            mtio.back_filemarks_m(self.tape, 1)
        except BeginningOfTape:
            mtio.rewind(self.tape)  # it was file 0; st makes up a file number when the spacing fails
        return self.where()

    def to_end_of_data(self) -> bool:
        """Stand behind the last filemark, ready to append; write that filemark if a crash or another program left none.

        Returns whether it was supplied. A blank tape stands at its beginning. Takes a descriptor open for writing
        only when a filemark has to be supplied.
        """
        mtio.end_of_data(self.tape)
        try:
            mtio.back_records(self.tape, 1)
        except BeginningOfTape:
            mtio.rewind(self.tape)  # blank
            return False
        except FilemarkMet:
            pass  # the tape stands before that filemark now
        supply = not self._was_filemark()
        if supply:
            self.write_filemark()
        return supply

    def write_filemark(self) -> None:
        """Write one filemark and return when it, and all before it, is on the medium. Stands behind it."""
        mtio.write_filemarks(self.tape, 1)

    def detect_block_bytes(self) -> int:
        """Return the length in bytes of the block here, by reading it; stands where it stood, in the block mode it had.

        Raises NothingHere at a filemark (an empty file), at the end of data and on a blank tape.
        """
        with self._variable_blocks():
            return self._measure_block()

    def blocks(self) -> Generator[bytes, None, None]:
        """Yield the blocks from here, of any size, up to the filemark or the end of data.

        The tape then stands behind the filemark; closed early, behind the last block that was given. Meanwhile the
        drive is in variable block mode. Raises NothingHere where there is no block, and what reading raises.
        """
        with self._variable_blocks():
            room = memoryview(bytearray(self._measure_block()))
            while True:
                try:
                    length = self.tape.read_block(room)
                except EndOfData:
                    return
                if length == 0:
                    return
                yield bytes(room[:length])

    # -- parts of the above ------------------------------------------------------------------------------------------

    def _forward(self, count: int) -> None:
        try:
            mtio.forward_filemarks(self.tape, count)
        except EndOfData as error:
            raise EndOfData(
                self.name, f"end of data, the tape stands at {self.where()}", "rewind or go back"
            ) from error

    def _check_file(self, number: int) -> Position:
        """Trust, but look: a drive that miscounts filemarks must not be written to at a wrong place."""
        here = self.where()
        if here.file != number or here.block not in {0, None}:
            raise DeviceError(self.name, f"the drive stands at {here} instead of file {number}", "rewind and try again")
        return here

    @contextmanager
    def _variable_blocks(self) -> Iterator[None]:
        """Read blocks of any length meanwhile: in fixed mode st cannot tell a foreign block from a bad one once it
        has lost count of the blocks."""
        before = self.tape.status().block_bytes
        if before:
            mtio.set_block_bytes(self.tape, 0)
        try:
            yield
        finally:
            if before:
                mtio.set_block_bytes(self.tape, before)

    def _was_filemark(self) -> bool:
        """Read on to the end of data over what comes last, and tell whether it was a filemark.

        Reading says so for certain, also where spacing miscounts, and st knows file and block number again behind a
        filemark.
        """
        try:
            with self._variable_blocks():
                length = self.tape.read_block(memoryview(bytearray(DEFAULT_BLOCK_BYTES)))
        except BlockTooLarge:
            return False  # data; the tape stands behind them
        return length == 0 and not self.tape.status().has(GMT_EOD)

    def _measure_block(self) -> int:
        too_small, rooms = 0, list(_PROBE_BYTES)
        while rooms:
            room = rooms.pop(0)
            try:
                length = self.tape.read_block(memoryview(bytearray(room)))
            except BlockTooLarge:
                mtio.back_records(self.tape, 1)
                too_small = room
                continue
            except NotSupported:  # more than the drive or the host adapter moves; nothing was read
                if too_small or room // 2 < _LEAST_PROBE_BYTES:
                    break
                rooms.insert(0, room // 2)
                continue
            if length and not self.tape.status().has(GMT_EOD):
                mtio.back_records(self.tape, 1)
                return length
            # tgt reports a full transfer at the end of data, where nothing was read; st still notes GMT_EOD.
            raise self._nothing_here()
        fact = f"the block here is longer than {too_small} bytes, and a longer one cannot be read at once"
        raise BlockTooLarge(self.name, fact, "raise the host adapter's transfer limit")

    def _nothing_here(self) -> NothingHere:
        """After a read of 0 bytes: step back over the filemark, unless it was the end of data."""
        status = self.tape.status()
        if status.has(GMT_EOD):
            return EndOfData(self.name, "end of data: no tape file begins here", "rewind or go back")
        mtio.back_filemarks(self.tape, 1)
        return NothingHere(self.name, "this tape file is empty", "go forward with ff")
