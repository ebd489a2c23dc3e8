# SPDX-License-Identifier: WTFPL OR MIT
"""Restoring a tape file: exit codes, where the tape stands afterwards, and tapes written by others."""

import os
from pathlib import Path

import pytest
from reading_tapes import BLOCK, Told, tar_of, write_file

from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, Refused, UsageError
from pytp_native.jobs.events import ArgumentStarted, MemberProblem, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.stream.untar import Existing
from pytp_native.transport.records import Moved, Stop
from pytp_native.vtl.library import Library

FILES = {"a": b"a" * 10, "b": b"b" * 200_000, "c": b""}


def run(
    drive: Drive,
    target: Path,
    told: Told,
    *patterns: bytes,
    overwrite: bool = False,
    interrupt: Interrupt | None = None,
):
    request = RestoreRequest(os.fsencode(target), patterns, Existing.OVERWRITE if overwrite else Existing.KEEP)
    return restore(drive, request, told.append, interrupt or Interrupt())


def contents(target: Path) -> dict[str, bytes]:
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_a_tape_file_is_restored_and_the_next_one_is_next(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    first = run(drive, tmp_path / "out", told)
    second = run(drive, tmp_path / "out", told)
    assert (first.exit_code, second.exit_code, first.message) == (0, 0, "")
    assert contents(tmp_path / "out") == {**FILES, "second": b"2"}
    (argument,) = first.arguments
    assert (argument.tape_file, argument.status, argument.files, argument.blocks) == (0, "restored", 3, 4)
    assert argument.data_bytes == 4 * BLOCK
    assert (first.position.file, second.position.file) == (1, 2)
    assert [record.tape_file for record in told.of(ArgumentStarted)] == [0, 1]


def test_behind_the_last_tape_file_there_is_nothing(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, len(report.arguments)) == (11, 1)
    assert "end of data" in report.message


def test_at_the_end_of_data_it_says_so_every_time(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    first = run(drive, tmp_path / "out", told)
    second = run(drive, tmp_path / "out", told)
    assert (first.exit_code, second.exit_code, second.message) == (11, 11, first.message)


def test_only_files_that_were_made_are_told_as_restored(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    for wanted, code, files in ((b"nothing like it", 1, 0), (b"a", 0, 1), (b"a", 1, 0)):
        drive.rewind()
        report = run(drive, tmp_path / "out", told, wanted)
        assert (report.exit_code, report.arguments[0].files) == (code, files)


def test_a_blank_tape_has_nothing(drive: Drive, tmp_path: Path, told: Told) -> None:
    assert run(drive, tmp_path / "out", told).exit_code == 11
    assert not (tmp_path / "out").exists()


def test_an_empty_tape_file_is_stepped_over(drive: Drive, tmp_path: Path, told: Told) -> None:
    drive.write_filemark()
    write_file(drive, tar_of(FILES))
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.position.file) == (11, 1)
    assert run(drive, tmp_path / "out", told).exit_code == 0


def test_the_middle_of_a_tape_file_is_refused(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    drive.rewind()
    drive.tape.read_block(memoryview(bytearray(BLOCK)))
    with pytest.raises(Refused, match="block 1 of file 0"):
        run(drive, tmp_path / "out", told)
    assert drive.where().block == 1


@pytest.mark.parametrize("block_bytes", [512, 10240, 524288, 5000, 8 << 20])
def test_other_block_sizes_are_detected(block_bytes: int, drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES), block_bytes)
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.position.file, report.position.block) == (0, 1, 0)
    assert contents(tmp_path / "out") == FILES
    assert [str(block_bytes) in notice.text for notice in told.of(Notice)] == [True]


def test_a_short_last_block_is_read_too(drive: Drive, tmp_path: Path, told: Told) -> None:
    data = tar_of({**FILES, "d": b"d" * (3 * BLOCK)})
    write_file(drive, data, pad=False)
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.position.file, report.position.block) == (0, 1, 0)
    assert report.arguments[0].data_bytes == len(data)
    assert run(drive, tmp_path / "two", told).exit_code == 0


def test_zero_padding_of_the_original_pytp_is_skipped(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES) + bytes(64 << 20))
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.position.file) == (0, 1)
    assert contents(tmp_path / "out") == FILES


def test_a_cut_archive_gives_its_complete_members_and_exit_code_12(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES)[:BLOCK])
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.arguments[0].status, report.position.file) == (12, "partial", 1)
    assert "inside 'b'" in report.message
    assert contents(tmp_path / "out") == {"a": FILES["a"]}


def test_existing_files_are_listed_and_kept(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    drive.rewind()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"mine")
    report = run(drive, tmp_path / "out", told)
    assert report.exit_code == 1
    assert [problem.path for problem in report.arguments[0].errors] == [b"a"]
    assert told.of(MemberProblem) == list(report.arguments[0].errors)
    assert contents(tmp_path / "out") == {**FILES, "a": b"mine"}
    drive.rewind()
    assert run(drive, tmp_path / "out", told, overwrite=True).exit_code == 0
    assert contents(tmp_path / "out") == FILES


