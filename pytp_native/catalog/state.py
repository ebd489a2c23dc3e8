# SPDX-License-Identifier: WTFPL OR MIT
"""The state of a directory at a time: a full session and what later ones changed, renamed and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytp_native.catalog.database import Database
from pytp_native.catalog.restoring import Archive, Place, Selector, archives_of, places
from pytp_native.errors import NothingHere, UsageError

_CANDIDATES = """
SELECT s.id, t.path FROM session s JOIN tape_file t ON t.session = s.id JOIN cartridge c ON c.id = t.cartridge
WHERE t.kind = 'data' AND t.state != 'overwritten' AND s.state IN ('complete', 'partial')
  AND (? IS NULL OR s.job = ?) AND (? IS NULL OR s.label = ? OR c.barcode = ?) AND (? IS NULL OR s.started <= ?)
ORDER BY s.started DESC, s.id DESC
"""


class State(NamedTuple):
    """How one argument was."""

    path: bytes
    """Absolute."""
    sessions: tuple[int, ...]
    """That make it up, the latest first."""
    layers: tuple[Archive, ...]
    """What they saved of it, the latest first."""


def wanted_states(database: Database, wanted: Selector) -> list[State]:
    """Return the states that a selector means. NothingHere for none, UsageError for an ambiguous session."""
    if wanted.session is not None:
        session = _session(database, wanted.session)
        chosen = {archive.path: session for archive in archives_of(database, session)}
    else:
        chosen = {}
        asked = (wanted.job, wanted.job, wanted.label, wanted.label, wanted.label, wanted.as_of, wanted.as_of)
        for session, path in database.rows(_CANDIDATES, asked):
            chosen.setdefault(path, session)
    if not chosen:
        raise NothingHere("restore", "the catalog knows of no such session", "see pytp sessions")
    return [_state(database, path, session) for path, session in chosen.items()]


def _session(database: Database, text: str) -> int:
    """A whole uuid, a beginning that only one has, or "latest"."""
    if text == "latest":
        last = database.value(
            "SELECT id FROM session WHERE state IN ('complete', 'partial') ORDER BY started DESC, id DESC"
        )
        if last is not None:
            return int(last)
    found = list(database.rows("SELECT id, uuid FROM session WHERE substr(uuid, 1, ?) = ? LIMIT 3", (len(text), text)))
    if not found or not text:
        raise NothingHere("restore", f"the catalog knows of no session {text!r}", "see pytp sessions --json")
    exact = [number for number, uuid in found if uuid == text]
    if len(found) > 1 and not exact:
        raise UsageError(text, "several sessions begin so", "write more of the uuid")
    return int(exact[0] if exact else found[0][0])


def _state(database: Database, path: bytes, session: int) -> State:
    chain, layers = _chain(database, session), []
    for one in chain:
        layers += [archive for archive in archives_of(database, one) if archive.path == path]
    return State(path, tuple(chain), tuple(layers))


def _chain(database: Database, session: int) -> list[int]:
    """The session and those it is based on, down to a full one."""
    chain: list[int] = []
    at: int | None = session
    while at is not None and at not in chain:
        chain.append(at)
        kind, based_on = database.row("SELECT kind, based_on FROM session WHERE id = ?", (at,)) or ("full", None)
        at = None if kind == "full" else based_on
    return chain


def live(database: Database, state: State, literals: Sequence[bytes] | None = None) -> Iterator[tuple[Archive, Place]]:
    """Yield the members that were there, each with the archive that has it as it was: layer by layer, the latest first,
    and within an archive in the order of the tape. Only literals and what is beneath them, if that is not None."""
    gone: set[tuple[int, bytes]] = set()
    for number in state.sessions:
        is_last = number == state.sessions[-1]
        mine: set[tuple[int, bytes]] = set()
        for archive in state.layers:
            if archive.session != number:
                continue
            for place in places(database, archive, literals):
                key = (place.directory, place.name)
                if key not in gone:
                    yield archive, place
                if not is_last:
                    mine.add(key)
        gone |= mine
        if not is_last:
            gone.update(database.rows("SELECT directory, name FROM deletion WHERE session = ?", (number,)))
