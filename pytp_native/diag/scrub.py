# SPDX-License-Identifier: WTFPL OR MIT
"""Take out of a capture what is nobody else's business: always what belongs to keys; on demand serial numbers, labels
and names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytp_native.scsi.log import LogPage
from pytp_native.scsi.mam import Attribute
from pytp_native.spec import opcodes

_KEPT = {0x0020: 24, 0x0021: 16}
"""Bytes in front of the key-associated data of protocol 20h's pages (SSC-5)."""
_TEXTS = frozenset({
    0x0008, 0x020A, 0x020B, 0x020C, 0x020D, 0x0401, 0x0803, 0x0806, 0x0807, 0x0808, 0x0809, 0x0820, 0x0821, 0x1000,
    0x1001,
})  # fmt: skip
"""MAM attributes that name something."""
_LEAST = 4
"""Shorter texts would be found everywhere."""


def without_keys(cdb: bytes, data: bytes) -> bytes:
    """Return a reply without key-associated data: names of keys are in it."""
    if not cdb or cdb[0] != opcodes.SECURITY_PROTOCOL_IN or cdb[1] != 0x20:
        return data
    kept = _KEPT.get(int.from_bytes(cdb[2:4], "big"))
    if kept is None or len(data) <= kept:
        return data
    return data[:2] + (kept - 4).to_bytes(2, "big") + data[4:kept]


def names_in(serials: Iterable[str], memory: Iterable[Attribute], pages: Iterable[LogPage]) -> tuple[bytes, ...]:
    """Return the texts to replace, the longest first, so that one that contains another goes first."""
    found = {serial.strip().encode() for serial in serials}
    for one in memory:
        if one.identifier in _TEXTS:
            value = one.value[8:] if 0x020A <= one.identifier <= 0x020D else one.value
            found.add(value.strip(b" \0"))
    for page in pages:
        for parameter in page.parameters:
            found |= _names(page.page, parameter.code, parameter.value)
    return tuple(sorted((name for name in found if len(name) >= _LEAST), key=lambda name: (-len(name), name)))


def _names(page: int, code: int, value: bytes) -> set[bytes]:
    """Serial numbers in page 14h, serial, barcode and mounts of 17h, cartridges in 16h."""
    if (page == 0x14 and code in {0x40, 0x41}) or (page == 0x17 and code in {0x40, 0x42}):
        return {value.strip(b" \0")}
    if page == 0x16 and len(value) >= 60:
        return {value[28:60].strip(b" \0"), value[52:84].strip(b" \0")}
    if page == 0x17 and code == 0x0300:
        return {found.strip(b" \0") for found in re.findall(rb"[0-9A-Za-z]{4,32} *", value)}
    return set()


class Scrubber:
    """Replaces each name by one of the same length that says nothing; the same name always by the same."""

    def __init__(self, names: Iterable[bytes]) -> None:
        self._aliases = {name: _alias(number, len(name)) for number, name in enumerate(names, 1)}

    def clean(self, data: bytes) -> bytes:
        for name, alias in self._aliases.items():
            data = data.replace(name, alias)
        return data


def _alias(number: int, length: int) -> bytes:
    return b"X" + str(number).encode().rjust(length - 1, b"0")[-(length - 1) :]
