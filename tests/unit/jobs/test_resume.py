# SPDX-License-Identifier: WTFPL OR MIT
"""Sessions that are resumed, and those that are not."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.running import Held
from pytp_native.catalog.store import Catalog
from pytp_native.errors import NothingHere, Refused
from pytp_native.jobs.events import ArgumentStarted, Notice
from pytp_native.jobs.frame import Frame
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.trailer import TrailerReader
from tests.cartridge import Cartridge, Done

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    for directory in ("a", "b"):
        (top / directory).mkdir(parents=True)
        for number in range(10):
            (top / directory / f"f{number}").write_bytes(os.urandom(BLOCK))
    return top


def save(cartridge: Cartridge, catalog: Catalog, *paths: Path, **options: object) -> Done:
    return cartridge.backup(*paths, catalog=catalog, bare=False, append_foreign=False, **options)


def go_on(cartridge: Cartridge, catalog: Catalog, **options: object) -> Done:
    events: list[object] = []
    with cartridge.open(write=True) as drive:
        return Done(resume(drive, ResumeRequest(**options), catalog, events.append, Interrupt()), events)


def stopped(cartridge: Cartridge, catalog: Catalog, tree: Path) -> Done:
    """A session that Ctrl-C ended behind its first tape file."""
    interrupt = Interrupt()

    def stop(event: object) -> None:
        if isinstance(event, ArgumentStarted) and event.path.endswith(b"/b"):
            interrupt.trigger()

    return save(cartridge, catalog, tree / "a", tree / "b", interrupt=interrupt, on_event=stop)


def test_an_interrupted_session_goes_on_and_one_trailer_covers_it_all(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    assert stopped(cartridge, catalog, tree).code == 130
    done = go_on(cartridge, catalog)
    assert (done.code, done.report.command, done.statuses) == (0, "resume", ["saved"])
    (session,) = catalog.sessions()
    assert session.state == "complete"
    last = cartridge.files()[-1]
    told = TrailerReader(last, "tape").session
    assert (told.uuid, told.status) == (session.uuid, "complete")
    assert [os.path.basename(one.path) for one in told.arguments] == ["a", "b"]
    assert len(list(catalog.find(b"f*"))) == 20
    with Catalog(str(tmp_path / "again.db")) as again, cartridge.open() as drive:
        assert rebuild(drive, again, lambda event: None, Interrupt()).exit_code == 0
        assert {(one.path, one.block, one.tape_file, one.digest) for one in again.find(b"f*")} == {
            (one.path, one.block, one.tape_file, one.digest) for one in catalog.find(b"f*")
        }


def test_what_is_safe_is_listed(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    stopped(cartridge, catalog, tree)
    done = go_on(cartridge, catalog)
    told = [event.text for event in done.events if isinstance(event, Notice) and event.text.startswith("safe: ")]
    assert told[0] == f"safe: {tree / 'a'}: all of it (tape file 1 of {catalog.cartridges()[0].barcode})"
    safe = done.report.details["safe"]
    assert isinstance(safe, list)
    assert (safe[0]["path"], safe[0]["tape_file"], safe[0]["status"]) == (str(tree / "a"), 1, "saved")


def test_nothing_waits_behind_a_session_that_came_to_its_end(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    save(cartridge, catalog, tree)
    before = cartridge.objects()
    with pytest.raises(NothingHere, match="no session"):
        go_on(cartridge, catalog)
    assert cartridge.objects() == before


def test_a_session_behind_which_another_was_written_stays_as_it_is(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    stopped(cartridge, catalog, tree)
    save(cartridge, catalog, tree / "b")
    with pytest.raises(Refused, match="another session"):
        go_on(cartridge, catalog)


def test_a_session_that_still_runs_is_left_alone(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    stopped(cartridge, catalog, tree)
    catalog._database.run("UPDATE session SET state = 'open', pid = 4711")
    held = Held(catalog.path, catalog.sessions()[0].uuid)
    with pytest.raises(Refused, match=r"still runs \(process 4711\)"):
        go_on(cartridge, catalog)
    held.release()
    assert go_on(cartridge, catalog).code == 0


def test_a_cartridge_with_another_barcode_is_refused(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    stopped(cartridge, catalog, tree)
    with pytest.raises(Refused, match="--volume is OTHER1"):
        go_on(cartridge, catalog, volume="OTHER1")


def test_a_tape_that_lost_what_the_catalog_knows_is_not_written(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    stopped(cartridge, catalog, tree)
    label = cartridge.files()[0]
    cartridge.write([*label, None])
    with pytest.raises(Refused, match="the tape ends at file 1"):
        go_on(cartridge, catalog)


def test_a_session_whose_end_only_the_catalog_missed_is_taken_from_its_trailer(
    cartridge: Cartridge, catalog: Catalog, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed just then."""
    with monkeypatch.context() as dying:
        dying.setattr(OpenSession, "end", lambda *_, **__: None)
        dying.setattr(OpenTapeFile, "end", lambda *_, **__: None)
        save(cartridge, catalog, tree)
    gc.collect()
    before = cartridge.objects()
    assert go_on(cartridge, catalog).code == 0
    assert cartridge.objects() == before
    assert catalog.sessions()[0].state == "complete"
    assert len(list(catalog.find(b"f*"))) == 20


def test_a_bad_place_on_the_tape_is_told_and_the_members_before_it_are_safe(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    """The drive fails in the middle; mended, the session goes on behind it."""
    cartridge.fault("write 20: medium error")
    assert save(cartridge, catalog, tree).code == 6
    cartridge.mend()
    done = go_on(cartridge, catalog)
    assert done.code == 0
    kinds = [find_mark(blocks[0]) for blocks in cartridge.files()]
    assert [mark.kind if mark else "data" for mark in kinds] == ["label", "data", "data", "trailer"]
    assert {one.path for one in catalog.find(b"f*")} == {
        f"tree/{directory}/f{number}".encode() for directory in "ab" for number in range(10)
    }


def test_the_next_backup_marks_a_session_whose_process_is_gone_as_interrupted(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    stopped(cartridge, catalog, tree)
    catalog._database.run("UPDATE session SET state = 'open', pid = 999999999")
    save(cartridge, catalog, tree / "a")
    assert [session.state for session in catalog.sessions()] == ["complete", "interrupted"]


@pytest.mark.parametrize("knows", [True, False], ids=["by the catalog", "by looking"])
def test_trailers_in_front_of_a_session_of_many_tape_files_are_found(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, knows: bool
) -> None:
    assert save(cartridge, catalog, tree, job="first").code == 0
    many = [tmp_path / f"u{number:02}" for number in range(20)]
    for one in many:
        one.write_bytes(b"x")
    interrupt = Interrupt()

    def stop(event: object) -> None:
        if isinstance(event, ArgumentStarted) and event.path == os.fsencode(many[-1]):
            interrupt.trigger()

    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(Frame, "end", lambda *_: None)
        save(cartridge, catalog, *many, job="second", interrupt=interrupt, on_event=stop)
    if not knows:
        with Catalog(str(tmp_path / "empty.db")) as empty, pytest.raises(Refused, match="not in the catalog"):
            save(cartridge, empty, tree)
        return
    assert go_on(cartridge, catalog).code == 0
    with Catalog(str(tmp_path / "again.db")) as again, cartridge.open() as drive:
        assert rebuild(drive, again, lambda event: None, Interrupt()).exit_code == 0
        assert {session.job: session.state for session in again.sessions()} == {
            "first": "complete", "second": "complete"
        }  # fmt: skip
