# SPDX-License-Identifier: WTFPL OR MIT
"""Tape files without a trailer come back into the catalog by being read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.catalog.verifying import Scope
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.events import Notice
from pytp_native.jobs.frame import Frame
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from tests.cartridge import Cartridge, Done

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    for directory in ("a", "b", "c"):
        (top / directory / "deeper").mkdir(parents=True)
        for number in range(10):
            (top / directory / "deeper" / f"f{number}").write_bytes(os.urandom(BLOCK * number))
        os.symlink("f1", top / directory / "deeper" / "link")
        os.link(top / directory / "deeper" / "f2", top / directory / "deeper" / "hard")
    return top


def again(cartridge: Cartridge, path: Path) -> tuple[Catalog, Done]:
    events: list[object] = []
    fresh = Catalog(str(path))
    with cartridge.open() as drive:
        return fresh, Done(rebuild(drive, fresh, events.append, Interrupt()), events)


def rows(catalog: Catalog) -> set[tuple[object, ...]]:
    return {(one.path, one.tape_file, one.block, one.offset, one.size, one.digest) for one in catalog.find(b"*")}


def dead_session(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    """Three sessions; the one in the middle left its tape files and no trailer, as one that was killed would."""
    cartridge.backup(tree / "a", catalog=catalog, bare=False)
    with without_trailer():
        cartridge.backup(tree / "b", tree / "c", catalog=catalog, bare=False)
    cartridge.backup(tree / "a", catalog=catalog, bare=False)


@contextmanager
def without_trailer() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Frame, "end", lambda *_arguments: None)
        yield


def test_a_catalog_is_the_same_again_where_a_trailer_is_missing(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    dead_session(cartridge, catalog, tree)
    fresh, done = again(cartridge, tmp_path / "again.db")
    assert rows(fresh) == rows(catalog)
    assert done.code == 0
    assert [session.state for session in fresh.sessions()].count("interrupted") == 1
    assert any("tape files 3 to 4: no trailer tells of it" in text for text in done.notices)


def test_telling_twice_changes_nothing(cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path) -> None:
    dead_session(cartridge, catalog, tree)
    fresh, _done = again(cartridge, tmp_path / "again.db")
    before = [(one.uuid, one.state, one.started) for one in fresh.sessions()]
    fresh.close()
    fresh, _done = again(cartridge, tmp_path / "again.db")
    assert [(one.uuid, one.state, one.started) for one in fresh.sessions()] == before
    assert rows(fresh) == rows(catalog)


def test_of_a_cut_tape_file_the_complete_members_are_told(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    cartridge.backup(tree / "a", catalog=catalog, bare=False)
    interrupt = Interrupt()

    def stop(event: object) -> None:
        if not isinstance(event, Notice):
            interrupt.trigger()

    with without_trailer():
        cut = cartridge.backup(tree / "b", catalog=catalog, bare=False, interrupt=interrupt, on_event=stop)
    assert cut.code == 130
    fresh, done = again(cartridge, tmp_path / "again.db")
    assert rows(fresh) == rows(catalog)
    assert done.code == int(any(path.startswith(b"b/") for path, *_rest in rows(catalog)))


def stored(catalog: Catalog) -> list[tuple[object, ...]]:
    files = [one for session in catalog.sessions() for one in session.tape_files if one.kind == "data"]
    return sorted((one.number, one.blocks, one.members, one.state) for one in files)


def test_a_compressed_tape_file_comes_back_with_its_frames(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    (tree / "b" / "large").write_bytes(os.urandom(3_000_000))
    with without_trailer():
        cartridge.backup(tree / "b", tree / "c", catalog=catalog, bare=False, zstd_level=3)
    fresh, done = again(cartridge, tmp_path / "again.db")
    assert (rows(fresh), stored(fresh), done.code) == (rows(catalog), stored(catalog), 0)
    with closing(cartridge.open()) as drive:
        (hit,) = fresh.find(b"large")
        request = CatalogRequest(Selector(session=fresh.sessions()[0].uuid), os.fsencode(tmp_path / "out"), (hit.path,))
        report = restore_from_catalog(drive, fresh, request, lambda event: None, Interrupt())
    assert (report.exit_code, report.details["checked"]) == (1, 1)  # the session is told to be interrupted
    assert (tmp_path / "out" / "b" / "large").read_bytes() == (tree / "b" / "large").read_bytes()
    both = [[one.frames for one in catalog_.archives(Scope())[0].parts] for catalog_ in (fresh, catalog)]
    assert both[0] == both[1] != [None]


def test_of_a_compressed_tape_file_that_is_cut_the_whole_frames_are_told(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    (tree / "b" / "z-large").write_bytes(os.urandom(3_000_000))
    cartridge.fault("write 150: medium error")
    with without_trailer():
        assert cartridge.backup(tree / "b", catalog=catalog, bare=False, zstd_level=3).code == 6
    cartridge.mend()
    fresh, done = again(cartridge, tmp_path / "again.db")
    assert done.code == 1
    assert "cut off" in " ".join(done.notices)
    assert rows(fresh) >= rows(catalog), "the drive did not say that they were on the medium"
    assert {path for path, *_rest in rows(fresh)} > {b"b", b"b/deeper/f9"}


@pytest.mark.parametrize("from_end", [0, 3, 12])
def test_a_trailer_that_the_drive_cannot_read_is_told_and_its_tape_files_are_read(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, from_end: int
) -> None:
    for _number in range(900):
        (tree / "a" / os.urandom(60).hex()).write_bytes(b"x")
    cartridge.backup(tree / "a", catalog=catalog, bare=False)
    with cartridge.open() as drive:
        drive.to_end_of_data()
        last = (drive.where().logical_block or 0) - 2
    cartridge.fault(f"read {last - from_end}: medium error")
    fresh, done = again(cartridge, tmp_path / "again.db")
    assert done.code == 1
    assert any("read" in text and "failed" in text for text in done.notices), done.notices
    assert rows(fresh) == rows(catalog)
    assert [session.state for session in fresh.sessions() if session.state == "complete"] == []


def told(catalog: Catalog) -> list[tuple[object, ...]]:
    """All that is known of sessions and their tape files but what the tape cannot know."""
    return [
        (one.uuid, one.kind, one.job, one.label, one.started, one.hash,
         [(file.number, file.path, file.name, file.part, file.level, file.based_on, file.blocks)
          for file in one.tape_files if file.kind == "data"])
        for one in catalog.sessions()
    ]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"zstd_level": 1}, {"strategy": "tar"}], ids=str)
def test_whose_they_are_stands_in_front_of_them(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    """Two dead sessions, one behind the other, of two jobs; one of them holds changes."""
    (tree / os.fsdecode(b"odd\xff")).mkdir()
    paths = (tree / "a", tree / "b", tree / os.fsdecode(b"odd\xff"))
    if "strategy" in options:
        options = {**options, "tar_dir": str(tmp_path)}
    cartridge.backup(*paths, catalog=catalog, bare=False, job="daily", label="here", **options)
    (tree / "a" / "new").write_bytes(b"new")
    with without_trailer():
        cartridge.backup(*paths, catalog=catalog, bare=False, job="daily", level="incremental", **options)
        cartridge.backup(*paths, catalog=catalog, bare=False, job="weekly", hash_name="sha256", **options)
    fresh, done = again(cartridge, tmp_path / "again.db")
    assert done.code == 0
    found, wanted = told(fresh), told(catalog)
    if "strategy" in options:  # the archive does not say which cartridge of the session it is on
        found, wanted = [one[1:] for one in found], [one[1:] for one in wanted]
    assert found == wanted
    assert rows(fresh) == rows(catalog)
