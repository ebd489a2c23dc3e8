# SPDX-License-Identifier: WTFPL OR MIT
"""The catalog as the rest of the program sees it: plain records in and out, no SQL, no connection."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from pytp_native.catalog import (
    cartridges,
    chain,
    gaps,
    restoring,
    search,
    sessions,
    state,
    unfinished,
    upkeep,
    verifying,
)
from pytp_native.catalog.chain import Chain, Change, Gone
from pytp_native.catalog.database import Database
from pytp_native.catalog.pattern import compile_pattern
from pytp_native.catalog.recording import OpenSession, OpenTapeFile
from pytp_native.catalog.records import (
    BegunFile,
    Cartridge,
    CartridgeFacts,
    Deletion,
    Found,
    Needed,
    Session,
    SessionFacts,
    Trouble,
    Unfinished,
)
from pytp_native.catalog.restoring import Archive, ArchivePart, Place, Selector
from pytp_native.catalog.retelling import RetoldSession, forget_drafts
from pytp_native.catalog.running import is_running
from pytp_native.catalog.schema import MEMBERS_OF_FILE
from pytp_native.catalog.search import EVERYTHING, Wanted
from pytp_native.catalog.state import State
from pytp_native.catalog.verifying import Begun, Proof, Scope
from pytp_native.errors import PytpError

FILE_NAME = "catalog.db"
"""In snapshot_dir."""


class Catalog:
    """An open catalog; a context manager; used by one thread. Its methods raise CatalogError."""

    def __init__(self, path: str, *, create: bool = True) -> None:
        """Open it and bring its tables up to date. NothingHere when there is none and `create` is not set."""
        self.path = path
        self._database = Database(path, create=create)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    # -- recording ---------------------------------------------------------------------------------------------------

    def begin_session(self, facts: SessionFacts) -> OpenSession:
        """Begin to record a session; it stays open until its `end`."""
        return OpenSession(self._database, facts)

    def retell_session(self, facts: SessionFacts, cartridge: CartridgeFacts, *, part: int) -> tuple[RetoldSession, int]:
        """Begin to record again what a session wrote on its `part`-th cartridge; return it, and the cartridge's id.

        It takes the place of what was recorded of that part when it is told to its end; other parts stay.
        """
        session = RetoldSession(self._database, facts, part)
        session.last_cartridge = self.saw_cartridge(cartridge)
        return session, session.last_cartridge

    def forget_drafts(self) -> None:
        """Take out what was being told again by processes that were killed."""
        forget_drafts(self._database)

    def differed(self, session_uuid: str) -> bool:
        """Tell whether what a session wrote was read back and was not what was saved."""
        asked = "SELECT 1 FROM session WHERE uuid = ? AND state = 'failed' AND exit = 8"
        return self._database.value(asked, (session_uuid,)) is not None

    def is_lost(self, uuid: str, part: int) -> bool:
        """Tell whether what a session wrote on its `part`-th cartridge is known to have been written over."""
        asked = (
            "SELECT 1 FROM tape_file WHERE session = (SELECT id FROM session WHERE uuid = ?) AND part = ?"
            " AND kind = 'data' AND state = 'overwritten'"
        )
        return self._database.value(asked, (uuid, part)) is not None

    def is_told(self, cartridge: CartridgeFacts, number: int) -> bool:
        """Tell whether a backup or a trailer has told what is in that tape file of a cartridge, a member that began on
        another one included."""
        asked = (
            "SELECT count(*) FROM tape_file t JOIN session s ON s.id = t.session WHERE t.cartridge = ? AND t.number = ?"
            " AND t.state NOT IN ('overwritten', 'open') AND s.origin != 'scan' AND (s.origin = 'backup' OR t.ahead = 0"
            " OR EXISTS (SELECT 1 FROM member m WHERE m.id BETWEEN t.id << ? AND (t.id + 1 << ?) - 1"
            " AND m.block < t.skipped))"
        )
        bits = MEMBERS_OF_FILE
        return bool(self._database.value(asked, (self.saw_cartridge(cartridge), number, bits, bits)))

    def has_session(self, uuid: str) -> bool:
        return self._database.value("SELECT 1 FROM session WHERE uuid = ?", (uuid,)) is not None

    def last_start(self) -> int | None:
        """Return when the latest session began."""
        found = self._database.value("SELECT max(started) FROM session")
        return None if found is None else int(found)

    def last_tape_file(self, cartridge_uuid: str) -> int | None:
        """Return the highest number of a tape file that is known to be on a cartridge; None: of none."""
        found = self._database.value(
            "SELECT max(t.number) FROM tape_file t JOIN cartridge c ON c.id = t.cartridge"
            " WHERE c.uuid = ? AND t.state != 'overwritten' AND t.durable_blocks > 0",
            (cartridge_uuid,),
        )
        return None if found is None else int(found)

    def data_files(self, cartridge_uuid: str) -> frozenset[int]:
        """Return the numbers of the tape files on a cartridge that are known to hold an argument."""
        rows = self._database.rows(
            "SELECT t.number FROM tape_file t JOIN cartridge c ON c.id = t.cartridge WHERE c.uuid = ?"
            " AND t.kind = 'data' AND t.state != 'overwritten' AND t.durable_blocks > t.skipped"
            " AND t.number IS NOT NULL",
            (cartridge_uuid,),
        )
        return frozenset(number for (number,) in rows)

    def end_of_claims(self, cartridge_uuid: str) -> int | None:
        """Return the logical block behind the last one on a cartridge of which the catalog knows; None: of none."""
        found = self._database.value(
            "SELECT max(t.first_block + CASE WHEN t.compression IS NULL THEN t.durable_blocks - t.skipped + t.ahead"
            " ELSE ifnull(t.stored_blocks, 0) END) FROM tape_file t JOIN cartridge c ON c.id = t.cartridge"
            " WHERE c.uuid = ? AND t.state != 'overwritten' AND t.durable_blocks > t.skipped",
            (cartridge_uuid,),
        )
        return None if found is None else int(found)

    def needed(self, cartridge: CartridgeFacts, number: int) -> list[Needed]:
        """Return what is known to be on a cartridge from tape file `number` on."""
        return cartridges.needed(self._database, cartridge, number)

    def cartridges_called(self, name: str) -> list[CartridgeFacts]:
        """Return the cartridges with that barcode, serial number or uuid that hold something."""
        return cartridges.called(self._database, name)

    def give_up(self, cartridge: CartridgeFacts) -> int:
        """Record that a cartridge does not exist any more; return how many tape files are lost with it."""
        return cartridges.give_up(self._database, cartridge)

    def barcodes_in_use(self) -> frozenset[str]:
        """Return the barcodes of cartridges on which there is something that is needed."""
        return cartridges.in_use(self._database)

    def identity(self, cartridge_uuid: str) -> CartridgeFacts | None:
        """Return what the cartridge with that label was called and made of, when it was last met."""
        return cartridges.identity(self._database, cartridge_uuid)

    def namesake(self, barcode: str, serial: str) -> CartridgeFacts | None:
        """Return another medium with that barcode that holds something."""
        return cartridges.namesake(self._database, barcode, serial)

    def strike_out(self, cartridge: CartridgeFacts, number: int) -> int:
        """Record that a cartridge has no tape file of that number or behind it; return how many that concerns."""
        known = self.saw_cartridge(cartridge)
        return self._database.changed(
            "UPDATE tape_file SET state = 'overwritten', durable_blocks = 0"
            " WHERE cartridge = ? AND number >= ? AND state != 'overwritten'",
            (known, number),
        )

    def import_original(self, path: str, job: str | None = None) -> int:
        """Take over the sessions of one `*_backup.json` of the original pytp that are not here yet; return how many.

        What it says of the tape is its own claim: it was written before the tape was. Raises UsageError.
        """
        count = 0
        from pytp_native.catalog.original import read_history  # noqa: PLC0415 - backups start without it

        for one in list(read_history(path, job)):
            if self.has_session(one.session.uuid):
                continue
            session = self.begin_session(one.session)
            cartridge = session.on_cartridge(one.cartridge, now=one.session.started)
            file = session.begin_tape_file(cartridge, one.tape_file)
            file.add(one.members)
            file.end("saved", 0, closed=True)
            session.end("complete", 0, ended=one.session.started)
            count += 1
        return count

    def saw_cartridge(self, facts: CartridgeFacts, now: int | None = None) -> int:
        """Record that a cartridge was met; returns its id."""
        with self._database.transaction():
            return cartridges.cartridge_id(self._database, facts, int(time.time()) if now is None else now)

    def unfinished(self, cartridge_uuid: str) -> Unfinished | None:
        """Return the latest session on that cartridge that did not come to its end and can be resumed."""
        return unfinished.unfinished(self._database, cartridge_uuid)

    def waiting(self) -> list[Unfinished]:
        """Return all such sessions, the latest first."""
        return unfinished.waiting(self._database)

    def saved_since(self, session: Unfinished) -> set[bytes]:
        """Return the arguments that later sessions of its job have saved."""
        return unfinished.saved_since(self._database, session.uuid)

    def deletions_of(self, file: BegunFile) -> list[Deletion]:
        """Return what was recorded as gone with a tape file of such a session."""
        return unfinished.deletions_of(self._database, file.id)

    def problems_of(self, file: BegunFile) -> list[tuple[bytes, str]]:
        """Return which files of a tape file were not saved as they should be, and why."""
        return unfinished.problems_of(self._database, file.id)

    def reopen(self, file: BegunFile) -> OpenTapeFile:
        """Go on recording a tape file of such a session."""
        return unfinished.reopen(self._database, file)

    def members_of(self, file: BegunFile) -> Iterator[tuple[Any, ...]]:
        """Yield its members in the order of the tape, each with the fields of a member record."""
        return unfinished.members_of(self._database, file.id)

    def mark_dead(self, host: str) -> int:
        """Mark open sessions as interrupted whose process is gone, and those of this host that have none; return how
        many."""
        return unfinished.mark_dead(self._database, host)

    def is_running(self, session: Unfinished) -> bool:
        """Tell whether a process is writing it."""
        return session.state == "open" and is_running(self.path, session.uuid)

    # -- asking ------------------------------------------------------------------------------------------------------

    def cartridges(self) -> list[Cartridge]:
        """Return the inventory, the cartridge written last first."""
        return list(cartridges.inventory(self._database))

    def sessions(self, *, job: str | None = None, label: str | None = None) -> list[Session]:
        """Return sessions with their tape files, the latest first."""
        return sessions.listed(self._database, job=job, label=label)

    def find(self, pattern: bytes, wanted: Wanted = EVERYTHING, *, ignore_case: bool = False) -> Iterator[Found]:
        """Yield saved files whose name matches, saved last first; see pattern.compile_pattern."""
        return search.find(self._database, compile_pattern(pattern, ignore_case=ignore_case), wanted)

    # -- restoring ---------------------------------------------------------------------------------------------------

    def states(self, wanted: Selector) -> list[State]:
        """Return how things were, an entry for each argument that was ever saved. NothingHere, UsageError."""
        return state.wanted_states(self._database, wanted)

    def live(self, one: State, literals: Sequence[bytes] | None = None) -> Iterator[tuple[Archive, Place]]:
        """Yield the members of a state: each with the archive that holds it, archive by archive, in their order."""
        return state.live(self._database, one, literals)

    def places(self, archive: Archive, literals: Sequence[bytes] | None = None) -> Iterator[Place]:
        """Yield the members of an archive in the order of the tape."""
        return restoring.places(self._database, archive, literals)

    def end_of_members(self, session_uuid: str, path: bytes, blocks: int) -> int | None:
        """Return the byte of an archive behind which the last member begins that is not whole in its first so many
        blocks; None where those blocks are not known."""
        return restoring.end_of_members(self._database, session_uuid, path, blocks)

    def member_at(self, archive: Archive, block: int, offset: int) -> bytes | None:
        """Return the path of the member whose header group begins there."""
        return restoring.member_at(self._database, archive, block, offset)

    def gaps(self, archive: Archive) -> list[str]:
        """Say what is missing of an argument as its session saved it, and of the session."""
        database, session = self._database, archive.session
        missing = gaps.gaps(database, session, archive.path)
        told = [f"{archive.path.decode(errors='backslashreplace')}: {gap}" for gap in missing]
        return [*told, *gaps.not_reached(database, session), *gaps.untold(database, session)]

    def gaps_of(self, session_uuid: str) -> list[str]:
        """Say what is missing of a session's arguments."""
        return gaps.of_session(self._database, state.session_id(self._database, session_uuid))

    def add_read_error(self, archive: Archive, part: ArchivePart, device: str, error: PytpError, block: int) -> None:
        """Record a block that could not be read, by its number in the tape file."""
        upkeep.add_device_error(
            self._database, (archive.session, part.cartridge), device=device, kind="TAPE", text=error.fact,
            sense=error.sense, tape_file=part.number, block=block,
        )  # fmt: skip

    def hard_link_targets(self, archive: Archive) -> set[bytes]:
        """Return the names that other members of an archive refer to for their data."""
        return restoring.hard_link_targets(self._database, archive)

    def archive_on(self, serial: str | None, uuid: str | None, number: int) -> Archive | None:
        """Return what is known of a tape file by its number on a cartridge."""
        return restoring.archive_on(self._database, serial, uuid, number)

    def part_behind(self, serial: str | None, uuid: str | None, number: int) -> ArchivePart | None:
        """Return where an archive goes on that is in that tape file of a cartridge; None where nothing is known."""
        return restoring.part_behind(self._database, serial, uuid, number)

    # -- histories ---------------------------------------------------------------------------------------------------

    def base(
        self, job: str | None, path: bytes, name: bytes, *, full: bool = False, until: int | None = None
    ) -> Chain | None:
        """Return the chain that the next incremental session of an argument adds to; `full`: the last full one;
        `until`: of those that began then or before."""
        return chain.base(self._database, job, path, name, full=full, until=until)

    def changes(self, one: Chain) -> Iterator[Change]:
        """Yield, oldest first, what the sessions of a chain took away and added."""
        return chain.changes(self._database, one)

    def named(self, members: list[int], *, without: Sequence[int] = ()) -> Iterator[Gone]:
        """Yield what members are called, by their ids, in that order; those of the tape files `without` are left
        out."""
        return chain.named(self._database, members, without=without)

    # -- verifying ---------------------------------------------------------------------------------------------------

    def archives(self, scope: Scope) -> list[Archive]:
        """Return what there is to verify, oldest first. NothingHere for a session that is not there."""
        return verifying.archives(self._database, scope)

    def begun_verifying(self, archive: Archive) -> Begun:
        """Return how far a verification that was stopped had come."""
        return verifying.begun(self._database, archive)

    def keep_verifying(self, archive: Archive, so_far: Begun) -> None:
        """Remember how far it has come."""
        verifying.keep(self._database, archive, so_far, int(time.time()))

    def record_proof(self, archive: Archive, proof: Proof) -> None:
        """Record what was proven of an archive, now."""
        verifying.record(self._database, archive, proof, int(time.time()))

    # -- upkeep ------------------------------------------------------------------------------------------------------

    def check(self) -> list[Trouble]:
        """Return what does not fit together."""
        return list(upkeep.check(self._database))

    def elsewhere(self) -> list[str]:
        """Say what is on cartridges of which the catalog has not been told."""
        return list(gaps.elsewhere(self._database))

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield everything as JSON objects."""
        return upkeep.export(self._database)

    def forget_overwritten(self) -> None:
        """Give up the members of tape files that were overwritten."""
        upkeep.forget_overwritten(self._database)

    # -- the search index --------------------------------------------------------------------------------------------

    def unindexed(self) -> int:
        """Return how many members the search has to look through one by one."""
        return search.behind(self._database)

    def extend_index(self, seconds: float | None = None) -> int:
        """Build the search index, for at most about so long; return the members that were added."""
        until = None if seconds is None else time.monotonic() + seconds
        added = 0
        for count in search.extend_index(self._database):
            added += count
            if until is not None and time.monotonic() >= until:
                break
        return added
