# SPDX-License-Identifier: WTFPL OR MIT
"""Take out of a capture what is nobody else's business: always what belongs to keys; on demand serial numbers, labels
and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pytp_native.diag.private_fields import Span, private_fields
from pytp_native.spec import opcodes
from pytp_native.transport.records import ScsiReply

Exchange = tuple[bytes, int, ScsiReply]
"""A command, the room for its answer, the answer."""

_KEPT = {0x0020: 24, 0x0021: 16}
"""Bytes in front of the key-associated data of protocol 20h's pages (SSC-5)."""
_LEAST = 4
"""Shorter texts would be found everywhere: they are replaced in their own fields only."""
_IMAGE_SERIAL = 10
"""Of a serial number so much is in the image of a cartridge's memory."""
_HEX = re.compile(r"[0-9A-Fa-f]{8,}|(?:[0-9A-Fa-f]{2}[ :.-]){3,}[0-9A-Fa-f]{2}")
_MOST_NAMES = 4000
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def without_keys(cdb: bytes, data: bytes) -> bytes:
    """Return a reply without key-associated data: names of keys are in it."""
    if not cdb or cdb[0] != opcodes.SECURITY_PROTOCOL_IN or cdb[1] != 0x20:
        return data
    kept = _KEPT.get(int.from_bytes(cdb[2:4], "big"))
    if kept is None or len(data) <= kept:
        return data
    return data[:2] + (kept - 4).to_bytes(2, "big") + data[4:kept]


def names_in(
    exchanges: Iterable[Exchange], *, family: str = "", changer: bool = False, common: Iterable[str] = ()
) -> set[bytes]:
    """Return what the replies call things by, without padding. `common`: what is no name: vendor and product."""
    found = set()
    for cdb, _room, reply in exchanges:
        for span in private_fields(cdb, reply, family=family, changer=changer):
            name = _stripped(reply.data, span)
            found.add(name)
            if cdb[0] == opcodes.READ_ATTRIBUTE and name.isalnum():
                found.add(name[:_IMAGE_SERIAL])
    known = {one.encode() for one in common}
    return {name for name in found if name not in known and (len(set(name)) > 1 or name.isalnum())}


def names_in_address(address: str) -> set[bytes]:
    """Return the names in a path of /dev/.../by-id: serial numbers or worldwide names."""
    if "/by-id/" not in address:
        return set()
    words = re.split(r"[-_]", address.rpartition("/by-id/")[2])
    return {word.encode() for word in words if len(word) > _LEAST and any(map(str.isdigit, word))}


def _stripped(data: bytes, span: Span) -> bytes:
    return bytes(data[span[0] : span[1]]).strip(b" \0")


class Scrubber:
    """Replaces each name by one of the same length that says nothing; the same name always by the same.

    A name that has another in it gets a substitute that has that one's in it: what belonged together still does.
    """

    def __init__(self, names: Iterable[bytes]) -> None:
        self._aliases = _aliases(set(names) - {b""})
        self._searched = sorted((name for name in self._aliases if len(name) >= _LEAST), key=lambda one: -len(one))

    def clean(self, data: bytes) -> bytes:
        """Return data with every name replaced, wherever it is."""
        there = [name for name in self._searched if name in data]
        if not there:
            return data
        return re.sub(b"|".join(map(re.escape, there)), lambda found: self._aliases[found[0]], data)

    def clean_text(self, text: str) -> str:
        """Return a text with every name replaced, also where it is written in hexadecimal."""
        told = self.clean(text.encode("utf-8", "backslashreplace")).decode("utf-8", "backslashreplace")
        return _HEX.sub(lambda found: self._hexadecimal(found[0]), told)

    def _hexadecimal(self, told: str) -> str:
        digits = re.sub("[^0-9A-Fa-f]", "", told)
        for first in (0, 1):
            whole = len(digits) - (len(digits) - first) % 2
            old = bytes.fromhex(digits[first:whole])
            new = self.clean(old)
            if new != old:
                digits = digits[:first] + new.hex() + digits[whole:]
        fresh = iter(digits)
        return "".join(next(fresh) if one.isalnum() else one for one in told)

    def clean_exchange(self, told: Exchange, *, family: str = "", changer: bool = False) -> Exchange:
        """Return a command and its answer without names."""
        cdb, room, reply = told
        data = bytearray(reply.data)
        for span in private_fields(cdb, reply, family=family, changer=changer):
            name = _stripped(reply.data, span)
            if len(name) < _LEAST and name in self._aliases:
                at = reply.data.index(name, span[0])
                data[at : at + len(name)] = self._aliases[name]
        return cdb, room, reply._replace(data=self.clean(bytes(data)), sense=self.clean(reply.sense))


def _aliases(names: set[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    taken = set(names)
    searched = [name for name in names if len(name) >= _LEAST]
    for name in sorted(names, key=lambda one: (len(one), one)):
        inner = sorted((one for one in found if len(one) >= _LEAST and one in name), key=lambda one: -len(one))
        fitting = (
            alias for alias in _candidates(name, inner, found)
            if alias not in taken and not any(one in alias for one in searched)
        )  # fmt: skip
        found[name] = next(fitting, b"X" * len(name))
        taken.add(found[name])
    return found


def _candidates(name: bytes, inner: list[bytes], known: dict[bytes, bytes]) -> Iterator[bytes]:
    """Names of the same length: first those that keep the substitutes of the names in it, then any."""
    for keeps in [inner, []] if inner else [[]]:
        parts = re.split(b"(" + b"|".join(map(re.escape, keeps)) + b")", name) if keeps else [name]
        room = sum(len(part) for at, part in enumerate(parts) if at % 2 == 0)
        for letter in "XYZQWVKJ":
            for number in range(1, min(36 ** max(room - 1, 0), _MOST_NAMES) + 1):
                fill = iter(_filling(letter, number, room))
                yield b"".join(known[part] if at % 2 else bytes(next(fill) for _ in part)
                               for at, part in enumerate(parts))  # fmt: skip


def _filling(letter: str, number: int, width: int) -> bytes:
    """A letter and a number, the letter again between them."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return (letter + digits.rjust(width - 1, letter)[-(width - 1) :]).encode() if width > 1 else letter.encode() * width
