# SPDX-License-Identifier: WTFPL OR MIT
"""The Ultrium formats as REPORT DENSITY SUPPORT describes them, and what medium types they have."""

from __future__ import annotations

from pytp_native.light import NamedTuple


class Format(NamedTuple):
    generation: str
    density: int
    bits_per_mm: int
    tracks: int
    capacity_mb: int
    """Native, in units of 10^6 bytes."""
    length_m: int
    """Of the tape."""
    name: str
    description: str

    @property
    def number(self) -> int:
        return int(self.generation.removeprefix("lto"))

    def medium_type(self, *, worm: bool) -> int:
        """The mode header's medium type: generation, then 8 for data and Ch for write-once."""
        return (self.number << 4 | (0xC if worm else 0x8)) & 0xFF


_ALL = (
    Format("lto3", 0x44, 9638, 704, 400_000, 680, "U-316", "Ultrium 3/16T"),
    Format("lto4", 0x46, 12725, 896, 800_000, 820, "U-416", "Ultrium 4/16T"),
    Format("lto5", 0x58, 15142, 1280, 1_500_000, 846, "U-516", "Ultrium 5/16T"),
    Format("lto6", 0x5A, 15142, 2176, 2_500_000, 846, "U-616", "Ultrium 6/16T"),
    Format("lto7", 0x5C, 19107, 3584, 6_000_000, 960, "U-732", "Ultrium 7/32T"),
    Format("lto8", 0x5E, 20669, 6656, 12_000_000, 960, "U-832", "Ultrium 8/32T"),
    Format("lto9", 0x60, 20669, 8960, 18_000_000, 1035, "U-932", "Ultrium 9/32T"),
    Format("lto10", 0x62, 20669, 15104, 30_000_000, 1035, "U-1032", "Ultrium 10/32T"),
)
FORMATS = {known.generation: known for known in _ALL}
