# SPDX-License-Identifier: WTFPL OR MIT
"""driveN/incidents.json: the drive's own log of errors, the newest first, as LOG SENSE page 16h tells it."""

from __future__ import annotations

import os
import time

from pytp_native.errors import BadAddress
from pytp_native.light import NamedTuple, suppress
from pytp_native.vtl.files import read_json, store_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive


MOST = 16
FILE = "incidents.json"


class Incident(NamedTuple):
    key: int
    code: int
    """ASC << 8 | ASCQ."""
    opcode: int
    medium: str
    """Serial number of the cartridge."""
    milliseconds: int
    """Since 1970."""
    deferred: bool = False
    """It was found when the drive had taken more."""


def incidents(directory: str) -> tuple[Incident, ...]:
    """Return what the drive in `directory` has kept."""
    with suppress(BadAddress):
        raw = read_json(os.path.join(directory, FILE), what="incidents of a virtual drive")
        return tuple(Incident(*row) for row in raw.get("incidents", ()))
    return ()


def note_incident(drive: VirtualDrive, key: int, code: int, opcode: int, *, deferred: bool = False) -> None:
    """Keep one more; the oldest goes."""
    medium = drive.memory().serial if drive.ready else ""
    new = Incident(key, code, opcode, medium, int(time.time() * 1000), deferred)
    kept = [list(one) for one in (new, *incidents(drive.directory))[:MOST]]
    store_json(os.path.join(drive.directory, FILE), {"incidents": kept})
