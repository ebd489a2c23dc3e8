# SPDX-License-Identifier: WTFPL OR MIT
"""A small virtual library whose answers can be replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytp_native.devices import drive_port
from pytp_native.devices.changer import Changer, Step
from pytp_native.devices.drive_port import DrivePort
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.unit.devices.injected import FakeTime, Injected


@pytest.fixture
def path(shelf: Path) -> Path:
    """PYT001L9 of slot 1 is in drive 0, PYT002L9 and PYT003L9 in slots 2 and 3; slots 4 and 5 are empty."""
    Library.create(shelf / "vtl", drives=2, slots=5, mail_slots=0, cartridges=3, capacity_bytes=4 * MIB)
    return shelf / "vtl"


@pytest.fixture
def device(path: Path) -> Injected:
    return Injected(open_scsi(f"vtl:{path}/changer"))


@pytest.fixture
def steps() -> list[Step]:
    return []


@pytest.fixture
def changer(device: Injected, steps: list[Step]) -> Iterator[Changer]:
    with Changer(device, name="shelf", tell=steps.append, clock=FakeTime().clock) as opened:
        yield opened
        assert all(not plan for plan in device.plans.values()), "a planned answer was not asked for"


@pytest.fixture
def drive(path: Path, monkeypatch: pytest.MonkeyPatch) -> Injected:
    device = Injected(open_scsi(f"vtl:{path}/drive0"))
    monkeypatch.setattr(drive_port, "open_scsi", lambda _address: device)
    return device


@pytest.fixture
def port(path: Path, steps: list[Step]) -> DrivePort:
    return DrivePort(f"vtl:{path}/drive0", name="lto9", tell=steps.append, clock=FakeTime().clock)
