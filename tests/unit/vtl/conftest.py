# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

from contextlib import suppress

import pytest

from pytp_native.errors import PytpError
from pytp_native.transport.virtual import open_virtual_tape
from pytp_native.transport.virtual_scsi import open_virtual_scsi
from pytp_native.units import MIB
from pytp_native.vtl.cartridge import Cartridge, Label, create_cartridge
from pytp_native.vtl.library import Library


@pytest.fixture
def library(tmp_path):
    """Two drives, four slots and a mail slot, three cartridges of 4 MiB; PYT001L9 is in drive 0."""
    return Library.create(tmp_path / "vtl", slots=4, cartridges=3, capacity_bytes=4 * MIB)


@pytest.fixture
def open_tape(library):
    """Open drive 0 (or another) as a tape; closed behind the test."""
    opened = []

    def opening(drive: int = 0, *, write: bool = True, status_only: bool = False):
        opened.append(open_virtual_tape(str(library.path), drive, write=write, status_only=status_only))
        return opened[-1]

    yield opening
    for tape in reversed(opened):
        with suppress(PytpError):
            tape.close()


@pytest.fixture
def tape(open_tape):
    return open_tape()


@pytest.fixture
def scsi(library):
    return open_virtual_scsi(str(library.path), 0)


@pytest.fixture
def open_cartridge(tmp_path):
    """Open one cartridge by itself, made when it is not there."""
    opened = []
    directory = str(tmp_path / "A00001L9")

    def opening(*, writable: bool = True) -> Cartridge:
        if not (tmp_path / "A00001L9").exists():
            create_cartridge(directory, Label("A00001L9", "lto9", 64 * MIB))
        opened.append(Cartridge(directory, writable=writable))
        return opened[-1]

    yield opening
    for cartridge in opened:
        cartridge.close()


@pytest.fixture
def cartridge(open_cartridge):
    return open_cartridge()
