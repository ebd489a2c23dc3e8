# SPDX-License-Identifier: WTFPL OR MIT
"""Directories that every machine has: backed up, restored, and read by every other tar. The slowest test there is."""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from pathlib import Path

import pytest

from pytp_native.units import GIB
from tests.cartridge import Cartridge
from tests.interop import every_kind
from tests.interop.readers import (
    ALL_ATTRIBUTES,
    NEEDS_BSDTAR,
    NEEDS_GNU_TAR,
    bsd_members,
    gnu_members,
    python_members,
    run,
)
from tests.trees import Entry, describe, differences

MOST = 300 << 20
"""A larger tree is for the benchmark."""
CANDIDATES = (Path("/usr/include"), Path("/usr/share/doc"), Path(sysconfig.get_paths()["stdlib"]))
LEFT_OUT = b"/site-packages"
"""Of the Python installation: whatever somebody has put there."""


def _without(tree: dict[bytes, Entry]) -> dict[bytes, Entry]:
    return {name: entry for name, entry in tree.items() if not name.startswith(LEFT_OUT)}


def _owned(tree: dict[bytes, Entry]) -> dict[bytes, Entry]:
    """What an ordinary user can bring back: everything but owners."""
    if os.geteuid() == 0:
        return tree
    return {name: entry._replace(uid=0, gid=0, mode=entry.mode & 0o1777) for name, entry in tree.items()}


@pytest.mark.slow
@NEEDS_GNU_TAR
@NEEDS_BSDTAR
def test_real_directories_come_back_and_every_tar_reads_them(shelf: Path, tmp_path: Path) -> None:
    trees = {path: _without(describe(path)) for path in CANDIDATES if path.is_dir()}
    sources = [path for path, tree in trees.items() if sum(entry.size for entry in tree.values()) <= MOST]
    if not sources:
        pytest.skip("no directory of a fitting size here")
    cartridge = Cartridge(shelf / "vtl", capacity=2 * GIB)
    done = cartridge.backup(*sources, exclude=(LEFT_OUT[1:],))
    assert (done.code, done.statuses) == (0, ["saved"] * len(sources))
    for number, source in enumerate(sources):
        wanted = _owned(trees[source])
        out = Path(tempfile.mkdtemp(dir=shelf if every_kind.supports_attributes(shelf) else tmp_path))
        assert cartridge.restore(out, number).code == 0
        assert differences(wanted, _owned(_without(describe(out / source.name)))) == []
        archive = shelf / "archive.tar"
        archive.write_bytes(cartridge.cat(number))
        members = python_members(archive)
        assert len(members) == len(wanted) == done.report.arguments[number].files
        assert gnu_members(archive) == members
        assert bsd_members(archive) == members
        shutil.rmtree(out / source.name)
        said = run("tar", *ALL_ATTRIBUTES, "-xf", archive, "-C", out)
        assert (said.code, said.err) == (0, "")
        assert differences(wanted, _owned(describe(out / source.name))) == []
        shutil.rmtree(out)
