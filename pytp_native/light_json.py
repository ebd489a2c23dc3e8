# SPDX-License-Identifier: WTFPL OR MIT
"""Reading and writing JSON without the json package: importing that (with re, enum and functools) takes 5 of the 12 ms
that `pytp-mt` may take.

The interpreter's own C scanner and encoder do the work, as they do it for json; where they are missing or have changed,
json does.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Plain:
    """What the C scanner asks its context for: plain JSON."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


try:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    _scan: Any = make_scanner(_Plain())  # type: ignore[arg-type] # as json.decoder calls it
    _new_encoder: Any = make_encoder
    _encode: Any = _new_encoder(
        None, None, encode_basestring_ascii, None, ": ", ", ", False, False, True
    )  # markers, default, encoder, indent, separators, sort_keys, skipkeys, allow_nan
except (ImportError, AttributeError, TypeError):  # pragma: no cover - another interpreter
    _scan = _encode = None

_SPACE = " \t\n\r"


def loads(text: str) -> Any:
    """Return what json.loads does. Raises ValueError."""
    if _scan is None:
        from json import loads as slow_loads  # noqa: PLC0415

        return slow_loads(text)
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end = _scan(text, start)
    except StopIteration as exc:
        raise ValueError(f"no JSON at character {exc.value}") from None
    if text[end:].strip(_SPACE):
        raise ValueError(f"more than one JSON value: at character {end}")
    return value


def dumps(value: object) -> str:
    """Return what json.dumps does."""
    if _encode is None:
        from json import dumps as slow_dumps  # noqa: PLC0415

        return slow_dumps(value)
    return "".join(_encode(value, 0))
