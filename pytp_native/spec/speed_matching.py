# SPDX-License-Identifier: WTFPL OR MIT
"""How slowly a drive can write: native MB/s to tape below which it has to stop and reposition. From the
vendors' product manuals and data sheets; full-height drives where the heights differ."""

from __future__ import annotations

LOWEST_MB_S: dict[tuple[int, str], float] = {
    (1, "HP"): 6.6,
    (2, "HP"): 10.0,
    (2, ""): 17.5,
    (3, "HP"): 27.0,
    (3, ""): 40.0,
    (4, ""): 30.0,
    (4, "HP"): 40.0,
    (5, ""): 40.0,
    (5, "HP"): 47.0,
    (6, ""): 40.0,
    (6, "HP"): 54.0,
    (7, ""): 101.5,
    (8, ""): 112.0,
    (9, ""): 177.0,
}
"""By LTO generation and family (spec.log_vendors); "": IBM's mechanism, which all have from LTO-7 on. LTO-10's is not
public."""


def lowest_speed(generation: int | None, family: str) -> float | None:
    """Return MB/s, of 10^6 bytes; None where it is not known."""
    if generation is None:
        return None
    return LOWEST_MB_S.get((generation, family), LOWEST_MB_S.get((generation, "")))


NATIVE_MB_S = {
    0x40: 20, 0x42: 40, 0x44: 80, 0x46: 120, 0x58: 140, 0x5A: 160, 0x5C: 300, 0x5D: 300, 0x5E: 360, 0x60: 400,
    0x62: 400, 0x63: 400,
}  # fmt: skip
"""How fast data that cannot be compressed are written, by density code; half-height drives are slower from LTO-8 on."""
