# SPDX-License-Identifier: WTFPL OR MIT
"""A tape drive behind the Linux st driver: /dev/nst0 as a TapeTransport (base.py has the contract)."""

from __future__ import annotations

import errno
import fcntl
import os

from pytp_native.errors import (
    DeviceError,
    EndOfData,
    MediumError,
    NoMedium,
    PytpError,
    WriteProtected,
)
from pytp_native.ffi import lib
from pytp_native.transport import errno_story, holders
from pytp_native.transport.records import GMT_DR_OPEN, GMT_EOD, GMT_EOF, GMT_ONLINE, GMT_WR_PROT, MtStatus
from pytp_native.transport.st_node import StNode, slot_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import BlockRing
    from pytp_native.transport.records import Moved


def open_st(path: str, *, write: bool = False, status_only: bool = False) -> LinuxSt:
    """Open a tape node for a job, or only to look (`status_only`: works with no cartridge, never waits).

    The first open never waits, because a waiting open of an empty drive blocks for two minutes (st_open,
    ST_BLOCK_SECONDS). Only a drive that is still loading its cartridge is then opened again and waited for.
    Raises DeviceBusy (naming the holder), NoMedium, NotReady, WriteProtected, BadAddress.
    """
    flags = os.O_CLOEXEC | (os.O_RDWR if write else os.O_RDONLY)
    tape = _opened(path, flags | os.O_NONBLOCK, write)
    if status_only:
        return tape
    try:
        status = tape.look()
        if status is not None and status.has(GMT_DR_OPEN):
            raise NoMedium(path, "no cartridge is loaded")
        if status is not None and not status.has(GMT_ONLINE):
            tape.close()
            tape = _opened(path, flags, write)
            status = tape.look()
        if write and status is not None and status.has(GMT_WR_PROT):
            # Only a waiting open says EROFS; this one would fail at its first write.
            raise WriteProtected(path, "the cartridge is write-protected")
        tape.wait_from_now_on()
    except PytpError:
        tape.close()
        raise
    return tape


def _opened(path: str, flags: int, write: bool) -> LinuxSt:
    try:
        return LinuxSt(path, StNode(os.open(path, flags)))
    except OSError as error:
        who = holders.describe(path) if error.errno == errno.EBUSY else ""
        raise errno_story.open_error(path, error.errno or 0, write=write, holders=who) from error


