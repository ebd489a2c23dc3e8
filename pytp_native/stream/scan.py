# SPDX-License-Identifier: WTFPL OR MIT
"""Members of an archive out of its tape blocks alone, with place and checksum: what a trailer or a catalog would tell.

Knows what pytp's packer writes (POSIX ustar with pax records, GNU.sparse 1.0) and GNU tar's long names. What only the
source's file system knew (ctime, device, inode) is 0.
"""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pytp_native.ffi import ffi, lib
from pytp_native.stream.pack import Hash, Member
from pytp_native.units import MIB

_BLOCK = 512
_KINDS = {"0": stat.S_IFREG, "5": stat.S_IFDIR, "2": stat.S_IFLNK, "3": stat.S_IFCHR, "4": stat.S_IFBLK,
          "6": stat.S_IFIFO}  # fmt: skip
_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_NAME, _LINK, _LONGEST = "name", "link", 1 << 20


class _Cut(Exception):
    """The blocks end inside of a member."""


@dataclass(slots=True)
class _Told:
    """What extended headers tell of the member behind them."""

    start: int
    records: dict[str, bytes] = field(default_factory=dict)


class Scan:
    """Read members from `blocks`, the first of which is block `block` of the archive; begin `offset` bytes into it.

    Afterwards `ended` tells whether the archive's end was met, `trouble` what stopped it otherwise.
    """

    def __init__(
        self, blocks: Iterable[bytes], block_bytes: int, *, block: int = 0, offset: int = 0, hash_kind: Hash = Hash.XXH3
    ) -> None:
        self.ended = False
        self.trouble = ""
        self.blocks = 0
        """Taken so far."""
        self._blocks = iter(blocks)
        self._block_bytes = block_bytes
        self._held, self._next = b"", 0
        self._at = block * block_bytes
        """Of the archive, in bytes: byte `_next` of the block that is held."""
        self._skip = offset
        self._kind = hash_kind
        self._hash: Any = ffi.gc(lib.pytp_hash_new(int(hash_kind)), lib.pytp_hash_free)

    def members(self) -> Iterator[Member]:
        """Yield the members that are complete."""
        try:
            self._pass(self._skip)
            told = None
            while True:
                start = self._at
                head = self._take(_BLOCK)
                if head == bytes(_BLOCK):
                    self.ended = True
                    return
                info = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
                told = told or _Told(start)
                if info.type in {tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}:
                    self._extended(info, told)
                    continue
                if info.type != tarfile.XGLTYPE:
                    yield self._member(info, told)
                else:
                    self._pass(_padded(info.size))
                told = None
        except _Cut:
            self.trouble = "it ends inside of a member"
        except tarfile.HeaderError as error:
            self.trouble = f"block {self._at // self._block_bytes}: {error}"

    # -- one member --------------------------------------------------------------------------------------------------

    def _extended(self, info: tarfile.TarInfo, told: _Told) -> None:
        if info.size > _LONGEST:
            raise tarfile.HeaderError("a header longer than any")
        data = self._take(_padded(info.size))[: info.size]
        if info.type == tarfile.XHDTYPE:
            told.records.update(pax_records(data))
        else:
            key = _NAME if info.type == tarfile.GNUTYPE_LONGNAME else _LINK
            told.records[key] = data.rstrip(b"\0")

    def _member(self, info: tarfile.TarInfo, told: _Told) -> Member:
        known = told.records
        stored = int(known.get("size", info.size))
        kind = (
            "0" if info.type in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE} else info.type.decode("latin-1")
        )
        size, digest = stored if kind == "0" else 0, b""
        if kind == "0" and "GNU.sparse.realsize" in known:
            size, digest = int(known["GNU.sparse.realsize"]), self._sparse(stored, int(known["GNU.sparse.realsize"]))
        elif kind == "0":
            self._start()
            self._content(stored)
            digest = self._digest()
            self._pass(_padded(stored) - stored)
        mtime_ns = nanoseconds(known["mtime"]) if "mtime" in known else int(info.mtime) * 10**9
        name = known.get("GNU.sparse.name") or known.get("path") or known.get(_NAME) or _bytes(info.name)
        link = known.get("linkpath") or known.get(_LINK) or _bytes(info.linkname)
        return Member(
            name.rstrip(b"/") or name, link if kind in "12" else b"", kind,
            told.start // self._block_bytes, told.start % self._block_bytes, size, self._at - told.start,
            info.mode | _KINDS.get(kind, stat.S_IFREG), mtime_ns, 0, 0, 0,
            int(known.get("uid", info.uid)), int(known.get("gid", info.gid)), digest,
        )  # fmt: skip

    def _sparse(self, stored: int, real: int) -> bytes:
        """Content of GNU.sparse 1.0: a map of the pieces in decimal lines, then the pieces."""
        end = self._at + _padded(stored)
        text = b""
        while text.count(b"\n") < 1 or text.count(b"\n") < 1 + 2 * int(text.split(b"\n", 1)[0]):
            if len(text) > stored:
                raise tarfile.HeaderError("a sparse map that does not end")
            text += self._take(_BLOCK)
        numbers = [int(line) for line in text.split(b"\n")[: 1 + 2 * int(text.split(b"\n", 1)[0])]]
        is_checked = real - sum(numbers[2::2]) <= lib.PYTP_CHECKED_HOLES
        self._start()
        here = 0
        for offset, length in zip(numbers[1::2], numbers[2::2], strict=True):
            self._zeros(offset - here if is_checked else 0)
            self._content(length)
            here = offset + length
        self._zeros(real - here if is_checked else 0)
        self._pass(end - self._at)
        return self._digest() if is_checked else b""

    # -- bytes and checksums -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        lib.pytp_hash_start(self._hash)

    def _digest(self) -> bytes:
        room = ffi.new("uint8_t[32]")
        return bytes(ffi.buffer(room, lib.pytp_hash_finish(self._hash, room)))

    def _zeros(self, count: int) -> None:
        while count > 0:
            piece = min(count, MIB)
            lib.pytp_hash_add(self._hash, bytes(piece), piece)
            count -= piece

    def _content(self, count: int) -> None:
        while count > 0:
            piece = self._some(count)
            lib.pytp_hash_add(self._hash, piece, len(piece))
            count -= len(piece)

    def _pass(self, count: int) -> None:
        while count > 0:
            count -= len(self._some(count))

    def _take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            taken += self._some(count - len(taken))
        return taken

    def _some(self, most: int) -> bytes:
        """The next bytes, at most so many and at least one."""
        if self._next == len(self._held):
            self._held, self._next = next(self._blocks, b""), 0
            if not self._held:
                raise _Cut
            self.blocks += 1
        piece = self._held[self._next : self._next + most]
        self._next += len(piece)
        self._at += len(piece)
        return piece


def _padded(size: int) -> int:
    return (size + _BLOCK - 1) // _BLOCK * _BLOCK


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def pax_records(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the records of a pax header (POSIX pax, "LENGTH KEY=VALUE\\n"); values are raw bytes."""
    at = 0
    while at < len(data) and data[at : at + 1] != b"\0":
        digits, _space, _rest = data[at : at + 24].partition(b" ")
        if not digits.isdigit() or int(digits) <= len(digits) or at + int(digits) > len(data):
            raise tarfile.HeaderError("a pax record that is none")
        key, _equals, value = data[at + len(digits) + 1 : at + int(digits) - 1].partition(b"=")
        yield key.decode("utf-8", "replace"), value
        at += int(digits)


def nanoseconds(text: bytes) -> int:
    """Read a time of a pax header; what is none is 0."""
    whole, _point, part = text.decode("ascii", "replace").partition(".")
    try:
        sign = -1 if whole.startswith("-") else 1
        return int(whole or 0) * 10**9 + sign * int((part + "0" * 9)[:9])
    except ValueError:
        return 0
