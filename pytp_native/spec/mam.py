# SPDX-License-Identifier: WTFPL OR MIT
"""Medium auxiliary memory: attribute identifiers, lengths and formats (SPC-6, Medium auxiliary memory attributes)."""

from __future__ import annotations

from pytp_native.light import NamedTuple

BINARY, ASCII, TEXT = range(3)


class AttributeSpec(NamedTuple):
    identifier: int
    name: str
    length: int
    """Bytes; 0: varies."""
    format: int


def _rows(format_: int, *rows: tuple[int, int, str]) -> list[AttributeSpec]:
    return [AttributeSpec(identifier, name, length, format_) for identifier, length, name in rows]


_ALL = [
    *_rows(
        BINARY,
        (0x0000, 8, "remaining capacity in partition (MiB)"), (0x0001, 8, "maximum capacity in partition (MiB)"),
        (0x0002, 8, "TapeAlert flags"), (0x0003, 8, "load count"), (0x0004, 8, "free bytes in the memory"),
        (0x0006, 1, "formatted density code"), (0x0007, 2, "initialisation count"),
        (0x0009, 0, "volume change reference"),
        (0x0220, 8, "MiB written in the medium's life"), (0x0221, 8, "MiB read in the medium's life"),
        (0x0222, 8, "MiB written in this or the last load"), (0x0223, 8, "MiB read in this or the last load"),
        (0x0224, 8, "first encrypted block"), (0x0225, 8, "first unencrypted block after it"),
        (0x0340, 90, "medium usage history"), (0x0341, 60, "partition usage history"),
        (0x0402, 4, "medium length (m)"), (0x0403, 4, "medium width (0.1 mm)"), (0x0405, 1, "medium density code"),
        (0x0407, 8, "memory capacity (bytes)"), (0x0408, 1, "medium type"), (0x0409, 2, "medium type information"),
        (0x040A, 0, "numeric serial number"), (0x040B, 10, "supported density codes"),
        (0x0805, 1, "text localisation identifier"), (0x080A, 1, "load or unload at partition"),
        (0x080C, 0, "volume coherency information"), (0x0821, 36, "medium pool globally unique identifier"),
        (0x1000, 28, "unique cartridge identity"), (0x1001, 24, "alternative cartridge identity"),
        (0x1623, 1, "LTFS volume lock"),
    ),
    *_rows(
        ASCII,
        (0x0005, 8, "assigning organisation"), (0x0008, 32, "volume identifier"),
        (0x020A, 40, "drive at the last load"),
        (0x020B, 40, "drive at load -1"), (0x020C, 40, "drive at load -2"), (0x020D, 40, "drive at load -3"),
        (0x0400, 8, "medium manufacturer"), (0x0401, 32, "medium serial number"), (0x0404, 8, "medium's organisation"),
        (0x0406, 8, "medium manufacture date"), (0x0800, 8, "application vendor"), (0x0801, 32, "application name"),
        (0x0802, 8, "application version"), (0x0804, 12, "last written"), (0x0806, 32, "barcode"),
        (0x0809, 16, "partition label"), (0x080B, 16, "application format version"),
        (0x0820, 36, "medium globally unique identifier"),
    ),
    *_rows(TEXT, (0x0803, 160, "user label"), (0x0807, 80, "owning host"), (0x0808, 160, "media pool")),
]  # fmt: skip
ATTRIBUTES = {attribute.identifier: attribute for attribute in _ALL}

MEDIUM_SERIAL, BARCODE, CHANGE_REFERENCE, LOAD_COUNT, USER_LABEL = 0x0401, 0x0806, 0x0009, 0x0003, 0x0803
REMAINING_MIB, MAXIMUM_MIB, TAPE_ALERTS, LAST_WRITTEN = 0x0000, 0x0001, 0x0002, 0x0804
MEDIUM_TYPES = {0x00: "data", 0x01: "cleaning", 0x80: "WORM"}


def attribute_name(identifier: int) -> str:
    """Return the name, or whose attribute it is with its number."""
    known = ATTRIBUTES.get(identifier)
    if known is not None:
        return known.name
    owner = ("device", "medium", "host", "vendor's device", "vendor's medium", "vendor's host")
    whose = owner[identifier >> 10] if identifier >> 10 < len(owner) else "reserved"
    return f"{whose} attribute {identifier:04x}h"


def is_writable(identifier: int) -> bool:
    """Host attributes (0800h-0BFFh, 1400h-17FFh) can be written by a host."""
    return identifier >> 10 in {2, 5}
