# SPDX-License-Identifier: WTFPL OR MIT
"""Faults by script: one a line in driveN/faults; numbers are logical block numbers, filemarks counted, from 0.

write 120: medium error     the block (or filemark) 120 cannot be written
write 120: deferred error after 8   the same, but found when the drive has taken 8 blocks more, or is flushed
read 7: medium error        block 7 cannot be read; the tape stands behind it
early warning at 50         from block 50 on every write reports early warning
write protect               the cartridge's tab is slid
eject at 10                 an operator takes the cartridge out when the head gets to block 10; happens once
cleaning at 30              the drive asks to be cleaned when the head gets to block 30; happens once
slow load 5                 the next cartridge is ready after five questions only, as a new one in an LTO-9 drive; once
buffer 256K                 the drive keeps no more than that in its buffer (1G by default) and writes the rest on
power cut at 40             the drive loses power, and what is in its buffer, when the head gets to block 40; once
blackout at 40              the same, and the computer is gone, too: the process that writes is killed
reset at 40                 a bus reset before block 40: nothing is lost, but st refuses all until a rewind; once
worn head 30                of 1000 data sets 30 have to be written or read again, whatever the cartridge
moved to 3 at 40            somebody else moves the tape to block 3 when the head gets to block 40; happens once
"""

from __future__ import annotations

import os
import re

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.units import parse_size
from pytp_native.vtl.files import replace_file

NEVER = 2**63
_FORMS = re.compile(
    r"(?:(?P<verb>read|write) (?P<at>\d+): medium error"
    r"|write (?P<bad>\d+): deferred error(?: after (?P<later>\d+))?"
    r"|early warning at (?P<warn>\d+)"
    r"|(?P<protect>write protect)"
    r"|eject at (?P<eject>\d+)"
    r"|cleaning at (?P<cleaning>\d+)"
    r"|slow load (?P<slow>\d+)"
    r"|buffer (?P<buffer>\d+[kmg]?)"
    r"|(?P<once>power cut|blackout|reset) at (?P<when>\d+)"
    r"|worn head (?P<worn>\d{1,4})"
    r"|moved to (?P<goal>\d+) at (?P<moved>\d+))\Z"
)
ALLOWED = (
    'use "write N: medium error", "write N: deferred error after D", "read N: medium error", "early warning at N", '
    '"write protect", "eject at N", "cleaning at N", "slow load N", "buffer SIZE", "power cut at N", "blackout at N", '
    '"reset at N", "moved to B at N" or "worn head N"'
)
WHEN_WRITING = ("eject", "cleaning", "power cut", "blackout", "reset", "moved", "deferred")
"""What needs a look when the head gets there, beside bad blocks."""
_LATER = 8


class Fault(NamedTuple):
    kind: str
    """read, write, deferred, early warning, write protect, eject, cleaning, slow load, buffer, power cut, blackout,
    reset, moved, worn head"""
    at: int
    """Block; of a slow load the number of questions, of a buffer its bytes, of a worn head its retries; where a
    deferred error is told."""
    text: str
    more: int = 0
    """Of a deferred error: the block that was not written; of moved: where to."""


def parse_fault(text: str) -> Fault:
    """Read one line. Raises UsageError with what is allowed."""
    line = " ".join(text.lower().split()).replace(" :", ":")
    match = _FORMS.match(line)
    if match is None:
        raise UsageError("fault", f"'{text}' is none", ALLOWED)
    if match["verb"]:
        return Fault(match["verb"], int(match["at"]), line)
    if match["bad"]:
        bad = int(match["bad"])
        return Fault("deferred", bad + int(match["later"] or _LATER), line, bad)
    if match["once"]:
        return Fault(match["once"], int(match["when"]), line)
    if match["moved"]:
        return Fault("moved", int(match["moved"]), line, int(match["goal"]))
    if match["buffer"]:
        return Fault("buffer", parse_size(match["buffer"]), line)
    if match["warn"]:
        return Fault("early warning", int(match["warn"]), line)
    for kind, told in (("eject", "eject"), ("cleaning", "cleaning"), ("slow load", "slow"), ("worn head", "worn")):
        if match[told]:
            return Fault(kind, int(match[told]), line)
    return Fault("write protect", 0, line)


class FaultScript:
    """A drive's faults; the file is the truth, so that another process can add one while the drive works."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: tuple[Fault, ...] = ()
        self.reload()

    def reload(self) -> None:
        try:
            with open(self.path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            lines = []
        self.faults = tuple(parse_fault(line) for line in lines if line.strip())

    def save(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        if faults:
            replace_file(self.path, "".join(f"{fault.text}\n" for fault in faults).encode())
        elif os.path.exists(self.path):
            os.unlink(self.path)

    def remove(self, fault: Fault) -> None:
        """Take out one that has happened."""
        self.save(tuple(other for other in self.faults if other != fault))

    def strikes(self, kind: str, at: int) -> bool:
        """Tell whether block `at` is bad for reading or writing."""
        return any(fault.kind == kind and fault.at == at for fault in self.faults)

    def reached(self, kind: str, at: int) -> Fault | None:
        """Return the fault that begins at or before block `at`."""
        return next((fault for fault in self.faults if fault.kind == kind and fault.at <= at), None)

    def next_event(self, kinds: tuple[str, ...], at: int) -> int:
        """First block from `at` on that needs a look; NEVER if none."""
        return min(
            (max(fault.at, at) for fault in self.faults if fault.kind in kinds and self._ahead(fault, at)),
            default=NEVER,
        )

    @staticmethod
    def _ahead(fault: Fault, at: int) -> bool:
        return fault.at >= at or fault.kind not in {"read", "write"}