class LinuxSt:
    """One open st node. Errors carry the address, the operation and the position after it."""

    def __init__(self, address: str, node: StNode) -> None:
        self.address = address
        self._node = node
        self._no_space = False
        """ENOSPC came and nothing was written since."""

    def wait_from_now_on(self) -> None:
        """Clear O_NONBLOCK: st looks at it again when a `load` waits for the cartridge (check_tape)."""
        flags = fcntl.fcntl(self._node.fd, fcntl.F_GETFL)
        fcntl.fcntl(self._node.fd, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._node.fd

    def read_block(self, into: memoryview) -> int:
        try:
            return self._node.read(into)
        except OSError as error:
            raise self._read_error(len(into), error.errno or 0) from error

    def write_block(self, data: bytes | memoryview) -> int:
        try:
            written = self._node.write(data)
        except OSError as error:
            self._no_space = error.errno == errno.ENOSPC
            raise errno_story.write_error(self.address, len(data), error.errno or 0, self.look()) from error
        self._no_space = False
        return written

    def operate(self, operation: int, count: int = 1) -> None:
        # A filemark met backwards shows only in st's file number, which it counts down; unknown (-1) becomes -2.
        before = self.look() if operation == lib.MTBSR else None
        self._no_space = False
        try:
            self._node.operate(operation, count)
        except OSError as error:
            raise self._operate_error(operation, count, error.errno or 0, before) from error

    def status(self) -> MtStatus:
        try:
            return self._node.get()
        except OSError as error:
            code = error.errno or 0
            story = errno_story.common_error(self.address, "status", code, None)
            raise story or errno_story.unexplained(self.address, "status", code, None) from error

    def position(self) -> int:
        try:
            return self._node.pos()
        except OSError as error:
            after, code = self.look(), error.errno or 0
            story = errno_story.common_error(self.address, "tell", code, after)
            fact = "tell: the drive does not tell its position"
            raise story or DeviceError(self.address, fact, "rewind and count files instead") from error

    def sync(self) -> None:
        """As the contract. st also calls the block 0 from then on (st_int_ioctl, MTWEOF: "blkno = 0") and forgets
        that the last operation was a write; `position` stays right."""
        try:
            self.operate(lib.MTWEOF, 0)
        except WriteProtected:
            if fcntl.fcntl(self._node.fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
                raise

    def close(self) -> None:
        try:
            self._node.close()
        except OSError as error:
            what = "the filemark that closing writes"
            raise MediumError(self.address, f"{what} failed: {os.strerror(error.errno or 0)}") from error

    def write_from(self, ring: BlockRing, *, limit: int = 0) -> Moved:
        from pytp_native.transport.moved import Moved, Stop  # noqa: PLC0415 - its enum is a quarter of mt's start

        blocks, data_bytes, why, code = self._node.write_from(ring, limit)
        if why == "failed":
            error = errno_story.write_error(self.address, slot_bytes(ring), code, self.look())
            error.__cause__ = OSError(code, os.strerror(code))
            return Moved(blocks, data_bytes, Stop.ERROR, error)
        if why == "no space":
            again = self._no_space and blocks == 0
            self._no_space = True
            return Moved(blocks, data_bytes, Stop.END_OF_MEDIUM if again else Stop.EARLY_WARNING)
        self._no_space = self._no_space and blocks == 0
        return Moved(blocks, data_bytes, Stop(why))

    def read_into(self, ring: BlockRing, *, limit: int = 0) -> Moved:
        from pytp_native.transport.moved import Moved, Stop  # noqa: PLC0415 - its enum is a quarter of mt's start

        blocks, data_bytes, why, code = self._node.read_into(ring, limit)
        self._no_space = False
        if why == "filemark":
            # The first read at the end of data after a filemark also gives 0; MTIOCGET knows which it was.
            after = self.look()
            at_end = after is not None and after.has(GMT_EOD)
            return Moved(blocks, data_bytes, Stop.END_OF_DATA if at_end else Stop.FILEMARK)
        if why == "failed":
            error = self._read_error(slot_bytes(ring), code)
            if isinstance(error, EndOfData):
                return Moved(blocks, data_bytes, Stop.END_OF_DATA)
            error.__cause__ = OSError(code, os.strerror(code))
            return Moved(blocks, data_bytes, Stop.ERROR, error)
        return Moved(blocks, data_bytes, Stop(why))

    def look(self) -> MtStatus | None:
        """Return what MTIOCGET says now; None when it fails, as it does after a bus reset until the next rewind.

        Not being able to look must not keep anybody from opening the tape to rewind it.
        """
        try:
            return self._node.get()
        except OSError:
            return None

    def _where(self) -> int | None:
        try:
            return self._node.pos()
        except OSError:
            return None

    def _read_error(self, room: int, code: int) -> PytpError:
        error = errno_story.read_error(self.address, room, code, self.look())
        if isinstance(error, MediumError) and self._at_end_of_data():
            return EndOfData(self.address, f"end of data {errno_story.place(self.look())}")
        return error

    def _at_end_of_data(self) -> bool:
        """Find out whether a read failed at the end of data that no filemark precedes, and leave the tape where it is.

        st reports that as EIO with no flag (read_tape sets ST_EOD only behind a filemark). Spacing one record forward
        makes it say so, and does not move there; where it does move, it is undone.
        """
        try:
            self._node.operate(lib.MTFSR, 1)
        except OSError:
            after = self.look()
            if after is not None and after.has(GMT_EOF) and not after.has(GMT_EOD):
                self._try(lib.MTBSF)
            return after is not None and after.has(GMT_EOD)
        self._try(lib.MTBSR)
        return False

    def _try(self, operation: int) -> None:
        try:
            self._node.operate(operation, 1)
        except OSError:
            return

    def _operate_error(self, operation: int, count: int, code: int, before: MtStatus | None) -> PytpError:
        met = self.look()
        # MTIOCPOS before the second look: at the beginning of the partition st learns its numbers from it, and forgets
        # that it counted down a filemark.
        block = self._where() if code == errno.EIO else None
        counted_down = before is not None and met is not None and met.mt_fileno == before.mt_fileno - 1
        after = met if counted_down else self.look()
        return errno_story.operate_error(
            self.address, operation, count, code, before=before, after=after, logical_block=block
        )
