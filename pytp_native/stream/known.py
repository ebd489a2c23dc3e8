# SPDX-License-Identifier: WTFPL OR MIT
"""What earlier sessions saved of a tree, to tell what has changed since: the Python face of csrc/known.h."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from pytp_native.ffi import ffi, lib

_AT_ONCE = 4096
"""Ids that are asked for together."""
_COLUMNS = ("ids", "sizes", "mtimes_ns", "ctimes_ns", "modes", "uids", "gids", "inodes")
_NUMBERS = ("id", "size", "mtime_ns", "ctime_ns", "mode", "uid", "gid", "inode")
_CTIME = 3


class Members(Protocol):
    """Members, a column each."""

    @property
    def ids(self) -> Sequence[int]: ...
    @property
    def paths(self) -> Sequence[bytes]: ...
    @property
    def types(self) -> Sequence[str]: ...
    @property
    def links(self) -> Sequence[bytes | None]: ...


class Known:
    """A table of members, 32 to 64 bytes each, whatever their names. Used by one thread, and by the packer's walker."""

    def __init__(self) -> None:
        handle = lib.pytp_known_new(int.from_bytes(os.urandom(8), "little"))
        if handle == ffi.NULL:
            raise MemoryError("known members")
        self.handle = ffi.gc(handle, lib.pytp_known_free)

    def __len__(self) -> int:
        return int(lib.pytp_known_count(self.handle))

    def put(self, members: Members) -> None:
        """Add members; one that has a name again takes the place of the other. A member of which something is not known
        (None), or whose ctime is 0, never agrees with what is on disk."""
        columns: list[Sequence[int | None]] = [getattr(members, name) for name in _COLUMNS]
        unknown = {row for column in columns if None in column for row, it in enumerate(column) if it is None}
        if unknown:
            columns[_CTIME] = [0 if row in unknown else it for row, it in enumerate(columns[_CTIME])]
        batch = {
            "count": len(members.ids),
            "names": _texts(members.paths),
            "links": _texts([link or b"" for link in members.links]),
            "type": ffi.from_buffer("".join(members.types).encode("latin-1")),
            **{number: _packed(column) for number, column in zip(_NUMBERS, columns, strict=True)},
        }
        if lib.pytp_known_put(self.handle, ffi.new("pytp_known_members *", batch)):
            raise MemoryError("known members")

    def drop(self, names: Sequence[bytes]) -> None:
        """Take names away."""
        text = b"".join(name + b"\0" for name in names)
        lib.pytp_known_drop(self.handle, text, len(text))

    def restart(self) -> None:
        """Nothing was met yet: before each walk."""
        lib.pytp_known_restart(self.handle)

    def unmet(self) -> Iterator[list[int]]:
        """Yield the ids of members that the walk did not meet, some thousand at a time."""
        at, room = ffi.new("size_t *"), ffi.new("int64_t[]", _AT_ONCE)
        while count := lib.pytp_known_unmet(self.handle, at, room, _AT_ONCE):
            yield ffi.unpack(room, count)

    def blind(self) -> list[bytes]:
        """Return the names below which nobody could look: what was saved there may be there still."""
        length = ffi.new("size_t *")
        text = lib.pytp_known_blind(self.handle, length)
        return bytes(ffi.buffer(text, length[0])).split(b"\0")[:-1] if length[0] else []


def _packed(column: Sequence[int | None]) -> Any:
    numbers = array("q", [it or 0 for it in column] if None in column else column)  # type: ignore[type-var]
    return ffi.from_buffer("int64_t[]", numbers)


def _texts(texts: Sequence[bytes]) -> Any:
    return ffi.from_buffer(b"\0".join(texts) + b"\0")
