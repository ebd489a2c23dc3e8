# SPDX-License-Identifier: WTFPL OR MIT
"""A restore's plan: which blocks of which cartridges have to be read, and which members are expected in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from pytp_native.catalog.restoring import Archive, ArchivePart, Place
from pytp_native.catalog.state import State
from pytp_native.catalog.store import Catalog
from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.stream.expected import ExpectedMembers, Renamed
from pytp_native.stream.untar import Run

_GLOB = (b"*", b"?", b"[", b"\\")


class Stretch(NamedTuple):
    """Blocks that are read in one go, of one tape file."""

    part: ArchivePart
    first: int
    """Block of the archive."""
    blocks: int


class ArchivePlan:
    """What is wanted of one archive."""

    def __init__(self, archive: Archive, gap_blocks: int) -> None:
        """`gap_blocks`: so many blocks that nobody wants are rather read than passed over by a locate."""
        self.archive = archive
        self.expected = ExpectedMembers()
        self.members = 0
        self.content_bytes = 0
        self._ranges: list[list[int]] = []
        self._gap = gap_blocks

    def add(self, place: Place, renamed: Renamed | None = None) -> None:
        """Add a member; they come in the order of the tape."""
        size = self.archive.block_bytes
        at = place.block * size + place.offset
        self.expected.add(at, place.path, place.digest, renamed)
        self.members += 1
        self.content_bytes += place.size
        last = place.last_block(size)
        if self._ranges and place.block <= self._ranges[-1][1] + 1 + self._gap:
            self._ranges[-1][1] = max(self._ranges[-1][1], last)
        else:
            self._ranges.append([place.block, last])

    def stretches(self) -> list[Stretch]:
        """Return what has to be read, in the order of the tape; a range is cut where a cartridge ends."""
        found = []
        for first, last in self._ranges:
            at = first
            while at <= last:
                part = self.archive.part_of(at)
                ends = [one.skipped for one in self.archive.parts if one.skipped > at]
                end = min([last + 1, *ends])
                found.append(Stretch(part, at, end - at))
                at = end
        return found

    def runs(self) -> list[Run]:
        """Return the same as the tar reader wants it."""
        size = self.archive.block_bytes
        return [(first * size, last - first + 1) for first, last in self._ranges]

    @property
    def blocks(self) -> int:
        return sum(last - first + 1 for first, last in self._ranges)

    def close(self) -> None:
        self.expected.close()


class Plan:
    """Everything that is to be restored; close it."""

    def __init__(self, archives: list[ArchivePlan]) -> None:
        self.archives = _in_tape_order(archives)
        self.unmatched = 0
        """Patterns that name nothing."""
        self.gaps: list[str] = []
        """What is missing of the wanted states, in words."""

    @property
    def blocks_bytes(self) -> int:
        """Bytes that are read from tape."""
        return sum(one.blocks * one.archive.block_bytes for one in self.archives)

    @property
    def members(self) -> int:
        return sum(one.members for one in self.archives)

    @property
    def content_bytes(self) -> int:
        return sum(one.content_bytes for one in self.archives)

    def close(self) -> None:
        for one in self.archives:
            one.close()


def _in_tape_order(archives: list[ArchivePlan]) -> list[ArchivePlan]:
    """Each cartridge once, oldest session first, and on it file by file; what goes on on another one ends its turn."""
    by_age = sorted(archives, key=lambda one: (one.archive.started, one.archive.session))
    turns: dict[int, int] = {}
    for one in by_age:
        for part in one.archive.parts:
            turns.setdefault(part.cartridge, len(turns))

    def place(one: ArchivePlan) -> tuple[int, int, int]:
        first = one.stretches()[0].part
        return turns[first.cartridge], first.number or 0, one.archive.session

    return sorted(by_age, key=place)


def make_plan(
    catalog: Catalog,
    states: Iterable[State],
    wants: Callable[[bytes], bool],
    patterns: tuple[bytes, ...],
    *,
    gap_bytes: int,
) -> Plan:
    """Collect what is wanted of the states; nothing on tape is touched."""
    literals = _literals(patterns)
    found: list[ArchivePlan] = []
    missing: list[str] = []
    for state in states:
        planned = _StatePlan(catalog, state, literals, wants, gap_bytes)
        found += planned.archives()
        missing += [f"{os.fsdecode(state.path)}: {gap}" for gap in state.gaps]
        missing += state.besides
        missing += [cut_off(path) for path in planned.lost]
    _check_names([one for one in found if one.members])
    plan = Plan([one for one in found if one.members])
    plan.gaps = list(dict.fromkeys(missing))
    return plan


def _check_names(wanted: list[ArchivePlan]) -> None:
    """Raise UsageError where directories of the same name, from different places, would come together in one."""
    places: dict[bytes, dict[bytes, str]] = {}
    for one in sorted(wanted, key=lambda one: one.archive.started):
        places.setdefault(one.archive.name, {})[one.archive.path] = one.archive.uuid
    for name, found in places.items():
        if len(found) > 1:
            for one in wanted:
                one.close()
            told = ", ".join(f"{os.fsdecode(path)} (--session {uuid})" for path, uuid in found.items())
            fact = f"several saved directories have that name: {told}"
            raise UsageError(os.fsdecode(name), fact, "restore one at a time, each into a directory of its own")


def cut_off(path: bytes) -> str:
    """Say that a member cannot be had whole."""
    return f"{os.fsdecode(path)}: a part of it is on a cartridge that the catalog does not know"


def _literals(patterns: tuple[bytes, ...]) -> list[bytes] | None:
    """Patterns as names, if none of them is a glob; the database finds those."""
    names = [b"/".join(part for part in pattern.split(b"/") if part not in {b"", b"."}) for pattern in patterns]
    simple = names and all(name and not any(sign in name for sign in _GLOB) for name in names)
    return names if simple else None


class _StatePlan:
    """Collects what is wanted of one state. Nothing is held of a member once it is in a plan: there may be millions."""

    def __init__(
        self,
        catalog: Catalog,
        state: State,
        literals: list[bytes] | None,
        wants: Callable[[bytes], bool],
        gap_bytes: int,
    ) -> None:
        self._catalog = catalog
        self._state = state
        self._literals = literals
        self._wants = wants
        self._gap_bytes = gap_bytes
        self._plans: dict[int, ArchivePlan] = {}
        self._links: dict[int, _Links] = {}
        """By the first tape file of the archive, as the plans."""
        self.lost: list[bytes] = []
        """Members of which the catalog knows one end only."""

    def archives(self) -> list[ArchivePlan]:
        self._collect()
        if any(links.orphans for links in self._links.values()):
            for links in self._links.values():
                links.adopt()
            for plan in self._plans.values():
                plan.close()
            self._plans = {}
            self._collect()  # again, with those in their places
        return list(self._plans.values())

    def _collect(self) -> None:
        for archive, place in self._catalog.live(self._state, self._literals):
            if not self._wants(place.path):
                continue
            if not archive.holds(place.block, place.last_block(archive.block_bytes)):
                self.lost.append(place.path)
                continue
            plan, links = self._of(archive)
            for adopted, renamed in links.before(place):
                plan.add(adopted, renamed)
            if not links.is_orphan(place):
                plan.add(place)
        for first, links in self._links.items():
            for adopted, renamed in links.before(None):
                self._plans[first].add(adopted, renamed)

    def _of(self, archive: Archive) -> tuple[ArchivePlan, _Links]:
        first = archive.parts[0].identity
        if first not in self._plans:
            self._plans[first] = ArchivePlan(archive, self._gap_bytes // archive.block_bytes)
        if first not in self._links:
            self._links[first] = _Links(self._catalog, archive)
        return self._plans[first], self._links[first]


class _Links:
    """Hard links of one archive. One whose first name is not wanted takes the data of that name."""

    def __init__(self, catalog: Catalog, archive: Archive) -> None:
        self._catalog = catalog
        self._archive = archive
        self._targets = catalog.hard_link_targets(archive)
        self._there: set[bytes] = set()
        """Of the targets, those that are wanted."""
        self.orphans: dict[bytes, list[Place]] = {}
        """By first name: links to one that is not."""
        self._adopted: list[tuple[Place, Renamed | None]] = []
        self._given = 0

    def is_orphan(self, place: Place) -> bool:
        """Look at a member; they come in the order of the tape, so that a first name comes before the links to it."""
        if not self._targets:
            return False
        if place.type == "1" and place.link is not None and place.link not in self._there:
            if not self._adopted:
                self.orphans.setdefault(place.link, []).append(place)
            return True
        if place.type != "1" and place.path in self._targets:
            self._there.add(place.path)
        return False

    def adopt(self) -> None:
        """Find the data of the orphans."""
        self._there.clear()
        first_names: dict[bytes, Place] = {}
        names = list(self.orphans)
        for start in range(0, len(names), 100):
            for place in self._catalog.places(self._archive, names[start : start + 100]):
                first_names[place.path] = place
        for link, places in self.orphans.items():
            if link not in first_names:
                self._adopted += [(place, None) for place in places]  # told when it is tried
                continue
            self._adopted.append((first_names[link], Renamed(places[0].path)))
            self._adopted += [(place, Renamed(b"", places[0].path)) for place in places[1:]]
        self._adopted.sort(key=lambda one: (one[0].block, one[0].offset))

    def before(self, place: Place | None) -> Iterator[tuple[Place, Renamed | None]]:
        """Yield those adopted whose turn is before `place`; None: all that are left."""
        while self._given < len(self._adopted):
            one = self._adopted[self._given]
            if place is not None and (one[0].block, one[0].offset) > (place.block, place.offset):
                return
            self._given += 1
            yield one
