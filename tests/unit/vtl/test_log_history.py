# SPDX-License-Identifier: WTFPL OR MIT
"""Where the cartridge was, and whether something is wrong: page 17h's mount history, page 2Fh."""

from __future__ import annotations

import pytest

from pytp_native.transport import open_scsi
from tests.unit.vtl.commands import good, log, mode_select, parameters, settle


@pytest.fixture
def drive(scsi):
    return settle(scsi)


def test_the_mount_history_names_the_drives_the_last_first(library, drive):
    library.unload(0)
    library.load(1, 1)
    other = library.describe().drives[1]
    scsi = settle(open_scsi(f"vtl:{library.path}/drive1"))
    rows = parameters(log(scsi, 0x17))[0x300]
    scsi.close()
    assert len(rows) == 88
    assert rows[:4] == bytes([43, 0, 0, 0])
    assert rows[4:24].rstrip() == b"PYTP    " + other.serial.encode()
    assert rows[44:48] == bytes([43, 0, 0, 1])


def test_an_alert_is_an_informational_exception(library, drive):
    assert parameters(log(drive, 0x2F))[0] == bytes([0, 0, 31])
    good(mode_select(drive, bytes([0, 0, 0x10, 0, 0x1C, 10, 0x04, 3, 0, 0, 0, 0, 0, 0, 0, 4])))
    assert parameters(log(drive, 0x2F))[0] == bytes([0x5D, 0, 31])
