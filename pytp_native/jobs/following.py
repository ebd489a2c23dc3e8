# SPDX-License-Identifier: WTFPL OR MIT
"""Read on on the next cartridge where an archive was cut: its session's trailers say where it goes on."""

from __future__ import annotations

from collections.abc import Callable

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import EndOfData, NothingHere
from pytp_native.jobs.cartridge import earlier_trailers, identify, trailer_here
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.supply import Supply
from pytp_native.jobs.tape_file import TapeFile
from pytp_native.stream.trailer import SavedFile, SessionRecord


class Follower:
    """For TapeFile: called behind the filemark of a tape file, in the thread that reads."""

    def __init__(self, supply: Supply, interrupt: Interrupt, say: Callable[[str], object]) -> None:
        self._supply = supply
        self._interrupt = interrupt
        self._say = say
        self._part: SavedFile | None = None
        """What has just been read, as its trailer tells."""

    def __call__(self, file: TapeFile) -> bool:
        """Stand at the next block of the archive, on another cartridge, and return True; False if it ends here, or the
        cartridge that follows was not found."""
        drive = file.drive
        session = self._trailer_behind(drive)
        part = self._part_read(session, file) if session else None
        if session is None or part is None:
            return False
        while not self._interrupt.triggered and self._supply.next(drive) is not None:
            following = self._find(drive, session, part)
            if following is not None:
                if following.ahead:
                    file.pass_over(following.ahead)
                self._part = following
                return True
            self._say(f"{drive.name}: not the cartridge that follows {session.barcode or 'the one before'}")
        return False

    def _part_read(self, session: SessionRecord, file: TapeFile) -> SavedFile | None:
        """The entry of the tape file that has just been read, if it goes on elsewhere."""
        number = self._part.tape_file if self._part else file.number
        found = [one for one in session.arguments if one.tape_file == number and one.part == session.part]
        return found[0] if found and found[0].continues else None

    @staticmethod
    def _trailer_behind(drive: Drive) -> SessionRecord | None:
        """Read the trailer here, if it is one, and come back."""
        here = drive.where()
        if here.file is None:
            return None
        try:
            return trailer_here(drive)
        except EndOfData:
            return None  # the tape stands there already
        except NothingHere:
            return None
        finally:
            if drive.where()[:2] != here[:2]:
                drive.go_to_file(here.file)
            drive.prepare()

    @staticmethod
    def _find(drive: Drive, session: SessionRecord, part: SavedFile) -> SavedFile | None:
        """Go to where the archive goes on on the cartridge that was loaded; None if it is not there."""
        skipped = part.skipped + part.blocks - part.ahead
        if identify(drive).label is None:
            return None
        mtio.end_of_data(drive.tape)
        for earlier in reversed(earlier_trailers(drive)):
            if earlier.uuid != session.uuid or earlier.tape_file is None:
                continue
            drive.go_to_file(earlier.tape_file)
            there = trailer_here(drive)
            for one in there.arguments if there else ():
                if one.path == part.path and one.skipped == skipped and one.tape_file is not None:
                    drive.go_to_file(one.tape_file)
                    drive.prepare(session.block_bytes)
                    return one
        return None