def test_patterns_choose_and_one_that_matches_nothing_is_a_problem(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of({"dir/x": b"x", "dir/y": b"y", "z": b"z"}))
    drive.rewind()
    report = run(drive, tmp_path / "out", told, b"dir", b"q*")
    assert report.exit_code == 1
    assert [problem.path for problem in report.arguments[0].errors] == [b"q*"]
    assert contents(tmp_path / "out") == {"dir/x": b"x", "dir/y": b"y"}


def test_what_is_no_archive_is_said_and_left_behind(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, b"no tar " * 30_000)
    write_file(drive, tar_of(FILES))
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.arguments[0].status, report.position.file) == (1, "failed", 1)
    assert "no tar archive" in report.message


def test_a_target_that_is_a_file_is_refused_before_the_tape_moves(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    drive.rewind()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used as target"):
        run(drive, tmp_path / "file", told)
    assert drive.where().block == 0


def test_an_interrupt_leaves_no_half_file_and_the_tape_at_the_next(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of({"first": b"1", "large": bytes(60 << 20), "last": b"3"}))
    drive.rewind()
    interrupt = Interrupt()

    class Trigger(Told):
        def append(self, record: object) -> None:
            interrupt.trigger()

    report = run(drive, tmp_path / "out", Trigger(), interrupt=interrupt)
    assert (report.exit_code, report.arguments[0].status, report.position.file) == (130, "interrupted", 1)
    assert set(contents(tmp_path / "out")) <= {"first"}


class Breaking:
    """A tape whose bulk read fails after some blocks (`once`: and then works); everything else is the real one."""

    def __init__(self, tape: object, blocks: int, *, once: bool = False) -> None:
        self._tape, self._blocks, self._once = tape, blocks, once

    def __getattr__(self, name: str) -> object:
        return getattr(self._tape, name)

    def fail(self) -> int:
        raise MediumError("drive", "a block could not be read")

    def read_into(self, ring: object, *, limit: int = 0) -> Moved:
        if self._blocks < 0:
            return self._tape.read_into(ring, limit=limit)
        moved = Moved(0, 0, Stop.LIMIT)
        if self._blocks:
            moved = self._tape.read_into(ring, limit=min(limit, self._blocks) if limit else self._blocks)
            self._blocks -= moved.blocks
        if moved.stop is Stop.LIMIT and not self._blocks:
            self._blocks = -1 if self._once else 0
            error = MediumError("drive", "a block could not be read")
            return moved._replace(stop=Stop.ERROR, error=error)
        return moved


def test_a_medium_error_gives_what_came_before_it(drive: Drive, tmp_path: Path, told: Told) -> None:
    write_file(drive, tar_of(FILES))
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    drive.tape = Breaking(drive.tape, 2)
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.arguments[0].status, report.position.file) == (6, "failed", 1)
    assert "could not be read" in report.message
    found = contents(tmp_path / "out")
    assert found.pop("b.damaged") != FILES["b"]
    assert found == {"a": FILES["a"]}


def test_a_bad_block_costs_only_what_lies_in_it(drive: Drive, tmp_path: Path, told: Told) -> None:
    files = {f"f{number}": bytes([65 + number]) * (BLOCK - 1024) for number in range(6)}  # a header and data: a block
    write_file(drive, tar_of(files))
    write_file(drive, tar_of({"second": b"2"}))
    library = Library(os.fspath(tmp_path / "library"))
    library.add_fault(0, "read 2: medium error")
    drive.rewind()
    report = run(drive, tmp_path / "out", told)
    found = contents(tmp_path / "out")
    assert (report.exit_code, report.position.file, report.position.block) == (6, 1, 0)
    assert {name for name in found if name in files} >= {"f0", "f1", "f4", "f5"}
    assert all(found[name] == files[name] for name in found if name in files)
    assert "f2" not in found
    assert any("tape file 0, block 2 could not be read" in notice.text for notice in told.of(Notice))


def test_a_medium_error_in_the_first_block_is_reported_and_left_behind(
    drive: Drive, tmp_path: Path, told: Told
) -> None:
    write_file(drive, tar_of(FILES))
    write_file(drive, tar_of({"second": b"2"}))
    drive.rewind()
    drive.tape = Breaking(drive.tape, 0)
    drive.detect_block_bytes = drive.tape.fail
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.arguments[0].status, report.position.file) == (6, "failed", 1)
    assert contents(tmp_path / "out") == {}


def test_a_drive_that_calls_another_block_size_a_medium_error_is_read_too(
    drive: Drive, tmp_path: Path, told: Told
) -> None:
    write_file(drive, tar_of(FILES), 10240)
    drive.rewind()
    drive.tape = Breaking(drive.tape, 0, once=True)
    report = run(drive, tmp_path / "out", told)
    assert (report.exit_code, report.position.file) == (0, 1)
    assert contents(tmp_path / "out") == FILES
