# SPDX-License-Identifier: WTFPL OR MIT
"""A backup and the catalog beside it: what it says must be on the tape, whatever happens to either."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.records import TapeFileFacts
from pytp_native.catalog.store import Catalog
from pytp_native.errors import CatalogError
from pytp_native.jobs.events import Notice, Progress
from tests.cartridge import Cartridge


@pytest.fixture
def catalog(shelf: Path) -> Iterator[Catalog]:
    with Catalog(str(shelf / "catalog.db")) as opened:
        yield opened


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Enough members to go into the catalog in several pieces."""
    top = tmp_path / "many"
    for directory in range(30):
        (top / f"{directory:02}").mkdir(parents=True)
        for number in range(100):
            (top / f"{directory:02}" / f"file-{number:02}").write_bytes(b"x" * number)
    return top


def paths(catalog: Catalog) -> set[str]:
    return {os.fsdecode(hit.path) for hit in catalog.find(b"*")}


def expected(top: Path) -> set[str]:
    return {str(path.relative_to(top.parent)) for path in [top, *top.rglob("*")]}


def limit(catalog: Catalog, pages: int) -> None:
    """Leave room for so many more pages, as a disk that is nearly full does."""
    database = catalog._database
    database.run(f"PRAGMA max_page_count = {database.value('PRAGMA page_count') + pages}")


def test_members_come_into_the_catalog_while_the_tape_runs(
    cartridge: Cartridge, catalog: Catalog, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytp_native.jobs.ledger._WORTH_BYTES", 1000)
    monkeypatch.setattr("pytp_native.jobs.ledger.ROOM", 5000)
    assert cartridge.backup(many, catalog=catalog).code == 0
    assert paths(catalog) == expected(many)
    assert catalog.check() == []


def test_a_disk_that_fills_under_the_catalog_does_not_stop_the_tape(
    cartridge: Cartridge, catalog: Catalog, many: Path
) -> None:
    def fill(event: object) -> None:
        if isinstance(event, Progress):
            limit(catalog, 0)

    done = cartridge.backup(many, many / "01", catalog=catalog, on_event=fill)
    assert done.code == 1
    assert [report.status for report in done.report.arguments] == ["saved", "saved"]
    told = [event for event in done.events if isinstance(event, Notice) and event.kind == "CATALOG"]
    assert "disk under the catalog is full" in told[0].text
    assert "catalog rebuild" in told[-1].text
    limit(catalog, 10_000)
    assert catalog.sessions()[0].state != "complete"
    assert catalog.check() == []


def test_a_catalog_that_fails_at_the_end_of_the_session_is_told(
    cartridge: Cartridge, catalog: Catalog, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: OpenSession, *_: object, **__: object) -> None:
        raise CatalogError("catalog.db", "the disk under the catalog is full")

    with monkeypatch.context() as patch:
        patch.setattr(OpenSession, "end", fail)
        done = cartridge.backup(many, catalog=catalog)
    assert (done.code, done.statuses) == (1, ["saved"])
    assert "its trailer has it: pytp catalog rebuild" in done.notices[-1]


def test_what_was_deleted_of_an_argument_that_the_catalog_lost_is_not_told_of_the_one_before(
    cartridge: Cartridge, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "goes").write_bytes(b"x")
    options: dict[str, Any] = {"catalog": catalog, "bare": False, "job": "j", "append_foreign": False}
    assert cartridge.backup(tmp_path / "a", tmp_path / "b", **options).code == 0
    (tmp_path / "a" / "comes").write_bytes(b"y")
    (tmp_path / "b" / "goes").unlink()
    begin = OpenSession.begin_tape_file

    def begin_but_b(self: OpenSession, where: int, facts: TapeFileFacts) -> OpenTapeFile:
        if facts.name == b"b":
            raise CatalogError("the catalog", "no", "none")
        return begin(self, where, facts)

    with monkeypatch.context() as patch:
        patch.setattr(OpenSession, "begin_tape_file", begin_but_b)
        done = cartridge.backup(tmp_path / "a", tmp_path / "b", level="incremental", **options)
    assert (done.code, done.statuses) == (1, ["saved", "saved"])
    assert catalog._database.value("SELECT count(*) FROM deletion") == 0
    assert catalog.sessions()[0].state == "failed"


def test_room_that_comes_back_in_time_is_used(cartridge: Cartridge, catalog: Catalog, many: Path) -> None:
    """The log keeps the members of a tape file until it is closed."""
    seen = []

    def squeeze(event: object) -> None:
        if isinstance(event, Progress):
            seen.append(event)
            limit(catalog, 0 if len(seen) == 1 else 10_000)

    (many / "large").write_bytes(os.urandom(4 << 20))
    done = cartridge.backup(many, catalog=catalog, on_event=squeeze)
    assert done.report.arguments[0].status == "saved"
    if len(seen) > 1:
        assert done.code == 0
        assert paths(catalog) == expected(many)


def test_members_behind_a_medium_error_are_no_claim(cartridge: Cartridge, catalog: Catalog, many: Path) -> None:
    (many / "zz-large").write_bytes(os.urandom(4 << 20))
    done = cartridge.backup(many, catalog=catalog, prepare=lambda drive: cartridge.fault("write 3: medium error"))
    assert done.code == 6
    (session,) = catalog.sessions()
    assert session.state == "failed"
    assert paths(catalog) == set(), "the drive never said that anything is on the medium"
    assert catalog.check() == []


def test_a_session_is_open_until_it_is_over(cartridge: Cartridge, catalog: Catalog, many: Path) -> None:
    states = []
    started = int(time.time())
    done = cartridge.backup(
        many, catalog=catalog, bare=False, on_event=lambda event: states.append(catalog.sessions()[0].state)
        if catalog.sessions() else None,
    )  # fmt: skip
    assert done.code == 0
    assert set(states) == {"open"}
    (session,) = catalog.sessions()
    assert session.state == "complete"
    assert session.started >= started
    assert [file.kind for file in session.tape_files] == ["data", "trailer"]
