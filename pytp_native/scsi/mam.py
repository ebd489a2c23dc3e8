# SPDX-License-Identifier: WTFPL OR MIT
"""The cartridge's memory: READ ATTRIBUTE and WRITE ATTRIBUTE (SPC-6)."""

from __future__ import annotations

import struct

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command, bits, no_data, packed
from pytp_native.scsi.field import check_length, number, text
from pytp_native.spec import opcodes
from pytp_native.spec.mam import ASCII, ATTRIBUTES, BINARY, attribute_name

ROOM = 65536
VALUES, LIST, VOLUMES, PARTITIONS, SUPPORTED = 0, 1, 2, 3, 5
"""Service actions of READ ATTRIBUTE."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = struct.Struct(">HBH")
"""Identifier, READ ONLY and format, length of the value that follows (layouts.ATTRIBUTES is the declaration)."""
_READ_ONLY = 0x80
_FORMAT = 0x03


class Attribute(NamedTuple):
    identifier: int
    format: int
    """0 binary, 1 ASCII, 2 text in the set of attribute 0805h."""
    value: bytes
    read_only: bool = False

    @property
    def name(self) -> str:
        return attribute_name(self.identifier)

    @property
    def number(self) -> int | None:
        """A binary value as a number; None if it is no number or all ones, which means unknown."""
        if self.format != BINARY or not self.value or self.value == b"\xff" * len(self.value):
            return None
        return int.from_bytes(self.value, "big")

    @property
    def text(self) -> str:
        """An ASCII value; text in other sets is decoded as UTF-8 where it is that, else bytes show as \\xNN."""
        if self.format == ASCII:
            return text(self.value)
        return self.value.rstrip(b"\0 ").decode("utf-8", "backslashreplace")

    def __str__(self) -> str:
        if self.format != BINARY:
            return self.text
        return str(self.number) if self.number is not None and len(self.value) <= 8 else self.value.hex()


def _cdb(
    action: int, *, first: int = 0, element: int = 0, partition: int = 0, room: int = ROOM, cache: bool = False
) -> bytes:
    head = bytes((opcodes.READ_ATTRIBUTE, action)) + packed(element, 2, "element address") + bytes(3)
    head += packed(partition, 1, "partition") + packed(first, 2, "attribute identifier")
    return head + packed(room, 4, "allocation length") + bytes((cache, 0))


def read_attributes(
    *, first: int = 0, partition: int = 0, element: int = 0, cache: bool = False, alloc_bytes: int = ROOM
) -> Command[tuple[Attribute, ...]]:
    """Attribute values from identifier `first` on. Works while a cartridge is seated and not loaded (3Ah/04h)."""
    cdb = _cdb(VALUES, first=first, element=element, partition=partition, room=alloc_bytes, cache=cache)
    return Command("READ ATTRIBUTE", cdb, parse_attributes, alloc_bytes, repeatable=True)


def list_attributes(*, supported: bool = False, partition: int = 0, element: int = 0) -> Command[tuple[int, ...]]:
    """Identifiers that are there, or that the device could have."""
    cdb = _cdb(SUPPORTED if supported else LIST, element=element, partition=partition)
    return Command("READ ATTRIBUTE", cdb, parse_identifiers, ROOM, repeatable=True)


def list_partitions(*, volumes: bool = False) -> Command[range]:
    """Numbers of the partitions, or logical volumes."""
    cdb = _cdb(VOLUMES if volumes else PARTITIONS, room=64)
    return Command("READ ATTRIBUTE", cdb, parse_range, 64, repeatable=True)


def parse_attributes(data: bytes) -> tuple[Attribute, ...]:
    """Whole attributes only: a cut answer ends with the last that came in full; ask on from the next identifier."""
    check_length(data, 4, "attributes")
    at, end = 4, min(len(data), 4 + number(data, 0, 4))
    found = []
    while at + _HEAD.size <= end:
        identifier, flags, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size + length
        if at > end:
            break
        found.append(Attribute(identifier, flags & _FORMAT, data[at - length : at], bool(flags & _READ_ONLY)))
    return tuple(found)


def parse_identifiers(data: bytes) -> tuple[int, ...]:
    check_length(data, 4, "attribute list")
    end = min(len(data), 4 + number(data, 0, 4))
    return tuple(number(data, at, 2) for at in range(4, end - 1, 2))


def parse_range(data: bytes) -> range:
    """First number and count (SPC-6, partition list service action)."""
    check_length(data, 4, "partition list")
    return range(data[2], data[2] + data[3])


def write_attributes(
    attributes: Iterable[Attribute], *, partition: int = 0, element: int = 0, through: bool = True
) -> Command[None]:
    """Write host attributes; an empty value deletes. `through` (WTC): at once to the cartridge, not to a cache."""
    fields = b"".join(_laid_out(one) for one in attributes)
    data = packed(len(fields), 4, "parameter list") + fields
    head = bytes((opcodes.WRITE_ATTRIBUTE, through)) + packed(element, 2, "element address") + bytes(3)
    cdb = head + packed(partition, 1, "partition") + bytes(2) + packed(len(data), 4, "parameter list length") + bytes(2)
    return Command("WRITE ATTRIBUTE", cdb, no_data, data_out=data)


def _laid_out(one: Attribute) -> bytes:
    head = packed(one.identifier, 2, "attribute identifier") + packed(one.format, 1, "attribute format")
    return head + packed(len(one.value), 2, f"{one.name}: length of its value") + one.value


def read_runtime_attributes(*, first: int = 0, alloc_bytes: int = ROOM) -> Command[tuple[Attribute, ...]]:
    """READ DYNAMIC RUNTIME ATTRIBUTE (IBM): what hosts have told the drive about themselves. As READ ATTRIBUTE, which
    nobody has confirmed for other vendors."""
    cdb = bytes((opcodes.READ_DYNAMIC_RUNTIME_ATTRIBUTE,)) + _cdb(VALUES, first=first, room=alloc_bytes)[1:]
    return Command("READ DYNAMIC RUNTIME ATTRIBUTE", cdb, parse_attributes, alloc_bytes, repeatable=True)


def write_runtime_attributes(attributes: Iterable[Attribute]) -> Command[None]:
    """WRITE DYNAMIC RUNTIME ATTRIBUTE (IBM): the host's name, for the drive's log."""
    plain = write_attributes(attributes, through=False)
    cdb = bytes((opcodes.WRITE_DYNAMIC_RUNTIME_ATTRIBUTE,)) + plain.cdb[1:]
    return Command("WRITE DYNAMIC RUNTIME ATTRIBUTE", cdb, no_data, data_out=plain.data_out)


def attribute(identifier: int, value: str | int | bytes) -> Attribute:
    """Make an attribute as the standard's table has it: texts padded with blanks, numbers big-endian.

    Raises UsageError if the value does not fit or the attribute is not in the table.
    """
    spec = ATTRIBUTES.get(bits(identifier, 16, "attribute identifier"))
    if spec is None:
        raise UsageError(attribute_name(identifier), "is not in the table of attributes", "give format and bytes")
    if isinstance(value, int):
        return Attribute(identifier, spec.format, packed(value, spec.length or 4, spec.name))
    data = value if isinstance(value, bytes) else value.encode("utf-8")
    if spec.length and len(data) > spec.length:
        raise UsageError(spec.name, f"{len(data)} bytes do not fit into {spec.length}")
    padded = data.ljust(spec.length) if spec.format != BINARY and data else data
    return Attribute(identifier, spec.format, padded)
