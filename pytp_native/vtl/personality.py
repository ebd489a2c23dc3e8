# SPDX-License-Identifier: WTFPL OR MIT
"""What sort of drive and cartridge an LTO generation is, as data (the Ultrium format books; vendors' SCSI
references)."""

from __future__ import annotations

from typing import NamedTuple

from pytp_native.errors import UsageError
from pytp_native.units import MIB


class Personality(NamedTuple):
    generation: str
    density: int
    """Density code of its own format."""
    media: str
    """The two characters that end a barcode."""
    capacity_bytes: int
    """Native capacity of a real cartridge; virtual ones are usually smaller."""
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    """Generations of cartridges this drive takes, its own first."""
    product: str
    """Product identification of INQUIRY."""
    vendor: str = "PYTP"
    revision: str = "0100"
    least_block: int = 1
    most_block: int = 8 * MIB


_TB = 10**12
_ALL = (
    Personality("lto5", 0x58, "L5", 1_500 * 10**9, ("lto5", "lto4", "lto3"), ("lto5", "lto4"), "VIRTUAL ULTRIUM5"),
    Personality("lto6", 0x5A, "L6", 2_500 * 10**9, ("lto6", "lto5", "lto4"), ("lto6", "lto5"), "VIRTUAL ULTRIUM6"),
    Personality("lto7", 0x5C, "L7", 6 * _TB, ("lto7", "lto6", "lto5"), ("lto7", "lto6"), "VIRTUAL ULTRIUM7"),
    Personality("lto8", 0x5E, "L8", 12 * _TB, ("lto8", "lto7"), ("lto8", "lto7"), "VIRTUAL ULTRIUM8"),
    Personality("lto9", 0x60, "L9", 18 * _TB, ("lto9", "lto8"), ("lto9", "lto8"), "VIRTUAL ULTRIUM9"),
    Personality("lto10", 0x62, "LA", 30 * _TB, ("lto10",), ("lto10",), "VIRTUAL ULTRIM10"),
)
GENERATIONS = {personality.generation: personality for personality in _ALL}


def personality_of(generation: str) -> Personality:
    """Look a generation up by its name ("lto9", "LTO-9"). Raises UsageError with the names there are."""
    name = generation.lower().replace("-", "")
    if name not in GENERATIONS:
        raise UsageError("generation", f"there is no {generation!r}", f"use one of {', '.join(GENERATIONS)}")
    return GENERATIONS[name]
