# SPDX-License-Identifier: WTFPL OR MIT
"""Somebody else moves the tape while a session is written: what was written since lies over what was there before.
Nothing that the catalog then still calls safe is wrong, and a session that is resumed has all of it, or is not.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.errors import NothingHere, Refused
from pytp_native.jobs.argument_file import ArgumentFile, Written
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.units import MIB
from tests.faults.spanned import Shelf
from tests.faults.test_resume_kinds import contents, go_on

BLOCK = 10240


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Blocks 2 to 19 of the tape, 21 to 37, and the trailer behind them."""
    chance = random.Random(5)
    for name in ("a", "b"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        for number in range(6):
            (tmp_path / "tree" / name / f"f{number}").write_bytes(chance.randbytes(2 * BLOCK + 3000 * number))
    return tmp_path / "tree"


def save(desk: Shelf, catalog: Catalog, tree: Path, fault: str, **options: object) -> tuple[int, str]:
    desk.load(desk.barcodes[0])
    done = desk.backup(
        tree / "a", tree / "b", catalog=catalog, memory_bytes=64 * MIB, flush_bytes=4 * BLOCK,
        prepare=lambda drive: desk.library.add_fault(0, fault), **options,
    )  # fmt: skip
    desk.library.clear_faults(0)
    return done.code, done.report.message


def claimed(desk: Shelf, catalog: Catalog, target: Path) -> dict[str, bytes | None]:
    """All that the catalog calls safe, restored: none of it may fail."""
    request = CatalogRequest(Selector(session=catalog.sessions()[0].uuid), os.fsencode(target))
    with desk.served() as served, desk.open() as drive:
        try:
            supply = LibrarySupply(served, 0)
            report = restore_from_catalog(drive, catalog, request, lambda event: None, Interrupt(), supply=supply)
        except NothingHere:
            return {}
    assert report.exit_code == (0 if catalog.sessions()[0].state == "complete" else 1), report.message
    assert not [error for argument in report.arguments for error in argument.errors]
    return {name: data for name, data in contents(target).items() if data is not None}


@pytest.mark.parametrize(("at", "goal"), [(9, 3), (14, 3), (11, 9), (18, 16), (25, 23), (32, 30), (38, 36), (39, 37)])
@pytest.mark.parametrize("compression", [None, 1])
def test_no_claim_is_wrong_and_a_resumed_session_has_it_all(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, at: int, goal: int, compression: int | None
) -> None:
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    code, message = save(desk, catalog, tree, f"moved to {goal} at {at}", zstd_level=compression)
    assert code == 6
    assert "moved by another program" in message
    wanted = {name: data for name, data in contents(tree).items() if data is not None}
    assert claimed(desk, catalog, tmp_path / "before").items() <= wanted.items()
    assert catalog.check() == []
    assert go_on(desk, catalog).code == 0
    assert claimed(desk, catalog, tmp_path / "after") == wanted


def test_tape_files_that_were_written_over_are_named_and_not_claimed(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path
) -> None:
    """The trailer went over everything: nothing of this session can be resumed."""
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    code, message = save(desk, catalog, tree, "moved to 3 at 40")
    assert code == 6
    assert "trailer: the tape stands at block" in message
    assert list(catalog.find(b"f*")) == []
    assert [file for file in catalog.sessions()[0].tape_files if file.kind == "data"] == []
    with pytest.raises(NothingHere):
        go_on(desk, catalog)


def test_a_tape_that_was_moved_between_two_tape_files_has_lost_nothing(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = ArgumentFile.save

    def move_and_save(self: ArgumentFile, argument: Argument, *others: object, **more: object) -> Written:
        if argument.path.endswith(b"/b"):
            mtio.seek(self._drive.tape, 3)
        return gone(self, argument, *others, **more)  # type: ignore[arg-type]

    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    with monkeypatch.context() as patch:
        patch.setattr(ArgumentFile, "save", move_and_save)
        code, message = save(desk, catalog, tree, "moved to 1 at 999")
    assert code == 6
    assert "what was written is still there" in message
    wanted = {name: data for name, data in contents(tree).items() if data is not None}
    assert claimed(desk, catalog, tmp_path / "a").items() == {n: d for n, d in wanted.items() if n[0] == "a"}.items()
    assert go_on(desk, catalog).code == 0
    assert claimed(desk, catalog, tmp_path / "after") == wanted


@pytest.mark.parametrize("at", [20, 38])
def test_a_filemark_that_went_elsewhere_is_noticed(
    shelf: Path, catalog: Catalog, tree: Path, tmp_path: Path, at: int
) -> None:
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    code, message = save(desk, catalog, tree, f"moved to {at - 3} at {at}", probe=False)
    assert code == 6
    assert "moved by another program" in message
    wanted = {name: data for name, data in contents(tree).items() if data is not None}
    assert claimed(desk, catalog, tmp_path / "before").items() <= wanted.items()
    assert go_on(desk, catalog).code == 0
    assert claimed(desk, catalog, tmp_path / "after") == wanted


def test_a_tape_that_is_shorter_than_the_catalog_says_is_not_written_on(
    shelf: Path, catalog: Catalog, tree: Path
) -> None:
    """Killed before anybody could notice: as many tape files as there should be, of other lengths."""
    desk = Shelf(shelf / "library", cartridges=1, capacity=32 * MIB)
    assert save(desk, catalog, tree, "moved to 1 at 999")[0] == 0
    catalog._database.run("UPDATE tape_file SET first_block = first_block + 7 WHERE kind = 'trailer'")
    for call in (lambda: desk.backup(tree, catalog=catalog), lambda: go_on(desk, catalog)):
        with pytest.raises((Refused, NothingHere)) as caught:
            call()
        assert isinstance(caught.value, NothingHere) or "but the tape ends at block" in str(caught.value)
