# SPDX-License-Identifier: WTFPL OR MIT
"""A hard link is joined to what was saved under its first name, and to nothing else that has that name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.stream.untar import Existing
from tests.cartridge import Cartridge, Done

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    for number in range(12):
        (tmp_path / "tree" / f"f{number:02}").write_bytes(os.urandom(3000))
    os.link(tmp_path / "tree" / "f03", tmp_path / "tree" / "zz")
    return tmp_path / "tree"


def restored(
    cartridge: Cartridge, catalog: Catalog | None, out: Path, existing: Existing = Existing.KEEP
) -> tuple[Done, list[str]]:
    events: list[object] = []
    target = os.fsencode(out)
    with cartridge.open() as drive:
        if catalog is not None:
            request = CatalogRequest(Selector(), target, existing=existing)
            report = restore_from_catalog(drive, catalog, request, events.append, Interrupt())
        else:
            drive.go_to_file(1)
            report = restore(drive, RestoreRequest(target, existing=existing), events.append, Interrupt())
    problems = [error.reason for argument in report.arguments for error in argument.errors]
    return Done(report, events), problems


@pytest.mark.parametrize("existing", [Existing.KEEP, Existing.NEWER])
@pytest.mark.parametrize("by_catalog", [True, False])
def test_it_is_not_joined_to_a_file_that_was_kept(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, existing: Existing, by_catalog: bool
) -> None:
    cartridge.backup(tree, catalog=catalog, bare=False)
    (tmp_path / "out" / "tree").mkdir(parents=True)
    (tmp_path / "out" / "tree" / "f03").write_bytes(b"mine, newer")
    done, problems = restored(cartridge, catalog if by_catalog else None, tmp_path / "out", existing)
    assert done.code == 1
    assert "the file with its first name is another one, which was kept" in problems
    assert not (tmp_path / "out" / "tree" / "zz").exists()
    assert (tmp_path / "out" / "tree" / "f03").read_bytes() == b"mine, newer"


@pytest.mark.parametrize("existing", list(Existing))
def test_it_is_joined_to_what_was_restored_before(
    cartridge: Cartridge, catalog: Catalog, tree: Path, tmp_path: Path, existing: Existing
) -> None:
    cartridge.backup(tree, catalog=catalog, bare=False)
    assert restored(cartridge, catalog, tmp_path / "out")[0].code == 0
    out = tmp_path / "out" / "tree"
    (out / "zz").unlink()
    restored(cartridge, catalog, tmp_path / "out", existing)
    assert (out / "zz").samefile(out / "f03")
    assert (out / "zz").read_bytes() == (tree / "f03").read_bytes()


@pytest.mark.parametrize("by_catalog", [True, False])
@pytest.mark.parametrize("existing", list(Existing))
@pytest.mark.parametrize("there", [True, False])
def test_it_is_not_joined_to_what_turned_out_to_be_damaged(
    cartridge: Cartridge,
    catalog: Catalog,
    tree: Path,
    tmp_path: Path,
    existing: Existing,
    by_catalog: bool,
    there: bool,
) -> None:
    """Nor to an older file that the damaged one has left in its place."""
    cartridge.backup(tree, catalog=catalog, bare=False)
    (hit,) = catalog.find(b"f03")
    cartridge.fault(f"read {(hit.first_block or 0) + (hit.block or 0)}: medium error")
    out = tmp_path / "out" / "tree"
    out.mkdir(parents=True)
    if there:
        (out / "f03").write_bytes(b"older")
        os.utime(out / "f03", (1, 1))
    done, _problems = restored(cartridge, catalog if by_catalog else None, tmp_path / "out", existing)
    assert done.code != 0
    assert not (out / "zz").exists()
    assert there == (out / "f03").exists()
