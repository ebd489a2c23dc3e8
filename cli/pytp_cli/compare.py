# SPDX-License-Identifier: WTFPL OR MIT
"""Whether two trees are the same: every byte and every attribute that a backup has to keep."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from pytp_native.light import NamedTuple

_CHUNK_BYTES = 1 << 20
_IGNORED_XATTRS = frozenset({"security.selinux"})
"""Set by the policy of the place, not by the file's owner."""


class Difference(NamedTuple):
    """One thing that differs, by the name beneath the tree (b"" is the tree itself)."""

    path: bytes
    what: str


class Comparison(NamedTuple):
    """What was compared and what differs."""

    members: int
    data_bytes: int
    differences: tuple[Difference, ...]


def compare_trees(source: bytes, copy: bytes, *, owners: bool, skip: frozenset[bytes] = frozenset()) -> Comparison:
    """Compare `copy` with `source`: type, content, mode, mtime in ns, symlink target, hard links, device numbers,
    xattrs (ACLs and capabilities are xattrs), and owners if `owners`. Names in `skip` (full source paths) are left
    out; so are sockets, which no tar holds. Symlinks are not followed."""
    return _Comparer(source, copy, owners=owners, skip=skip).run()


class _Comparer:
    def __init__(self, source: bytes, copy: bytes, *, owners: bool, skip: frozenset[bytes]) -> None:
        self.source, self.copy, self.owners, self.skip = source, copy, owners, skip
        self.members = self.data_bytes = 0
        self.differences: list[Difference] = []
        # inode of a hard-linked source file -> inode of its copy, and the other way round
        self.forward: dict[tuple[int, int], tuple[int, int]] = {}
        self.backward: dict[tuple[int, int], tuple[int, int]] = {}

    def run(self) -> Comparison:
        self._pair(b"")
        return Comparison(self.members, self.data_bytes, tuple(self.differences))

    def _pair(self, name: bytes) -> None:
        here, there = os.path.join(self.source, name), os.path.join(self.copy, name)
        if here in self.skip:
            return
        old = os.lstat(here)
        if stat.S_ISSOCK(old.st_mode):
            return
        self.members += 1
        try:
            new = os.lstat(there)
        except FileNotFoundError:
            self._differs(name, "is missing")
            return
        for what in self._attributes(here, there, old, new):
            self._differs(name, what)
        if stat.S_ISDIR(old.st_mode) and stat.S_ISDIR(new.st_mode):
            self._children(name, here, there)

    def _children(self, name: bytes, here: bytes, there: bytes) -> None:
        expected = set(os.listdir(here))
        for child in sorted(expected):
            self._pair(os.path.join(name, child))
        for child in sorted(set(os.listdir(there)) - expected):
            self._differs(os.path.join(name, child), "is not in the source")

    def _attributes(self, here: bytes, there: bytes, old: os.stat_result, new: os.stat_result) -> Iterator[str]:
        if stat.S_IFMT(old.st_mode) != stat.S_IFMT(new.st_mode):
            yield "is of another type"
            return
        if old.st_mode != new.st_mode and not stat.S_ISLNK(old.st_mode):
            yield f"mode {stat.S_IMODE(old.st_mode):04o}, now {stat.S_IMODE(new.st_mode):04o}"
        if old.st_mtime_ns != new.st_mtime_ns:
            yield f"mtime {old.st_mtime_ns} ns, now {new.st_mtime_ns} ns"
        if self.owners and (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            yield f"owner {old.st_uid}:{old.st_gid}, now {new.st_uid}:{new.st_gid}"
        if old.st_rdev != new.st_rdev:
            yield "device number differs"
        if stat.S_ISLNK(old.st_mode) and os.readlink(here) != os.readlink(there):
            yield "points elsewhere"
        if not self._same_links(old, new):
            yield "hard links differ"
        if _xattrs(here) != _xattrs(there):
            yield "extended attributes differ"
        if stat.S_ISREG(old.st_mode) and not self._same_content(here, there, old, new):
            yield "content differs"

    def _same_links(self, old: os.stat_result, new: os.stat_result) -> bool:
        """Names of one source inode must be names of one inode in the copy, and no others."""
        if stat.S_ISDIR(old.st_mode):
            return True
        before, after = (old.st_dev, old.st_ino), (new.st_dev, new.st_ino)
        return self.forward.setdefault(before, after) == after and self.backward.setdefault(after, before) == before

    def _same_content(self, here: bytes, there: bytes, old: os.stat_result, new: os.stat_result) -> bool:
        self.data_bytes += old.st_size
        if old.st_size != new.st_size:
            return False
        with open(here, "rb", buffering=0) as left, open(there, "rb", buffering=0) as right:
            while chunk := left.read(_CHUNK_BYTES):
                if chunk != right.read(len(chunk)):
                    return False
        return True

    def _differs(self, name: bytes, what: str) -> None:
        self.differences.append(Difference(name, what))


def _xattrs(path: bytes) -> dict[str, bytes]:
    try:
        names = [name for name in os.listxattr(path, follow_symlinks=False) if name not in _IGNORED_XATTRS]
        return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    except OSError:  # the file system has none
        return {}
