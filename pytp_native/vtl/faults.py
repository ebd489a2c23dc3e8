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
starved 5                   the host is too slow: the drive repositions 5 times for 100 MB that it writes
link errors 40              40 words have been damaged on the way between host and drive
self-test failure           the drive fails its self-test (04/3E/03)
adapter 1M                  the host moves no more than that at once: larger transfers are EBUSY
moved to 3 at 40            somebody else moves the tape to block 3 when the head gets to block 40; happens once
"""

from __future__ import annotations

import os

from pytp_native.light import NamedTuple
from pytp_native.vtl.files import replace_file, script_lines

NEVER = 2**63
WHEN_WRITING = ("eject", "cleaning", "power cut", "blackout", "reset", "moved", "deferred")
"""What needs a look when the head gets there, beside bad blocks."""


class Fault(NamedTuple):
    kind: str
    """read, write, deferred, early warning, write protect, eject, cleaning, slow load, buffer, power cut, blackout,
    reset, moved, worn head, starved, link errors, self-test failure, adapter"""
    at: int
    """Block; of a slow load the number of questions, of a buffer or an adapter its bytes, of a worn head its retries,
    of a starved drive its repositions, of a link its errors; where a deferred error is told."""
    text: str
    more: int = 0
    """Of a deferred error: the block that was not written; of moved: where to."""


class FaultScript:
    """A drive's faults; the file is the truth, so that another process can add one while the drive works."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: tuple[Fault, ...] = ()
        self.reload()

    def reload(self) -> None:
        self.faults = ()
        if lines := script_lines(self.path):
            from pytp_native.vtl.fault_lines import drive_faults  # noqa: PLC0415

            self.faults = drive_faults(self.path, lines)

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
