# SPDX-License-Identifier: WTFPL OR MIT
"""A tar archive on disk, in whole tape blocks, on its way to a tape."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

from pytp_native.errors import ArchiveNotBuilt
from pytp_native.ffi import ffi, lib
from pytp_native.stream.cut_member import CutMember
from pytp_native.stream.pack import Member, PackCancelled
from pytp_native.stream.ring import Ring

_TAR_BLOCK = 512
_SIZE, _TYPE, _USER, _GROUP = slice(124, 136), slice(156, 157), slice(265, 297), slice(297, 329)
"""Fields of a ustar header (POSIX.1-2017, pax)."""
_EXTENDED = (b"x", b"g")


class ArchiveFile:
    """A file without a name: it takes room in `directory`, which is free again when it is closed or its process ends,
    however it ends; two of them never collide."""

    def __init__(self, directory: str, block_bytes: int) -> None:
        """Raises OSError."""
        self.block_bytes = block_bytes
        self.blocks = 0
        self._file = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115 - closed by close

    def close(self) -> None:
        self._file.close()

    def fill(self, ring: Ring, limit: int) -> bool:
        """Take at most so many blocks out of the ring; tell whether more will come. Raises PackCancelled, OSError."""
        moved = ffi.new("pytp_moved *")
        lib.pytp_write_file(ring.handle, self._file.fileno(), limit, moved)
        self.blocks += moved.blocks
        if moved.stop == lib.PYTP_CANCELLED:
            raise PackCancelled
        if moved.error:
            raise OSError(moved.error, os.strerror(moved.error))
        return bool(moved.stop == lib.PYTP_LIMIT)

    def pour(self, ring: Ring, first: int = 0) -> None:
        """Put all of it, from block `first` on, into the ring. Raises PackCancelled, ArchiveNotBuilt."""
        os.lseek(self._file.fileno(), first * self.block_bytes, os.SEEK_SET)
        blocks, moved = self.blocks - first, ffi.new("pytp_moved *")
        if blocks:  # 0 would be: no limit
            lib.pytp_read_fd(ring.handle, self._file.fileno(), blocks, moved)
        if moved.stop == lib.PYTP_CANCELLED:
            raise PackCancelled
        if moved.blocks != blocks or moved.bytes != blocks * self.block_bytes:
            raise self._unreadable(moved.error)

    def read_block(self, block: int, into: memoryview) -> None:
        """Read one block of it. Raises ArchiveNotBuilt."""
        try:
            done = os.preadv(self._file.fileno(), [into], block * self.block_bytes)
        except OSError as exc:
            raise self._unreadable(exc.errno or 0) from exc
        if done != self.block_bytes:
            raise self._unreadable(0)

    def cut_member(self, members: Iterable[Member], block: int) -> CutMember | None:
        """Return the one whose data go on in `block`; None where a member begins there, or the archive ends."""
        at = block * self.block_bytes
        for member in members:
            first = member.block * self.block_bytes + member.offset
            if member.type == "0" and first < at < first + member.stored_bytes:
                start, size, user, group = self._header(first)
                cut = CutMember(
                    member.name, first, start, start + size, max(member.size, size), member.mode, member.uid,
                    member.gid, user, group, member.mtime_ns, member.ctime_ns,
                )  # fmt: skip
                return cut if start <= at < cut.end else None
        return None

    def _header(self, at: int) -> tuple[int, int, bytes, bytes]:
        """Return where the data of the member begin whose header group is at `at`, their length, and who owns it."""
        told = None
        while True:
            header = os.pread(self._file.fileno(), _TAR_BLOCK, at)
            size, at = _number(header[_SIZE]), at + _TAR_BLOCK
            if header[_TYPE] not in _EXTENDED:
                user, group = (header[field].split(b"\0", 1)[0] for field in (_USER, _GROUP))
                return at, size if told is None else told, user, group
            told = _size_record(os.pread(self._file.fileno(), size, at)) or told
            at += -(-size // _TAR_BLOCK) * _TAR_BLOCK

    @staticmethod
    def _unreadable(number: int) -> ArchiveNotBuilt:
        error = ArchiveNotBuilt(
            "archive", f"cannot be read back ({os.strerror(number) if number else 'it is too short'})", "check tar_dir"
        )
        error.__cause__ = OSError(number, os.strerror(number)) if number else None
        return error


def _number(field: bytes) -> int:
    """Read a number: octal digits, or base 256 with the first bit set (GNU tar)."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _size_record(records: bytes) -> int | None:
    """Return the size that pax records give, if they do: it is over 8 GiB then."""
    while records:
        length, _, rest = records.partition(b" ")
        key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
        if key == b"size":
            return int(value)
        records = records[int(length) :]
    return None
