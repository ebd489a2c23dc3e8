# SPDX-License-Identifier: WTFPL OR MIT
"""What was seen of every drive, cartridge and library, look by look: history.db beside the catalog."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import TracebackType

from pytp_native.catalog.database import Database
from pytp_native.devices.look import DriveLook, LibraryLook
from pytp_native.diag.schema import HISTORY
from pytp_native.light import NamedTuple
from pytp_native.scsi.log_incidents import ChangerIncident, DriveIncident
from pytp_native.spec.measures import CARTRIDGE, DRIVE, LIBRARY

FILE_NAME = "history.db"
"""In snapshot_dir."""


_FOR_EVER = 2**62


class Unit(NamedTuple):
    """A drive, cartridge or library that was seen."""

    id: int
    kind: str
    serial: str
    name: str
    lot: str
    firmware: str
    seen: int
    """Last; seconds since 1970."""

    @property
    def shown(self) -> str:
        """What people call it: a cartridge by its barcode, others by model and serial number."""
        if self.kind == CARTRIDGE:
            return self.name or self.serial
        return f"{self.name} {self.serial}".strip()


class StoredLook(NamedTuple):
    id: int
    seen: int
    occasion: str
    drive: int | None
    cartridge: int | None
    library: int | None


class StoredAlert(NamedTuple):
    seen: int
    flag: int
    drive: int | None
    cartridge: int | None
    library: int | None
    cleared: bool
    """The device has forgotten it by being asked."""


class StoredMove(NamedTuple):
    """What a library's robot was told to do."""

    library: int
    """Id of the unit."""
    seen: int
    source: int
    """Element address."""
    target: int
    source_place: str
    """"slot 3", "drive 0"."""
    target_place: str
    barcode: str
    error: str
    """"": it went well."""


