# SPDX-License-Identifier: WTFPL OR MIT
"""Whether what was saved is still what is in the source directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from pytp_native.catalog.restoring import Archive, Place
from pytp_native.ffi import ffi, lib
from pytp_native.stream.pack import Hash

_CHUNK_BYTES = 4 << 20
_KINDS = {
    "0": stat.S_ISREG, "1": stat.S_ISREG, "2": stat.S_ISLNK, "3": stat.S_ISCHR, "4": stat.S_ISBLK, "5": stat.S_ISDIR,
    "6": stat.S_ISFIFO,
}  # fmt: skip


class SourceComparison:
    """Compares members with the files beneath a directory: the one that the arguments were in."""

    def __init__(self, directory: bytes, archive: Archive, hash_kind: Hash) -> None:
        """`directory` may also be the argument itself."""
        self._top = directory
        first = archive.name.split(b"/")[0]
        if os.path.basename(os.path.abspath(directory)) == first and not os.path.lexists(
            os.path.join(directory, first)
        ):
            self._top = os.path.dirname(os.path.abspath(directory))
        self._kind = hash_kind
        handle = lib.pytp_hash_new(int(hash_kind))
        if handle == ffi.NULL:
            raise MemoryError("hash")
        self._hash = ffi.gc(handle, lib.pytp_hash_free)

    def differences(self, place: Place) -> Iterator[str]:
        """Yield in words what is different now."""
        path = os.path.join(self._top, place.path)
        try:
            now = os.lstat(path)
        except OSError as exc:
            yield f"not in the source any more ({exc.strerror})"
            return
        if not _KINDS.get(place.type, stat.S_ISREG)(now.st_mode):
            yield "of another type in the source"
            return
        if now.st_mtime_ns != place.mtime_ns:
            yield "modified in the source at another time"
        if place.mode is not None and place.type != "2" and stat.S_IMODE(now.st_mode) != stat.S_IMODE(place.mode):
            yield f"mode {stat.S_IMODE(place.mode):04o} was saved, {stat.S_IMODE(now.st_mode):04o} is in the source"
        if place.type == "2" and os.readlink(path) != place.link:
            yield "points elsewhere in the source"
        if place.type == "0":
            yield from self._content(path, place, now)

    def _content(self, path: bytes, place: Place, now: os.stat_result) -> Iterator[str]:
        if now.st_size != place.size:
            yield f"{place.size} bytes were saved, {now.st_size} are in the source"
        elif place.digest:
            try:
                if self._digest(path) != place.digest:
                    yield "its content is different in the source"
            except OSError as exc:
                yield f"cannot be read in the source ({exc.strerror})"

    def _digest(self, path: bytes) -> bytes:
        lib.pytp_hash_start(self._hash)
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(_CHUNK_BYTES):
                lib.pytp_hash_add(self._hash, chunk, len(chunk))
        digest = ffi.new("uint8_t[32]")
        return bytes(ffi.buffer(digest, lib.pytp_hash_finish(self._hash, digest)))
