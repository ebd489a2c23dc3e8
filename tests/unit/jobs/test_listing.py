# SPDX-License-Identifier: WTFPL OR MIT
"""ls: GNU tar's lines, and where it leaves the tape."""

import subprocess
from pathlib import Path

from reading_tapes import Told, tar_of, write_file

from pytp_native.devices.drive import Drive
from pytp_native.ffi import lib
from pytp_native.jobs.events import MemberListed, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.listing import ListRequest, list_members
from pytp_native.transport.records import Moved, Stop

FILES = {f"dir/file{n}": b"x" * n * 1000 for n in range(30)}


def names(told: Told) -> list[bytes]:
    return [record.line.rsplit(b" ", 1)[1] for record in told.of(MemberListed)]


def test_lines_are_those_of_gnu_tar_and_the_tape_moves_on(drive: Drive, tmp_path: Path, told: Told) -> None:
    data = tar_of(FILES)
    (tmp_path / "a.tar").write_bytes(data)
    write_file(drive, data)
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    first = list_members(drive, ListRequest(), told.append, Interrupt())
    done = subprocess.run(["tar", "-tvf", tmp_path / "a.tar"], stdout=subprocess.PIPE, check=True)
    assert [record.line for record in told.of(MemberListed)] == done.stdout.splitlines()
    told.clear()
    second = list_members(drive, ListRequest(), told.append, Interrupt())
    third = list_members(drive, ListRequest(), told.append, Interrupt())
    assert names(told) == [b"second"]
    assert [report.exit_code for report in (first, second, third)] == [0, 0, 11]
    assert (first.position.file, first.arguments[0].files, first.arguments[0].status) == (1, 30, "listed")


def test_a_sample_goes_back_to_the_start_of_the_tape_file(drive: Drive, told: Told) -> None:
    write_file(drive, tar_of({"zero": b"0"}))
    write_file(drive, tar_of(FILES))
    drive.go_to_file(1)
    report = list_members(drive, ListRequest(sample=2), told.append, Interrupt())
    assert names(told) == [b"dir/file0", b"dir/file1"]
    assert (report.exit_code, report.position.file, report.position.block) == (0, 1, 0)


def test_a_sample_larger_than_the_file_goes_back_too(drive: Drive, told: Told) -> None:
    write_file(drive, tar_of({"zero": b"0"}))
    write_file(drive, tar_of(FILES))
    drive.rewind()
    report = list_members(drive, ListRequest(sample=99), told.append, Interrupt())
    assert names(told) == [b"zero"]
    assert (report.position.file, report.position.block) == (0, 0)


def test_all_files_are_walked_from_the_beginning_to_the_end_of_data(drive: Drive, told: Told) -> None:
    write_file(drive, tar_of({"zero": b"0"}), 20480)
    write_file(drive, b"no archive" * 1000)
    drive.write_filemark()
    write_file(drive, tar_of({"three": b"3"}))
    report = list_members(drive, ListRequest(all_files=True), told.append, Interrupt())
    assert names(told) == [b"zero", b"three"]
    heads = [notice.text for notice in told.of(Notice) if notice.text.startswith("tape file")]
    assert heads == ["tape file 0:", "tape file 1:", "tape file 3:"]
    assert [argument.tape_file for argument in report.arguments] == [0, 1, 3]
    assert [argument.status for argument in report.arguments] == ["listed", "failed", "listed"]
    assert (report.exit_code, report.position.file) == (1, 4)


def test_all_of_a_blank_tape_is_nothing(drive: Drive, told: Told) -> None:
    assert list_members(drive, ListRequest(all_files=True), told.append, Interrupt()).exit_code == 11


def test_an_interrupt_ends_the_walk(drive: Drive, told: Told) -> None:
    for _ in range(3):
        write_file(drive, tar_of({"zero": b"0"}))
    interrupt = Interrupt()
    told.append = lambda _record: interrupt.trigger()  # type: ignore[method-assign]
    report = list_members(drive, ListRequest(all_files=True), told.append, interrupt)
    assert (report.exit_code, len(report.arguments)) == (130, 1)


def test_a_tape_that_ends_without_a_filemark_ends_the_walk(drive: Drive, told: Told) -> None:
    write_file(drive, tar_of({"zero": b"0"}))
    drive.tape.write_block(tar_of({"one": b"1"}))
    drive.tape = WithoutFilemark(drive.tape)
    report = list_members(drive, ListRequest(all_files=True), told.append, Interrupt())
    assert names(told) == [b"zero", b"one"]
    assert report.exit_code == 0


class WithoutFilemark:
    """A tape whose second file is the last thing on it: reading it ends at the end of data."""

    def __init__(self, tape: object) -> None:
        self._tape = tape

    def __getattr__(self, name: str) -> object:
        return getattr(self._tape, name)

    def read_into(self, ring: object, *, limit: int = 0) -> Moved:
        moved = self._tape.read_into(ring, limit=limit)
        if moved.stop is Stop.FILEMARK and self._tape.status().file_number == 2:
            self._tape.operate(lib.MTBSF, 1)
            return moved._replace(stop=Stop.END_OF_DATA)
        return moved
