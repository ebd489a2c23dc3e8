# SPDX-License-Identifier: WTFPL OR MIT
"""A tape under st in a page of Python: a list of blocks and filemarks, a head, and what the driver remembers.

Written from st(4), SSC-5 and the driver's behaviour for the state machine; shares nothing with the virtual library.
There is no end of medium: the machine stays away from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

UNKNOWN = -1


class Outcome(Enum):
    """How an operation ends, as the transport's exception classes tell it."""

    OK = "ok"
    END_OF_DATA = "end of data"
    BEGINNING = "beginning of tape"
    STOPPED = "stopped at a filemark"
    TOO_LARGE = "block too large"
    WRONG_SIZE = "block size mismatch"


@dataclass
class ModelTape:
    """The medium and the driver. `file` and `block` are the driver's own counters, below 0 when it does not know."""

    items: list[bytes | None] = field(default_factory=list)
    """Blocks, and None for a filemark."""
    head: int = 0
    file: int = 0
    block: int = 0
    block_bytes: int = 0
    writing: bool = False
    """The last thing done to the data was a write: a close, rewind, seek or space back over files adds a filemark."""
    behind_mark: bool = False
    """A filemark was just met: the end of data right here reads as nothing once."""
    at_end: bool = False
    """The end of data was met: reads fail without asking the drive."""

    def _arrived(self, *, behind_mark: bool = False, at_end: bool = False) -> None:
        self.behind_mark, self.at_end = behind_mark, at_end

    def _count_files(self, passed: int) -> None:
        if self.file >= 0:
            self.file += passed

    def _count_blocks(self, passed: int) -> None:
        if self.block >= 0:
            self.block += passed

    def _finish_writing(self) -> bool:
        pending = self.writing
        if pending:
            self.write_filemarks(1)
        return pending

    # -- data

    def write(self, data: bytes) -> None:
        step = self.block_bytes or len(data)
        blocks = [data[at : at + step] for at in range(0, len(data), step)]
        self.items[self.head :] = blocks
        self.head += len(blocks)
        self._count_blocks(len(blocks))
        self.writing = True
        self._arrived()

    def read(self, room: int) -> tuple[Outcome, bytes]:
        """Read one block; in fixed mode `room` is the block size."""
        self.writing = False
        if self.at_end:
            return Outcome.END_OF_DATA, b""
        if self.head == len(self.items):
            self.block = UNKNOWN
            if not self.behind_mark:
                return Outcome.END_OF_DATA, b""
            self._arrived(at_end=True)
            return Outcome.OK, b""
        item = self.items[self.head]
        if item is not None and self.block_bytes and len(item) != room:
            self._arrived()  # st steps back over the block that it could not deliver
            return Outcome.WRONG_SIZE, b""
        self.head += 1
        if item is None:
            self._count_files(1)
            self.block = 0
            self._arrived(behind_mark=True)
            return Outcome.OK, b""
        self._count_blocks(1)
        if len(item) > room:
            return Outcome.TOO_LARGE, b""
        self._arrived()
        return Outcome.OK, item

    def write_filemarks(self, count: int) -> None:
        """Any count sets the block number to 0 and ends writing; 0 writes none."""
        if count:
            self.items[self.head :] = [None] * count
            self.head += count
        self._count_files(count)
        self.block = 0
        self.writing = False
        self._arrived()

    # -- motion

    def rewind(self) -> None:
        self._finish_writing()
        self.head = self.file = self.block = 0
        self._arrived()

    def seek(self, to: int) -> Outcome:
        self._finish_writing()
        self.head = min(to, len(self.items))
        self.file = self.block = 0 if to == 0 else UNKNOWN
        self._arrived()
        return Outcome.OK if to <= len(self.items) else Outcome.END_OF_DATA

    def forward_files(self, count: int) -> Outcome:
        self.writing = False
        for _ in range(count):
            if None not in self.items[self.head :]:
                self.head, self.block = len(self.items), UNKNOWN
                self._arrived(at_end=True)
                return Outcome.END_OF_DATA
            self.head = self.items.index(None, self.head) + 1
            self._count_files(1)
        self.block = 0
        self._arrived(behind_mark=True)
        return Outcome.OK

    def back_files(self, count: int) -> Outcome:
        count += self._finish_writing()
        known, passed = self.file >= 0, 0
        while passed < count and self.head:
            self.head -= 1
            passed += self.items[self.head] is None
        self.block = UNKNOWN if passed == count else 0
        if known:
            self.file -= passed
        self._arrived()
        return Outcome.OK if passed == count else Outcome.BEGINNING

    def forward_files_m(self, count: int) -> Outcome:
        outcome = self.forward_files(count)
        return self.back_files(1) if outcome is Outcome.OK else outcome

    def back_files_m(self, count: int) -> Outcome:
        outcome = self.back_files(count)
        return self.forward_files(1) if outcome is Outcome.OK else outcome

    def forward_blocks(self, count: int) -> Outcome:
        self.writing = False
        for _ in range(count):
            if self.head == len(self.items):
                self._arrived(at_end=True)
                return Outcome.END_OF_DATA
            self.head += 1
            if self.items[self.head - 1] is None:
                self._count_files(1)
                self.block = 0
                self._arrived(behind_mark=True)
                return Outcome.STOPPED
            self._count_blocks(1)
        self._arrived()
        return Outcome.OK

    def back_blocks(self, count: int) -> Outcome:
        self.writing = False
        self._arrived()
        known = self.block >= 0
        for passed in range(count):
            if not self.head:
                # The driver adds the residual to its number without asking whether it knew one.
                self.block = 0 if known else UNKNOWN + count - passed
                return Outcome.BEGINNING
            self.head -= 1
            if self.items[self.head] is None:
                self.file -= 1
                self.block = UNKNOWN
                return Outcome.STOPPED
            self._count_blocks(-1)
        return Outcome.OK

    def end_of_data(self) -> None:
        while self.forward_files(1) is Outcome.OK:
            pass

    def erase(self) -> None:
        del self.items[self.head :]
        self.writing = False
        self._arrived()

    def ask_position(self) -> int:
        """MTIOCPOS; at the beginning of the tape it tells the driver its numbers."""
        if not self.head:
            self.file = self.block = 0
        return self.head

    def close(self) -> None:
        if self._finish_writing():
            self._arrived(behind_mark=True)

    def numbers(self) -> tuple[int | None, int | None]:
        return (self.file if self.file >= 0 else None, self.block if self.block >= 0 else None)
