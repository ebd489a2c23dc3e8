# SPDX-License-Identifier: WTFPL OR MIT
"""Fixtures of the jobs' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_bench import cartridge, tree  # noqa: F401  # fixtures
from reading_tapes import BLOCK, Told

from pytp_native.devices.drive import Drive
from pytp_native.vtl.library import Library


@pytest.fixture
def told() -> Told:
    """Takes a job's records."""
    return Told()


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """A virtual drive with an empty cartridge and a configured block size of 64 KiB."""
    Library.create(tmp_path / "library", capacity_bytes=256 << 20)
    with Drive.open(f"vtl:{tmp_path / 'library'}/drive0", block_bytes=BLOCK, write=True) as opened:
        yield opened
