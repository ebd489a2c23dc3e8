# SPDX-License-Identifier: WTFPL OR MIT
"""The list that `mt densities` prints."""

from __future__ import annotations

from pytp_native.spec.density import NAMES

_LEFT = 28


def listing() -> str:
    """The two-column table of `mt densities`."""
    cells = list(NAMES.items())
    half = (len(cells) + 1) // 2
    lines = ["Some SCSI tape density codes:", "code   explanation                   code   explanation"]
    for index, (code, name) in enumerate(cells[:half]):
        right = "".join(f"  0x{other:02x}   {text}" for other, text in cells[index + half : index + half + 1])
        lines.append(f"0x{code:02x}   {name:<{_LEFT}}{right}")
    return "\n".join(lines) + "\n"
