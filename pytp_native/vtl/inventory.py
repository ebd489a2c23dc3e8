# SPDX-License-Identifier: WTFPL OR MIT
"""library.json: what the library consists of and where each cartridge is. Changed under the library's lock,
replaced whole."""

from __future__ import annotations

import os

from pytp_native.errors import BadAddress, UsageError
from pytp_native.vtl.files import Lock, read_json, write_json
from pytp_native.vtl.personality import OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILE = "library.json"
FORMAT = 1
READABLE_SLOTS = 1000
"""A larger library.json is written compactly: in a tenth of the time."""


class DriveBay:
    """One drive in the inventory. `loads` counts cartridges put in or taken out, so that the drive notices a change."""

    def __init__(self, number: int, raw: dict[str, Any]) -> None:
        self.number = number
        self.serial: str = raw["serial"]
        self.barcode: str | None = raw["barcode"]
        self.source_slot: int | None = raw["source_slot"]
        self.loads: int = raw["loads"]
        self.maker: str = raw.get("maker", OWN)
        """Name of its personality (vtl/makers.py)."""

    def put(self, barcode: str | None, source_slot: int | None) -> None:
        self.barcode, self.source_slot = barcode, source_slot
        self.loads += 1

    def encode(self) -> dict[str, Any]:
        raw = {"serial": self.serial, "barcode": self.barcode, "source_slot": self.source_slot, "loads": self.loads}
        return raw if self.maker == OWN else {**raw, "maker": self.maker}


class Inventory:
    """The library's geometry and contents. Slots are numbered from 1, mail slots behind the storage slots."""

    def __init__(self, path: str, raw: dict[str, Any] | None = None) -> None:
        """Read it, or take what `raw` says. Raises BadAddress if `path` is no virtual library."""
        self.path = path
        raw = raw if raw is not None else read_json(os.path.join(path, FILE), what="virtual library")
        try:
            if raw["format"] != FORMAT:
                raise BadAddress(
                    path, f"a virtual library of format {raw['format']}", f"this pytp knows format {FORMAT}"
                )
            self.generation: str = raw["generation"]
            self.capacity_bytes: int = raw["capacity_bytes"]
            self.serial: str = raw["serial"]
            self.mail_slots: int = raw["mail_slots"]
            self.slots: list[str | None] = list(raw["slots"])
            self.drives = [DriveBay(number, drive) for number, drive in enumerate(raw["drives"])]
            self.changer: str = raw.get("changer", "pytp")
            """Name of the changer's personality."""
            self.gripped: str | None = raw.get("gripped")
            self.gripped_from: int | None = raw.get("gripped_from")
            """What the robot holds, and the slot that came from."""
            self.from_operator: set[int] = set(raw.get("from_operator", ()))
            """Mail slots that a person filled, from 1; a robot's are not among them."""
        except (KeyError, TypeError) as exc:
            raise BadAddress(path, f"library.json has no usable {exc}") from exc

    @classmethod
    def blank(
        cls,
        path: str,
        *,
        drives: int,
        slots: int,
        mail_slots: int,
        generation: str,
        capacity_bytes: int,
        changer: str = "pytp",
        makers: tuple[str, ...] = (),
    ) -> Inventory:
        """A new library without cartridges; nothing is on disk until `save`. `makers`: whose each drive is."""
        serial = f"PYTP{os.urandom(3).hex().upper()}"
        bays = [
            {
                "serial": f"{serial}D{number}",
                "barcode": None,
                "source_slot": None,
                "loads": 0,
                "maker": makers[number] if makers else OWN,
            }
            for number in range(drives)
        ]
        raw = {
            "format": FORMAT, "serial": serial, "generation": generation, "capacity_bytes": capacity_bytes,
            "mail_slots": mail_slots, "slots": [None] * (slots + mail_slots), "drives": bays,
            "changer": changer,
        }  # fmt: skip
        return cls(path, raw)

    def save(self) -> None:
        raw = {
            "format": FORMAT, "serial": self.serial, "generation": self.generation,
            "capacity_bytes": self.capacity_bytes, "mail_slots": self.mail_slots,
            "slots": self.slots, "drives": [bay.encode() for bay in self.drives], "changer": self.changer,
            "gripped": self.gripped, "gripped_from": self.gripped_from, "from_operator": sorted(self.from_operator),
        }  # fmt: skip
        write_json(os.path.join(self.path, FILE), raw, compact=len(self.slots) > READABLE_SLOTS)

    def is_mail(self, slot: int) -> bool:
        return slot > len(self.slots) - self.mail_slots

    def drive(self, number: int) -> DriveBay:
        if not 0 <= number < len(self.drives):
            raise BadAddress(
                f"vtl:{self.path}/drive{number}", "no such drive", f"there are 0 to {len(self.drives) - 1}"
            )
        return self.drives[number]

    def slot_of(self, barcode: str) -> int | None:
        return self.slots.index(barcode) + 1 if barcode in self.slots else None

    def drive_of(self, barcode: str) -> DriveBay | None:
        return next((bay for bay in self.drives if bay.barcode == barcode), None)

    def check_slot(self, slot: int) -> int:
        """Return the slot's index; raise UsageError if there is no such slot."""
        if not 1 <= slot <= len(self.slots):
            raise UsageError(f"slot {slot}", "no such slot", f"there are 1 to {len(self.slots)}")
        return slot - 1

    def free_slot(self) -> int | None:
        """The first empty storage slot."""
        storage = self.slots[: len(self.slots) - self.mail_slots]
        return storage.index(None) + 1 if None in storage else None


def cartridge_directory(path: str, barcode: str) -> str:
    return os.path.join(path, "cartridges", barcode)


def drive_directory(path: str, number: int) -> str:
    return os.path.join(path, f"drive{number}")


def library_lock(path: str) -> Lock:
    """Hold while the inventory changes; held for moments only, so waiting is right."""
    return Lock(os.path.join(path, "lock"), wait=True)
