# SPDX-License-Identifier: WTFPL OR MIT
"""What the catalog knows of the tape file at the head: checksums for a restore that needs no catalog to find it."""

from __future__ import annotations

from itertools import islice

from pytp_native.catalog.restoring import Archive
from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import read_memory
from pytp_native.errors import PytpError
from pytp_native.jobs.archive_reading import HASHES
from pytp_native.jobs.tape_file import TapeFile
from pytp_native.stream.expected import pack_entry
from pytp_native.stream.pack import Hash
from pytp_native.stream.untar import Untar

_AT_ONCE = 4096


def expect_known(untar: Untar, catalog: Catalog | None, file: TapeFile) -> None:
    """Let `untar` compare the checksums of those members that are where the catalog has them, with its names and times:
    of a tape that others have written meanwhile it proves nothing and disproves nothing."""
    if catalog is None or file.number is None or file.mark is not None:
        return
    try:
        memory = read_memory(file.drive.address)
        archive = catalog.archive_on(memory.serial, memory.uuid, file.number)
    except PytpError:
        return
    if archive is None or archive.block_bytes != file.ring.block_bytes:
        return
    kind = HASHES.get(archive.hash, Hash.NONE)
    if archive.parts[0].first_block == file.first_block and kind is not Hash.NONE:
        untar.expect(kind, _Known(catalog, archive).feed)


class _Known:
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
