# SPDX-License-Identifier: WTFPL OR MIT
"""Backups onto labelled cartridges: label, trailer, what they say, and what is refused before the first write."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from backup_bench import BLOCK, after_block

from pytp_native.devices.cartridge_memory import HostFacts, read_memory, write_memory
from pytp_native.errors import Refused, UsageError
from pytp_native.jobs.events import OwnFileListed
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.labelling import LabelRequest, label_cartridge
from pytp_native.stream.label import Label, parse_label
from pytp_native.stream.member_index import read_index
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.trailer import SessionRecord, TrailerReader, build_trailer
from tests.cartridge import Cartridge, Done
from tests.trees import describe, differences

Tree = Callable[..., Path]
BIG = 600_000


def save(cartridge: Cartridge, *paths: Path, **options: object) -> Done:
    return cartridge.backup(*paths, **{"bare": False, "append_foreign": False, **options})


def kinds(cartridge: Cartridge) -> list[str]:
    marks = [find_mark(blocks[0]) for blocks in cartridge.files()]
    return [mark.kind if mark else "data" for mark in marks]


def label_of(cartridge: Cartridge) -> Label:
    return parse_label(cartridge.files()[0], "tape")


def session_in(cartridge: Cartridge, number: int) -> SessionRecord:
    return TrailerReader(cartridge.files()[number], "tape").session


def give(cartridge: Cartridge, barcode: str, **options: object) -> int:
    with cartridge.open(write=True) as drive:
        request = LabelRequest(barcode, **options)  # type: ignore[arg-type]
        return label_cartridge(drive, request, lambda _event: None).exit_code


# -- what is written ---------------------------------------------------------------------------------------------------


def test_label_arguments_trailer_and_again_without_label(cartridge: Cartridge, tree: Tree) -> None:
    done = save(cartridge, tree("one", f=5), tree("two", f=5))
    assert [argument.tape_file for argument in done.report.arguments] == [1, 2]
    assert (done.report.details["label_file"], done.report.details["trailer_file"]) == (0, 3)
    again = save(cartridge, tree("three", f=5))
    assert (again.report.details["label_file"], again.report.details["trailer_file"]) == (None, 5)
    assert kinds(cartridge) == ["label", "data", "data", "trailer", "data", "trailer"]


def test_the_trailer_tells_what_is_where(cartridge: Cartridge, tree: Tree) -> None:
    one, two = tree("one", f=BIG, g=5), tree("two")
    report = save(cartridge, one, two, job="nightly", label="YEAR").report
    session = session_in(cartridge, 3)
    assert (session.status, session.exit, session.job, session.label) == ("complete", 0, "nightly", "YEAR")
    for saved, argument in zip(session.arguments, report.arguments, strict=True):
        assert (os.fsencode(saved.path), saved.tape_file, saved.first_block, saved.blocks, saved.files) == (
            argument.path, argument.tape_file, argument.first_block, argument.blocks, argument.files,
        )  # fmt: skip
    logical = sum(len(blocks) + 1 for blocks in cartridge.files()[:3])
    assert (session.tape_file, session.first_block) == (3, logical)
    assert session.cartridge == label_of(cartridge).uuid


def test_every_member_of_the_index_is_at_its_place(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", small=5, large=BIG), tree("two", other=77))
    files = cartridge.files()
    seen = []
    for one, stored in TrailerReader(files[3], "tape").indexes():
        data = b"".join(files[one.tape_file or 0])
        for member in read_index(stored, "tape"):
            there = data[member.block * BLOCK + member.offset :][: member.stored_bytes]
            with tarfile.open(fileobj=io.BytesIO(there)) as tar:
                assert tar.getnames() == [member.name.decode()]
            seen.append(member.name)
    assert sorted(seen) == [b"one", b"one/large", b"one/small", b"two", b"two/other"]


def test_the_manifest_checks_what_tar_restores(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    save(cartridge, tree("one", f=BIG, g=5), hash_name="sha256")
    for blocks in cartridge.files():
        subprocess.run(["tar", "-C", tmp_path, "-xf", "-"], input=b"".join(blocks), check=True)
    check = ["sha256sum", "--strict", "-c", "pytp/CHECKSUMS.sha256"]
    ended = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sorted(ended.stdout.splitlines()) == ["one/f: OK", "one/g: OK"]


def test_trailers_name_those_before_them(cartridge: Cartridge, tree: Tree) -> None:
    for name in ("one", "two", "three"):
        save(cartridge, tree(name, f=5))
    earlier = session_in(cartridge, 6).earlier
    assert [one.tape_file for one in earlier] == [2, 4]
    assert [one.uuid for one in earlier] == [session_in(cartridge, number).uuid for number in (2, 4)]
    assert earlier[0].first_block == session_in(cartridge, 2).first_block


def test_a_crash_behind_a_trailer_does_not_break_the_chain(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    cartridge.fault("write 14: medium error")
    assert save(cartridge, tree("two", f=BIG)).code == 6
    cartridge.mend()
    assert save(cartridge, tree("three", f=5)).code == 0
    assert kinds(cartridge) == ["label", "data", "trailer", "data", "data", "trailer"]
    assert [one.tape_file for one in session_in(cartridge, 5).earlier] == [2]


def test_a_trailer_that_is_cut_off_does_not_break_the_chain(cartridge: Cartridge, tree: Tree) -> None:
    """As a crash in the middle of a trailer leaves it: the mark, and half of session.json."""
    save(cartridge, tree("one", f=5))
    save(cartridge, tree("two", f=5))
    whole = cartridge.objects()
    cut = b"".join(build_trailer(session_in(cartridge, 4), None))[:1800].ljust(BLOCK, b"x")
    cartridge.write([*whole[:-2], cut, None])
    assert save(cartridge, tree("three", f=5)).code == 0
    assert [one.tape_file for one in session_in(cartridge, 6).earlier] == [2]


def test_an_interrupt_leaves_a_trailer_with_what_is_complete(cartridge: Cartridge, tree: Tree) -> None:
    interrupt = Interrupt()
    stop = after_block(7, interrupt.trigger)
    done = save(cartridge, tree("one", a=b"first", b=BIG), tree("two", f=5), interrupt=interrupt, prepare=stop)
    assert (done.code, done.statuses) == (130, ["interrupted", "not started"])
    assert kinds(cartridge) == ["label", "data", "trailer"]
    session = session_in(cartridge, 2)
    assert (session.status, session.exit, len(session.not_started)) == ("interrupted", 130, 1)
    assert [one.members for one in session.indexes] == [2]


def test_an_interrupt_before_anything_writes_no_label(cartridge: Cartridge, tree: Tree) -> None:
    interrupt = Interrupt()
    interrupt.trigger()
    assert save(cartridge, tree("one", f=5), interrupt=interrupt).code == 130
    assert cartridge.objects() == []


def test_a_full_cartridge_gets_its_trailer_behind_early_warning(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.fault("early warning at 20")
    done = save(cartridge, tree("one", f=BIG))
    assert (done.code, done.statuses) == (10, ["failed"])
    assert kinds(cartridge) == ["label", "data", "trailer"]
    assert (session_in(cartridge, 2).status, session_in(cartridge, 2).continues) == ("full", True)


def test_files_with_problems_are_in_the_trailer(cartridge: Cartridge, tree: Tree) -> None:
    top = tree("t", a=BIG)
    cut = after_block(3, lambda: os.truncate(top / "a", 5))
    assert save(cartridge, top, memory_bytes=4 * BLOCK, prepare=cut).code == 1
    session = session_in(cartridge, 2)
    assert session.status == "partial"
    assert session.arguments[0].errors[0][0] == str(top / "a")


# -- reading steps over ------------------------------------------------------------------------------------------------


def test_restore_steps_over_label_and_trailers(cartridge: Cartridge, tree: Tree, tmp_path: Path) -> None:
    one, two = tree("one", f=BIG), tree("two", f=5)
    save(cartridge, one)
    save(cartridge, two)
    for start, source in ((0, one), (2, two)):
        done = cartridge.restore(tmp_path / "out", start)
        assert done.code == 0
        assert done.report.arguments[0].tape_file == start + 1
        assert differences(describe(source), describe(tmp_path / "out" / source.name)) == []
    assert cartridge.restore(tmp_path / "out", 4).code == 11
    assert not (tmp_path / "out" / "pytp").exists()


def test_ls_tells_of_them_in_one_line_each(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    done = cartridge.list(all_files=True)
    own = [event for event in done.events if isinstance(event, OwnFileListed)]
    assert [(one.tape_file, one.kind) for one in own] == [(0, "label"), (2, "trailer")]
    assert "1 tape file, 2 members, complete" in own[1].text
    assert len(done.lines) == 2
    assert done.code == 0


# -- identity ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "library", "barcode", "source"),
    [(None, "LIB001L9", "LIB001L9", "library"), ("USR001L9", None, "USR001L9", "user"), (None, None, None, "uuid")],
)
def test_where_the_barcode_comes_from(
    cartridge: Cartridge, tree: Tree, volume: str | None, library: str | None, barcode: str | None, source: str
) -> None:
    save(cartridge, tree("one", f=5), volume=volume, library_barcode=library)
    label = label_of(cartridge)
    assert (label.barcode, label.barcode_from) == (barcode or f"PYTP-{label.uuid[:8].upper()}", source)


def test_the_memory_tells_the_barcode_and_is_told(cartridge: Cartridge, tree: Tree) -> None:
    assert write_memory(cartridge.address, HostFacts("MEM001L9", "0" * 36, "host", "1")) == ""
    save(cartridge, tree("one", f=5), pool="nightly")
    label = label_of(cartridge)
    memory = read_memory(cartridge.address)
    assert (label.barcode, label.barcode_from, label.pool) == ("MEM001L9", "memory", "nightly")
    assert (memory.uuid, memory.barcode, label.mam_serial) == (label.uuid, "MEM001L9", memory.serial)


def refused(cartridge: Cartridge, source: Path, match: str, **options: object) -> None:
    before = cartridge.objects()
    with pytest.raises(Refused, match=match):
        save(cartridge, source, **options)
    assert cartridge.objects() == before


def test_what_disagrees_is_named_and_nothing_is_written(cartridge: Cartridge, tree: Tree) -> None:
    source = tree("one", f=5)
    save(cartridge, source, library_barcode="LIB001L9")
    refused(cartridge, source, "says LIB001L9, --volume is OTHER", volume="OTHER")
    refused(cartridge, source, "says LIB001L9, the library's barcode is LIB002L9", library_barcode="LIB002L9")
    refused(cartridge, source, "says LIB001L9, the library", library_barcode="LIB002L9", overwrite=True, at=0)
    assert save(cartridge, source, volume="LIB001L9", library_barcode="LIB001L9").code == 0


def test_a_name_that_was_made_up_contradicts_no_sticker(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    assert save(cartridge, tree("two", f=5), library_barcode="LIB001L9").code == 0
    refused(cartridge, tree("three", f=5), "--volume is", volume="LIB001L9")


def test_a_copy_is_refused_by_its_serial_number(
    cartridge: Cartridge, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(cartridge, tree("one", f=5))
    real = read_memory(cartridge.address)
    monkeypatch.setattr("pytp_native.jobs.cartridge.read_memory", lambda _address: real._replace(serial="OTHER"))
    refused(cartridge, tree("two", f=5), "it is a copy")


def test_sticker_and_volume_that_differ_are_refused_on_a_blank_tape(cartridge: Cartridge, tree: Tree) -> None:
    refused(cartridge, tree("one", f=5), "and B is asked for", volume="B", library_barcode="A")


@pytest.mark.parametrize("text", ["", "a b", "x" * 33, "\u00e9"])
def test_what_can_be_no_barcode_is_usage(cartridge: Cartridge, tree: Tree, text: str) -> None:
    with pytest.raises(UsageError):
        save(cartridge, tree("one", f=5), volume=text)


def test_another_block_size_is_refused(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    cartridge.block_bytes = 20480
    refused(cartridge, tree("two", f=5), "10240 bytes, this drive is set up for 20480")


# -- foreign tapes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objects", [[b"x" * BLOCK, None], [None, b"x" * BLOCK, None]])
def test_a_foreign_tape_takes_consent(cartridge: Cartridge, tree: Tree, objects: list[bytes | None]) -> None:
    cartridge.write(objects)
    refused(cartridge, tree("one", f=5), "nothing was written")
    done = save(cartridge, tree("two", f=5), append_foreign=True)
    assert done.code == 0
    assert cartridge.objects()[: len(objects)] == objects
    assert done.report.details["cartridge"] is None
    session = TrailerReader(cartridge.files()[-1], "tape").session
    assert (session.cartridge, session.barcode) == (None, None)


def test_overwriting_a_foreign_tape_from_its_beginning_labels_it(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.write([b"x" * BLOCK, None])
    assert save(cartridge, tree("one", f=5), overwrite=True, at=0).code == 0
    assert kinds(cartridge) == ["label", "data", "trailer"]


def test_overwriting_from_the_beginning_is_a_new_generation(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    first = label_of(cartridge)
    assert save(cartridge, tree("two", f=5), overwrite=True, at=0).code == 0
    second = label_of(cartridge)
    assert (second.uuid, second.barcode, second.generation) == (first.uuid, first.barcode, 2)
    assert session_in(cartridge, 2).earlier == ()


def test_overwriting_behind_the_label_keeps_it(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    first = label_of(cartridge)
    assert save(cartridge, tree("two", f=5), overwrite=True, at=1).code == 0
    assert label_of(cartridge) == first
    assert kinds(cartridge) == ["label", "data", "trailer"]


def test_a_bare_session_is_refused_on_a_labelled_cartridge(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5))
    refused(cartridge, tree("two", f=5), "labelled", bare=True)


# -- pytp label --------------------------------------------------------------------------------------------------------


def test_a_label_alone_and_then_a_backup(cartridge: Cartridge, tree: Tree) -> None:
    assert give(cartridge, "A00001L9", pool="p") == 0
    assert (label_of(cartridge).barcode, label_of(cartridge).barcode_from) == ("A00001L9", "user")
    assert save(cartridge, tree("one", f=5)).report.arguments[0].tape_file == 1


def test_labelling_what_is_not_blank_takes_overwrite(cartridge: Cartridge, tree: Tree) -> None:
    save(cartridge, tree("one", f=5), volume="A00001L9")
    first = label_of(cartridge)
    with pytest.raises(Refused, match="not blank: this is cartridge A00001L9"):
        give(cartridge, "A00002L9")
    assert give(cartridge, "A00001L9", overwrite=True) == 0
    assert (label_of(cartridge).uuid, label_of(cartridge).generation) == (first.uuid, 2)
    assert give(cartridge, "A00002L9", overwrite=True) == 0
    assert (label_of(cartridge).uuid != first.uuid, label_of(cartridge).generation) == (True, 1)
    assert kinds(cartridge) == ["label"]


def test_a_label_that_the_library_contradicts_is_refused(cartridge: Cartridge) -> None:
    with pytest.raises(Refused, match="library's barcode is X"):
        give(cartridge, "Y", library_barcode="X")
    assert cartridge.objects() == []


def test_a_label_that_cannot_be_written_ends_the_job(cartridge: Cartridge, tree: Tree) -> None:
    cartridge.fault("write 0: medium error")
    done = save(cartridge, tree("one", f=5))
    assert (done.code, done.statuses) == (6, ["not started"])
    assert "label: " in done.report.message


def test_a_trailer_that_cannot_be_written_is_told(cartridge: Cartridge, tree: Tree) -> None:
    source = tree("one", f=5)
    cartridge.fault("write 4: medium error")
    done = save(cartridge, source)
    assert (done.code, done.statuses) == (6, ["saved"])
    assert "trailer: " in done.report.message
