# SPDX-License-Identifier: WTFPL OR MIT
"""What single devices do differently, as rows of data: who is meant, what is different, how it is known.

Every row that matches counts, a later one over an earlier; never write a second driver for a device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from pytp_native.errors import ConfigError
from pytp_native.scsi.inquiry import TAPE, Inquiry
from pytp_native.spec import opcodes


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a device is to be handled; the defaults are what the standards say."""

    most_transfer_bytes: int = 1 << 20
    """Longest data-in to ask for. HBAs often cap at 1 MiB; LTFS stays below it too."""
    element_status_bytes: int = 65536
    """Allocation length of one READ ELEMENT STATUS."""
    unload_before_move: bool = True
    """The host unloads the drive before the library takes the cartridge; False: the library does it itself."""
    drive_identifiers: bool = True
    """READ ELEMENT STATUS takes DVCID."""
    status_without_motion: bool = True
    """READ ELEMENT STATUS takes CURDATA."""
    volume_tags: bool = True
    element_types_together: bool = False
    """All types in one READ ELEMENT STATUS are answered rightly; else ask per type."""
    inventory_range_opcode: int = opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE
    suppress_incorrect_length: bool = True
    """SILI can be relied upon."""
    locate_file_offset: int = 0
    """Filemarks to add to the target of LOCATE (16) to a file."""
    alerts_cleaning_while_writing: bool = True
    """False: clean by motion hours, the drive may not ask for it."""
    first_load_s: float = 900.0
    """How long a load can take at most until the drive is ready."""
    most_block_bytes: int = 8 << 20
    """Where READ BLOCK LIMITS says no limit."""


@dataclass(frozen=True, slots=True)
class Row:
    """Matches vendor, product and revision of INQUIRY with shell patterns, without regard to case."""

    vendor: str
    product: str
    changes: Mapping[str, Any]
    evidence: str
    revision: str = "*"
    device_type: int | None = None

    def matches(self, device: Inquiry) -> bool:
        if self.device_type is not None and self.device_type != device.device_type:
            return False
        told = ((self.vendor, device.vendor), (self.product, device.product), (self.revision, device.revision))
        return all(fnmatchcase(text.upper(), pattern.upper()) for pattern, text in told)


ROWS = (
    Row("IBM", "*TD9", {"first_load_s": 7200.0}, "IBM LTO-9: media optimisation takes up to two hours"),
    Row("IBM", "*HH9", {"first_load_s": 7200.0}, "IBM LTO-9: media optimisation takes up to two hours"),
    Row("HP*", "Ultrium 9-SCSI", {"first_load_s": 7200.0}, "HPE LTO-9: media optimisation takes up to two hours"),
    Row("QUANTUM", "ULTRIUM*9", {"first_load_s": 7200.0}, "Quantum LTO-9: media optimisation takes up to two hours"),
    Row("*", "LTO-9 HH", {"first_load_s": 7200.0}, "Tandberg's name for such a drive"),
    Row("*", "HH LTO Gen 9", {"first_load_s": 7200.0}, "IBM's name for a half-height drive in others' boxes"),
    Row("PYTP", "VIRTUAL ULTRIUM*", {"first_load_s": 7200.0}, "our VTL, so that the wait can be rehearsed"),
    Row("IBM", "*", {"locate_file_offset": -1}, "LOCATE (16) to file 1 lands one filemark further than HP's",
        device_type=TAPE),
    Row("HP*", "Ultrium [3-6]-SCSI", {"alerts_cleaning_while_writing": False},
        "Quantum's knowledge base: HP drives may not raise cleaning flags when only writing"),
    Row("*", "Ultrium 1-SCSI", {"most_block_bytes": (16 << 20) - 1}, "LTO-1 takes blocks up to 16 MiB - 1"),
    Row("HP*", "Ultrium [2-4]-SCSI", {"most_block_bytes": (16 << 20) - 1}, "older HP drives: blocks up to 16 MiB - 1"),
    Row("IET", "*", {"element_status_bytes": 4096, "element_types_together": False},
        "tgt: 05/24/00 for an allocation length beyond its buffer; pages in one answer for all types are misplaced"),
    Row("PYTP", "VIRTUAL LIBRARY", {"element_status_bytes": 1 << 20},
        "our VTL: reads its inventory for each request; 50,000 slots in 3 requests instead of 40"),
    Row("IBM", "03584L32", {"inventory_range_opcode": opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE_OLD},
        "mhvtl as this library answers E7h and refuses 37h", revision="0800"),
)  # fmt: skip


def quirks_of(device: Inquiry, rows: Iterable[Row] = ROWS) -> Quirks:
    """Return how to handle a device; `rows` may be ROWS and a site's own behind them."""
    found = Quirks()
    for row in rows:
        if row.matches(device):
            found = replace(found, **row.changes)
    return found


def site_rows(told: Iterable[Mapping[str, Any]], *, source: str) -> tuple[Row, ...]:
    """Make rows of a configuration's list: {"vendor": .., "product": .., "first_load_s": ..}.

    Raises ConfigError for a key that is no quirk or a value of another type, with the file in `source`.
    """
    return tuple(_site_row(one, source) for one in told)


def _site_row(told: Mapping[str, Any], source: str) -> Row:
    known = {field.name: type(getattr(Quirks(), field.name)) for field in fields(Quirks)}
    matcher = {"vendor", "product", "revision"}
    changes = {key: value for key, value in told.items() if key not in matcher}
    for key, value in changes.items():
        if key not in known:
            raise ConfigError(source, f"quirk {key!r} is not known", f"use one of {', '.join(known)}")
        wanted = known[key]
        fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
        if not fits or (wanted is int and isinstance(value, bool)):
            raise ConfigError(source, f"quirk {key!r} is {value!r}", f"give a value like {getattr(Quirks(), key)!r}")
    vendor, product, revision = (str(told.get(key, "*")) for key in ("vendor", "product", "revision"))
    return Row(vendor, product, changes, source, revision)
