# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual library behind the kernel's own drivers: the SCSI doors of its drives and of its changer, served to
target_core_user.

This puts the real st, sg and ch where vtl/st.py is otherwise: the same contract, the same drives, another driver. What
both answer alike is what Linux does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

from hwtests.tcmu import Answer, add_device
from pytp_native.spec import opcodes
from pytp_native.units import MIB
from pytp_native.vtl.changer_state import ChangerState
from pytp_native.vtl.changer_target import ChangerTarget
from pytp_native.vtl.inventory import Inventory, library_lock
from pytp_native.vtl.library import Library
from pytp_native.vtl.target import VirtualTarget

DIRECTORY = Path("/run/pytp-guest/vtl")
CONTROL = "/run/pytp-guest/control"
DRIVES, SLOTS, MAIL_SLOTS, CARTRIDGES = 2, 8, 2, 5
"""PYT001L6 is in drive 0 and came from slot 1; PYT002L6 to PYT005L6 are in slots 2 to 5."""
DRIVE_NODES, CHANGER_NODE = ("/dev/nst0", "/dev/nst1"), "/dev/sch0"
DRIVE_SG_NODES, CHANGER_SG_NODE = ("/dev/sg0", "/dev/sg1"), "/dev/sg2"
"""The kernel numbers its nodes in the order in which the devices appear: the drives, then the changer."""
_MOVES = {opcodes.MOVE_MEDIUM, opcodes.EXCHANGE_MEDIUM}


class DriveUnit:
    """A drive's SCSI door, which holds the drive from the first command until somebody asks for it (`let_go`)."""

    def __init__(self, path: str, number: int) -> None:
        self.target = VirtualTarget(path, number, hold=True)
        self.mutex = Lock()

    def let_go(self) -> None:
        with self.mutex:
            self.target.release()

    def execute(self, cdb: bytes, out: bytes, room: int) -> Answer:
        with self.mutex:
            reply = self.target.execute(cdb, out)
        return Answer(reply.status, reply.sense, reply.data[:room])


class ChangerUnit:
    """The changer's SCSI door. The drives stand still and let go while its robot moves something."""

    def __init__(self, path: str, drives: list[DriveUnit]) -> None:
        self.target = ChangerTarget(path)
        self.drives = drives

    def execute(self, cdb: bytes, out: bytes, room: int) -> Answer:
        with ExitStack() as stack:
            for drive in self.drives if cdb[0] in _MOVES else ():
                stack.enter_context(drive.mutex)
                drive.target.release()
            reply = self.target.execute(cdb, out)
        return Answer(reply.status, reply.sense, reply.data[:room])


def ask_to_let_go() -> None:
    """Have the units in the other process give the drives' locks back, so that the library can move cartridges."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(CONTROL)
        client.recv(1)


def restore() -> Library:
    """Bring the library back to how the guest found it, but for what is recorded on the cartridges: no faults, locks or
    tabs slid, each cartridge in its slot and the first in drive 0."""
    ask_to_let_go()
    library = Library.open(DIRECTORY)
    library.clear_changer_faults()
    for number, drive in enumerate(library.describe().drives):
        library.clear_faults(number)
        if drive.barcode is not None:
            library.eject(number)
    with library_lock(str(DIRECTORY)):
        state = ChangerState(str(DIRECTORY))
        state.prevented, state.attention, state.alerts = False, 0, 0
        state.save()
        now = Inventory(str(DIRECTORY))
        barcodes = sorted(one for one in (*now.slots, now.gripped) if one is not None)
        now.slots = [*barcodes, *[None] * (len(now.slots) - len(barcodes))]
        now.gripped = now.gripped_from = None
        now.from_operator.clear()
        now.save()
    for barcode in barcodes:
        library.protect(barcode, False)
    library.load(1, 0)
    return library


def main() -> None:
    """Make a library, put its drives and its changer behind the kernel, and serve until the guest ends."""
    capacity = int(os.environ["PYTP_GUEST_CARTRIDGE_MIB"]) * MIB
    Library.create(
        DIRECTORY, drives=DRIVES, slots=SLOTS, mail_slots=MAIL_SLOTS, cartridges=CARTRIDGES, generation="lto6",
        capacity_bytes=capacity,
    )  # fmt: skip
    subprocess.run(["/run/pytp-guest/busybox", "mount", "-t", "configfs", "configfs", "/sys/kernel/config"], check=True)
    drives = [DriveUnit(str(DIRECTORY), number) for number in range(DRIVES)]
    for number, drive in enumerate(drives):
        add_device(number, f"drive{number}", drive.execute)
    add_device(DRIVES, "changer", ChangerUnit(str(DIRECTORY), drives).execute)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(CONTROL)
        server.listen()
        while True:
            client, _ = server.accept()
            with client:
                for drive in drives:
                    drive.let_go()
                client.sendall(b".")


if __name__ == "__main__":
    sys.exit(main())
