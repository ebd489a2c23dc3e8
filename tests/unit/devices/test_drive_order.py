# SPDX-License-Identifier: WTFPL OR MIT
"""A configuration that has a library's drives in the wrong order must not have the wrong drive unloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytp_native.devices.changer import Changer
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.inventory import Place
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import ConfigError
from pytp_native.scsi.mode_pages import DRIVE
from pytp_native.transport import open_tape
from pytp_native.transport.records import GMT_ONLINE
from pytp_native.units import MIB
from pytp_native.vtl.library import Library


@pytest.fixture
def library(shelf: Path) -> Iterator[TapeLibrary]:
    """PYT001L9 is in drive 0; the ports are swapped."""
    path = shelf / "vtl"
    Library.create(path, drives=2, slots=5, mail_slots=0, cartridges=3, capacity_bytes=4 * MIB)
    Library.open(path).load(2, 1)
    with Changer.open(f"vtl:{path}/changer") as changer:
        yield TapeLibrary(changer, lambda number: DrivePort(f"vtl:{path}/drive{1 - number}"))


MOVES: list[Callable[[TapeLibrary], object]] = [
    lambda library: library.unload(0),
    lambda library: library.load("3", 0),
    lambda library: library.move("drive0", "4"),
    lambda library: library.exchange("3", "drive0"),
]


@pytest.mark.parametrize("move", MOVES)
def test_swapped_drives_are_noticed_before_anything_moves(
    library: TapeLibrary, shelf: Path, move: Callable[[TapeLibrary], object]
) -> None:
    with pytest.raises(ConfigError, match=r"is drive 0 of .* by configuration, but drive 1 by its serial number"):
        move(library)
    assert library.inventory().find("PYT001L9") == (Place(DRIVE, 0),)
    for number in (0, 1):
        tape = open_tape(f"vtl:{shelf}/vtl/drive{number}", status_only=True)
        assert tape.status().has(GMT_ONLINE), "a drive was unloaded"
        tape.close()
