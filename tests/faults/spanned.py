# SPDX-License-Identifier: WTFPL OR MIT
"""A virtual library from which a backup takes one cartridge after the other, and what is on them afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pytp_native.catalog.store import Catalog
from pytp_native.devices.changer import Changer
from pytp_native.devices.drive import Drive
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import NothingHere
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.supply import LibrarySupply, Offer
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.trailer import SessionRecord, TrailerReader
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.cartridge import Done
from tests.trees import settle


class FaultsOfOne(LibrarySupply):
    """Planned faults are for the first cartridge only."""

    def __init__(self, shelf: Shelf, served: TapeLibrary, volumes: list[str] | None) -> None:
        super().__init__(served, 0, volumes)
        self._shelf = shelf

    def next(self, drive: Drive, in_use: Collection[str] = ()) -> Offer | None:
        self._shelf.library.clear_faults(0)
        return super().next(drive, in_use)


class Shelf:
    """One drive and some cartridges; the first is loaded."""

    def __init__(self, path: Path, *, cartridges: int = 3, capacity: int = 8 * MIB, block_bytes: int = 10240) -> None:
        self.path = path
        self.library = Library.create(path, drives=1, slots=cartridges, cartridges=cartridges, capacity_bytes=capacity)
        self.address = f"vtl:{path}/drive0"
        self.block_bytes = block_bytes
        self.barcodes = [f"PYT{number:03}L9" for number in range(1, cartridges + 1)]

    @contextmanager
    def served(self) -> Iterator[TapeLibrary]:
        changer = Changer.open(f"vtl:{self.path}/changer", name="library")
        try:
            yield TapeLibrary(changer, lambda number: DrivePort(f"vtl:{self.path}/drive{number}"))
        finally:
            changer.close()

    def load(self, barcode: str) -> None:
        with self.served() as served:
            served.load(barcode, 0)

    def open(self, *, write: bool = False, may_be_empty: bool = False) -> Drive:
        return Drive.open(self.address, write=write, may_be_empty=may_be_empty, block_bytes=self.block_bytes)

    def backup(
        self,
        *paths: Path,
        volumes: list[str] | None = None,
        interrupt: Interrupt | None = None,
        prepare: Callable[[Drive], object] = lambda drive: None,
        catalog: Catalog | None = None,
        alone: bool = False,
        **options: Any,
    ) -> Done:
        """`alone`: nobody brings another cartridge."""
        events: list[object] = []
        with self.served() as served, self.open(write=True) as drive:
            now = served.drive_status(0)
            request = BackupRequest(
                paths=tuple(os.fsencode(path) for path in paths), library_barcode=now.at(now.drive(0)).volume_tag,
                **options,
            )  # fmt: skip
            prepare(drive)
            if catalog is not None:
                settle()
            supply = None if alone else FaultsOfOne(self, served, volumes)
            return Done(
                backup(drive, request, events.append, interrupt or Interrupt(), supply, catalog=catalog), events
            )

    def files(self, barcode: str) -> list[list[bytes]]:
        """Load a cartridge and return the blocks of each of its tape files."""
        self.load(barcode)
        found: list[list[bytes]] = []
        with self.open() as drive, suppress(NothingHere):
            drive.rewind()
            while True:
                found.append(list(drive.blocks()))
        return found

    def set(self) -> dict[str, list[list[bytes]]]:
        """Everything that is on the cartridges that are not blank."""
        read = {barcode: self.files(barcode) for barcode in self.barcodes}
        return {barcode: files for barcode, files in read.items() if files}


def data_files(files: list[list[bytes]]) -> list[bytes]:
    """The tape files that are not pytp's own."""
    return [b"".join(blocks) for blocks in files if find_mark(blocks[0]) is None]


def sessions(files: list[list[bytes]]) -> list[SessionRecord]:
    """What the trailers say."""
    marks = [(find_mark(blocks[0]), blocks) for blocks in files]
    return [TrailerReader(blocks, "tape").session for mark, blocks in marks if mark and mark.kind == "trailer"]


def join(parts: list[bytes], place: Path, block_bytes: int) -> subprocess.CompletedProcess[str]:
    """Restore one archive from its parts with GNU tar, as somebody without pytp does."""
    place.mkdir(parents=True)
    volumes: list[str] = []
    for number, part in enumerate(parts):
        (place.parent / f"{place.name}.{number}").write_bytes(part)
        volumes += ["-f", f"{place.parent / place.name}.{number}"]
    command = ["tar", "-b", str(block_bytes // 512), "-xM", "-C", str(place), *volumes]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
