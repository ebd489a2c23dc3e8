# SPDX-License-Identifier: WTFPL OR MIT
"""Where each member of a backup is on tape, as JSON lines."""

from __future__ import annotations

import json
import os
from typing import IO

from pytp_native.stream.pack import Member, read_members


def write_lines(log: IO[bytes], into: IO[str], tape_file: int | None) -> None:
    """Turn the member log of one tape file into one JSON object a line; names that are not UTF-8 keep their bytes as
    lone surrogates (PEP 383), so that `os.fsencode` gives them back."""
    log.seek(0)
    for member in read_members(log):
        into.write(json.dumps(_row(member, tape_file)) + "\n")


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
