# SPDX-License-Identifier: WTFPL OR MIT
"""A session that is told again from a tape: beside what is known of it, whose place it takes in one transaction.

What was known stays until then: a cartridge that cannot be read to its end, a full disk or a killed process take
nothing away from the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytp_native.catalog.database import Database
from pytp_native.catalog.recording import OpenSession
from pytp_native.catalog.records import SessionFacts
from pytp_native.catalog.running import Held, is_running
from pytp_native.catalog.upkeep import forget_scanned, forget_session

_DRAFT = "draft-"
"""A draft's uuid begins so: no uuid does."""
_PARTS_BEFORE = "SELECT id, part FROM tape_file WHERE session = ?"
_HAND_OVER = (  # what was proven of a tape file stays proven
    "UPDATE verification SET tape_file = new.id FROM tape_file old, tape_file new WHERE old.id = verification.tape_file"
    " AND old.session = ? AND new.session = ? AND new.kind = old.kind AND new.cartridge = old.cartridge"
    " AND new.number = old.number AND old.state != 'overwritten'"
)
_KNOWN = (
    "SELECT 1 FROM tape_file t JOIN session s ON s.id = t.session WHERE s.id = ? AND s.origin != 'scan'"
    " AND t.part = ? AND t.kind = 'data' AND t.state != 'overwritten'"
)


class RetoldSession(OpenSession):
    """What a session wrote on its `part`-th cartridge, and on those that `also_tells_of` names; nothing of it counts
    before `end`, `settle` or `give_up`."""

    def __init__(self, database: Database, facts: SessionFacts, part: int) -> None:
        draft = f"{_DRAFT}{facts.uuid}-{part}"
        self._held = Held(database.path, draft)
        forget_session(database, draft)  # of a process that was killed
        lock = self._held
        super().__init__(database, facts._replace(uuid=draft))
        self._held = lock
        self._facts = facts
        self._part = part
        self._parts = {part}
        self._owned: list[tuple[int, int]] = []

    def also_tells_of(self, parts: Iterable[int]) -> None:
        """It tells of other cartridges as well."""
        self._parts.update(parts)

    def last_part(self) -> int:
        """Return on how many cartridges the session is known to be."""
        asked = "SELECT max(part) FROM tape_file WHERE session = ?"
        known = self._database.value(asked, (self._known(),))
        return max(super().last_part(), int(known or 1))

    def owns(self, cartridge: int, number: int) -> None:
        """That tape file is this session's, from when it takes its place on."""
        self._owned.append((cartridge, number))

    def end(self, state: str, exit_code: int, *, ended: int | None = None) -> None:
        """Put it in the place of what was known; `state` is the session's."""
        super().end(state, exit_code, ended=ended)
        self._put(with_state=True)

    def settle(self) -> None:
        """Put it in the place of what was known; how the session ended another cartridge tells."""
        self._put(with_state=False)

    def give_up(self) -> None:
        """It cannot be told to its end: what was known stays, or what could be told if that was nothing."""
        if self._database.value(_KNOWN, (self._known(), self._part)) is None:
            self.settle()
        else:
            forget_session(self._database, self.uuid)
            self._release()

    def _known(self) -> int | None:
        found = self._database.value("SELECT id FROM session WHERE uuid = ?", (self._facts.uuid,))
        return None if found is None else int(found)

    def _put(self, *, with_state: bool) -> None:
        with self._database.transaction(lasting=True):
            known = self._known()
            if known is None:
                self._database.run("UPDATE session SET uuid = ? WHERE id = ?", (self._facts.uuid, self._id))
            else:
                self._exchange(known, with_state=with_state)
                self._id = known
            for cartridge, number in self._owned:
                super().owns(cartridge, number)
        if known is not None:
            forget_session(self._database, self.uuid)
        self.uuid = self._facts.uuid
        if self._facts.origin == "trailer":
            self._forget_scanned()
        self._release()

    def _exchange(self, known: int, *, with_state: bool) -> None:
        """The draft takes the old tape files of these parts, which are forgotten with it."""
        run = self._database.run
        old = [file for file, part in list(self._database.rows(_PARTS_BEFORE, (known,))) if part in self._parts]
        new = [file for file, _part in list(self._database.rows(_PARTS_BEFORE, (self._id,)))]
        run(_HAND_OVER, (known, self._id))
        for file in new:
            run("UPDATE tape_file SET session = ? WHERE id = ?", (known, file))
        for file in old:
            lost = "UPDATE tape_file SET session = ?, state = 'overwritten', durable_blocks = 0 WHERE id = ?"
            run(lost, (self._id, file))
        if self._facts.origin == "trailer":  # it may have been known from one of its tape files alone
            run("UPDATE session SET origin = 'trailer' WHERE id = ? AND origin = 'scan'", (known,))
        if with_state:
            run(
                "UPDATE session SET (state, exit, ended, pid) = (SELECT state, exit, ended, NULL FROM session"
                " WHERE id = ?) WHERE id = ?",
                (self._id, known),
            )
            run("DELETE FROM plan WHERE id = ? AND (SELECT state FROM session WHERE id = ?) IN ('complete', 'partial')",
                (known, known))  # fmt: skip

    def _forget_scanned(self) -> None:
        """What was told by reading tape files of which a trailer tells."""
        asked = "SELECT cartridge, number FROM tape_file WHERE session = ? AND kind = 'data'"
        for cartridge, number in list(self._database.rows(asked, (self._id,))):
            forget_scanned(self._database, cartridge, number)

    def _release(self) -> None:
        if self._held is not None:
            self._held.release()


def forget_drafts(database: Database) -> None:
    """Take out what processes that were killed had told."""
    asked = "SELECT uuid FROM session WHERE substr(uuid, 1, ?) = ?"
    for (draft,) in list(database.rows(asked, (len(_DRAFT), _DRAFT))):
        if not is_running(database.path, draft):
            forget_session(database, draft)