class History:
    """An open history; a context manager; used by one thread. Its methods raise CatalogError."""

    def __init__(self, path: str, *, create: bool = True) -> None:
        """NothingHere when there is none and `create` is not set."""
        self.path = path
        self._database = Database(path, create=create, tables=HISTORY)

    def __enter__(self) -> History:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    # -- storing -------------------------------------------------------------------------------------------------------

    def store(
        self,
        seen: DriveLook | LibraryLook,
        occasion: str,
        *,
        cleared: frozenset[int] = frozenset(),
        lasting: bool = False,
    ) -> int:
        """Keep a look; return its number. `cleared`: flags that the device forgets by having been asked (page 2Eh);
        `lasting`: on the disk when this returns."""
        with self._database.transaction(lasting=lasting):
            if isinstance(seen, LibraryLook):
                look = self._store_library(seen, occasion)
            else:
                look = self._store_drive(seen, occasion)
            for flag in sorted((seen.alerts or frozenset()) | cleared):
                self._database.run("INSERT INTO alert VALUES (?, ?, ?)", (look, flag, int(flag in cleared)))
        return look

    def store_move(self, serial: str, name: str, firmware: str, move: StoredMove) -> None:
        """Keep what a library was told to do; `serial`: its key. The move's `library` is filled in here."""
        with self._database.transaction():
            library = self._unit(LIBRARY, serial, name, move.seen, firmware=firmware)
            self._database.run(
                "INSERT INTO move (library, seen, source, target, source_place, target_place, barcode, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                move._replace(library=library),
            )

    def _store_drive(self, seen: DriveLook, occasion: str) -> int:
        drive = self._unit(DRIVE, seen.key, f"{seen.vendor} {seen.product}", seen.taken, firmware=seen.firmware)
        tape = seen.cartridge
        cartridge = None
        if tape is not None and tape.key:
            cartridge = self._unit(CARTRIDGE, tape.key, tape.barcode, seen.taken, lot=tape.lot)
        look = self._database.run(
            "INSERT INTO look (seen, occasion, address, drive, cartridge) VALUES (?, ?, ?, ?, ?)",
            (seen.taken, occasion, seen.address, drive, cartridge),
        )
        self._counters(look, drive, seen.counters)
        if tape is not None and cartridge is not None:
            self._counters(look, cartridge, tape.counters)
        self._incidents(drive, seen.taken, seen.incidents)
        return look

    def _store_library(self, seen: LibraryLook, occasion: str) -> int:
        library = self._unit(LIBRARY, seen.key, f"{seen.vendor} {seen.product}", seen.taken, firmware=seen.firmware)
        look = self._database.run(
            "INSERT INTO look (seen, occasion, address, library) VALUES (?, ?, ?, ?)",
            (seen.taken, occasion, seen.address, library),
        )
        self._counters(look, library, seen.counters)
        for address, counts in seen.elements.items():
            told = {f"element {address} {name}": float(value) for name, value in counts._asdict().items() if value}
            self._counters(look, library, told)
        self._incidents(library, seen.taken, seen.incidents)
        return look

    def _unit(self, kind: str, serial: str, name: str, seen: int, *, lot: str = "", firmware: str = "") -> int:
        self._database.run(
            "INSERT INTO unit (kind, serial, name, lot, firmware, seen) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, serial) DO UPDATE SET name = CASE excluded.name WHEN '' THEN name ELSE excluded.name"
            " END, lot = CASE excluded.lot WHEN '' THEN lot ELSE excluded.lot END,"
            " firmware = excluded.firmware, seen = max(seen, excluded.seen)",
            (kind, serial, name.strip(), lot, firmware, seen),
        )
        return int(self._database.value("SELECT id FROM unit WHERE kind = ? AND serial = ?", (kind, serial)))

    def _counters(self, look: int, unit: int, counters: Mapping[str, float]) -> None:
        rows = [(look, unit, name, value) for name, value in counters.items()]
        self._database.run_many("INSERT INTO counter VALUES (?, ?, ?, ?)", rows)

    def _incidents(self, unit: int, seen: int, incidents: tuple[DriveIncident | ChangerIncident, ...]) -> None:
        for one in incidents:
            told = one._asdict()
            key = " ".join(str(told.get(name)) for name in ("motion_hours", "moves", "opcode", "key", "asc", "ascq"))
            self._database.run(
                "INSERT OR IGNORE INTO incident VALUES (?, ?, ?, ?)", (unit, key, seen, json.dumps(told))
            )

    # -- asking --------------------------------------------------------------------------------------------------------

    def units(self, kind: str | None = None) -> list[Unit]:
        wanted = "WHERE kind = ?" if kind else ""
        rows = self._database.rows(
            f"SELECT id, kind, serial, name, lot, firmware, seen FROM unit {wanted} ORDER BY kind, name, serial",  # noqa: S608
            (kind,) if kind else (),
        )
        return [Unit(*row) for row in rows]

    def looks(self) -> list[StoredLook]:
        """Return all looks in the order in which they were taken, whatever the clock said then."""
        rows = self._database.rows("SELECT id, seen, occasion, drive, cartridge, library FROM look ORDER BY id")
        return [StoredLook(*row) for row in rows]

    def counters(self) -> Iterator[tuple[int, int, str, float]]:
        """Yield look, unit, name and value of everything that was counted."""
        yield from self._database.rows("SELECT look, unit, name, value FROM counter")

    def latest(self, unit: int, *, until: StoredLook | None = None) -> dict[str, float]:
        """Return the last value of each counter of a unit, as it was at that look."""
        last = until.id if until is not None else _FOR_EVER
        rows = self._database.rows(
            "SELECT name, value FROM counter WHERE unit = ? AND look <= ? ORDER BY look", (unit, last)
        )
        return {str(name): float(value) for name, value in rows}

    def moves(self) -> list[StoredMove]:
        """Return all moves of all robots, the oldest first."""
        rows = self._database.rows(
            "SELECT library, seen, source, target, source_place, target_place, barcode, error FROM move ORDER BY id"
        )
        return [StoredMove(*row) for row in rows]

    def alerts(self, since: int = 0) -> list[StoredAlert]:
        """Return the flags that were seen since then, the latest first."""
        rows = self._database.rows(
            "SELECT seen, flag, drive, cartridge, library, cleared FROM alert JOIN look ON look.id = alert.look"
            " WHERE seen >= ? ORDER BY seen DESC, look.id DESC, flag",
            (since,),
        )
        return [StoredAlert(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]
