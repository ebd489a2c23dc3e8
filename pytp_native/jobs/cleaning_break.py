# SPDX-License-Identifier: WTFPL OR MIT
"""Between two tape files, a drive that asks to be cleaned is cleaned: the cartridge goes out, a cleaning cartridge in
and out, and the cartridge comes back; what is not the same then ends the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytp_native.devices.cartridge_memory import read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import DeviceError, LibraryError, PytpError
from pytp_native.jobs.cartridge import identify
from pytp_native.jobs.events import Emit, Notice

if TYPE_CHECKING:
    from pytp_native.devices.library import TapeLibrary
    from pytp_native.stream.label import Label


class Cleaner(Protocol):
    """What can clean the drive of a job."""

    def asks(self, drive: Drive) -> bool:
        """Tell whether the drive asks for it. The tape does not move."""

    def clean(self) -> str:
        """Return the label of the cleaning cartridge that did it, with the job's cartridge in the drive again; the job
        has let go of the drive meanwhile. Raises what moving and cleaning raise."""


class LibraryCleaner:
    """By a cartridge of the library in which the drive stands."""

    def __init__(self, served: TapeLibrary, number: int, address: str) -> None:
        self._served = served
        self._number = number
        self._address = address

    def asks(self, drive: Drive) -> bool:
        """As Cleaner; a drive that does not answer does not ask. UnitAttention for one that was reset meanwhile, which
        st is not told of any more."""
        from pytp_native.devices.cleaning import asks  # noqa: PLC0415 - few jobs may clean
        from pytp_native.devices.quiet import opened_beside_own  # noqa: PLC0415
        from pytp_native.devices.watched import AttentionWatch  # noqa: PLC0415

        try:
            with opened_beside_own(drive.address) as device:
                watch = AttentionWatch(device.scsi)
                found = asks(device._replace(scsi=watch))
        except PytpError:
            return False
        watch.check()
        return found

    def clean(self) -> str:
        """As Cleaner. LibraryError, and nothing moved, if nobody knows where the cartridge would go meanwhile."""
        from pytp_native.devices.cleaning import clean  # noqa: PLC0415

        now = self._served.inventory()
        home = now.home_of(now.drive(self._number))
        if home is None or now.at(home).full:
            raise LibraryError(self._served.name, "does not know a free slot for the cartridge in the drive")
        try:
            return clean(self._served, self._number, self._address)
        finally:
            self._bring_back(home.number)

    def _bring_back(self, slot: int) -> None:
        now = self._served.inventory()
        if not now.at(now.drive(self._number)).full:
            self._served.load(f"slot{slot}", self._number)


class CleaningBreak:
    """Taken once in a job, between two tape files."""

    def __init__(self, cleaner: Cleaner, emit: Emit, compression: bool | None = None) -> None:
        """`compression`: what the drive was told for this job."""
        self._cleaner = cleaner
        self._emit = emit
        self._compression = compression
        self._taken = False

    def take(self, drive: Drive, label: Label) -> None:
        """Clean the drive if it asks, and leave the tape where it was. A cleaning that fails is told, and the job goes
        on; raises PytpError when the cartridge is not back at that place."""
        if self._taken or not self._cleaner.asks(drive):
            return
        self._taken = True
        before = drive.where().logical_block
        self._emit(
            Notice("info", "TAPE", f"{drive.address}: asks to be cleaned; {label.barcode} is put away meanwhile")
        )
        drive.unlock_door()
        try:
            barcode = drive.change(self._cleaner.clean)
        except PytpError as error:
            if not drive.is_open:
                raise
            self._emit(Notice("warning", "LIBRARY", f"{drive.address}: was not cleaned: {error}"))
        else:
            self._emit(Notice("info", "TAPE", f"{drive.address}: was cleaned with {barcode}"))
        self._go_back(drive, label, before)

    def _go_back(self, drive: Drive, label: Label, before: int | None) -> None:
        read_memory(drive.address)  # takes the attentions that a load has left on this way to the drive
        drive.prepare()
        if self._compression is not None:
            drive.set_compression(self._compression)
        found = identify(drive).label
        if found is None or found.uuid != label.uuid:
            what = f"cartridge {found.barcode}" if found else "another cartridge"
            raise DeviceError(drive.address, f"{what} is in the drive after it was cleaned", f"load {label.barcode}")
        drive.to_end_of_data()
        if drive.where().logical_block != before:
            fact = f"the data of {label.barcode} do not end where they did before the drive was cleaned"
            raise DeviceError(drive.address, fact, "look what has happened to it, then: pytp resume")
        drive.lock_door()
