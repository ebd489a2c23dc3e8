# SPDX-License-Identifier: WTFPL OR MIT
"""A cartridge fills and the next one follows: GNU tar joins them, and each says what is on it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from pytp_native.errors import MediumError, NotReady, Refused
from pytp_native.jobs import frame
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.events import JobReport
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.jobs.supply import LibrarySupply, PromptSupply
from pytp_native.stream.member_index import read_index
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.trailer import SessionRecord, TrailerReader
from pytp_native.units import MIB
from tests.cartridge import Done
from tests.faults.spanned import Shelf, data_files, join, sessions
from tests.trees import describe, differences

BLOCK = 10240
LONG = "n" * 90


def tree_of(top: Path, **sizes: int) -> Path:
    top.mkdir(parents=True)
    for name, size in sizes.items():
        (top / name).write_bytes(os.urandom(size))
    return top


def check_joined(tapes: dict[str, list[list[bytes]]], source: Path, place: Path, block: int = BLOCK) -> None:
    """GNU tar restores the tree, which is the only argument, from all of its parts."""
    ended = join([data for files in tapes.values() for data in data_files(files)], place, block)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert differences(describe(source), describe(place / source.name)) == []


def check_indexes(tapes: dict[str, list[list[bytes]]], done: Done, block: int = BLOCK) -> None:
    """Every member is in exactly one index, and stands where that and session.json say."""
    seen: list[bytes] = []
    for files in tapes.values():
        for blocks in files:
            mark = find_mark(blocks[0])
            if mark is None or mark.kind != "trailer":
                continue
            reader = TrailerReader(blocks, "tape")
            places = {(one.part, one.tape_file): one for one in reader.session.arguments}
            for one, stored in reader.indexes():
                for member in read_index(stored, "tape"):
                    seen.append(member.name)
                    place = places[one.part, one.tape_file]
                    if one.part != reader.session.part or member.block < place.skipped:
                        continue  # it begins on an earlier cartridge
                    there = b"".join(files[one.tape_file or 0])
                    at = (member.block - place.skipped + place.ahead) * block + member.offset
                    with tarfile.open(fileobj=io.BytesIO(there[at : at + member.stored_bytes])) as tar:
                        assert tar.next().name.encode() == member.name  # type: ignore[union-attr]
    assert len(seen) == len(set(seen)) == sum(argument.files for argument in done.report.arguments)


# -- sets of cartridges ------------------------------------------------------------------------------------------------


def test_five_cartridges_join_to_what_was_saved(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", **{f"f{number:02}": 1_300_000 + number for number in range(24)}, z=3 * MIB)
    with open(source / "sparse", "wb") as file:
        for place in range(6):
            file.seek(place * 4 * MIB)
            file.write(os.urandom(700_000))
    cartridges = Shelf(shelf / "vtl", cartridges=6, capacity=8 * MIB, block_bytes=65536)
    done = cartridges.backup(source, members_file=str(tmp_path / "members"))
    assert (done.code, done.statuses) == (0, ["saved"])
    tapes = cartridges.set()
    assert list(tapes) == done.report.details["cartridges"] == cartridges.barcodes[: len(tapes)]
    assert len(tapes) >= 5
    check_joined(tapes, source, tmp_path / "out", 65536)
    check_indexes(tapes, done, 65536)
    parts = done.report.arguments[0].parts
    assert [part.cartridge for part in parts] == list(tapes)
    assert sum(part.blocks for part in parts) == done.report.arguments[0].blocks
    rows = [json.loads(line) for line in (tmp_path / "members").read_text().splitlines()]
    assert {row["cartridge"] for row in rows} <= set(tapes)
    assert len(rows) == 27


def test_each_cartridge_restores_alone_but_for_what_is_cut(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", **{f"f{number}": MIB for number in range(18)})
    cartridges = Shelf(shelf / "vtl", cartridges=4, capacity=8 * MIB, block_bytes=65536)
    assert cartridges.backup(source).code == 0
    whole = set()
    for barcode, files in cartridges.set().items():
        place = tmp_path / barcode
        place.mkdir()
        (part,) = data_files(files)
        subprocess.run(["tar", "-xf", "-", "-C", place], input=part, capture_output=True, check=False, timeout=60)
        for path in (place / "data").iterdir():
            if path.read_bytes() == (source / path.name).read_bytes():
                whole.add(path.name)
    assert len(whole) >= 18 - 2


def test_trailers_tell_the_chain(shelf: Path, tmp_path: Path) -> None:
    source, last = tree_of(tmp_path / "data", f=15 * MIB), tree_of(tmp_path / "last", g=5)
    cartridges = Shelf(shelf / "vtl", cartridges=4, capacity=8 * MIB, block_bytes=65536)
    done = cartridges.backup(source, last)
    assert done.statuses == ["saved", "saved"]
    told = [session for files in cartridges.set().values() for session in sessions(files)]
    assert [(one.part, one.continues, one.status) for one in told] == [
        (1, True, "full"), (2, True, "full"), (3, False, "complete"),
    ]  # fmt: skip
    assert len({one.uuid for one in told}) == 1
    assert [volume.barcode for volume in told[2].cartridges] == cartridges.barcodes[:3]
    assert told[0].not_started == (str(last),)
    assert [one.name for one in told[2].arguments] == ["data", "last"]
    skipped = [one.arguments[0].skipped for one in told]
    assert skipped[0] == 0
    assert skipped[1] == told[0].arguments[0].blocks
    assert skipped[2] == skipped[1] + told[1].arguments[0].blocks - 1


# -- where it is cut -----------------------------------------------------------------------------------------------


SWEPT = {
    "a-small": 5, "b-fills-its-block": 16 * 512, "c-padding-crosses": 19 * 512 + 1, f"d-{LONG}": 40_000, "e-empty": 0,
    f"f-{LONG}": 511, "g-large": 70_001, "h-last": 9 * 512,
}  # fmt: skip


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tree_of(tmp_path_factory.mktemp("swept") / "swept", **SWEPT)
    os.symlink("x" * 300, source / "i-link")
    return source


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 11, 14, 15, 16, 17, 18, 19, 21])
def test_early_warning_at_any_block_filemark_or_in_the_trailer(
    shelf: Path, tmp_path: Path, swept: Path, block: int
) -> None:
    """Block 0 is the label, 1 its filemark, 2 to 16 the archive, 17 its filemark, 18 the trailer, 19 its filemark."""
    cartridges = Shelf(shelf / "vtl", block_bytes=BLOCK)
    cartridges.library.add_fault(0, f"early warning at {block}")
    done = cartridges.backup(swept)
    assert (done.code, done.statuses) == (0, ["saved"])
    tapes = cartridges.set()
    assert len(tapes) == (1 if block >= 16 else 2)
    check_joined(tapes, swept, tmp_path / "out")
    check_indexes(tapes, done)


@pytest.mark.parametrize("block", [17, 18, 19])
def test_early_warning_between_two_arguments_sends_the_second_to_the_next(
    shelf: Path, tmp_path: Path, swept: Path, block: int
) -> None:
    cartridges = Shelf(shelf / "vtl", block_bytes=BLOCK)
    cartridges.library.add_fault(0, f"early warning at {block}")
    last = tree_of(tmp_path / "last", g=50_000)
    done = cartridges.backup(swept, last)
    assert done.statuses == ["saved", "saved"]
    tapes = cartridges.set()
    assert len(tapes) == 2
    parts = [data for files in tapes.values() for data in data_files(files)]
    assert join(parts[:1], tmp_path / "one", BLOCK).returncode == 0
    assert join(parts[1:], tmp_path / "two", BLOCK).returncode == 0
    assert differences(describe(swept), describe(tmp_path / "one" / "swept")) == []
    assert differences(describe(last), describe(tmp_path / "two" / "last")) == []


def test_a_trailer_that_does_not_fit_is_in_the_next_one(shelf: Path, tmp_path: Path) -> None:
    """Long names and no data: the index of 1 MiB of tape is larger than the 128 KiB behind early warning."""
    deep = tmp_path / "deep"
    inner = deep.joinpath(*(["d" * 200] * 4))
    inner.mkdir(parents=True)
    for number in range(500):
        (inner / f"{number:03}{'f' * 150}").write_bytes(b"x")
    cartridges = Shelf(shelf / "vtl", capacity=MIB, block_bytes=BLOCK, cartridges=4)
    done = cartridges.backup(deep)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert any("trailer" in text and "has it all" in text for text in done.notices)
    tapes = cartridges.set()
    last = sessions(tapes[str(done.report.details["cartridges"][-1])])[-1]  # type: ignore[index]
    assert {one.part for one in last.indexes} >= {last.part}
    assert sum(one.members for files in tapes.values() for record in complete(files) for one in record.indexes) == sum(
        argument.files for argument in done.report.arguments
    )


def complete(files: list[list[bytes]]) -> list[SessionRecord]:
    """Sessions whose trailer can be read to its end."""
    found: list[SessionRecord] = []
    for blocks in files:
        mark = find_mark(blocks[0])
        if mark is not None and mark.kind == "trailer":
            reader = TrailerReader(blocks, "tape")
            with suppress(MediumError):
                for _, stored in reader.indexes():
                    list(read_index(stored, "tape"))
                found.append(reader.session)
    return found


# -- which cartridge follows -------------------------------------------------------------------------------------------


def test_cartridges_that_are_not_blank_are_passed_over(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", f=9 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=3, block_bytes=65536)
    cartridges.load("PYT002L9")
    assert cartridges.backup(tree_of(tmp_path / "other", g=5)).code == 0
    cartridges.load("PYT001L9")
    done = cartridges.backup(source)
    assert done.code == 0
    assert done.report.details["cartridges"] == ["PYT001L9", "PYT003L9"]
    assert any("PYT002L9 is not blank" in text for text in done.notices)


def test_named_cartridges_are_used_in_their_order_and_appended_to(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", f=9 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=4, block_bytes=65536)
    cartridges.load("PYT004L9")
    assert cartridges.backup(tree_of(tmp_path / "other", g=5)).code == 0
    cartridges.load("PYT001L9")
    done = cartridges.backup(source, volumes=["PYT004L9", "PYT002L9"])
    assert done.report.details["cartridges"] == ["PYT001L9", "PYT004L9"]
    assert done.report.arguments[0].parts[1].tape_file == 3
    tapes = {barcode: files for barcode, files in cartridges.set().items() if barcode in {"PYT001L9", "PYT004L9"}}
    tapes["PYT004L9"] = tapes["PYT004L9"][3:]
    check_joined(tapes, source, tmp_path / "out", 65536)


def test_a_named_foreign_tape_is_refused(shelf: Path, tmp_path: Path) -> None:
    cartridges = Shelf(shelf / "vtl", cartridges=2, block_bytes=65536)
    cartridges.load("PYT002L9")
    assert cartridges.backup(tree_of(tmp_path / "other", g=5), bare=True).code == 0
    cartridges.load("PYT001L9")
    done = cartridges.backup(tree_of(tmp_path / "data", f=9 * MIB), volumes=["PYT002L9"])
    assert (done.code, done.statuses) == (Refused.exit_code, ["failed"])
    assert "nothing was written to it" in done.report.message


def test_without_another_cartridge_it_is_exit_10_and_the_trailer_is_there(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", f=20 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=2, block_bytes=65536)
    done = cartridges.backup(source, tree_of(tmp_path / "next", g=5))
    assert (done.code, done.statuses) == (10, ["failed", "not started"])
    tapes = cartridges.set()
    assert [len(sessions(files)) for files in tapes.values()] == [1, 1]


def test_an_interrupt_on_the_second_cartridge_leaves_a_trailer_there(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", f=30 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=5, block_bytes=65536)
    interrupt = Interrupt()
    calls: list[int] = []
    begin = frame.Frame.begin

    def then_stop(self: frame.Frame) -> object:
        calls.append(1)
        result = begin(self)
        if len(calls) == 2:
            interrupt.trigger()
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame.Frame, "begin", then_stop)
        done = cartridges.backup(source, interrupt=interrupt)
    assert (done.code, done.statuses) == (130, ["interrupted"])
    assert [len(sessions(files)) for files in cartridges.set().values()] == [1, 1]


# -- pytp itself -------------------------------------------------------------------------------------------------------


def test_restore_of_one_cartridge_leaves_out_the_rest_of_a_file_and_says_so(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", a=9 * MIB, b=1000)
    cartridges = Shelf(shelf / "vtl", cartridges=2, block_bytes=65536)
    assert cartridges.backup(source).code == 0
    cartridges.load("PYT002L9")
    with cartridges.open() as drive:
        drive.go_to_file(1)
        report = restore(drive, RestoreRequest(os.fsencode(tmp_path / "out")), lambda event: None, Interrupt())
    assert report.exit_code == 1
    (problem,) = report.arguments[0].errors
    assert (problem.path, "continues a file of an earlier cartridge" in problem.reason) == (b"data/a", True)
    assert sorted(path.name for path in (tmp_path / "out" / "data").iterdir()) == ["b"]


def restored(cartridges: Shelf, first: str, place: Path, volumes: list[str] | None = None, file: int = 0) -> JobReport:
    """Restore from a cartridge on, with the library at hand."""
    cartridges.load(first)
    with cartridges.served() as served, cartridges.open() as drive:
        drive.go_to_file(file)
        request = RestoreRequest(os.fsencode(place))
        supply = LibrarySupply(served, 0, volumes)
        return restore(drive, request, lambda event: None, Interrupt(), supply)


def test_restore_follows_from_cartridge_to_cartridge(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", a=20 * MIB, b=1000, c=9 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=6, block_bytes=65536)
    done = cartridges.backup(source)
    assert len(done.report.details["cartridges"]) == 5  # type: ignore[arg-type]
    report = restored(cartridges, "PYT001L9", tmp_path / "out")
    assert (report.exit_code, report.message) == (0, "")
    assert differences(describe(source), describe(tmp_path / "out" / "data")) == []


def test_restore_passes_over_cartridges_of_others(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", a=9 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=4, block_bytes=65536)
    cartridges.load("PYT002L9")
    assert cartridges.backup(tree_of(tmp_path / "other", g=5)).code == 0
    cartridges.load("PYT003L9")
    assert cartridges.backup(tree_of(tmp_path / "first", g=5)).code == 0
    assert cartridges.backup(source).report.details["cartridges"] == ["PYT003L9", "PYT001L9"]
    report = restored(cartridges, "PYT003L9", tmp_path / "out", file=3)
    assert (report.exit_code, report.message) == (0, "")
    assert differences(describe(source), describe(tmp_path / "out" / "data")) == []


def test_restore_without_the_next_cartridge_is_exit_12(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", a=1000, b=9 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=3, block_bytes=65536)
    assert cartridges.backup(source).code == 0
    report = restored(cartridges, "PYT001L9", tmp_path / "out", volumes=["PYT003L9"])
    assert report.exit_code == 12
    assert (tmp_path / "out" / "data" / "a").read_bytes() == (source / "a").read_bytes()


@pytest.mark.parametrize("block", [2, 5, 9, 13, 16])
def test_restore_follows_wherever_it_was_cut(shelf: Path, tmp_path: Path, swept: Path, block: int) -> None:
    cartridges = Shelf(shelf / "vtl", block_bytes=BLOCK)
    cartridges.library.add_fault(0, f"early warning at {block}")
    assert cartridges.backup(swept).code == 0
    assert restored(cartridges, "PYT001L9", tmp_path / "out").exit_code == 0
    assert differences(describe(swept), describe(tmp_path / "out" / "swept")) == []


# -- a person instead of a library -------------------------------------------------------------------------------------


def prompted(cartridges: Shelf, source: Path, answers: list[str | None]) -> tuple[Done, list[str]]:
    """Back up with somebody who puts in the named cartridges, presses Return over nothing (""), or stops (None)."""
    asked: list[str] = []
    with cartridges.served() as served, cartridges.open(write=True) as drive:

        def ask(text: str) -> bool:
            asked.append(text)
            answer = answers.pop(0)
            if answer:
                served.load(answer, 0)
            return answer is not None

        request = BackupRequest(paths=(os.fsencode(source),))
        with suppress(NotReady):
            return Done(backup(drive, request, lambda event: None, Interrupt(), PromptSupply(ask)), []), asked
    pytest.fail("the job did not end")


def test_a_person_is_asked_until_there_is_a_cartridge(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", a=9 * MIB)
    cartridges = Shelf(shelf / "vtl", cartridges=2, block_bytes=65536)
    done, asked = prompted(cartridges, source, ["", "PYT002L9"])
    assert (done.code, len(asked)) == (0, 2)
    assert "load a blank cartridge and press Return" in asked[0]
    assert asked[1].startswith(f"{cartridges.address}: ")
    check_joined(cartridges.set(), source, tmp_path / "out", 65536)


def test_a_person_who_stops_ends_it_with_exit_10(shelf: Path, tmp_path: Path) -> None:
    source = tree_of(tmp_path / "data", a=9 * MIB)
    done, asked = prompted(Shelf(shelf / "vtl", cartridges=2, block_bytes=65536), source, [None])
    assert (done.code, done.statuses, len(asked)) == (10, ["failed"], 1)


def test_the_last_trailer_finds_room_on_another_cartridge(shelf: Path, tmp_path: Path) -> None:
    """1 MiB in blocks of 128 KiB, one of them behind early warning: everything ends in a trailer that is whole."""
    moved = 0
    for blocks in range(4, 8):
        source = tree_of(tmp_path / f"data{blocks}", f=blocks * 131072 - 2560)
        cartridges = Shelf(shelf / f"vtl{blocks}", cartridges=2, capacity=MIB, block_bytes=131072)
        done = cartridges.backup(source)
        assert (done.code, done.statuses) == (0, ["saved"])
        tapes = cartridges.set()
        told = [record for files in tapes.values() for record in complete(files)]
        assert sum(one.members for record in told for one in record.indexes) == 2
        assert told[-1].status == "complete"
        if len(tapes) == 2 and len(done.report.arguments[0].parts) == 1:
            moved += 1
            assert [one.part for one in told[-1].arguments] == [1]
    assert moved
