# SPDX-License-Identifier: WTFPL OR MIT
"""Answers of devices as files: comments say where one comes from, then hexadecimal bytes, a field to a line."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def golden(name: str) -> bytes:
    """Return the bytes of tests/golden/NAME.hex."""
    lines = (HERE / f"{name}.hex").read_text().splitlines()
    return b"".join(bytes.fromhex(line.partition("#")[0]) for line in lines)


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.hex"))


def comment(name: str) -> list[str]:
    """Return the lines that tell device, date and command."""
    lines = (HERE / f"{name}.hex").read_text().splitlines()
    return [line[1:].strip() for line in lines if line.startswith("#")]
