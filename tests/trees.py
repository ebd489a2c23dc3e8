# SPDX-License-Identifier: WTFPL OR MIT
"""Everything there is to know about a tree, so that two can be compared to the last attribute."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

_PAGE = 4096
_CLOCK_REALTIME_COARSE = 5
"""linux/time.h; Python has no name for it."""
_ZEROS = bytes(_PAGE)


class Entry(NamedTuple):
    """One file; what its kind does not have is empty."""

    kind: str
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    size: int
    content: str
    link: bytes
    device: int
    attributes: tuple[tuple[str, bytes], ...]
    """With ACLs, as the kernel gives them."""
    names: tuple[bytes, ...]
    """All names in the tree of the same inode."""


_KINDS = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "character device", stat.S_IFBLK: "block device", stat.S_IFSOCK: "socket",
}  # fmt: skip


def content_of(path: bytes) -> str:
    """Checksum of a file's non-zero pages and their places: the same for a hole and for zeros."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        at, size = 0, os.fstat(file.fileno()).st_size
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA) // _PAGE * _PAGE
            except OSError:
                break  # a hole up to the end
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            while at < end:
                piece = os.pread(file.fileno(), 256 * _PAGE, at)
                if not piece:
                    break
                for start in range(0, len(piece), _PAGE):
                    page = piece[start : start + _PAGE]
                    if page != _ZEROS[: len(page)]:
                        digest.update(b"%d:%d:" % (at + start, len(page)) + page)
                at += len(piece)
    return digest.hexdigest()


def _attributes(path: bytes) -> tuple[tuple[str, bytes], ...]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return ()
    return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in sorted(names))


def _paths(root: bytes) -> list[bytes]:
    found = [root]
    for directory, directories, files in os.walk(root):
        found += [os.path.join(directory, name) for name in directories + files]
    return found


def describe(root: Path | bytes) -> dict[bytes, Entry]:
    """Return every entry of a tree (or a single file) by its path below `root`; sockets are left out."""
    top = os.fsencode(root)
    states = {path: os.lstat(path) for path in _paths(top)}
    inodes: dict[tuple[int, int], list[bytes]] = {}
    for path, state in states.items():
        if not stat.S_ISDIR(state.st_mode):
            inodes.setdefault((state.st_dev, state.st_ino), []).append(path[len(top) :])
    tree = {}
    for path, state in states.items():
        kind = _KINDS[stat.S_IFMT(state.st_mode)]
        if kind == "socket":
            continue
        regular = kind == "file"
        tree[path[len(top) :]] = Entry(
            kind, stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid, state.st_mtime_ns,
            state.st_size if regular else 0, content_of(path) if regular else "",
            os.readlink(path) if kind == "symlink" else b"", state.st_rdev if "device" in kind else 0,
            _attributes(path), tuple(sorted(inodes.get((state.st_dev, state.st_ino), []))),
        )  # fmt: skip
    return tree


def differences(wanted: dict[bytes, Entry], found: dict[bytes, Entry]) -> list[str]:
    """Name what is missing, what is too much, and each attribute that differs."""
    said = [f"missing: {name!r}" for name in sorted(wanted.keys() - found.keys())]
    said += [f"too much: {name!r}" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        for field, before, after in zip(Entry._fields, wanted[name], found[name], strict=True):
            if before != after:
                said.append(f"{name!r}: {field} is {after!r} and should be {before!r}")
    return said


def settle() -> None:
    """Wait until the clock that stamps files has moved on, 10 ms at most: what changes in the tick in which a backup
    looks at it is saved once more by the next incremental one."""
    before = time.clock_gettime_ns(_CLOCK_REALTIME_COARSE)
    while time.clock_gettime_ns(_CLOCK_REALTIME_COARSE) == before:
        os.sched_yield()
