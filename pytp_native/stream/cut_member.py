# SPDX-License-Identifier: WTFPL OR MIT
"""A member that the end of a cartridge cuts: where it lies in its archive, and what it was on disk."""

from __future__ import annotations

import json
import os
import stat

from pytp_native.light import NamedTuple


class CutMember(NamedTuple):
    """Its header group begins at byte `head` of the archive, its data are the bytes from `start` to `end`; `total` is
    its size with holes. An ordinary file."""

    name: bytes
    head: int
    start: int
    end: int
    total: int
    mode: int
    uid: int
    gid: int
    user: bytes
    group: bytes
    """Names that the header gives besides the numbers."""
    mtime_ns: int
    ctime_ns: int
    """0: not known."""

    def is_still(self, path: bytes, *, follow: bool = False) -> bool:
        """Tell whether the file at `path` is what was being saved, so that its rest can follow: any change leaves a
        time (ctime). `follow`: also where a link leads."""
        try:
            found = os.stat(path, follow_symlinks=follow)
        except (OSError, ValueError):
            return False
        told = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        return stat.S_ISREG(found.st_mode) and told == (self.total, self.mtime_ns, self.ctime_ns)


class Rest(NamedTuple):
    """Where an archive goes on."""

    block: int
    """Of the archive; what is in front of it is on tape."""
    cut: CutMember | None
    """None: with a whole member."""

    def is_inside(self, block_bytes: int) -> bool:
        """Tell whether that block begins with data of the member that is said to be cut there."""
        cut, at = self.cut, self.block * block_bytes
        return cut is not None and 0 <= cut.head < cut.start <= at < cut.end

    def text(self) -> str | None:
        """As JSON; bytes that are not UTF-8 are lone surrogates. None where no member is cut."""
        if self.cut is None:
            return None
        told = [os.fsdecode(field) if isinstance(field, bytes) else field for field in self.cut]
        return json.dumps({"block": self.block, "cut": told})


def rest_of(text: str) -> Rest | None:
    """Read one; None for what is none."""
    try:
        found = json.loads(text)
        fields = [os.fsencode(field) if isinstance(field, str) else int(field) for field in found["cut"]]
        return Rest(int(found["block"]), CutMember._make(fields))
    except (ValueError, KeyError, TypeError):
        return None
