# SPDX-License-Identifier: WTFPL OR MIT
"""Fields of the JSON that pytp puts on tape: read without trust, since a tape may hold anything."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, TypeVar, overload

from pytp_native.errors import MediumError

T = TypeVar("T")


def stamp(seconds: float) -> str:
    """Return a point in time (seconds since 1970) as UTC text, to the second."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> int:
    """Return such a text as seconds since 1970; 0 for what is none."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp())
    except ValueError:
        return 0


@overload
def field(found: Any, name: str, kind: type[T], subject: str) -> T: ...
@overload
def field(found: Any, name: str, kind: type[T], subject: str, *, optional: bool) -> T | None: ...


def field(found: Any, name: str, kind: type[T], subject: str, *, optional: bool = False) -> T | None:
    """Return one field of a JSON object; MediumError if it is missing (unless optional) or of another kind."""
    if not isinstance(found, dict):
        raise MediumError(subject, "is no JSON object", "look at it with tar")
    value = found.get(name)
    if value is None and optional:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise MediumError(subject, f"has no proper {name!r}", "look at it with tar")
    return value
