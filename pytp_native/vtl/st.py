# SPDX-License-Identifier: WTFPL OR MIT
"""What the Linux st driver makes of a drive (drivers/scsi/st.c of 6.1, st(4)): one opener, file and block numbers,
what the head met last, errnos. Calls raise OSError with st's errno; the drive's `trouble` may tell more.

Differences, on purpose: nothing is buffered in the driver (st itself uses direct I/O), a fixed-mode read that is no
multiple of the block size is EINVAL instead of being read ahead, an empty drive is ENOMEDIUM at once instead of
after two minutes, and everybody may set driver options.
"""

from __future__ import annotations

import errno
import os

from pytp_native.errors import NoMedium, PytpError
from pytp_native.ffi import lib
from pytp_native.light import NamedTuple, suppress
from pytp_native.spec import sense as codes
from pytp_native.vtl import bulk, loading, st_modes, st_operations, st_partitions
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.st_states import (
    EOD,
    EOD_1,
    EOD_2,
    EOM_ERROR,
    EOM_OK,
    FM,
    FM_HIT,
    IDLE,
    LOCKED_AUTO,
    NOEOF,
    READING,
    UNLOCKED,
    WRITING,
    fail,
)
from pytp_native.vtl.state import drive_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GMT_EOF, GMT_BOT, GMT_EOT, GMT_SM, GMT_EOD = 0x80000000, 0x40000000, 0x20000000, 0x10000000, 0x08000000
GMT_WR_PROT, GMT_ONLINE, GMT_DR_OPEN, GMT_IM_REP_EN = 0x04000000, 0x01000000, 0x00040000, 0x00010000
_OPEN_WAIT_S = 120
"""st asks a drive that is not ready once a second for that long (st.c, ST_BLOCK_SECONDS)."""
_GMT_DENSITY = {1: 0x00200000, 2: 0x00400000, 3: 0x00800000}


class MtGet(NamedTuple):
    """struct mtget, in its order."""

    type: int
    resid: int
    dsreg: int
    gstat: int
    erreg: int
    fileno: int
    blkno: int


