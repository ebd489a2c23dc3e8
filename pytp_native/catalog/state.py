# SPDX-License-Identifier: WTFPL OR MIT
"""The state of a directory at a time: a full session and what later ones changed, renamed and deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from pytp_native.catalog.database import Database
from pytp_native.catalog.gaps import gaps, not_reached, untold, when
from pytp_native.catalog.restoring import Archive, Place, Selector, archives_of, places
from pytp_native.errors import NothingHere, UsageError
from pytp_native.light import NamedTuple

_CANDIDATES = """
SELECT s.id, t.path, max(t.state != 'overwritten'), s.started FROM session s
JOIN tape_file t ON t.session = s.id JOIN cartridge c ON c.id = t.cartridge
WHERE t.kind = 'data' AND s.state IN ('complete', 'partial')
  AND (? IS NULL OR s.job = ?) AND (? IS NULL OR s.label = ? OR c.barcode = ?) AND (? IS NULL OR s.started <= ?)
GROUP BY s.id, t.path
ORDER BY s.started DESC,
  EXISTS (SELECT 1 FROM tape_file f JOIN session y ON y.id = f.session  -- of one second: the one that builds on others
          WHERE f.path = t.path AND f.based_on = s.uuid AND y.started = s.started),
  s.id DESC
"""
_BASE = "SELECT based_on FROM tape_file WHERE session = ? AND path = ? AND kind = 'data' ORDER BY id LIMIT 1"
_PATHS = (
    "SELECT path, max(state != 'overwritten') FROM tape_file WHERE session = ? AND kind = 'data'"
    " GROUP BY path ORDER BY min(id)"
)
_DELETED = (
    "SELECT x.directory, x.name FROM deletion x JOIN tape_file t ON t.id = x.tape_file"
    " WHERE t.session = ? AND t.path = ?"
)


class State(NamedTuple):
    """How one argument was."""

    path: bytes
    """Absolute."""
    sessions: tuple[int, ...]
    """That make it up, the latest first."""
    layers: tuple[Archive, ...]
    """What they saved of it, the latest first."""
    gaps: tuple[str, ...] = ()
    """What is missing of that, in words."""
    besides: tuple[str, ...] = ()
    """What else is missing that was asked for; with the first state only."""


def wanted_states(database: Database, wanted: Selector) -> list[State]:
    """Return the states that a selector means. NothingHere for none, UsageError for an ambiguous session."""
    chosen, later, besides = (_of_session if wanted.session is not None else _latest)(database, wanted)
    if not chosen:
        raise NothingHere("catalog", "it knows of no such session", "see pytp sessions")
    for session in dict.fromkeys(chosen.values()):
        besides += untold(database, session)
    states = [_state(database, path, session, later.get(path, [])) for path, session in chosen.items()]
    return [states[0]._replace(besides=tuple(besides)), *states[1:]]


_Chosen = tuple[dict[bytes, int], dict[bytes, list[str]], list[str]]
"""The session that has the last state of each argument; what is said of arguments; what else is missing."""


def _of_session(database: Database, wanted: Selector) -> _Chosen:
    session = session_id(database, wanted.session or "")
    paths = dict(database.rows(_PATHS, (session,)))
    lost = {path: gaps(database, session, path) for path, is_there in paths.items() if not is_there}
    besides = [*not_reached(database, session), *_named(lost)]
    return {path: session for path, is_there in paths.items() if is_there}, {}, besides


def _latest(database: Database, wanted: Selector) -> _Chosen:
    asked = (wanted.job, wanted.job, wanted.label, wanted.label, wanted.label, wanted.as_of, wanted.as_of)
    chosen: dict[bytes, int] = {}
    gone: dict[bytes, tuple[int, int]] = {}
    later: dict[bytes, list[str]] = {}
    oldest = 0
    for session, path, is_there, started in database.rows(_CANDIDATES, asked):
        if is_there and path not in chosen:
            chosen[path], oldest = session, started
        elif path not in chosen:
            gone.setdefault(path, (started, session))
            later.setdefault(path, []).append(f"a later state of it, of {when(started)}, was written over")
    # what is not backed up any more is not missed: only an argument that was saved no earlier than others are
    lost = {path: gaps(database, it[1], path) for path, it in gone.items() if path not in chosen and it[0] >= oldest}
    return chosen, later, _named(lost)


def _named(lost: dict[bytes, list[str]]) -> list[str]:
    return [f"{path.decode(errors='backslashreplace')}: {gap}" for path, missing in lost.items() for gap in missing]


def session_id(database: Database, text: str) -> int:
    """A whole uuid, a beginning that only one has, or "latest"."""
    if text == "latest":
        last = database.value(
            "SELECT id FROM session WHERE state IN ('complete', 'partial') ORDER BY started DESC, id DESC"
        )
        if last is not None:
            return int(last)
        fact = "no session in it has come to its end"
        raise NothingHere("catalog", fact, "name one by its uuid: pytp sessions --json")
    found = list(database.rows("SELECT id, uuid FROM session WHERE substr(uuid, 1, ?) = ? LIMIT 3", (len(text), text)))
    if not found or not text:
        raise NothingHere("catalog", f"it knows of no session {text!r}", "see pytp sessions --json")
    exact = [number for number, uuid in found if uuid == text]
    if len(found) > 1 and not exact:
        raise UsageError(text, "several sessions begin so", "write more of the uuid")
    return int(exact[0] if exact else found[0][0])


def _state(database: Database, path: bytes, session: int, missing: list[str]) -> State:
    chain, layers = _chain(database, session, path), []
    for one in chain:
        layers += [archive for archive in archives_of(database, one) if archive.path == path]
        missing = [*missing, *gaps(database, one, path)]
    return State(path, tuple(chain), tuple(layers), tuple(missing))


def _chain(database: Database, session: int, path: bytes) -> list[int]:
    """The session and those whose state of this argument it changes, down to a full one. NothingHere where one is
    missing: it may have had anything."""
    chain: list[int] = []
    at = session
    while at not in chain:
        chain.append(at)
        base = database.value(_BASE, (at, path))
        if base is None:
            break
        found = database.value("SELECT id FROM session WHERE uuid = ?", (base,))
        if found is None:
            fact = f"it was saved as what has changed since session {base}, which the catalog does not know"
            raise NothingHere(
                os.fsdecode(path), fact, "tell of it with pytp catalog rebuild, or name an earlier session"
            )
        at = int(found)
    return chain


def live(database: Database, state: State, literals: Sequence[bytes] | None = None) -> Iterator[tuple[Archive, Place]]:
    """Yield the members that were there, each with the archive that has it as it was: layer by layer, the latest first,
    and within an archive in the order of the tape. Only literals and what is beneath them, if that is not None."""
    gone: set[tuple[int, bytes]] = set()
    for number in state.sessions:
        is_last = number == state.sessions[-1]
        archives = [archive for archive in state.layers if archive.session == number]
        for archive in reversed(archives):  # of a resumed session: what was saved last
            mine: set[tuple[int, bytes]] = set()
            for place in places(database, archive, literals):
                key = (place.directory, place.name)
                if key not in gone:
                    yield archive, place
                if not is_last or archive is not archives[0]:
                    mine.add(key)
            gone |= mine
        if not is_last:
            gone.update(database.rows(_DELETED, (number, state.path)))
