# SPDX-License-Identifier: WTFPL OR MIT
"""Where `pytp backup` gets its next cartridge: the drive's library, a person at the terminal, or nowhere."""

from __future__ import annotations

import sys

from pytp_cli.run import Run
from pytp_native.config import DriveConfig
from pytp_native.errors import PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from pytp_cli.library_choice import LibraryChoice
    from pytp_native.devices.drive import Drive
    from pytp_native.devices.library import TapeLibrary
    from pytp_native.jobs.cleaning_break import Cleaner
    from pytp_native.jobs.supply import Offer, Supply


def library_of(run: Run, drive: Drive, named: str | None) -> LibraryChoice | None:
    """Return the library in which the drive stands, as far as option, configuration or address tell."""
    from pytp_cli.library_choice import named_library, serving

    return named_library(named, run.config) if named else serving(_unit(drive), run.config)


def _unit(drive: Drive) -> DriveConfig:
    return DriveConfig(drive.name, drive.address, drive.block_bytes)


class NextCartridge:
    """A supply of cartridges for one drive. The library is opened when it is first needed; close it."""

    def __init__(
        self, run: Run, drive: Drive, choice: LibraryChoice | None, volumes: str | None,
        *, wanted: str = "a blank cartridge",
    ) -> None:  # fmt: skip
        self._run = run
        self._unit = _unit(drive)
        self._choice = choice
        self._wanted = wanted
        self._volumes = None if volumes is None else [name.strip() for name in volumes.split(",") if name.strip()]
        self._served: TapeLibrary | None = None
        self._number = 0
        self._source: Supply | None = None
        self.is_silent = False
        """The library was asked for a barcode, and did not answer."""

    @property
    def named(self) -> list[str]:
        """What --volumes names."""
        return list(self._volumes or ())

    def shelved(self) -> list[str]:
        """Barcodes of the cartridges in the library's slots, in the order in which a job would take them; none without
        a library that answers."""
        if self._choice is None:
            return []
        from pytp_native.jobs.supply import candidates

        try:
            return sorted(candidates(self._library().inventory()))
        except PytpError as error:
            self._run.note(f"warning: the library does not tell what it holds: {error}")
            return []

    def close(self) -> None:
        if self._served is not None:
            self._served.changer.close()

    @property
    def supply(self) -> Supply | None:
        """None: a full cartridge ends the job."""
        if self._choice is not None:
            return self
        if sys.stdin.isatty() and sys.stderr.isatty():
            from pytp_native.jobs.supply import PromptSupply

            return PromptSupply(_ask, self._volumes, wanted=self._wanted)
        return None

    def loaded_barcode(self) -> str | None:
        """What the library reads on the cartridge in the drive; a library that does not answer is no reason to fail."""
        if self._choice is None:
            return None
        try:
            now = self._library().drive_status(self._number)
        except PytpError as error:
            self._run.note(f"warning: the library does not tell the barcode: {error}")
            self.is_silent = True
            return None
        return now.at(now.drive(self._number)).volume_tag or None

    def cleaner(self, address: str) -> Cleaner | None:
        """What may clean the drive between two tape files; None without a library that answers."""
        if self._choice is None:
            return None
        from pytp_native.jobs.cleaning_break import LibraryCleaner

        try:
            return LibraryCleaner(self._library(), self._number, address)
        except PytpError as error:
            self._run.note(f"warning: the drive will not be cleaned: {error}")
            return None

    def next(self, drive: Drive, in_use: Collection[str] = ()) -> Offer | None:
        """As jobs.supply.Supply. Raises LibraryError, ConfigError."""
        return self._shelves().next(drive, in_use)

    def fetch(self, drive: Drive, barcode: str) -> bool:
        """As `next`."""
        return self._shelves().fetch(drive, barcode)

    def _shelves(self) -> Supply:
        from pytp_native.jobs.supply import LibrarySupply

        if self._source is None:
            self._source = LibrarySupply(self._library(), self._number, self._volumes)
        return self._source

    def _library(self) -> TapeLibrary:
        """Open the changer and find the drive in it."""
        from pytp_cli.library_choice import drive_number
        from pytp_cli.move_log import keep_moves
        from pytp_cli.steps import Steps
        from pytp_native.devices.drive_port import DrivePort
        from pytp_native.errors import ConfigError
        from pytp_native.scsi.mode_pages import DRIVE

        if self._served is not None:
            return self._served
        if self._choice is None:
            raise ConfigError(self._unit.name, "stands in no library", "add it to tape_libraries in config.json")
        served = self._choice.open(Steps(self._run.note))
        keep_moves(self._run, served.changer)
        try:
            drives = served.changer.inventory((DRIVE,))
            port = DrivePort(self._unit.address, name=self._unit.name, tell=Steps(self._run.note))
            self._number = drive_number(self._choice, self._unit, drives, port.serial)
            served.name_drive(self._number, port)
        except PytpError:
            served.changer.close()
            raise
        self._served = served
        return served


def _ask(text: str) -> bool:
    print(f"pytp: {text}", file=sys.stderr, end="", flush=True)
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() not in {"q", "quit"}
