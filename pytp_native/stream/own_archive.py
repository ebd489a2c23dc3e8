# SPDX-License-Identifier: WTFPL OR MIT
"""The tape files that pytp writes for itself, label and trailer: small plain tars that begin with a mark.

The mark is a global pax header with nothing but a comment, which every tar passes over in silence. FORMAT.md has it.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterable, Iterator

from pytp_native.errors import MediumError, Refused
from pytp_native.light import NamedTuple

FORMAT = 1
RECORD = 512
_MARK = re.compile(rb"\d+ comment=pytp format (\d{1,3}): (label|trailer) of ([0-9a-f-]{36})\n\0*\Z")
_WHERE = slice(257, 263)


class Mark(NamedTuple):
    """What the first kibibyte of a tape file of pytp's own says."""

    kind: str
    """label or trailer"""
    uuid: str
    """Of the cartridge, or of the session."""
    format: int = FORMAT


class OwnMember(NamedTuple):
    """One file of such an archive; `size` bytes that `chunks` gives when it is asked."""

    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]

    @classmethod
    def of(cls, name: str, data: bytes) -> OwnMember:
        return cls(name, len(data), lambda: (data,))


def build(mark: Mark, members: Iterable[OwnMember], mtime: int) -> Iterator[bytes]:
    """Yield the archive, with its end mark; blocks are the caller's business. `mtime`: seconds since 1970."""
    comment = f"pytp format {mark.format}: {mark.kind} of {mark.uuid}"
    yield tarfile.TarInfo.create_pax_global_header({"comment": comment})
    for member in members:
        yield _header(member, mtime)
        given = 0
        for chunk in member.chunks():
            given += len(chunk)
            yield chunk
        if given != member.size:  # a header that lies would make everything behind it unreadable
            yield bytes(max(0, member.size - given))
        yield bytes(-member.size % RECORD)
    yield bytes(2 * RECORD)


def _header(member: OwnMember, mtime: int) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mtime, info.mode, info.uname, info.gname = member.size, mtime, 0o644, "root", "root"
    return info.tobuf(tarfile.PAX_FORMAT)


def in_blocks(chunks: Iterable[bytes], block_bytes: int) -> Iterator[bytes]:
    """Cut a stream into tape blocks; the last one is filled up with zeros."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= block_bytes:
            yield bytes(held[:block_bytes])
            del held[:block_bytes]
    if held:
        yield bytes(held).ljust(block_bytes, b"\0")


# -- reading ---------------------------------------------------------------------------------------------------------


def find_mark(start: bytes | memoryview) -> Mark | None:
    """Return the mark at the beginning of a tape file, None for everybody else's and for users' archives."""
    head = bytes(start[: 2 * RECORD])
    if len(head) < 2 * RECORD or head[156:157] != b"g" or head[_WHERE] != b"ustar\0" or not _sum_is_right(head):
        return None
    found = _MARK.match(head, RECORD)
    return Mark(found[2].decode(), found[3].decode(), int(found[1])) if found else None


def check_format(mark: Mark, subject: str) -> None:
    """Raise Refused for what only a later pytp can read."""
    if mark.format > FORMAT:
        fact = f"its {mark.kind} is of format {mark.format}, and this pytp knows format {FORMAT}"
        raise Refused(subject, fact, "use the version of pytp that wrote it, or tar")


class OwnReader:
    """Reads such an archive from a stream of chunks (tape blocks), once, front to back.

    Whatever the bytes are, nothing but MediumError comes of them, and no more than a chunk is held.
    """

    def __init__(self, chunks: Iterable[bytes], subject: str) -> None:
        self._chunks = iter(chunks)
        self._subject = subject
        self._held = b""
        self._left = 0
        """Bytes of the current member, padding included, that nobody has taken."""
        head = self._take(2 * RECORD)
        self.mark = find_mark(head)
        """None when this is no file of pytp's own."""

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield name and size of each; read its `content` before the next one is asked for, or pass it over."""
        long_size: int | None = None
        while True:
            self._pass_over()
            head = self._take(RECORD)
            if head == bytes(RECORD):
                return
            if not _sum_is_right(head) or head[_WHERE] != b"ustar\0":
                raise self._damaged("a header is not what it should be")
            size = self._number(head[124:136])
            kind = head[156:157]
            if kind == b"x":
                long_size = self._size_record(self._take(size + -size % RECORD, limit=65536)[:size])
                continue
            if kind != b"0":
                raise self._damaged(f"it has a member of type {kind!r}")
            size = size if long_size is None else long_size
            long_size = None
            self._left, self._size = size + -size % RECORD, size
            yield head[:100].rstrip(b"\0").decode("ascii", "replace"), size

    def content(self) -> Iterator[bytes]:
        """Yield the content of the current member."""
        left = self._size
        while left:
            chunk = self._some(left)
            left -= len(chunk)
            self._left -= len(chunk)
            yield chunk

    def whole(self, limit: int) -> bytes:
        """Return the content of the current member; one longer than `limit` bytes is damage."""
        if self._size > limit:
            raise self._damaged(f"a member has {self._size} bytes where at most {limit} are expected")
        return b"".join(self.content())

    def _pass_over(self) -> None:
        while self._left:
            self._left -= len(self._some(self._left))

    def _some(self, most: int) -> bytes:
        while not self._held:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise self._damaged("it ends too early")
            self._held = chunk
        piece, self._held = self._held[:most], self._held[most:]
        return piece

    def _take(self, length: int, *, limit: int = 2 * RECORD) -> bytes:
        if length > limit:
            raise self._damaged("a header is longer than any")
        data = b""
        while len(data) < length:
            data += self._some(length - len(data))
        return data

    def _number(self, field: bytes) -> int:
        number = _octal(field)
        if number is None:
            raise self._damaged("a size is no number")
        return number

    def _size_record(self, records: bytes) -> int | None:
        found = re.search(rb"(?:\A|\n)\d+ size=(\d{1,18})\n", records)
        return int(found[1]) if found else None

    def _damaged(self, what: str) -> MediumError:
        return MediumError(self._subject, f"cannot be read: {what}", "the other tape files are not affected")


def _octal(field: bytes) -> int | None:
    text = field.rstrip(b"\0 ")
    return int(text, 8) if re.fullmatch(rb"[0-7]+", text) else None


def _sum_is_right(head: bytes) -> bool:
    field = head[148:156]
    return _octal(field) == sum(head[:RECORD]) - sum(field) + 8 * 0x20
