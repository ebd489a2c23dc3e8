# SPDX-License-Identifier: WTFPL OR MIT
"""One virtual cartridge in a drive, and short ways to run jobs on it and to see what is really there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pytp_native import mtio
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import DEFAULT_BLOCK_BYTES, Drive
from pytp_native.errors import DeviceError, EndOfData, NoMedium
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.cat import cat
from pytp_native.jobs.events import JobReport, MemberListed, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.listing import ListRequest, list_members
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.transport import open_tape
from pytp_native.transport.records import GMT_EOD
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.trees import settle

LARGEST = 8 * MIB


class Done(NamedTuple):
    """What a job reported, and everything it told meanwhile."""

    report: JobReport
    events: list[object]

    @property
    def code(self) -> int:
        return self.report.exit_code

    @property
    def statuses(self) -> list[str]:
        return [argument.status for argument in self.report.arguments]

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]

    @property
    def lines(self) -> list[bytes]:
        return [event.line for event in self.events if isinstance(event, MemberListed)]


class Cartridge:
    """A library of one drive and one cartridge."""

    def __init__(self, path: Path, *, capacity: int = 64 * MIB, block_bytes: int = DEFAULT_BLOCK_BYTES) -> None:
        self.library = Library.create(path, drives=1, slots=1, cartridges=1, capacity_bytes=capacity)
        self.address = f"vtl:{path}/drive0"
        self.block_bytes = block_bytes

    def fault(self, text: str) -> None:
        self.library.add_fault(0, text)

    def mend(self) -> None:
        self.library.clear_faults(0)

    def open(self, *, write: bool = False) -> Drive:
        return Drive.open(self.address, write=write, block_bytes=self.block_bytes)

    # -- jobs --------------------------------------------------------------------------------------------------------

    def backup(
        self,
        *paths: Path | bytes,
        at: int | None = None,
        on_event: Callable[[object], object] = lambda event: None,
        interrupt: Interrupt | None = None,
        prepare: Callable[[Drive], object] = lambda drive: None,
        catalog: Catalog | None = None,
        **options: Any,
    ) -> Done:
        """Run the job; `at`: at the start of that tape file. `on_event` sees every event as it comes.

        Bare unless said otherwise: tests of the data count tape files and blocks without label and trailer.
        """
        events: list[object] = []

        def emit(event: object) -> None:
            events.append(event)
            on_event(event)

        options = {"bare": True, "append_foreign": True, **options}
        request = BackupRequest(paths=tuple(os.fsencode(path) for path in paths), **options)
        drive = self.open(write=True)
        try:
            if at is not None:
                drive.go_to_file(at)
            prepare(drive)
            if catalog is not None:
                settle()
            done = Done(backup(drive, request, emit, interrupt or Interrupt(), catalog=catalog), events)
        except BaseException:
            drive.close()
            raise
        self._close_after(drive, done)
        return done

    def _close_after(self, drive: Drive, done: Done) -> None:
        """Close as a program does: behind a block that cannot be written, st's own filemark fails, too."""
        try:
            drive.close()
        except DeviceError:
            assert done.code == 6, "only what the report tells already"
        except NoMedium:
            assert done.code == 5, "only what the report tells already"

    def restore(self, target: Path, file: int = 0, *patterns: bytes, **options: Any) -> Done:
        events: list[object] = []
        with self.open() as drive:
            drive.go_to_file(file)
            request = RestoreRequest(target=os.fsencode(target), patterns=patterns, **options)
            return Done(restore(drive, request, events.append, Interrupt()), events)

    def list(self, file: int = 0, **options: Any) -> Done:
        events: list[object] = []
        with self.open() as drive:
            drive.go_to_file(file)
            return Done(list_members(drive, ListRequest(**options), events.append, Interrupt()), events)

    def cat(self, file: int = 0) -> bytes:
        """Return the raw bytes of one tape file, through the job."""
        data = bytearray()
        with self.open() as drive:
            assert cat(drive, file, data.extend, Interrupt()).exit_code == 0
        return bytes(data)

    # -- the tape itself ---------------------------------------------------------------------------------------------

    def write(self, objects: Sequence[bytes | None], *, fixed: int = 0) -> None:
        """Write blocks and filemarks (None) from the beginning; nothing is added at the end."""
        tape = open_tape(self.address, write=True)
        mtio.rewind(tape)
        mtio.set_block_bytes(tape, fixed)
        for thing in objects:
            if thing is None:
                mtio.write_filemarks(tape)
            else:
                tape.write_block(thing)
        tape.sync()
        tape.close()

    def objects(self) -> list[bytes | None]:
        """Read every block and filemark (None) up to the end of data, one by one, with no block size in mind."""
        found: list[bytes | None] = []
        room = memoryview(bytearray(LARGEST))
        tape = open_tape(self.address)
        try:
            mtio.rewind(tape)
            mtio.set_block_bytes(tape, 0)
            while True:
                try:
                    length = tape.read_block(room)
                except EndOfData:
                    return found
                if length == 0 and tape.status().has(GMT_EOD):
                    return found
                found.append(bytes(room[:length]) if length else None)
        finally:
            tape.close()

    def files(self) -> list[list[bytes]]:
        """Return the blocks of each tape file; a last one without filemark counts."""
        files: list[list[bytes]] = [[]]
        for thing in self.objects():
            if thing is None:
                files.append([])
            else:
                files[-1].append(thing)
        return files if files[-1] else files[:-1]

    def corrupt(self, content: bytes, at: int = 0) -> None:
        """Change a byte of what is on the cartridge, where that content begins, as a drive would that does not
        notice."""
        objects = self.objects()
        whole = [block for block in objects if block is None or content not in block]
        assert len(whole) == len(objects) - 1
        changed = []
        for block in objects:
            if block is not None and content in block:
                place = block.index(content) + at
                block = block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]  # noqa: PLW2901
            changed.append(block)
        self.write(changed, fixed=self.block_bytes)
