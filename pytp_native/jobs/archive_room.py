# SPDX-License-Identifier: WTFPL OR MIT
"""The room in tar_dir, shared out to archives in the order in which they go to tape.

What holds room then always comes earlier, and will be written and give it back: nobody waits for ever.
"""

from __future__ import annotations

import os
import threading

from pytp_native.errors import ArchiveNotBuilt
from pytp_native.stream.pack import PackCancelled
from pytp_native.units import format_size


class ArchiveRoom:
    """Used by all builders, and by the thread that writes."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._changed = threading.Condition()
        self._expected: dict[int, int] = {}
        """Bytes that each archive on disk will still take."""
        self._turn = 0
        self._stopped = False

    def claim(self, number: int, size: int, path: bytes) -> None:
        """Wait until `size` bytes are free for archive `number`; it is the turn of each once. Raises ArchiveNotBuilt if
        they never will be, PackCancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._turn == number)
            self._changed.wait_for(lambda: self._stopped or not self._expected or self._left() >= size)
            self.pass_by(number)
            if self._stopped:
                raise PackCancelled
            if (left := self._left()) < size:
                raise self._too_small(path, size, left)
            self._expected[number] = size

    def pass_by(self, number: int) -> None:
        """This archive has had its turn."""
        with self._changed:
            self._turn = max(self._turn, number + 1)
            self._changed.notify_all()

    def took(self, number: int, size: int, path: bytes) -> None:
        """So much of an archive is on disk now. Raises ArchiveNotBuilt when others have taken what the rest needs."""
        with self._changed:
            self._expected[number] = rest = max(0, self._expected[number] - size)
            if (free := self._free()) < rest:
                raise self._too_small(path, rest, free)

    def give_back(self, number: int) -> None:
        """Its file is closed."""
        with self._changed:
            self._expected.pop(number, None)
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _left(self) -> int:
        return self._free() - sum(self._expected.values())

    def _free(self) -> int:
        told = os.statvfs(self._directory)
        return told.f_bavail * told.f_frsize

    def _too_small(self, path: bytes, size: int, left: int) -> ArchiveNotBuilt:
        fact = f"its archive needs {format_size(size)} in {self._directory}, and {format_size(left)} are free there"
        return ArchiveNotBuilt(os.fsdecode(path), fact, "make room, or name another tar_dir, or use --strategy direct")
