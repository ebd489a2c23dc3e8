# SPDX-License-Identifier: WTFPL OR MIT
"""Where each member of a backup is on tape, as JSON lines."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO

from pytp_native.errors import UsageError
from pytp_native.stream.pack import Member, read_members


class MemberLog:
    """What the packer writes about each member of one tape file; forgotten with `restart` and at the end."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by __exit__

    def __enter__(self) -> MemberLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def fileno(self) -> int:
        return self._file.fileno()

    def restart(self) -> None:
        """Begin the next tape file."""
        os.lseek(self.fileno(), 0, os.SEEK_SET)
        os.ftruncate(self.fileno(), 0)

    def raw(self) -> IO[bytes]:
        """Open the records as they are, from the first; the caller closes it."""
        os.lseek(self.fileno(), 0, os.SEEK_SET)
        return os.fdopen(os.dup(self.fileno()), "rb")

    def members(self, block_bytes: int, blocks: int) -> Iterator[Member]:
        """Yield the members of which every byte is in the first `blocks` tape blocks."""
        with self.raw() as log:
            for member in read_members(log):
                if member.block * block_bytes + member.offset + member.stored_bytes <= blocks * block_bytes:
                    yield member


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

    def add(self, members: Iterable[Member], tape_file: int | None) -> None:
        """Write one JSON object a line; names that are not UTF-8 keep their bytes as lone surrogates (PEP 383), so that
        `os.fsencode` gives them back."""
        if self.error:
            return
        try:
            for member in members:
                self._file.write(json.dumps(_row(member, tape_file)) + "\n")
            self._file.flush()
        except OSError as exc:
            self.error = exc.strerror or str(exc)


def _row(member: Member, tape_file: int | None) -> dict[str, object]:
    return {
        "path": os.fsdecode(member.name),
        "type": member.type,
        "tape_file": tape_file,
        "block": member.block,
        "offset": member.offset,
        "size": member.size,
        "stored_bytes": member.stored_bytes,
        "mtime_ns": member.mtime_ns,
        "hash": member.digest.hex(),
    }
