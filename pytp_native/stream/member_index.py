# SPDX-License-Identifier: WTFPL OR MIT
"""The member index of a session: every member's place and attributes, compressed, and its checksum lines.

It is the packer's log in zstd frames, one file per tape file; FORMAT.md has the layout. Nothing here holds more than a
few MiB, whatever the number of members.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

import zstandard

from pytp_native.errors import MediumError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.stream.pack import Member, read_members
from pytp_native.units import MIB

MAGIC = b"PYTPMEM1"
_HEAD = struct.Struct("<8sII")
PIECE = 1 * MIB
"""Bytes of records in one zstd frame, about: what stays in a processor's cache (4 MiB took half as long again)."""
LONGEST_RECORD = 1 << 20
"""A name or a link target of more than that is no name (PATH_MAX is 4096, member names are several of those)."""
_KEPT_BYTES = 32 << 20
"""Bytes of records that stay in memory until the trailer is written: some 180,000 members."""
_WINDOW = 1 << 27
"""Largest zstd window that is accepted from a tape."""


class Indexed(NamedTuple):
    """The index of one tape file, as session.json lists it."""

    tape_file: int | None
    """None where the drive did not know its number."""
    file: str
    """Name in the trailer."""
    members: int
    stored_bytes: int
    """Compressed, in the trailer."""
    line_bytes: int
    """Of its checksum lines."""
    part: int = 1
    """On which cartridge of the session the tape file is."""


class IndexSpool:
    """Collects the index of each tape file in a temporary file until the trailer takes them."""

    def __init__(self) -> None:
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        self._compress = zstandard.ZstdCompressor(level=1)
        self._plain: list[bytes] | None = []
        """The records of all files as long as they are few: what is not compressed need not be decompressed."""
        self._plain_bytes = 0
        self.files: list[Indexed] = []
        self.error = ""
        """Why members are missing: the disk under the temporary directory."""

    def close(self) -> None:
        self._spool.close()

    def add(self, log: IO[bytes], tape_file: int | None, block_bytes: int, blocks: int, part: int = 1) -> int:
        """Take the records of a member log, from where it stands, that are within the first `blocks` blocks of the
        archive; return their bytes in the log."""
        taken = 0
        if self.error:
            return taken
        start = self._spool.tell()
        tally = ffi.new("pytp_members_tally *")
        try:
            self._spool.write(self._compress.compress(_HEAD.pack(MAGIC, _number(tape_file), block_bytes)))
            for piece in _pieces(log, block_bytes * blocks, block_bytes, tally):
                self._spool.write(self._compress.compress(piece))
                self._keep(piece)
                taken += len(piece)
            self._spool.flush()
        except OSError as exc:
            self.error = exc.strerror or str(exc)
            self._spool.seek(start)
            self._plain = None
            return taken
        name = f"pytp/index/{len(self.files) + 1:05}.members.zst"
        stored = self._spool.tell() - start
        self.files.append(Indexed(tape_file, name, tally.members, stored, tally.line_bytes, part))
        return taken

    def give_up(self, why: str) -> None:
        """Take nothing more: what comes is not complete."""
        self.error = self.error or why

    def _keep(self, piece: bytes) -> None:
        self._plain_bytes += len(piece)
        if self._plain_bytes > _KEPT_BYTES:
            self._plain = None
        if self._plain is not None:
            self._plain.append(piece)

    def stored(self, wanted: Indexed) -> Iterator[bytes]:
        """Yield the compressed index of one tape file."""
        before = self.files[: self.files.index(wanted)]
        self._spool.seek(sum(one.stored_bytes for one in before))
        left = wanted.stored_bytes
        while left:
            piece = self._spool.read(min(left, MIB))
            left -= len(piece)
            yield piece

    @property
    def line_bytes(self) -> int:
        return sum(one.line_bytes for one in self.files)

    def lines(self) -> Iterator[bytes]:
        """Yield the checksum lines of all tape files."""
        yield from map(checksum_lines, self._records() if self._plain is None else self._plain)

    def _records(self) -> Iterator[bytes]:
        for one in self.files:
            yield from _record_pieces(self.stored(one), one.file)


def _number(tape_file: int | None) -> int:
    return 0xFFFFFFFF if tape_file is None else tape_file


