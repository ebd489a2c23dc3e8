# SPDX-License-Identifier: WTFPL OR MIT
"""What single devices do differently, as rows of data: who is meant, what is different, how it is known.

Every row that matches counts, a later one over an earlier; never write a second driver for a device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from pytp_native.light import NamedTuple
from pytp_native.scsi.inquiry import Inquiry
from pytp_native.spec import opcodes


class Quirks(NamedTuple):
    """How a device is to be handled; the defaults are what the standards say."""

    element_status_bytes: int = 65536
    """Allocation length of one READ ELEMENT STATUS."""
    unload_before_move: bool = True
    """The host unloads the drive before the library takes the cartridge; False: the library does it itself."""
    drive_identifiers: bool = True
    """READ ELEMENT STATUS takes DVCID."""
    status_without_motion: bool = True
    """READ ELEMENT STATUS takes CURDATA."""
    volume_tags: bool = True
    inventory_range_opcode: int = opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE
    first_load_s: float = 900.0
    """How long a load can take at most until the drive is ready."""
    asks_for_cleaning: bool = True
    """False: it may not ask while it only writes; go by its hours of motion."""


class Row(NamedTuple):
    """Matches vendor, product and revision of INQUIRY with shell patterns, without regard to case."""

    vendor: str
    product: str
    changes: Mapping[str, Any]
    evidence: str
    revision: str = "*"

    def matches(self, device: Inquiry) -> bool:
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
    Row("HP*", "Ultrium [3-6]-SCSI", {"asks_for_cleaning": False},
        "Quantum's knowledge base: HP drives may not raise cleaning flags when only writing"),
    Row("IET", "*", {"element_status_bytes": 4096}, "tgt: 05/24/00 for an allocation length beyond its buffer"),
    Row("PYTP", "VIRTUAL LIBRARY", {"element_status_bytes": 1 << 20},
        "our VTL: reads its inventory for each request; 50,000 slots in 3 requests instead of 40"),
    Row("IBM", "03584L32", {"inventory_range_opcode": opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE_OLD},
        "mhvtl as this library answers E7h and refuses 37h", revision="0800"),
)  # fmt: skip


def quirks_of(device: Inquiry, rows: Iterable[Row] = ROWS) -> Quirks:
    """Return how to handle a device."""
    found = Quirks()
    for row in rows:
        if row.matches(device):
            found = found._replace(**row.changes)
    return found
