# SPDX-License-Identifier: WTFPL OR MIT
"""cat: the bytes of a tape file as they are."""

import os

import pytest
import zstandard
from reading_tapes import BLOCK, tar_of, write_file

from pytp_native.devices.drive import Drive
from pytp_native.errors import EndOfData
from pytp_native.jobs.cat import cat
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.stream.frames import filler_to


class Sink:
    def __init__(self) -> None:
        self.data = b""

    def write(self, block: memoryview) -> int:
        self.data += block
        return len(block)


@pytest.fixture
def three_files(drive: Drive) -> list[bytes]:
    files = [b"plain" * 100, tar_of({"a": b"a" * 500_000}), b"z" * BLOCK]
    for data in files:
        write_file(drive, data, pad=False)
    return files


def test_any_file_is_given_out_by_number(drive: Drive, three_files: list[bytes]) -> None:
    for number in (1, 0, 2):
        sink = Sink()
        report = cat(drive, number, sink.write, Interrupt())
        assert sink.data == three_files[number]
        assert (report.exit_code, report.position.file) == (0, number + 1)
        assert (report.arguments[0].tape_file, report.arguments[0].data_bytes) == (number, len(sink.data))


def test_without_a_number_it_is_the_file_at_the_head(drive: Drive, three_files: list[bytes]) -> None:
    drive.rewind()
    sinks = [Sink() for _ in range(4)]
    codes = [cat(drive, None, sink.write, Interrupt()).exit_code for sink in sinks]
    assert [sink.data for sink in sinks] == [*three_files, b""]
    assert codes == [0, 0, 0, 11]


def test_a_file_that_is_not_there_gives_nothing(drive: Drive, three_files: list[bytes]) -> None:
    sink = Sink()
    report = cat(drive, 7, sink.write, Interrupt())
    assert (report.exit_code, sink.data) == (11, b"")
    assert isinstance(report.message, str)


def test_a_reader_that_goes_away_leaves_the_tape_at_the_next_file(drive: Drive, three_files: list[bytes]) -> None:
    def gone(_block: memoryview) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        cat(drive, 1, gone, Interrupt())
    assert (drive.where().file, drive.where().block) == (2, 0)


def test_an_interrupt_stops_it(drive: Drive, three_files: list[bytes]) -> None:
    interrupt = Interrupt()
    report = cat(drive, 1, lambda _block: interrupt.trigger(), interrupt)
    assert (report.exit_code, report.arguments[0].status, report.position.file) == (130, "interrupted", 2)


def test_the_end_of_data_is_an_error_of_its_own(drive: Drive) -> None:
    assert EndOfData.exit_code == cat(drive, None, lambda _block: None, Interrupt()).exit_code


def compressed(plain: bytes) -> bytes:
    tool = zstandard.ZstdCompressor(write_checksum=True)
    stored = b"".join(tool.compress(plain[at : at + 4 * BLOCK]) for at in range(0, len(plain), 4 * BLOCK))
    return stored + filler_to(len(stored) % BLOCK, BLOCK)


def test_what_is_compressed_is_given_out_as_the_tar_in_it_if_that_is_wanted(drive: Drive) -> None:
    plain = tar_of({"a": os.urandom(90_000)})
    plain += bytes(-len(plain) % BLOCK)
    stored = compressed(plain)
    write_file(drive, stored, pad=False)
    write_file(drive, plain, pad=False)
    for number, decompress, given in ((0, False, stored), (0, True, plain), (1, True, plain)):
        sink = Sink()
        assert cat(drive, number, sink.write, Interrupt(), decompress=decompress).exit_code == 0
        assert sink.data == given


def test_a_damaged_frame_is_exit_8(drive: Drive) -> None:
    stored = bytearray(compressed(tar_of({"a": os.urandom(90_000)}).ljust(10 * BLOCK, b"\0")))
    stored[50_000] ^= 1
    write_file(drive, bytes(stored), pad=False)
    report = cat(drive, 0, Sink().write, Interrupt(), decompress=True)
    assert (report.exit_code, "a frame is damaged" in report.message) == (8, True)