def _pieces(log: IO[bytes], limit_bytes: int, block_bytes: int, tally: Any) -> Iterator[bytes]:
    """Yield whole records from the log, some MiB at a time, and count them."""
    held = b""
    beyond = ffi.new("int *")
    while not beyond[0] and (more := log.read(PIECE)):
        held += more
        used = lib.pytp_members_count(held, len(held), limit_bytes, block_bytes, tally, beyond)
        if used:
            yield held[:used]
        held = held[used:]


def checksum_lines(records: bytes) -> bytes:
    """Return the lines of whole records as `xxhsum -c` and `sha256sum -c` read them; members without content have
    none."""
    tally = ffi.new("pytp_members_tally *")
    beyond = ffi.new("int *")
    lib.pytp_members_count(records, len(records), 2**64 - 1, 0, tally, beyond)
    room = ffi.new("uint8_t[]", max(1, tally.line_bytes))
    return bytes(ffi.buffer(room, lib.pytp_members_lines(records, len(records), room, tally.line_bytes)))


class Picked(NamedTuple):
    """The first, the middle and the last of some members."""

    members: int
    first: Member
    middle: Member
    last: Member


def pick(log: IO[bytes], block_bytes: int, within: tuple[int, int], most_bytes: int) -> Iterator[Picked]:
    """Yield, for each piece of a member log, three of the members with checksum that lie in `within` (bytes of the
    archive: from, to) and are at most `most_bytes` long."""
    held, places = b"", ffi.new("size_t[3]")
    while more := log.read(PIECE):
        held += more
        used = _whole_records(held)
        count = lib.pytp_members_pick(held, used, *within, block_bytes, most_bytes, places)
        if count:
            yield Picked(count, *(next(read_members(io.BytesIO(held[at:used]))) for at in places))
        held = held[used:]


# -- reading ---------------------------------------------------------------------------------------------------------


def _record_pieces(stored: Iterable[bytes], subject: str) -> Iterator[bytes]:
    """Yield the records of a compressed index, without its head, as pieces of whole records."""
    held, headed = b"", False
    for chunk in _plain(stored, subject):
        held += chunk
        if not headed:
            if len(held) < _HEAD.size:
                continue
            if _HEAD.unpack_from(held)[0] != MAGIC:
                raise _damaged(subject, "it does not begin as an index does")
            held, headed = held[_HEAD.size :], True
        used = _whole_records(held)
        if used:
            yield held[:used]
            held = held[used:]
        elif len(held) > LONGEST_RECORD:
            raise _damaged(subject, "a record is longer than any")
    if held or not headed:
        raise _damaged(subject, "it ends inside a record")


def _whole_records(data: bytes) -> int:
    tally, beyond = ffi.new("pytp_members_tally *"), ffi.new("int *")
    return int(lib.pytp_members_count(data, len(data), 2**64 - 1, 0, tally, beyond))


def _plain(stored: Iterable[bytes], subject: str) -> Iterator[bytes]:
    """Decompress frame after frame."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    try:
        source: Any = _Chunks(stored)
        with decompressor.stream_reader(source, read_across_frames=True) as plain:
            while chunk := plain.read(PIECE):
                yield chunk
    except zstandard.ZstdError as exc:
        raise _damaged(subject, str(exc)) from exc


class _Chunks:
    """An iterator of bytes as a file to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""

    def read(self, size: int) -> bytes:
        if not self._held:
            self._held = next(self._chunks, b"")
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def readinto(self, into: Any) -> int:
        piece = self.read(len(into))
        into[: len(piece)] = piece
        return len(piece)


def read_records(stored: Iterable[bytes], subject: str) -> Iterator[bytes]:
    """Yield the raw records of a compressed index (pytp_packed_member of csrc/pack.h), in pieces of whole records."""
    return _record_pieces(stored, subject)


def read_index(stored: Iterable[bytes], subject: str) -> Iterator[Member]:
    """Yield the members of a compressed index. MediumError for anything that is none."""
    for records in _record_pieces(stored, subject):
        yield from read_members(io.BytesIO(records))


def _damaged(subject: str, what: str) -> MediumError:
    return MediumError(subject, f"the member index cannot be read: {what}", "list the tape file itself")
