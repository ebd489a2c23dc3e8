# SPDX-License-Identifier: WTFPL OR MIT
"""The original pytp's `*_backup.json`: a list of sessions, oldest first, of one directory."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from pytp_native.catalog.records import CartridgeFacts, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple

SUFFIX = "_backup.json"
DEFAULT_BLOCK_BYTES = 524288


class Imported(NamedTuple):
    """One entry, ready to be recorded."""

    session: SessionFacts
    cartridge: CartridgeFacts
    tape_file: TapeFileFacts
    members: MemberBatch


def read_history(path: str, job: str | None = None) -> Iterator[Imported]:
    """Yield the sessions of one file. Raises UsageError for anything else.

    The file's name is [JOB_]NAME_backup.json, and nothing tells where JOB ends: it is only known from outside. A
    session gets an uuid from file, time and place, so that the same file read again is the same sessions.
    """
    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)
    except OSError as exc:
        raise UsageError(path, f"cannot be read ({exc.strerror})") from exc
    except ValueError as exc:
        raise UsageError(path, f"is no JSON ({exc})", "name a *_backup.json of the original pytp") from exc
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(path, "is no history of the original pytp", "name one of its *_backup.json files")
    name = os.path.basename(path).removesuffix(SUFFIX)
    if job and name.startswith(f"{job}_"):
        name = name[len(job) + 1 :]
    for number, entry in enumerate(entries):
        yield _entry(path, number, entry, name, job)


def _seconds(text: str) -> int:
    """Return an ISO time, here, as seconds since 1970; Python 3.10 reads only fractions of three or six digits."""
    return int(datetime.fromisoformat(re.sub(r"\.\d+", "", text)).astimezone().timestamp())


def _entry(path: str, number: int, entry: dict[str, Any], name: str, job: str | None) -> Imported:
    subject = f"{path}: entry {number + 1}"
    try:
        started = _seconds(str(entry["timestamp"]))
        files = dict(entry.get("files") or {})
        block_bytes = int(entry.get("block_size") or DEFAULT_BLOCK_BYTES)
    except (KeyError, ValueError, TypeError) as exc:
        raise UsageError(subject, f"has no proper {exc}", "correct or remove it") from exc
    kind = "incremental" if entry.get("type") == "incremental" else "full"
    label = entry.get("label") or None
    place = entry.get("tape_position")
    tape_file = place if isinstance(place, int) and not isinstance(place, bool) and place >= 0 else None
    digest = hashlib.sha256(f"{name}\0{number}\0{started}\0{label}\0{tape_file}".encode("utf-8", "surrogateescape"))
    uuid = f"json-{digest.hexdigest()[:32]}"
    source = os.fsencode(name)
    return Imported(
        SessionFacts(uuid, started, kind, job=job, label=label, hash="none", origin="json"),
        CartridgeFacts(barcode=label),
        TapeFileFacts(tape_file, None, block_bytes, source, source),
        _members(subject, files),
    )


def _members(subject: str, files: dict[str, Any]) -> MemberBatch:
    """Only names, times and sizes are known. The original's tar has stripped the leading slash."""
    paths = [os.fsencode(path).lstrip(b"/").removeprefix(b"./") for path in files]
    facts = [value if isinstance(value, dict) else {} for value in files.values()]
    unknown = [None] * len(paths)
    try:
        mtimes = [round(Decimal(str(one.get("mtime", 0))) * 10**9) for one in facts]
        sizes = [int(one.get("size", 0)) for one in facts]
    except (TypeError, ValueError, ArithmeticError) as exc:
        raise UsageError(subject, f"has a file without proper time or size ({exc})") from exc
    return MemberBatch(
        directories=[(path.rpartition(b"/")[0], 1) for path in paths],
        names=[path.rpartition(b"/")[2] for path in paths],
        types=["2" if one.get("type") == "symlink" else "0" for one in facts],
        sizes=sizes, mtimes_ns=mtimes,
        ctimes_ns=unknown, modes=unknown, uids=unknown, gids=unknown, inodes=unknown,
        blocks=unknown, offsets=unknown, lengths=unknown, digests=unknown,
        links=[os.fsencode(one["target"]) if isinstance(one.get("target"), str) else None for one in facts],
    )  # fmt: skip
