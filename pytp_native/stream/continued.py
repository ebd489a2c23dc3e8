# SPDX-License-Identifier: WTFPL OR MIT
"""The block with which an archive goes on on another cartridge inside a member (GNU.volume.*, see FORMAT.md)."""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Iterator

import zstandard

from pytp_native.light import NamedTuple
from pytp_native.stream.frames import frame_bytes, is_frame
from pytp_native.stream.pack import Member
from pytp_native.stream.scan import nanoseconds, pax_records

_BLOCK = 512
_MOST_BLOCKS = 3
"""A frame of one block is never longer than two."""


class Continued(NamedTuple):
    """The member that goes on."""

    name: bytes
    left: int
    """Bytes of its data that follow."""
    before: int
    """Bytes of it on earlier cartridges; holes count where it is sparse."""
    mode: int = 0
    mtime_ns: int = 0
    uid: int = 0
    gid: int = 0

    def whole(self, start: int, cut: int, block_bytes: int) -> Member:
        """Return it as a member that begins at byte `start` of the archive and is cut at byte `cut`; nobody has seen
        all of its content."""
        end = cut + -(-self.left // _BLOCK) * _BLOCK
        return Member(
            self.name, b"", "0", start // block_bytes, start % block_bytes, self.before + self.left, end - start,
            stat.S_IFREG | self.mode, self.mtime_ns, 0, 0, 0, self.uid, self.gid, b"",
        )  # fmt: skip

    def start(self, cut: int, before: int, block_bytes: int) -> int | None:
        """Return where its header group begins, of which the archive is cut at byte `cut` and the last member before it
        ends at byte `before`; None where that cannot be, or cannot be told.

        A group that fits in a block is in one, behind a filler if need be; a longer one begins at once.
        """
        data = cut - self.before
        in_block = (data - 1) // block_bytes * block_bytes
        if data < before + _BLOCK or (in_block > before and data - before > block_bytes):
            return None
        return max(before, in_block)


def continued(blocks: Iterator[bytes]) -> Continued | None:
    """Read the beginning of a tape file; None where it does not begin inside a member."""
    start = next(blocks, b"")
    for _more in range(_MOST_BLOCKS):
        if not is_frame(start):
            return _parse(start)
        length = frame_bytes(start)
        if length is not None:
            return _parse(_content(start[:length]))
        start += next(blocks, b"")
    return None


def _content(frame: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError:
        return b""


def _parse(block: bytes) -> Continued | None:
    try:
        info = tarfile.TarInfo.frombuf(block[:_BLOCK], "utf-8", "surrogateescape")
        if info.type != tarfile.XGLTYPE or _BLOCK + info.size > len(block):
            return None
        told = dict(pax_records(block[_BLOCK : _BLOCK + info.size]))
        found = Continued(told["GNU.volume.filename"], int(told["GNU.volume.size"]), int(told["GNU.volume.offset"]))
        return _with_header(found, block[_BLOCK + -(-info.size // _BLOCK) * _BLOCK :])
    except (tarfile.HeaderError, KeyError, ValueError):
        return None


def _with_header(found: Continued, rest: bytes) -> Continued:
    """Take in what the header of the rest says."""
    told: dict[str, bytes] = {}
    info = tarfile.TarInfo.frombuf(rest[:_BLOCK], "utf-8", "surrogateescape")
    if info.type == tarfile.XHDTYPE:
        told = dict(pax_records(rest[_BLOCK : _BLOCK + info.size]))
        at = _BLOCK + -(-info.size // _BLOCK) * _BLOCK
        info = tarfile.TarInfo.frombuf(rest[at : at + _BLOCK], "utf-8", "surrogateescape")
    return found._replace(
        mode=info.mode, mtime_ns=nanoseconds(told["mtime"]) if "mtime" in told else int(info.mtime) * 10**9,
        uid=int(told.get("uid", info.uid)), gid=int(told.get("gid", info.gid)),
    )  # fmt: skip
