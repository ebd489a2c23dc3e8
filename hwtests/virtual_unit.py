# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual drive behind the kernel's own st: its SCSI door, served to target_core_user.

This puts the real st where vtl/st.py is otherwise: the same contract, the same drive, another driver. What both answer
alike is what Linux does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Lock

from hwtests.tcmu import Answer, add_device
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from pytp_native.vtl.target import VirtualTarget

DIRECTORY = Path("/run/pytp-guest/vtl")
CONTROL = "/run/pytp-guest/control"


class VirtualUnit:
    """The drive's SCSI door, which holds the drive from the first command until somebody asks for it (`let_go`)."""

    def __init__(self, path: str) -> None:
        self.target = VirtualTarget(path, 0, hold=True)
        self.mutex = Lock()

    def let_go(self) -> None:
        with self.mutex:
            self.target.release()

    def execute(self, cdb: bytes, out: bytes, room: int) -> Answer:
        with self.mutex:
            reply = self.target.execute(cdb, out)
        return Answer(reply.status, reply.sense, reply.data[:room])


def ask_to_let_go() -> None:
    """Have the unit in the other process give the drive's lock back, so that the library can move its cartridge."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(CONTROL)
        client.recv(1)


def main() -> None:
    """Make a library, put its drive behind the kernel, and serve until the guest ends."""
    capacity = int(os.environ["PYTP_GUEST_CARTRIDGE_MIB"]) * MIB
    Library.create(DIRECTORY, drives=1, slots=4, cartridges=2, generation="lto6", capacity_bytes=capacity)
    subprocess.run(["/run/pytp-guest/busybox", "mount", "-t", "configfs", "configfs", "/sys/kernel/config"], check=True)
    unit = VirtualUnit(str(DIRECTORY))
    add_device("drive0", unit.execute)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(CONTROL)
        server.listen()
        while True:
            client, _ = server.accept()
            with client:
                unit.let_go()
                client.sendall(b".")


if __name__ == "__main__":
    sys.exit(main())
