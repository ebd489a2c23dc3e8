# SPDX-License-Identifier: WTFPL OR MIT
"""Under whose name a virtual drive appears, as data: IBM's, HPE's and Quantum's LTO-5 to LTO-10 drives.

Product names are those of IBM's, HPE's and Quantum's SCSI references and of LTFS' tables of drives. IBM numbers its
firmware by year, month, day and version (GA32-0928): G9N1 and P381 were released so. Numbers that nobody has published
are our own, 0100.
"""

from __future__ import annotations

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.vtl.personality import OWN, Personality

IBM, HP = "IBM", "HP"
"""Families of mechanisms, by whose pages they answer."""


class Face(NamedTuple):
    vendor: str
    product: str
    revision: str
    family: str = ""
    """"": only the standards' pages are known of it."""


MAKERS: dict[str, dict[str, Face]] = {
    "ibm": {
        "lto5": Face("IBM", "ULT3580-TD5", "G9N1", IBM),
        "lto6": Face("IBM", "ULT3580-TD6", "G9N1", IBM),
        "lto7": Face("IBM", "ULT3580-TD7", "P381", IBM),
        "lto8": Face("IBM", "ULT3580-TD8", "P381", IBM),
        "lto9": Face("IBM", "ULT3580-TD9", "P381", IBM),
        "lto10": Face("IBM", "ULT3580-TDA", "P381", IBM),
    },
    # HP built its own mechanisms up to LTO-6; later ones are IBM's.
    "hpe": {
        "lto5": Face("HP", "Ultrium 5-SCSI", "Z6ED", HP),
        "lto6": Face("HP", "Ultrium 6-SCSI", "0100", HP),
        "lto7": Face("HPE", "Ultrium 7-SCSI", "0100", IBM),
        "lto8": Face("HPE", "Ultrium 8-SCSI", "0100", IBM),
        "lto9": Face("HPE", "Ultrium 9-SCSI", "0100", IBM),
        "lto10": Face("HPE", "Ultrium 10-SCSI", "0100", IBM),
    },
    "quantum": {
        "lto5": Face("QUANTUM", "ULTRIUM 5", "0100"),
        "lto6": Face("QUANTUM", "ULTRIUM 6", "0100"),
        "lto7": Face("QUANTUM", "ULTRIUM-HH7", "0100", IBM),
        "lto8": Face("QUANTUM", "ULTRIUM-HH8", "0100", IBM),
        "lto9": Face("QUANTUM", "ULTRIUM-HH9", "0100", IBM),
        "lto10": Face("QUANTUM", "ULTRIUM-HHA", "0100", IBM),
    },
}


def check_maker(name: str) -> str:
    """Return a maker's name as it is kept. Raises UsageError with the names there are."""
    known = name.lower()
    if known != OWN and known not in MAKERS:
        raise UsageError("personality", f"there is no {name!r}", f"use one of {', '.join((OWN, *MAKERS))}")
    return known


def dressed(who: Personality, maker: str) -> Personality:
    """Return a generation's personality as a maker's drive shows it. Raises UsageError."""
    face = MAKERS[check_maker(maker)][who.generation]
    return who._replace(vendor=face.vendor, product=face.product, revision=face.revision, family=face.family)
