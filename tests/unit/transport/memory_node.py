# SPDX-License-Identifier: WTFPL OR MIT
"""What an st descriptor answers, with the tape in a list: a stand-in for st_node.StNode.

Follows drivers/scsi/st.c of Linux 6.1 call by call (names of its states in comments), with its oddities: an end of
data that no filemark precedes is a bare EIO, failed backward spacing says block 0, a filemark met by MTBSR counts
the file number down even from -1.
"""

from __future__ import annotations

import errno
import os

from pytp_native.ffi import lib
from pytp_native.transport.records import (
    GMT_BOT,
    GMT_DR_OPEN,
    GMT_EOD,
    GMT_EOF,
    GMT_IM_REP_EN,
    GMT_ONLINE,
    GMT_WR_PROT,
    MtStatus,
)

NOEOF, FM, EOD_2, EOD = range(4)  # ST_NOEOF, ST_FM, ST_EOD_2, ST_EOD


class MemoryNode:
    """`tape` holds blocks as bytes, filemarks as None and bad blocks as an Exception."""

    def __init__(self, tape=(), *, loaded=True, tells=True, protected=False, capacity=None, largest=1 << 23):
        self.tape = list(tape)
        self.loaded, self.tells, self.protected, self.capacity, self.largest = (
            loaded,
            tells,
            protected,
            capacity,
            largest,
        )
        self.at = self.file = self.block = 0
        self.eof, self.writing, self.block_bytes = NOEOF, False, 0
        self.was_reset = False
        self.calls = []
        self.fd = os.open("/dev/null", os.O_RDWR)

    # -- answers

    def get(self):
        if self.was_reset:
            raise OSError(errno.EIO, "")
        flags = GMT_IM_REP_EN | (GMT_ONLINE if self.loaded else GMT_DR_OPEN) | (GMT_WR_PROT if self.protected else 0)
        if self.block == 0:
            flags |= GMT_BOT if self.file == 0 else GMT_EOF
        if self.eof >= EOD_2:
            flags |= GMT_EOD
        return MtStatus(0x72, 0, 0x5A << 24 | self.block_bytes, flags, 0, self.file, self.block)

    def pos(self):
        if not self.tells or not self.loaded:
            raise OSError(errno.EIO, "")
        if self.at == 0:
            self.file = self.block = 0
        return self.at

    # -- data

    def read(self, into):
        self._check_ready()
        if self.block_bytes and len(into) % self.block_bytes:
            raise OSError(errno.EINVAL, "")
        if not self.block_bytes and len(into) > self.largest:
            raise OSError(errno.EINVAL, "")
        if self.eof >= EOD_2:
            if self.eof == EOD_2:
                self.eof = EOD
                return 0
            raise OSError(errno.EIO, "")
        self.writing = False
        if self.at == len(self.tape):
            return self._blank_check()
        return self._read_object(into, self.tape[self.at])

    def _blank_check(self):
        self.block = -1
        if self.eof != FM:
            raise OSError(errno.EIO, "")
        self.eof = EOD
        return 0

    def _read_object(self, into, found):
        if isinstance(found, Exception):
            self.block = -1
            raise OSError(errno.EIO, "")
        self.at += 1
        if found is None:
            self.file, self.block, self.eof = self.file + (self.file >= 0), 0, FM
            return 0
        if self.block_bytes and len(found) != self.block_bytes:
            self.at -= 1
            raise OSError(errno.EIO, "")
        self.block += self.block >= 0
        if len(found) > len(into):
            raise OSError(errno.ENOMEM, "")
        self.eof = NOEOF
        into[: len(found)] = found
        return len(found)

    def write(self, data):
        self._check_ready()
        if self.protected:
            raise OSError(errno.EACCES, "")
        if self.capacity is not None and self.at >= self.capacity:
            raise OSError(errno.ENOSPC, "")
        self.tape[self.at :] = [bytes(data)]
        self.at += 1
        self.block += self.block >= 0
        self.writing, self.eof = True, NOEOF
        return len(data)

    def _check_ready(self):
        if not self.loaded:
            raise OSError(errno.ENOMEDIUM, "")
        if self.was_reset:
            raise OSError(errno.EIO, "")

    # -- operations

    def operate(self, operation, count):
        self.calls.append((operation, count))
        self._check_ready()
        if self.writing and operation in {lib.MTREW, lib.MTBSF, lib.MTBSFM, lib.MTSEEK, lib.MTOFFL}:
            self._filemarks(1)
            count += operation in {lib.MTBSF, lib.MTBSFM}
        self.writing = False
        actions = {
            lib.MTREW: self._rewind, lib.MTFSF: self._fsf, lib.MTBSF: self._bsf, lib.MTBSFM: self._bsfm,
            lib.MTFSR: self._fsr, lib.MTBSR: self._bsr, lib.MTEOM: self._eom, lib.MTWEOF: self._weof,
            lib.MTWEOFI: self._weof, lib.MTSETBLK: self._setblk, lib.MTSEEK: self._seek, lib.MTNOP: lambda count: None,
        }  # fmt: skip
        if operation == lib.MTCOMPRESSION:
            raise OSError(errno.EIO, "")  # no such mode page
        if operation not in actions:
            raise OSError(errno.ENOSYS, "")
        actions[operation](count)

    def _rewind(self, _count):
        self.at = self.file = self.block = 0
        self.eof = NOEOF

    def _eom(self, _count):
        left = sum(found is None for found in self.tape[self.at :])
        self.at, self.file, self.block, self.eof = len(self.tape), self.file + left * (self.file >= 0), -1, EOD

    def _fsf(self, count):
        for _ in range(count):
            rest = [index for index in range(self.at, len(self.tape)) if self.tape[index] is None]
            if not rest:
                self.at, self.block, self.eof = len(self.tape), -1, EOD
                raise OSError(errno.EIO, "")
            self.at = rest[0] + 1
            self.file += self.file >= 0
        self.block, self.eof = 0, FM

    def _bsf(self, count):
        for _ in range(count):
            rest = [index for index in range(self.at) if self.tape[index] is None]
            if not rest:
                self.at, self.block, self.eof = 0, 0, NOEOF
                raise OSError(errno.EIO, "")
            self.at = rest[-1]
            self.file -= self.file >= 0
        self.block, self.eof = -1, NOEOF

    def _bsfm(self, count):
        self._bsf(count)
        self._fsf(1)

    def _fsr(self, count):
        for _ in range(count):
            if self.at == len(self.tape):
                self.eof = EOD
                raise OSError(errno.EIO, "")
            self.at += 1
            if self.tape[self.at - 1] is None:
                self.file, self.block, self.eof = self.file + (self.file >= 0), 0, FM
                raise OSError(errno.EIO, "")
            self.block += self.block >= 0
        self.eof = NOEOF

    def _bsr(self, count):
        self.eof = NOEOF
        for _ in range(count):
            if self.at == 0:
                self.block = 0
                raise OSError(errno.EIO, "")
            self.at -= 1
            if self.tape[self.at] is None:
                self.file, self.block = self.file - 1, -1
                raise OSError(errno.EIO, "")
            self.block -= self.block >= 0

    def _weof(self, count):
        if self.protected:
            raise OSError(errno.EACCES, "")
        self._filemarks(count)

    def _filemarks(self, count):
        self.tape[self.at :] = [None] * count
        self.at += count
        self.file += count * (self.file >= 0)
        self.block, self.eof = 0, NOEOF

    def _setblk(self, count):
        if count > self.largest:
            raise OSError(errno.EINVAL, "")
        self.block_bytes = count

    def _seek(self, count):
        self.file = self.block = -1
        self.eof = NOEOF
        if count > len(self.tape):
            self.at = len(self.tape)
            raise OSError(errno.EIO, "")
        self.at = count
        if count == 0:
            self.file = self.block = 0

    def close(self):
        if self.writing:
            self._filemarks(1)
            self.writing = False
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
