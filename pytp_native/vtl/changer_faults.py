# SPDX-License-Identifier: WTFPL OR MIT
"""Faults of the changer by script, one a line in changer/faults; slots are numbered from 1, moves counted from now.

move 3: gripper error       the third move fails, the cartridge stays where it is; happens once
move 3: load error          the drive takes the cartridge in vain: it stays where it was; happens once
move 3: drive silent        the library cannot talk to the drive; happens once
move 3: full target         the robot finds the destination full, whatever the inventory says; happens once
move 3: empty source        the robot finds nothing at the source, whatever the inventory says; happens once
move 3: stuck in gripper    the robot takes the cartridge and cannot let go of it; happens once
move 3: slow 90             the third move takes 90 seconds; a shorter timeout runs out, and the move is done anyway
door open                   not ready until the door is closed, which is when the faults are cleared
offline                     somebody took the library offline at its panel
slot 5: retries 3           the robot needs three attempts more at that slot, each time
slot 5: label unreadable    the scanner cannot read it; "barcode unreadable" means the same
"""

from __future__ import annotations

import os

from pytp_native.light import NamedTuple
from pytp_native.vtl.files import replace_file, script_lines

FAILURES = ("gripper error", "load error", "drive silent", "full target", "empty source", "stuck in gripper")


def is_changer_fault(text: str) -> bool:
    """Tell whether a line is meant for the changer and not for a drive: by its first word."""
    return text.lower().split(maxsplit=1)[:1] in (["move"], ["slot"], ["door"], ["offline"])


class ChangerFault(NamedTuple):
    kind: str
    """One of FAILURES, "slow", "door open", "offline", "retries" or "label unreadable"."""
    number: int = 0
    """The move from now, from 1, or the slot."""
    seconds: int = 0
    """Of "slow"; the number of retries at a slot."""

    @property
    def text(self) -> str:
        if self.kind == "slow":
            return f"move {self.number}: slow {self.seconds}"
        if self.kind == "retries":
            return f"slot {self.number}: retries {self.seconds}"
        if self.kind == "label unreadable":
            return f"slot {self.number}: barcode unreadable"
        return f"move {self.number}: {self.kind}" if self.kind in FAILURES else self.kind


class ChangerFaults:
    """The changer's faults; the file is the truth. Changed under the library's lock."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, "faults")
        self.faults: tuple[ChangerFault, ...] = ()
        if lines := script_lines(self._path):
            from pytp_native.vtl.fault_lines import changer_faults  # noqa: PLC0415

            self.faults = changer_faults(self._path, lines)

    def save(self, faults: tuple[ChangerFault, ...]) -> None:
        self.faults = faults
        if faults:
            replace_file(self._path, "".join(f"{fault.text}\n" for fault in faults).encode())
        elif os.path.exists(self._path):
            os.unlink(self._path)

    def has(self, kind: str) -> bool:
        return any(fault.kind == kind for fault in self.faults)

    def unreadable(self) -> frozenset[int]:
        return frozenset(fault.number for fault in self.faults if fault.kind == "label unreadable")

    def retries(self, slot: int) -> int:
        """Attempts that the robot needs more at a slot."""
        return max((one.seconds for one in self.faults if (one.kind, one.number) == ("retries", slot)), default=0)

    def next_move(self) -> tuple[str | None, int]:
        """Count one move: what fails in it, if anything, and the seconds it takes."""
        counted = [fault for fault in self.faults if fault.kind in FAILURES or fault.kind == "slow"]
        if not counted:
            return None, 0
        now = [fault for fault in counted if fault.number == 1]
        later = (
            fault._replace(number=fault.number - 1) if fault in counted else fault
            for fault in self.faults
            if fault not in now
        )
        self.save(tuple(later))
        failure = next((fault.kind for fault in now if fault.kind in FAILURES), None)
        return failure, max((fault.seconds for fault in now), default=0)
