# SPDX-License-Identifier: WTFPL OR MIT
"""The block with which an archive goes on on another cartridge inside a member (GNU.volume.*, see FORMAT.md)."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

import zstandard

from pytp_native.light import NamedTuple
from pytp_native.stream.frames import frame_bytes, is_frame
from pytp_native.stream.scan import pax_records

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
        return Continued(told["GNU.volume.filename"], int(told["GNU.volume.size"]), int(told["GNU.volume.offset"]))
    except (tarfile.HeaderError, KeyError, ValueError):
        return None
