# SPDX-License-Identifier: WTFPL OR MIT
"""A whole tape in a file: every block with its length, and every filemark, in the .tap format of SIMH.

Each block is its length (32 bits, little-endian), its bytes, a zero where they are odd in number, and the length again;
a filemark is a length of 0, and FFFFFFFFh ends the tape ("SIMH Magtape Representation and Handling").
"""

from __future__ import annotations

import os
import struct
from types import TracebackType

from pytp_native.errors import HostDiskFull, MediumError, PytpError, UsageError
from pytp_native.units import MIB

_LENGTH = struct.Struct("<I")
END_OF_MEDIUM = 0xFFFFFFFF
LONGEST = 16 * MIB
"""Bytes of the longest block that a drive can move (SSC-5, READ(6))."""


class ImageWriter:
    """Takes blocks and filemarks; a context that leaves a complete image or, after an error, none."""

    def __init__(self, path: str) -> None:
        """UsageError if the file exists or cannot be made."""
        self.name = path
        self.keep = True
        """Cleared for a copy that is not complete."""
        try:
            self._file = open(path, "xb", buffering=MIB)  # noqa: SIM115  # closed by __exit__
        except OSError as error:
            raise UsageError(path, f"cannot be created: {error.strerror}", "name another file") from error

    def __enter__(self) -> ImageWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._put(_LENGTH.pack(END_OF_MEDIUM))
                self._file.flush()
                os.fsync(self._file.fileno())  # a copy is reported as done behind this
            self._file.close()
        except OSError as exc:
            error = self._trouble(exc)
            raise error from exc
        finally:
            if error is not None or not self.keep:
                os.unlink(self.name)

    def block(self, data: bytes) -> None:
        length = _LENGTH.pack(len(data))
        self._put(length + data + bytes(len(data) % 2) + length)

    def filemark(self) -> None:
        self._put(_LENGTH.pack(0))

    def finish(self) -> None:
        """Nothing to do: __exit__ writes the end."""

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._trouble(error) from error

    def _trouble(self, error: OSError) -> PytpError:
        return HostDiskFull(self.name, f"cannot be written: {error.strerror}")


class ImageReader:
    """Gives blocks and filemarks (None) one by one. MediumError for what is no image, or one that is cut off."""

    def __init__(self, path: str) -> None:
        self.name = path
        try:
            self._file = open(path, "rb", buffering=MIB)  # noqa: SIM115  # closed by __exit__
        except OSError as error:
            raise UsageError(path, f"cannot be read: {error.strerror}", "check the name") from error

    def __enter__(self) -> ImageReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def check(self) -> bool:
        """Look through all lengths, before anything is written elsewhere; return whether it says that it ends where it
        ends. Raises MediumError as reading does."""
        size, at = os.fstat(self._file.fileno()).st_size, 0
        ended = False
        while not ended and (length := self._length()) is not None:
            ended = length == END_OF_MEDIUM
            if length and not ended:
                if length > LONGEST:
                    raise self._damaged(f"a block of {length} bytes")
                at = self._file.seek(length + length % 2, os.SEEK_CUR)
                if at > size or self._length() != length:
                    raise self._damaged("a block that is cut off or has two lengths")
        self._file.seek(0)
        return ended

    def __iter__(self) -> ImageReader:
        return self

    def __next__(self) -> bytes | None:
        length = self._length()
        if length in {None, END_OF_MEDIUM}:
            raise StopIteration
        if length == 0:
            return None
        if length is None or length > LONGEST:
            raise self._damaged(f"a block of {length} bytes")
        data = self._file.read(length)
        self._file.read(length % 2)
        if len(data) < length or self._length() != length:
            raise self._damaged("a block that is cut off or has two lengths")
        return data

    def _length(self) -> int | None:
        raw = self._file.read(4)
        if raw and len(raw) < 4:
            raise self._damaged("a length that is cut off")
        return _LENGTH.unpack(raw)[0] if raw else None

    def _damaged(self, what: str) -> MediumError:
        return MediumError(self.name, f"is no image of a tape: {what} before byte {self._file.tell()}", "look at it")
