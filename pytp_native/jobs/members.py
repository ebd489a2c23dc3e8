# SPDX-License-Identifier: WTFPL OR MIT
"""Where each member of a backup is on tape, as JSON lines."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from pytp_native.errors import UsageError
from pytp_native.jobs.events import Part
from pytp_native.jobs.parts import part_with
from pytp_native.stream.pack import Member, read_members

if TYPE_CHECKING:
    from typing_extensions import Buffer


class MemberLog:
    """What the packer writes about each member of one tape file; forgotten with `restart` and at the end."""

    def __init__(self, directory: str | None = None) -> None:
        self._file = tempfile.TemporaryFile(buffering=0, dir=directory)  # noqa: SIM115  # closed by __exit__

    def __enter__(self) -> MemberLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def fileno(self) -> int:
        return self._file.fileno()

    def restart(self) -> None:
        """Begin the next tape file."""
        os.lseek(self.fileno(), 0, os.SEEK_SET)
        os.ftruncate(self.fileno(), 0)

    def raw(self, start: int = 0) -> BinaryIO:
        """Open the records as they are, from that byte on; the caller closes it. The packer may be writing meanwhile:
        its place in the file is left alone."""
        return io.BufferedReader(_At(self.fileno(), start), 1 << 20)

    def members(self, block_bytes: int, blocks: int) -> Iterator[Member]:
        """Yield the members of which every byte is in the first `blocks` tape blocks."""
        with self.raw() as log:
            for member in read_members(log):
                if member.block * block_bytes + member.offset + member.stored_bytes <= blocks * block_bytes:
                    yield member


class _At(io.RawIOBase):
    """Reads a descriptor from a place of its own."""

    def __init__(self, descriptor: int, start: int) -> None:
        self._descriptor = descriptor
        self._at = start

    def readable(self) -> bool:
        return True

    def readinto(self, into: Buffer) -> int:
        count = os.preadv(self._descriptor, [into], self._at)
        self._at += count
        return count


class MemberList:
    """The file that the user asked for. A disk that takes no more ends the list and not the backup: see `error`."""

    def __init__(self, path: str) -> None:
        """Begin an empty file; UsageError when that is not possible."""
        self.path = path
        self.error = ""
        """Why the list is not complete."""
        try:
            self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115  # closed by __exit__
        except OSError as exc:
            raise UsageError(path, f"cannot be written ({exc.strerror}); nothing was saved", "name another") from exc

    def __enter__(self) -> MemberList:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # add() has seen and told it
            self._file.close()

    def add(self, members: Iterable[Member], parts: Sequence[Part]) -> None:
        """Write one JSON object a line; names that are not UTF-8 keep their bytes as lone surrogates (PEP 383), so that
        `os.fsencode` gives them back."""
        if self.error:
            return
        try:
            for member in members:
                self._file.write(json.dumps(_row(member, parts)) + "\n")
            self._file.flush()
        except OSError as exc:
            self.error = exc.strerror or str(exc)


def _row(member: Member, parts: Sequence[Part]) -> dict[str, object]:
    part = parts[0] if len(parts) == 1 else part_with(parts, member.block)
    return {
        "path": os.fsdecode(member.name),
        "type": member.type,
        "tape_file": part.tape_file if part else None,
        "block": member.block - part.skipped + part.ahead if part else None,
        "offset": member.offset,
        "size": member.size,
        "stored_bytes": member.stored_bytes,
        "mtime_ns": member.mtime_ns,
        "hash": member.digest.hex(),
        **({"cartridge": part.cartridge} if part and len(parts) > 1 else {}),
    }
