# SPDX-License-Identifier: WTFPL OR MIT
"""What a device under test has to offer besides the transport itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest

from pytp_native.transport import open_scsi, open_tape

if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport, TapeTransport


class TapeBench(ABC):
    """One drive with one cartridge that the suite may overwrite, and hands to do what no tape command can.

    What a bench cannot do, it skips with the reason. Every test starts with a loaded cartridge that accepts writes.
    """

    address: str
    scsi_address: str
    """The same drive for commands."""
    density: int
    """Density code of the loaded cartridge, as MTIOCGET shows it."""
    capacity_bytes: int = 0
    """Bytes until the end of the medium, about; 0 when filling it would take too long."""
    waits_for_medium = False
    """An open without a medium blocks (st: two minutes)."""

    def open(self, *, write: bool = True, status_only: bool = False) -> TapeTransport:
        return open_tape(self.address, write=write, status_only=status_only)

    def open_scsi(self) -> ScsiTransport:
        return open_scsi(self.scsi_address)

    @abstractmethod
    def blank(self) -> None:
        """Make the loaded cartridge blank; the drive is closed."""

    @abstractmethod
    def reload(self) -> None:
        """Take the cartridge out and load it again; the drive is closed, the next opener meets the unit attention."""

    @abstractmethod
    def take_out(self) -> None:
        """Leave the drive empty; it is closed."""

    @abstractmethod
    def protect(self, on: bool) -> None:
        """Slide the cartridge's tab and load it again; the drive is closed."""

    def skip_unless_it_fills(self) -> None:
        if not self.capacity_bytes:
            pytest.skip("filling this cartridge would take hours")
