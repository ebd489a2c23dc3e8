# SPDX-License-Identifier: WTFPL OR MIT
"""A tree with every kind of member, once on a virtual tape and once as the archive that is there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cartridge import Cartridge
from tests.interop import every_kind
from tests.trees import Entry, describe


class Saved(NamedTuple):
    """A tree that was backed up."""

    source: Path
    tree: dict[bytes, Entry]
    cartridge: Cartridge
    archive: Path
    """What `cat` gave."""


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Every kind of member, backed up."""
    directory = tmp_path_factory.mktemp("every")
    if not every_kind.supports_attributes(directory):
        pytest.skip(f"{directory} is on a file system without user attributes or ACLs")
    source = every_kind.make(directory / "every")
    cartridge = Cartridge(directory / "vtl")
    done = cartridge.backup(source)
    assert (done.code, done.statuses) == (0, ["saved"])
    assert done.notices == [f"{source}/socket: socket skipped"]
    archive = directory / "every.tar"
    archive.write_bytes(cartridge.cat(0))
    return Saved(source, describe(source), cartridge, archive)
