# SPDX-License-Identifier: WTFPL OR MIT
"""What many fault tests save."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Five megabytes: three cartridges of two."""
    (tmp_path / "tree").mkdir()
    for number in range(40):
        (tmp_path / "tree" / f"f{number:02}").write_bytes(os.urandom(130_000))
    return tmp_path / "tree"
