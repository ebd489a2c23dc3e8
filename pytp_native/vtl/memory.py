# SPDX-License-Identifier: WTFPL OR MIT
"""A cartridge's memory (MAM, SPC-5 7.4): memory.json beside its data. What drives have counted on it over its life, and
what hosts have written into it; it goes where the cartridge goes."""

from __future__ import annotations

import os
import time

from pytp_native.errors import BadAddress
from pytp_native.light import suppress
from pytp_native.vtl.files import read_json, store_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILE = "memory.json"
HOST_ROOM_BYTES = 4096
"""Room for what hosts write, 5 bytes of header an attribute."""
_LAST_DRIVES = 4


class CartridgeMemory:
    """Read whole, written whole. `save` by whoever holds the drive's lock."""

    def __init__(self, directory: str, barcode: str) -> None:
        self._path = os.path.join(directory, FILE)
        raw: dict[str, Any] = {}
        with suppress(BadAddress):
            raw = read_json(self._path, what="cartridge memory")
        self.serial = str(raw.get("serial") or _first_serial(directory + barcode))
        self.made = str(raw.get("made") or time.strftime("%Y%m%d", time.gmtime(_birth(directory))))
        self.loads = int(raw.get("loads", 0))
        self.written = int(raw.get("written", 0))
        self.read = int(raw.get("read", 0))
        """Bytes over its life, without the present load."""
        self.last_written = int(raw.get("last_written", 0))
        self.last_read = int(raw.get("last_read", 0))
        """Bytes in the last load that has ended."""
        self.write_errors = int(raw.get("write_errors", 0))
        self.read_errors = int(raw.get("read_errors", 0))
        self.write_retries = int(raw.get("write_retries", 0))
        self.read_retries = int(raw.get("read_retries", 0))
        """Data sets that were written or read again, without the present load."""
        self.degraded = int(raw.get("degraded", 0))
        """So many of 1000 data sets have to be written or read again, in whatever drive."""
        self.changes = int(raw.get("changes", 1))
        """Volume change reference, without the present load's changes."""
        self.formats = int(raw.get("formats", 1))
        """Initialisation count."""
        self.alerts = int(raw.get("alerts", 0))
        """TapeAlert flags of the last load that has ended."""
        self.drives: list[str] = [str(name) for name in raw.get("drives", ())]
        """Vendor and serial number of the drives that loaded it, the last first."""
        self.attributes: dict[str, list[Any]] = dict(raw.get("attributes", {}))
        """What hosts wrote: "0:0806" (partition:identifier) to format code and hexadecimal value."""

    def save(self, *, sync: bool = True) -> None:
        """Put it on the host's disk; a count alone need not outlive the host's power."""
        (write_json if sync else store_json)(self._path, {"format": 1, **{name: vars(self)[name] for name in _KEPT}})

    def note_load(self, drive: str) -> None:
        self.loads += 1
        self.drives = [drive, *self.drives][:_LAST_DRIVES]

    def host_value(self, partition: int, identifier: int) -> tuple[int, bytes] | None:
        """Format code and value of a host's attribute."""
        kept = self.attributes.get(f"{partition}:{identifier:04x}")
        return (int(kept[0]), bytes.fromhex(kept[1])) if kept else None

    def host_identifiers(self, partition: int) -> list[int]:
        return sorted(int(key[2:], 16) for key in self.attributes if key.startswith(f"{partition}:"))

    def put(self, partition: int, identifier: int, code: int, value: bytes) -> None:
        """Write a host's attribute; no value deletes it."""
        key = f"{partition}:{identifier:04x}"
        if value:
            self.attributes[key] = [code, value.hex()]
        else:
            self.attributes.pop(key, None)

    @property
    def free_bytes(self) -> int:
        return HOST_ROOM_BYTES - sum(5 + len(value) // 2 for _, value in self.attributes.values())


def _first_serial(name: str) -> str:
    from zlib import crc32  # noqa: PLC0415

    return f"PV{crc32(os.fsencode(name)):08X}"


def _birth(directory: str) -> float:
    with suppress(OSError):
        return os.stat(os.path.join(directory, "cartridge.json")).st_mtime
    return 0.0


_KEPT = (
    "serial", "made", "loads", "written", "read", "last_written", "last_read", "write_errors", "read_errors", "changes",
    "formats", "alerts", "write_retries", "read_retries", "degraded", "drives", "attributes",
)  # fmt: skip
