# SPDX-License-Identifier: WTFPL OR MIT
"""The one object of --json. Fields are only ever added; every command has all of those of `empty_object`."""

from __future__ import annotations

import json

from pytp_cli.names import json_text
from pytp_cli.sink import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_native.jobs.events import ArgumentReport, Position


def empty_object(command: str) -> dict[str, Any]:
    """Return the fields that every object has, in their order, without news."""
    return {
        "command": command,
        "exit": 0,
        "message": None,
        "device": None,
        "label": None,
        "arguments": [],
        "position": None,
    }


def argument_object(report: ArgumentReport) -> dict[str, Any]:
    """Return one entry of "arguments"; "bytes" counts what is on tape (blocks x block size)."""
    parts = [part._asdict() for part in report.parts] if len(report.parts) > 1 else []
    return {
        "path": json_text(report.path),
        "status": report.status,
        "tape_file": report.tape_file,
        "first_block": report.first_block,
        "blocks": report.blocks,
        "files": report.files,
        "bytes": report.data_bytes,
        "duration_s": round(report.duration_s, 6),
        "errors": [{"path": json_text(problem.path), "reason": problem.reason} for problem in report.errors],
        **({"parts": parts} if parts else {}),
    }


def position_object(position: Position) -> dict[str, Any]:
    """Return the "position" field; null is what the drive does not know."""
    return {
        "file": position.file,
        "block": position.block,
        "logical_block": position.logical_block,
        "partition": position.partition,
    }


def write_object(fields: dict[str, Any]) -> None:
    """Write the object to stdout as one line of ASCII, so that no locale and no lone surrogate can break it."""
    put(json.dumps(fields, default=_plain))


def _plain(value: object) -> object:
    return json_text(value) if isinstance(value, bytes) else str(value)
