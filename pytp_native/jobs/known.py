# SPDX-License-Identifier: WTFPL OR MIT
"""What is known of the tape file at the head, by the catalog or by the trailer of its session: checksums for a restore
that needs no catalog to find it."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from pytp_native import mtio
from pytp_native.catalog.restoring import Archive
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory, read_memory
from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.archive_reading import HASHES
from pytp_native.jobs.cartridge import earlier_trailers, trailer_at
from pytp_native.jobs.events import Emit, Notice
from pytp_native.jobs.tape_file import TapeFile
from pytp_native.stream.expected import ExpectedMembers, pack_entry
from pytp_native.stream.member_index import read_index
from pytp_native.stream.pack import Hash
from pytp_native.stream.trailer import SavedFile, SessionRecord, TrailerReader
from pytp_native.stream.untar import Untar

_AT_ONCE = 4096


class KnownMembers:
    """Looked up where the tape stands at the start of a tape file, before that is read; close it."""

    def __init__(self, drive: Drive, catalog: Catalog | None, emit: Emit) -> None:
        """Where the catalog does not know the tape file, and it is pytp's, the trailer behind it is read: that takes
        two ways over the tape. The tape stands where it stood; raises what keeps it from getting there."""
        self._catalog = catalog
        self._told: tuple[SavedFile, Hash] | None = None
        self._members = ExpectedMembers()
        number = self._unknown(drive)
        if number is not None:
            try:
                with suppress(PytpError):
                    self._ask_tape(drive, number, emit)
                drive.go_to_file(number)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Nothing more is read."""
        self._members.close()

    def expect(self, untar: Untar, file: TapeFile) -> None:
        """Let `untar` compare the checksums of those members that are where they should be, with name and time: of a
        tape that others have written meanwhile it proves nothing and disproves nothing."""
        if file.number is None or file.mark is not None:
            return
        if self._told is not None:
            saved, kind = self._told
            if (saved.tape_file, saved.first_block) == (file.number, file.first_block) and self._members.count:
                untar.expect(kind, self._members.feed)
            return
        archive = self._archive(read_memory(file.drive.address), file.number)
        if archive is None or self._catalog is None or archive.block_bytes != file.ring.block_bytes:
            return
        kind = HASHES.get(archive.hash, Hash.NONE)
        if archive.parts[0].first_block == file.first_block and kind is not Hash.NONE:
            untar.expect(kind, _FromCatalog(self._catalog, archive).feed)

    def _unknown(self, drive: Drive) -> int | None:
        """Return the number of the tape file at the head, if its cartridge is pytp's and the catalog does not know
        it."""
        try:
            memory, here = read_memory(drive.address), drive.where()
        except PytpError:
            return None
        asks = here.file is not None and here.block == 0 and memory.uuid and not self._knows(memory, here.file or 1)
        return here.file if asks else None

    def _archive(self, memory: Memory, number: int) -> Archive | None:
        if self._catalog is None:
            return None
        try:
            return self._catalog.archive_on(memory.serial, memory.uuid, number)
        except PytpError:
            return None

    def _knows(self, memory: Memory, number: int) -> bool:
        """Tell whether the catalog has that tape file, or the next one: the head may be at a trailer."""
        return any(self._archive(memory, one) is not None for one in (number, number + 1))

    def _ask_tape(self, drive: Drive, number: int, emit: Emit) -> None:
        mtio.end_of_data(drive.tape)
        behind = [one for one in earlier_trailers(drive, None) if (one.tape_file or 0) > number]
        if not behind or behind[0].tape_file is None:
            return
        drive.go_to_file(behind[0].tape_file)
        with trailer_at(drive) as reader:
            saved = _first_from(reader.session, number)
            kind = HASHES.get(reader.session.hash, Hash.NONE)
            if saved is not None and kind is not Hash.NONE and self._read(reader, saved):
                fact = f"the catalog does not know it: checksums are those of the trailer in file {behind[0].tape_file}"
                emit(Notice("info", "TAPE", f"{drive.name}: tape file {saved.tape_file}: {fact}"))
                self._told = (saved, kind)

    def _read(self, reader: TrailerReader, saved: SavedFile) -> bool:
        """Take over the members of that tape file."""
        size = reader.session.block_bytes
        for indexed, stored in reader.indexes():
            if (indexed.part, indexed.tape_file) == (saved.part, saved.tape_file):
                for one in read_index(stored, reader.subject):
                    at = one.block * size + one.offset
                    self._members.add(at, one.name, one.digest, mtime_s=one.mtime_ns // 10**9)
                return True
        return False


def _first_from(session: SessionRecord, number: int) -> SavedFile | None:
    """The first tape file of a session that is not in front of that one, on its cartridge."""
    here = [one for one in session.arguments if one.part == session.part and (one.tape_file or 0) >= number]
    return min(here, key=lambda one: one.tape_file or 0, default=None)


class _FromCatalog:
    """Gives the members while they are needed: reading them all first would keep the tape waiting."""

    def __init__(self, catalog: Catalog, archive: Archive) -> None:
        self._size = archive.block_bytes
        self._places = catalog.places(archive)

    def feed(self) -> tuple[bytes, bytes, bool]:
        try:
            some = list(islice(self._places, _AT_ONCE))
        except PytpError:
            return b"", b"", True  # the tape has it all; only the checksums are not known
        entries = b"".join(
            pack_entry(one.block * self._size + one.offset, one.path, one.digest, one.mtime_ns // 10**9) for one in some
        )
        return entries, b"", len(some) < _AT_ONCE
