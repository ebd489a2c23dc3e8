# SPDX-License-Identifier: WTFPL OR MIT
"""Values of decoded pages as JSON has them and as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from pytp_cli.names import printable


def plain(value: object) -> object:
    """Return a value for JSON: records as objects, sets sorted, bytes as {"hex": ...}; None stays null."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return value


def shown(value: object, unit: str = "") -> str:
    """Return a value as a line of text; what the device does not tell is a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return value.hex(" ") if value else "-"
    if isinstance(value, tuple) and type(value).__str__ is not object.__str__:
        return printable(str(value))  # the record says it best by itself
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return "; ".join(f"{_words(name)} {shown(item)}" for name, item in value._asdict().items())
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(str(name))} {shown(item)}" for name, item in value.items())
    if isinstance(value, (tuple, list, frozenset)):
        parts = [shown(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
        return (" | " if any("; " in part for part in parts) else ", ").join(parts) or "none"
    text = printable(str(value)) or "-"
    return f"{text} {unit}".rstrip() if unit and text != "-" else text


def _words(name: str) -> str:
    return name.replace("_", " ")
