# SPDX-License-Identifier: WTFPL OR MIT
"""Names that an argument has lost since the session that it is based on, as lists in the trailer.

Each name has a NUL behind it, so that `xargs -0 rm -rf --` can do in a restored tree what the list says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytp_native.errors import MediumError
from pytp_native.light import NamedTuple
from pytp_native.stream.own_archive import OwnMember
from pytp_native.stream.record import field

GONE_LIMIT = 1 << 30
"""Bytes of one list that are accepted: some ten million names."""


class Gone(NamedTuple):
    """A list, as session.json tells of it."""

    tape_file: int | None
    """Of the argument."""
    part: int
    """On which cartridge of the session that is."""
    names: int
    file: str
    """Member of the trailer with the names, those of renamed files included."""
    renamed: str | None = None
    """Member with pairs: the name, and the name that it has now."""


class GoneList(NamedTuple):
    """A list with its content."""

    entry: Gone
    names: bytes
    pairs: bytes

    def members(self) -> list[OwnMember]:
        """Return what the trailer has of it."""
        found = [OwnMember.of(self.entry.file, self.names)]
        if self.entry.renamed is not None:
            found.append(OwnMember.of(self.entry.renamed, self.pairs))
        return found


def gone_list(number: int, tape_file: int | None, part: int, gone: Iterable[tuple[bytes, bytes | None]]) -> GoneList:
    """Make the `number`-th list of a session from names and what they were renamed to."""
    names, pairs, count = [], [], 0
    for name, now in gone:
        count += 1
        names.append(name + b"\0")
        if now is not None:
            pairs.append(name + b"\0" + now + b"\0")
    renamed = f"pytp/renamed/{number:05}.list" if pairs else None
    return GoneList(
        Gone(tape_file, part, count, f"pytp/deleted/{number:05}.list", renamed), b"".join(names), b"".join(pairs)
    )


def pairs_of(entry: Gone, lists: dict[str, bytes], subject: str) -> list[tuple[bytes, bytes | None]]:
    """Return the names of a list that was read, each with what it was renamed to. MediumError where it is not there."""
    if entry.file not in lists or (entry.renamed is not None and entry.renamed not in lists):
        raise MediumError(subject, f"has no {entry.file}", "list the tape files themselves")
    pairs = lists[entry.renamed].split(b"\0")[:-1] if entry.renamed else []
    now = dict(zip(pairs[::2], pairs[1::2]))  # noqa: B905  # an odd one out comes from a damaged tape
    return [(name, now.get(name)) for name in lists[entry.file].split(b"\0")[:-1]]


def gone_from_json(found: Any, subject: str) -> Gone:
    """Read one entry of session.json. MediumError says what is wrong with it."""
    return Gone(
        tape_file=field(found, "tape_file", int, subject, optional=True),
        part=field(found, "part", int, subject),
        names=field(found, "names", int, subject),
        file=field(found, "file", str, subject),
        renamed=field(found, "renamed", str, subject, optional=True),
    )
