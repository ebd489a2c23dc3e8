# SPDX-License-Identifier: WTFPL OR MIT
"""Header groups that are longer than a tape block, as large extended attributes make them, wherever a cartridge
ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_native.catalog.store import Catalog
from tests.faults.spanned import Shelf
from tests.faults.test_spanned_restore import restore
from tests.trees import describe, differences

VALUE = 25_000
"""Bytes: two and a half blocks."""


@pytest.fixture
def source(shelf: Path) -> Path:
    """In memory: ext4 keeps 4 KiB of attributes."""
    top = shelf / "source"
    top.mkdir()
    for number in range(3):
        path = top / f"file{number}"
        path.write_bytes(os.urandom(15_000))
        try:
            os.setxattr(path, "user.large", os.urandom(VALUE))
        except OSError as error:
            pytest.skip(f"this file system keeps no such attribute: {error.strerror}")
    return top


@pytest.mark.parametrize("block", range(1, 14))
def test_a_cut_anywhere_loses_nothing(shelf: Path, source: Path, block: int) -> None:
    library = Shelf(shelf / "library", cartridges=3)
    library.library.add_fault(0, f"early warning at {block}")
    with Catalog(str(shelf / "catalog.db")) as catalog:
        done = library.backup(source, catalog=catalog)
        assert (done.code, done.statuses) == (0, ["saved"])
        assert len(library.set()) == 2
        library.load("PYT001L9")
        back, _fetched = restore(library, catalog, shelf / "out")
    assert (back.code, back.report.message) == (0, "")
    assert differences(describe(source), describe(shelf / "out" / "source")) == []
    for number in range(3):
        value = os.getxattr(source / f"file{number}", "user.large")
        assert os.getxattr(shelf / "out" / "source" / f"file{number}", "user.large") == value
