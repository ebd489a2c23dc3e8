# SPDX-License-Identifier: WTFPL OR MIT
"""What stands in front of an archive: whose it is, for a tape whose session died before its trailer (FORMAT.md).

A pax global header with a comment, which every tar passes over.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from types import NoneType

import zstandard

from pytp_native.light import NamedTuple
from pytp_native.stream.frames import is_frame
from pytp_native.stream.scan import pax_records

_MARK = b"pytp "
_BLOCK = 512
_MOST = 1 << 16


class Preface(NamedTuple):
    """Of a tape file with which an argument begins; names that are not UTF-8 have lone surrogates."""

    session: str
    """uuid"""
    started: str
    """ISO 8601, UTC"""
    part: int | None
    """Which cartridge of the session, from 1; None for an archive that was built before anybody knew."""
    path: str
    """Absolute, of the argument."""
    name: str
    """First part of its members' names."""
    kind: str
    """Of the session, as it was asked for: full, incremental, differential."""
    level: str
    """Of the argument."""
    based_on: str | None
    hash: str
    job: str | None
    label: str | None

    def headers(self, block_bytes: int) -> bytes:
        """Return it as tar headers; nothing where that would be more than half a tape block."""
        made = tarfile.TarInfo.create_pax_global_header({"comment": _MARK.decode() + json.dumps(self._asdict())})
        return made if len(made) <= block_bytes // 2 else b""


def preface_of(blocks: Sequence[bytes]) -> Preface | None:
    """Read the one with which these first blocks of a tape file begin, if there is one."""
    start = b"".join(blocks)
    if is_frame(start):
        try:
            start = zstandard.ZstdDecompressor().decompressobj().decompress(start)
        except zstandard.ZstdError:
            return None
    try:
        info = tarfile.TarInfo.frombuf(start[:_BLOCK], "utf-8", "surrogateescape")
        if info.type != tarfile.XGLTYPE or info.size > _MOST:
            return None
        comment = dict(pax_records(start[_BLOCK : _BLOCK + info.size])).get("comment", b"")
        return _parsed(json.loads(comment[len(_MARK) :])) if comment.startswith(_MARK) else None
    except (tarfile.HeaderError, ValueError, KeyError, TypeError):
        return None


def _parsed(found: dict[str, object]) -> Preface:
    """KeyError, TypeError for what is none."""
    told = Preface._make(found[key] for key in Preface._fields)
    needed = (told.session, told.started, told.path, told.name, told.kind, told.level, told.hash)
    maybe = (told.based_on, told.job, told.label)
    if not all(isinstance(one, str) for one in needed) or not all(isinstance(one, (str, NoneType)) for one in maybe):
        raise TypeError("preface")
    if not isinstance(told.part, (int, NoneType)):
        raise TypeError("preface")
    return told
