# SPDX-License-Identifier: WTFPL OR MIT
"""What is known of an archive before it is read: its members' places and checksums, spooled for the reader."""

from __future__ import annotations

import struct
import tempfile
from types import TracebackType

from pytp_native.ffi import lib
from pytp_native.light import NamedTuple

_ENTRY = struct.Struct("=QQ32sIIIIII")  # pytp_untar_expected in csrc/untar.h
_AT_ONCE = 8192
_HELD = 1 << 20


def pack_entry(at: int, name: bytes, digest: bytes | None, mtime_s: int = 0) -> bytes:
    """Return a member as the reader wants it; `mtime_s` counts only where members are also read that nobody expects."""
    known = digest or b""
    name_hash = lib.pytp_hash_seeded(name, len(name), 0)
    return _ENTRY.pack(at, name_hash, known, len(known), 0, 0, 0, 0, mtime_s & 0xFFFFFFFF)


class Renamed(NamedTuple):
    """What a member is restored as, where the archive says something else; empty: as it says."""

    name: bytes
    link: bytes = b""
    """Of a hard link: what it refers to."""


class ExpectedMembers:
    """The members of one archive in the order of the tape, in a temporary file; close it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        self._held = bytearray()
        self._renamed: dict[int, Renamed] = {}
        self.count = 0
        self._given = 0

    def __enter__(self) -> ExpectedMembers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def add(
        self, at: int, name: bytes, digest: bytes | None, renamed: Renamed | None = None, *, mtime_s: int = 0
    ) -> None:
        """Add a member: byte of the archive at which its header group begins, name, and checksum if known."""
        self._held += pack_entry(at, name, digest, mtime_s)
        if renamed is not None:
            self._renamed[at] = renamed
        self.count += 1
        if len(self._held) >= _HELD:
            self._spill()

    def feed(self) -> tuple[bytes, bytes, bool]:
        """Give the next ones, as stream.untar.Feed."""
        if self._held:
            self._spill()
        self._file.seek(self._given * _ENTRY.size)
        entries = self._file.read(_AT_ONCE * _ENTRY.size)
        self._given += len(entries) // _ENTRY.size
        texts = b""
        if self._renamed:
            entries, texts = self._with_names(entries)
        return entries, texts, self._given >= self.count

    def _spill(self) -> None:
        self._file.seek(0, 2)
        self._file.write(self._held)
        self._held.clear()

    def _with_names(self, entries: bytes) -> tuple[bytes, bytes]:
        texts, changed = bytearray(), bytearray(entries)
        for place in range(0, len(entries), _ENTRY.size):
            at, name_hash, digest, length, *_rest = _ENTRY.unpack_from(entries, place)
            new = self._renamed.get(at)
            if new is not None:
                name_at = len(texts)
                texts += new.name
                link_at = len(texts)
                texts += new.link
                _ENTRY.pack_into(
                    changed, place, at, name_hash, digest, length, name_at, len(new.name), link_at, len(new.link), 0
                )
        return bytes(changed), bytes(texts)
