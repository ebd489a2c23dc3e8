# SPDX-License-Identifier: WTFPL OR MIT
"""A look at a drive does not make a job fail; somebody who stays does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.devices import patience
from pytp_native.devices.drive import Drive
from pytp_native.errors import DeviceBusy
from pytp_native.transport import open_tape
from pytp_native.vtl.library import Library


@pytest.fixture
def address(tmp_path: Path) -> str:
    Library.create(tmp_path / "library", drives=1, slots=1, cartridges=1)
    return f"vtl:{tmp_path / 'library'}/drive0"


def test_a_moment_is_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, waits = open_tape(address, status_only=True), iter([None, None, "gone"])

    def wait(_seconds: float) -> None:
        if next(waits) is not None:
            holder.close()

    monkeypatch.setattr(patience, "MOST_S", 3600.0)
    monkeypatch.setattr(patience.time, "sleep", wait)
    with Drive.open(address, write=True) as drive:
        assert drive.is_open


def test_who_stays_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 1.9, 2.0])
    waited: list[float] = []
    monkeypatch.setattr(patience, "MOST_S", 2.0)
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(patience.time, "sleep", waited.append)
    holder = open_tape(address)
    with pytest.raises(DeviceBusy, match="in use by"):
        patience.open_patiently(address)
    holder.close()
    assert len(waited) == 2


def test_whoever_only_looks_does_not_wait(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "MOST_S", 3600.0)
    holder = open_tape(address)
    with pytest.raises(DeviceBusy):
        Drive.open(address, status_only=True)
    holder.close()