class UnderWay:
    """Marks the mapped state while an operation changes it, so that the next opener knows if its user died in it."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._before = raw.busy

    def __enter__(self) -> None:
        self._raw.busy = 1

    def __exit__(self, *_: object) -> None:
        self._raw.busy = self._before


class StDriver:
    """One open of the tape device. Opening waits for nobody: EBUSY is DeviceBusy, from the lock."""

    def __init__(self, path: str, number: int, *, write: bool, nonblock: bool) -> None:
        """Open as open(2) does. Raises OSError ENOMEDIUM or EROFS, DeviceBusy, BadAddress."""
        self.drive = VirtualDrive(path, number)
        try:
            self._lock = drive_lock(f"vtl:{path}/drive{number}", self.drive.directory)
        except BaseException:
            self.drive.close()
            raise
        try:
            self._open(write=write, nonblock=nonblock)
        except BaseException:
            self._release()
            raise

    def _open(self, *, write: bool, nonblock: bool) -> None:
        self.drive.attach()
        self.writable = write
        self._nonblock = nonblock
        self.met_end = False
        self._last_story: PytpError | None = None
        self._block_bytes = self._density = 0
        if not loading.wait(self.drive, 1 if nonblock else _OPEN_WAIT_S) and not nonblock:
            fail(errno.EIO)
        self.limits: st_modes.BlockLimits | None = None
        self.has_tape = self.drive.ready
        self._bury_the_dead()
        self.write_protect = not write
        self.raw.rw = IDLE
        self.check_tape()
        if not self.has_tape and not nonblock:
            fail(errno.ENOMEDIUM)
        self.raw.next_partition = self.raw.partition
        self.raw.user = os.getpid()

    @property
    def raw(self) -> Any:
        return self.drive.raw

    # -- open and close ------------------------------------------------------------------------------------------------

    def _bury_the_dead(self) -> None:
        """If the last user never closed, do what its close would have done. Raises what the host's disk has against
        it."""
        raw, tape = self.raw, self.drive.cartridge
        if raw.user <= 0:
            return
        if tape is not None:
            self._block_bytes = raw.block_bytes
            if raw.busy and raw.rw != WRITING:
                # Killed between moving and counting. The driver would have finished both.
                raw.position = min(raw.position, tape.count)
                raw.eof = NOEOF
                if raw.file >= 0:
                    raw.file, raw.block = tape.place_of(raw.position)
            if raw.rw == WRITING:
                # It may have died between a block and the note of it.
                raw.position = tape.count
                if raw.file >= 0 and raw.block >= 0:  # after a failed write st does not know its block any more
                    raw.file, raw.block = tape.place_of(tape.count)
                if tape.count == 0 or tape.look(tape.count - 1)[0] != lib.PYTP_AT_BLOCK:
                    raw.rw, raw.eof = IDLE, NOEOF if raw.block >= 0 else raw.eof
            self._flush()
            if raw.rw == WRITING and self.drive.trouble is not None:
                raise self.drive.trouble
        self._unlock_automatic()
        raw.busy = 0

    def _check_tape(self, *, write: bool, nonblock: bool) -> None:
        raw, drive, fresh = self.raw, self.drive, False
        if raw.st_attention:
            # sg is the same initiator: what st has been told, it is not told again. (The other way round st would
            # miss it.)
            raw.st_attention = raw.sg_attention = 0
            if drive.ready:
                raw.pos_unknown = raw.partition = raw.rw = raw.eof = raw.setmark = raw.block = raw.file = 0
                st_partitions.forget_partitions(self)
                fresh = True
        self.has_tape = drive.ready
        if not self.has_tape:
            self._density = self._block_bytes = 0
            raw.file = raw.block = -1
            raw.partition = raw.next_partition = 0
            raw.door = UNLOCKED
            return
        self._density = drive.density
        self._block_bytes = raw.block_bytes
        self.limits = st_modes.block_limits(self)
        if fresh:
            st_modes.new_session(self)
        raw.drive_protected = drive.write_protected
        if raw.drive_protected:
            self.write_protect = True
            if write and not nonblock:
                fail(errno.EROFS)

    def close(self) -> None:
        """Close as close(2) does: a write as the last operation gets its filemark. Raises OSError EIO if that
        failed."""
        if self.drive.state.raw is None:
            return
        try:
            with suppress(OSError):  # what it tells is lost: nobody is there to hear it
                st_partitions.switch_partition(self)
            self._flush()
            self._unlock_automatic()
            if self.raw.rw == WRITING:
                self._last_story = self.story()
                fail(errno.EIO)  # and the next opener tries again, as its user has not closed
            self.raw.user = -abs(self.raw.user)
        finally:
            self._release()

    def story(self) -> PytpError | None:
        """What is known of the last failure beyond its errno: the host's disk, damage, an operator's hand."""
        if self.drive.state.raw is None:
            return self._last_story
        if self.drive.trouble is None and self.has_tape and not self.drive.ready:
            return NoMedium("", "the cartridge was taken out while it was in use")
        return self.drive.trouble

    def check_known(self) -> None:
        """After a bus reset nothing works before the tape was rewound or moved to a place (st.c, pos_unknown)."""
        if self.raw.pos_unknown:
            fail(errno.EIO)

    def _release(self) -> None:
        self.drive.close()
        self._lock.release()

    def _flush(self) -> None:
        """What a close does with the tape. The state stays WRITING if the filemark could not be written."""
        raw = self.raw
        if raw.rw == WRITING and raw.pos_unknown:
            raw.rw = IDLE
        if raw.rw != WRITING:
            self.flush_buffer(seek_next=False)
            return
        marks = 2 if raw.options & lib.MT_ST_TWO_FM else 1
        outcome = self.drive.write_filemarks(marks)
        if outcome.sense is not None and not _fine_at_end(outcome.sense):
            return
        if raw.file >= 0:
            raw.file += 1
        raw.block = 0
        if marks == 2:
            self.drive.space_filemarks(-1)
        raw.eof = FM
        raw.rw = IDLE

    def _unlock_automatic(self) -> None:
        if self.raw.door == LOCKED_AUTO:
            self.drive.prevent_removal(False)
            self.raw.door = UNLOCKED

    # -- status --------------------------------------------------------------------------------------------------------

    def status(self) -> MtGet:
        """MTIOCGET."""
        self.check_known()
        self.flush_buffer(seek_next=False)
        st_partitions.switch_partition(self)
        raw = self.raw
        gstat = GMT_WR_PROT if raw.drive_protected else 0
        if raw.block == 0:
            gstat |= GMT_BOT if raw.file == 0 else GMT_EOF
        if raw.eof in {EOM_OK, EOM_ERROR}:
            gstat |= GMT_EOT
        elif raw.eof >= EOM_OK:
            gstat |= GMT_EOD
        gstat |= _GMT_DENSITY.get(self._density, 0)
        if self.has_tape:
            gstat |= GMT_ONLINE
        elif not self.drive.raw.loading:  # st calls only a drive that says "no medium" open (ST_NO_TAPE, check_tape)
            gstat |= GMT_DR_OPEN
        gstat |= (GMT_SM if raw.setmark else 0) | (GMT_IM_REP_EN if self._reports_immediately() else 0)
        dsreg = self._block_bytes << lib.MT_ST_BLKSIZE_SHIFT & lib.MT_ST_BLKSIZE_MASK
        dsreg |= self._density << lib.MT_ST_DENSITY_SHIFT & 0xFF000000
        return MtGet(lib.MT_ISSCSI2, raw.partition, dsreg, gstat, 0, raw.file, raw.block)

    def _reports_immediately(self) -> bool:
        options = self.raw.options
        buffers = options & lib.MT_ST_BUFFER_WRITES and self._block_bytes
        return bool(options & lib.MT_ST_ASYNC_WRITES or buffers or self.raw.buffered_mode)

    def position(self) -> int:
        """MTIOCPOS: READ POSITION's logical block number. Raises EIO without a cartridge."""
        self.check_known()
        self.flush_buffer(seek_next=False)
        st_partitions.switch_partition(self)
        if not self.has_tape or not self.drive.ready:
            fail(errno.EIO)
        if self.drive.position == 0 and self.raw.partition == 0:
            self.raw.file = self.raw.block = 0
        return self.drive.position

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, into: memoryview) -> int:
        """read(2)."""
        with UnderWay(self.raw):
            return self._read(into)

    def _read(self, into: memoryview) -> int:
        count, size, raw = len(into), self._block_bytes, self.raw
        self._check_transfer(count)
        if count == 0:
            return 0
        if size and count % size:
            fail(errno.EINVAL)
        st_partitions.switch_partition(self)
        if raw.rw == WRITING:
            raw.rw = READING
        self.met_end = raw.eof == EOD
        if raw.eof >= EOD_1:
            if raw.eof == EOD:
                fail(errno.EIO)
            raw.eof += 1
            return 0
        raw.rw = READING
        total, special = 0, False
        while total < count and not special:
            special, got = self._read_tape(into[total:])
            total += got
            if size == 0:
                break
        self._note_end_of_read(total)
        return total

    def _note_end_of_read(self, total: int) -> None:
        raw = self.raw
        if total:
            if raw.eof == FM:
                raw.eof = NOEOF
        elif raw.eof in {FM_HIT, EOD_1}:
            raw.eof = FM if raw.eof == FM_HIT else EOD_2
            raw.block = 0
            if raw.file >= 0:
                raw.file += 1
        elif raw.eof == EOD_2:
            raw.eof = EOD

    def _read_tape(self, into: memoryview) -> tuple[bool, int]:
        """Do one READ; return whether something special was met, and the bytes that came."""
        raw, size = self.raw, self._block_bytes
        if raw.eof == FM_HIT:
            return True, 0
        outcome = self.drive.read_fixed(into, size) if size else self.drive.read_variable(into)
        raw.setmark = 0
        got = outcome.done * size if size else outcome.done
        special = False
        if outcome.sense is not None:
            silent = st_modes.read_silently(self, outcome.sense, into)
            special = silent is None
            got = self._judge_read(outcome.sense, got) if silent is None else silent
        if raw.block >= 0:
            raw.block += got // size if size else 1
        return special, got

    def _judge_read(self, sense: Sense, got: int) -> int:
        raw, size = self.raw, self._block_bytes
        if sense.ili and size == 0:
            if (sense.information or 0) <= 0:
                self._count_block()
                fail(errno.ENOMEM)
        elif sense.ili:
            self._count_block()
            st_operations.int_ioctl(self, lib.MTBSR, 1)
            if got == 0:
                fail(errno.EIO)
        elif sense.filemark:
            raw.eof = EOD_2 if raw.eof == FM_HIT else FM_HIT
        else:
            raw.block = -1
            self.met_end = sense.key == codes.BLANK_CHECK
            if raw.eof != FM or sense.key != codes.BLANK_CHECK:
                fail(errno.EIO)
            raw.eof = EOD_2
        return got

    def _count_block(self) -> None:
        if self.raw.block >= 0:
            self.raw.block += 1

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, data: memoryview) -> int:
        """write(2)."""
        with UnderWay(self.raw):
            return self._write(data)

    def _write(self, data: memoryview) -> int:
        if not self.writable:
            fail(errno.EBADF)
        count, size, raw = len(data), self._block_bytes, self.raw
        self._check_transfer(count)
        if count == 0:
            return 0
        if size and count % size:
            fail(errno.EINVAL)
        if self.write_protect:
            fail(errno.EACCES)
        st_partitions.switch_partition(self)
        self._leave_reading()
        if raw.eof == EOM_OK:
            raw.eof = EOD_1
            fail(errno.ENOSPC)
        if raw.eof == EOM_ERROR:
            fail(errno.EIO)
        return self._write_tape(data, size)

    def _leave_reading(self) -> None:
        raw = self.raw
        if raw.rw == READING:
            self.flush_buffer(seek_next=False)
        elif raw.rw != WRITING and raw.file == 0 and raw.block == 0:
            st_modes.set_defaults(self)
            if raw.default_compression >= 0:
                self.drive.set_compression(bool(raw.default_compression))

    def _write_tape(self, data: memoryview, size: int) -> int:
        raw = self.raw
        problem = self.drive.start_writing() if raw.rw != WRITING else None
        # Only now: a user who dies before this has cut the tape here, but has nothing on it that lacks a filemark. Nor
        # has one whose write was refused: st calls that writing too, but only without a cartridge is nobody misled.
        if problem is None or not self.drive.ready:
            raw.rw = WRITING
        problem, done = (problem, 0) if problem is not None else self.drive.write(data, size)
        if problem is not None and not problem.eom:
            raw.block = -1
            fail(errno.EIO)
        if raw.block >= 0:
            raw.block += done
        if problem is not None:
            raw.eof = EOM_OK
            if done == 0:
                fail(errno.ENOSPC)
            return done * (size or len(data))
        if raw.eof == EOD_1:
            raw.eof = EOM_OK
        elif raw.eof != EOM_OK:
            raw.eof = NOEOF
        return len(data)

    def _check_transfer(self, count: int) -> None:
        if not self.has_tape:
            fail(errno.ENOMEDIUM)
        self.check_known()
        if any(one.kind == "adapter" and count > one.at for one in self.drive.faults.faults):
            fail(errno.EBUSY)
        if self._block_bytes == 0:
            st_modes.check_size(self, count)
        if self.raw.options & lib.MT_ST_AUTO_LOCK and self.raw.door == UNLOCKED:
            self.drive.prevent_removal(True)
            self.raw.door = LOCKED_AUTO

    # -- bulk ----------------------------------------------------------------------------------------------------------

    def write_from(self, ring: Any, limit: int) -> bulk.Moved:
        """Write the ring's blocks; `ring` is the C object."""
        with UnderWay(self.raw):
            return bulk.write_from(self, ring, limit)

    def read_into(self, ring: Any, room: int, limit: int) -> bulk.Moved:
        """Read blocks into the ring's slots of `room` bytes."""
        with UnderWay(self.raw):
            return bulk.read_into(self, ring, room, limit)

    # -- operations ----------------------------------------------------------------------------------------------------

    def operate(self, operation: int, count: int) -> None:
        """MTIOCTOP."""
        with UnderWay(self.raw):
            st_operations.operate(self, operation, count)

    def check_tape(self) -> None:
        """See what is in the drive now, as at open and after a load."""
        self._check_tape(write=self.writable, nonblock=self._nonblock)

    def flush_buffer(self, *, seek_next: bool) -> None:
        """Make the tape stand where the reader thinks: before a filemark that a fixed-block read has met but not
        told."""
        raw = self.raw
        if not self.has_tape or raw.rw == WRITING or self._block_bytes == 0 or raw.eof != FM_HIT:
            return
        if not seek_next:
            if self.drive.space_filemarks(-1).sense is None:
                raw.eof = NOEOF
                return
        else:
            raw.eof = NOEOF
        if raw.file >= 0:
            raw.file += 1
        raw.block = 0

    def set_modes(self, *, density: int | None = None, block_bytes: int | None = None) -> None:
        """MODE SELECT with what the driver knows; raises EIO if the drive refuses."""
        if self.drive.set_mode(density=density, block_bytes=block_bytes) is not None:
            fail(errno.EIO)
        if block_bytes is not None:
            self._block_bytes = block_bytes
        if density is not None:
            self._density = density

    @property
    def density(self) -> int:
        """As st knows it: what the cartridge has, or what somebody asked for."""
        return self._density

    @property
    def block_bytes(self) -> int:
        """Fixed block size; 0 is variable mode."""
        return self._block_bytes


def _fine_at_end(sense: Sense) -> bool:
    """Tell whether a filemark was written although the tape is near its end."""
    return sense.eom and sense.key in {codes.NO_SENSE, codes.RECOVERED_ERROR} and not sense.information
