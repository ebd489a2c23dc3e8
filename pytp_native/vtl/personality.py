# SPDX-License-Identifier: WTFPL OR MIT
"""What sort of drive and cartridge an LTO generation is, as data (the Ultrium format books; vendors' SCSI
references)."""

from __future__ import annotations

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
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
    partitions: int = 4
    """Most partitions of a cartridge of its own format."""
    least_block: int = 1
    most_block: int = 8 * MIB
    family: str = ""
    """By whose mechanism it answers (vtl/makers.py); "": by the standards alone."""


OWN = "pytp"
"""The maker of drives that are nobody else's."""

_TB = 10**12
_ALL = (
    Personality(
        "lto5", 0x58, "L5", 1_500 * 10**9, ("lto5", "lto4", "lto3"), ("lto5", "lto4"), "VIRTUAL ULTRIUM5", partitions=2
    ),
    Personality("lto6", 0x5A, "L6", 2_500 * 10**9, ("lto6", "lto5", "lto4"), ("lto6", "lto5"), "VIRTUAL ULTRIUM6"),
    Personality("lto7", 0x5C, "L7", 6 * _TB, ("lto7", "lto6", "lto5"), ("lto7", "lto6"), "VIRTUAL ULTRIUM7"),
    Personality("lto8", 0x5E, "L8", 12 * _TB, ("lto8", "lto7"), ("lto8", "lto7"), "VIRTUAL ULTRIUM8"),
    Personality("lto9", 0x60, "L9", 18 * _TB, ("lto9", "lto8"), ("lto9", "lto8"), "VIRTUAL ULTRIUM9"),
    Personality("lto10", 0x62, "LA", 30 * _TB, ("lto10",), ("lto10",), "VIRTUAL ULTRIM10"),
)
GENERATIONS = {personality.generation: personality for personality in _ALL}


_OLD_DENSITIES = {"lto3": 0x44, "lto4": 0x46}


def density_of(generation: str) -> int:
    """Density code of a cartridge's format, also of one that is older than our drives."""
    return _OLD_DENSITIES.get(generation) or personality_of(generation).density


def personality_of(generation: str) -> Personality:
    """Look a generation up by its name ("lto9", "LTO-9"). Raises UsageError with the names there are."""
    name = generation.lower().replace("-", "")
    if name not in GENERATIONS:
        raise UsageError("generation", f"there is no {generation!r}", f"use one of {', '.join(GENERATIONS)}")
    return GENERATIONS[name]


WORM_MEDIA = {"LT": "lto3", "LU": "lto4", "LV": "lto5", "LW": "lto6", "LX": "lto7", "LY": "lto8", "LZ": "lto9"}
"""Barcode endings of write-once cartridges, by generation."""
CLEANING_PREFIX = "CLN"


def face_of(generation: str, maker: str) -> Personality:
    """Look up a drive's personality as its maker shows it. Raises UsageError with the names there are."""
    who = personality_of(generation)
    if maker == OWN:
        return who
    from pytp_native.vtl.makers import dressed  # noqa: PLC0415 - our own drives, those of mt's users, do without

    return dressed(who, maker)


class ChangerPersonality(NamedTuple):
    """A library's face: names, element addresses and manners."""

    name: str
    vendor: str
    product: str
    revision: str
    first_transport: int
    first_drive: int
    first_mail: int
    first_storage: int
    unloads_drives: bool
    """Has a drive rewind and unload by itself before it takes the cartridge; else the host must have done so."""
    exchanges: bool
    """Takes EXCHANGE MEDIUM."""


_CHANGERS = (
    ChangerPersonality(
        "pytp", "PYTP", "VIRTUAL LIBRARY", "0100", 1, 256, 768, 1024, unloads_drives=True, exchanges=True
    ),
    # As an HP MSL answers: drives from 1, mail slots from 101, slots from 1001.
    ChangerPersonality("msl", "HP", "MSL G3 Series", "9.50", 0, 1, 101, 1001, unloads_drives=True, exchanges=False),
    # As an IBM TS3500: drives from 257, mail slots from 769, slots from 1025; the host unloads.
    ChangerPersonality("ts3500", "IBM", "03584L32", "0800", 1, 257, 769, 1025, unloads_drives=False, exchanges=True),
)
CHANGERS = {changer.name: changer for changer in _CHANGERS}


def changer_personality(name: str) -> ChangerPersonality:
    """Raises UsageError with the names there are."""
    if name not in CHANGERS:
        raise UsageError("changer", f"there is no {name!r}", f"use one of {', '.join(CHANGERS)}")
    return CHANGERS[name]


def generation_of(barcode: str) -> str | None:
    """The generation that a label's last two characters name, write-once or not; None: none that we know."""
    media = barcode[-2:]
    return WORM_MEDIA.get(media) or next((name for name, one in GENERATIONS.items() if one.media == media), None)
