# SPDX-License-Identifier: WTFPL OR MIT
"""The disk of the temporary directory is full: what is on tape is whole, and that no list of it is, is told and made up
for by reading it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.rebuild import rebuild
from pytp_native.stream.member_index import IndexSpool
from tests.cartridge import Cartridge
from tests.trees import describe, differences

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        for number in range(300):
            (tmp_path / "tree" / name / f"f{number:03}").write_bytes(os.urandom(40))
    return tmp_path / "tree"


def check(cartridge: Cartridge, catalog: Catalog, tree: Path, out: Path) -> None:
    """A catalog that is made of the tape has all of it, under its own session."""
    with cartridge.open() as drive:
        assert rebuild(drive, catalog, lambda event: None, Interrupt()).exit_code == 0
    (session,) = catalog.sessions()
    assert (session.job, session.state) == ("j", "complete")
    with cartridge.open() as drive:
        request = CatalogRequest(Selector(job="j"), os.fsencode(out))
        assert restore_from_catalog(drive, catalog, request, lambda event: None, Interrupt()).exit_code == 0
    for name in ("a", "b", "c"):
        assert differences(describe(tree / name), describe(out / name)) == []


def options(catalog: Catalog) -> dict[str, Any]:
    return {"catalog": catalog, "bare": False, "job": "j", "append_foreign": False}


@pytest.mark.parametrize("compression", [None, 3])
def test_a_log_of_members_that_is_cut_off_is_no_index(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    compression: int | None,
) -> None:  # fmt: skip
    with open("/dev/full", "r+b", buffering=0) as full, monkeypatch.context() as patch:
        patch.setattr(MemberLog, "fileno", lambda self: full.fileno())
        patch.setattr(MemberLog, "restart", lambda self: None)
        paths = (tree / "a", tree / "b", tree / "c")
        done = cartridge.backup(*paths, zstd_level=compression, probe=False, **options(catalog))
    assert done.code == 1
    assert done.statuses == ["saved"] * 3
    assert any("catalog rebuild" in text for text in done.notices)
    assert catalog.sessions()[0].state == "failed"
    check(cartridge, catalog, tree, tmp_path / "out")
    check(cartridge, Catalog(str(tmp_path / "again.db")), tree, tmp_path / "out2")


def test_an_index_that_finds_no_room_is_told_and_made_up_for(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = IndexSpool.add

    def full(self: IndexSpool, *arguments: Any, **more: Any) -> int:
        if self.files:
            self.give_up("No space left on device")
        return add(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(IndexSpool, "add", full)
        done = cartridge.backup(tree / "a", tree / "b", tree / "c", **options(catalog))
    assert done.code == 1
    assert "the index in the trailer is not complete (No space left on device)" in done.report.message
    check(cartridge, Catalog(str(tmp_path / "again.db")), tree, tmp_path / "out")
