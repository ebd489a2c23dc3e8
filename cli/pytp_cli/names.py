# SPDX-License-Identifier: WTFPL OR MIT
"""File names, which are bytes, as people and JSON read them."""

from __future__ import annotations

import os


def printable(name: bytes | str) -> str:
    """Return one line that no file name can break: control characters and bytes that are not UTF-8 become escapes."""
    text = os.fsdecode(name) if isinstance(name, bytes) else name
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def json_text(name: bytes) -> str:
    """Return the name for JSON: UTF-8 as text; any other byte 80h..FFh as the lone surrogate U+DC80..U+DCFF.

    Python's os.fsencode (surrogateescape) turns it back into the same bytes, also after json.loads.
    """
    return name.decode("utf-8", "surrogateescape")


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
