# SPDX-License-Identifier: WTFPL OR MIT
"""Archives from disk to tape without a buffer: a block is read and written, and then the next one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pytp_native.errors import ArchiveNotBuilt, CartridgeNeeded, PytpError
from pytp_native.stream.archive_file import ArchiveFile
from pytp_native.stream.ring import RingStats
from pytp_native.transport.records import Moved, Stop

if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport


class BlockCopy:
    """Stands in the ring's place: one thread offers archives and finishes, the other has them written."""

    def __init__(self, block_bytes: int) -> None:
        self.block_bytes = block_bytes
        self._room = memoryview(bytearray(block_bytes))
        self._changed = threading.Condition()
        self._archive: ArchiveFile | None = None
        self._next = self._out = 0
        self._finished = self._stopped = self._no_space = False

    def offer(self, archive: ArchiveFile, first: int = 0) -> None:
        """Let it be written, from that block on."""
        with self._changed:
            self._archive, self._next = archive, first
            self._changed.notify_all()

    def finish(self) -> None:
        """No other archive belongs to this tape file."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Write no more until `reset`; from any thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def reset(self) -> None:
        """Another tape file begins; nobody is writing."""
        self._archive = None
        self._next = 0
        self._finished = self._stopped = False

    def write_to(self, tape: TapeTransport, limit: int) -> Moved:
        """As TapeTransport.write_from: a block that the tape refuses is written first the next time."""
        done = 0
        while done < limit:
            archive = self._await()
            if archive is None or self._next == archive.blocks:
                return self._moved(done, Stop.CANCELLED if self._stopped else Stop.END_OF_STREAM)
            try:
                archive.read_block(self._next, self._room)
                tape.write_block(self._room)
            except CartridgeNeeded:
                again, self._no_space = self._no_space and not done, True
                return self._moved(done, Stop.END_OF_MEDIUM if again else Stop.EARLY_WARNING)
            except ArchiveNotBuilt as error:  # the tape is as good as before
                return self._moved(done, Stop.CANCELLED, error)
            except PytpError as error:
                return self._moved(done, Stop.ERROR, error)
            self._no_space = False
            self._next += 1
            self._out += 1
            done += 1
        return self._moved(done, Stop.LIMIT)

    def _await(self) -> ArchiveFile | None:
        """Wait for the archive; None when there is none, or nothing shall be written."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._finished or self._archive is not None)
            return None if self._stopped else self._archive

    def _moved(self, blocks: int, stop: Stop, error: PytpError | None = None) -> Moved:
        return Moved(blocks, blocks * self.block_bytes, stop, error)

    def stats(self) -> RingStats:
        """The same figures as a ring's; nothing waits in it."""
        data_bytes = self._out * self.block_bytes
        return RingStats(1, self.block_bytes, 0, 0, self._out, data_bytes, self._out, data_bytes, 0.0, 0.0, 0, 0)
