# SPDX-License-Identifier: WTFPL OR MIT
"""Blocks with known contents, and the short forms of what the tests ask all the time."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pytp_native.errors import CartridgeNeeded, EndOfData
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_EOD
from pytp_native.units import KIB

if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport

LONGEST = 256 * KIB
FILES = ((1000, 1001, 1002), (2000, 2001), (3000,))
"""Block lengths of the tape that most tests read: three tape files."""
BLOCKS_AND_MARKS = sum(map(len, FILES)) + len(FILES)


def block(length: int, tag: int = 0) -> bytes:
    """Return `length` bytes that occur for no other length or tag."""
    return hashlib.shake_128(b"%d:%d" % (length, tag)).digest(length)


def read(tape: TapeTransport, room: int = LONGEST) -> bytes:
    """Read one block into a buffer of `room` bytes; b"" at a filemark."""
    into = bytearray(room)
    return bytes(into[: tape.read_block(memoryview(into))])


def write_files(tape: TapeTransport, files: tuple[tuple[int, ...], ...] = FILES) -> None:
    """Write tape files of blocks of these lengths from here, each closed by a filemark."""
    for lengths in files:
        for length in lengths:
            assert tape.write_block(block(length)) == length
        tape.operate(lib.MTWEOF, 1)


def read_files(tape: TapeTransport) -> list[list[bytes]]:
    """Rewind and read everything up to the end of data; an unterminated last file counts, a terminated one adds []."""
    tape.operate(lib.MTREW)
    files: list[list[bytes]] = [[]]
    for _ in range(1000):
        try:
            data = read(tape)
        except EndOfData:
            return files
        if data:
            files[-1].append(data)
        elif at_end_of_data(tape):
            return files
        else:
            files.append([])
    raise AssertionError("the tape has no end of data")


def at_end_of_data(tape: TapeTransport) -> bool:
    """Tell whether the 0 that a read just gave was st's first answer to the end of data."""
    return tape.status().has(GMT_EOD)


def expected(*files: tuple[int, ...]) -> list[list[bytes]]:
    return [[block(length) for length in lengths] for lengths in files]


def numbers(tape: TapeTransport) -> tuple[int | None, int | None]:
    """File and block number as the driver knows them."""
    status = tape.status()
    return status.file_number, status.block_number


def expect_end_of_data(tape: TapeTransport) -> None:
    """Check that nothing is recorded here: at most one read gives 0, all others raise EndOfData."""
    with suppress(EndOfData):
        assert read(tape) == b""
    with pytest.raises(EndOfData):
        read(tape)


def write_to_the_end(tape: TapeTransport, length: int, most: int) -> tuple[int, list[int]]:
    """Write until ENOSPC comes twice in a row; return how many writes wrote something, and the bytes of each write."""
    outcomes: list[int] = []
    while len(outcomes) < 2 or any(outcomes[-2:]):
        assert len(outcomes) < most, "the medium has no end"
        outcomes.append(write_or_0(tape, block(length, len(outcomes) - outcomes.count(0))))
    return len(outcomes) - outcomes.count(0), outcomes


def write_or_0(tape: TapeTransport, data: bytes) -> int:
    """Write one block; 0 when the medium has no room (ENOSPC)."""
    try:
        return tape.write_block(data)
    except CartridgeNeeded:
        return 0
