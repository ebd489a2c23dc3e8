# SPDX-License-Identifier: WTFPL OR MIT
"""Loaded first, as part of the package `tests`: that is what lets every test import its siblings as tests.NAME."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytp_native.catalog.store import Catalog

ENOUGH = 3 << 30


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """A directory for virtual cartridges, in memory where there is enough: they are synced at every filemark."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ENOUGH:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="pytp-test-", dir=memory) as path:
        yield Path(path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a drive open in a test keeps it: nobody waits for them in this process."""
    monkeypatch.setattr("pytp_native.devices.patience.MOST_S", 0.0)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty one."""
    return Catalog(str(tmp_path / "catalog.db"))
