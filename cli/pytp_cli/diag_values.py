# SPDX-License-Identifier: WTFPL OR MIT
"""Values of decoded pages as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from pytp_cli.names import printable


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
        return "; ".join(f"{_words(name)} {_field(name, item)}" for name, item in value._asdict().items())
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(str(name))} {shown(item)}" for name, item in value.items())
    if isinstance(value, (tuple, list, frozenset)):
        parts = [shown(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
        return (" | " if any("; " in part for part in parts) else ", ").join(parts) or "none"
    text = printable(str(value)) or "-"
    return f"{text} {unit}".rstrip() if unit and text != "-" else text


def _field(name: str, value: object) -> str:
    """Addresses of ports are known by their hexadecimal digits."""
    if name in {"sas_address", "attached_address"} and isinstance(value, int):
        return f"{value:016x}"
    return shown(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
