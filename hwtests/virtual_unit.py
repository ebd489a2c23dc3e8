# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual drive as the kernel's st driver needs it: every command that st sends, on pytp_native.vtl.drive.

This puts the real st where vtl/st.py is otherwise: the same contract, the same drive, another driver. What both answer
alike is what Linux does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from hwtests.tcmu import Answer, add_device
from pytp_native.units import MIB
from pytp_native.vtl import sense
from pytp_native.vtl.drive import Outcome, VirtualDrive
from pytp_native.vtl.library import Library
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.state import drive_lock
from pytp_native.vtl.target import VirtualTarget

DIRECTORY = Path("/run/pytp-guest/vtl")
CONTROL = "/run/pytp-guest/control"
GOOD, CHECK_CONDITION = Answer(0), 2
COMPRESSION_PAGE = 0x0F


def number(field: bytes) -> int:
    return int.from_bytes(field, "big")


def signed(field: bytes) -> int:
    return int.from_bytes(field, "big", signed=True)


def told(problem: Sense | None, data: bytes = b"") -> Answer:
    return Answer(0, data=data) if problem is None else Answer(CHECK_CONDITION, problem.encode(), data)


def outcome(done: Outcome) -> Answer:
    return told(done.sense)


class VirtualUnit:
    """Holds the drive's lock from the first command until somebody asks for it (`let_go`)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.target = VirtualTarget(path, 0)
        self.drive: VirtualDrive | None = None
        self.mutex = Lock()

    def let_go(self) -> None:
        with self.mutex:
            if self.drive is not None:
                self.drive.close()
                self.lock.release()
                self.drive = None

    def execute(self, cdb: bytes, out: bytes, room: int) -> Answer:
        with self.mutex:
            if self.drive is None:
                drive = VirtualDrive(self.path, 0)
                self.lock = drive_lock("", drive.directory)
                drive.attach()
                self.drive = drive
            return self.answer(self.drive, cdb, out, room)

    def answer(self, drive: VirtualDrive, cdb: bytes, out: bytes, room: int) -> Answer:
        command = COMMANDS.get(cdb[0])
        if command is None or drive.raw.sg_attention:
            reply = self.target._answer(drive, cdb)
            return Answer(reply.status, reply.sense, reply.data)
        return command(drive, cdb, out, room)


def read(drive: VirtualDrive, cdb: bytes, _out: bytes, room: int) -> Answer:
    into = bytearray(room)
    if not cdb[1] & 1:
        done = drive.read_variable(memoryview(into))
        return told(done.sense, bytes(into[: done.done]))
    size = drive.raw.block_bytes
    if not size:
        return told(sense.INVALID_FIELD)
    done = drive.read_fixed(memoryview(into), size)
    return told(done.sense, bytes(into[: done.done * size]))


def write(drive: VirtualDrive, cdb: bytes, out: bytes, _room: int) -> Answer:
    size = drive.raw.block_bytes if cdb[1] & 1 else 0
    if cdb[1] & 1 and not size:
        return told(sense.INVALID_FIELD)
    return outcome(drive.write(memoryview(out), size))


def write_filemarks(drive: VirtualDrive, cdb: bytes, _out: bytes, _room: int) -> Answer:
    if cdb[1] & 2:  # setmarks
        return told(sense.INVALID_FIELD)
    return outcome(drive.write_filemarks(number(cdb[2:5]), immediate=bool(cdb[1] & 1)))


def space(drive: VirtualDrive, cdb: bytes, _out: bytes, _room: int) -> Answer:
    code = cdb[1] & 7
    if code == 0:
        return outcome(drive.space_blocks(signed(cdb[2:5])))
    if code == 1:
        return outcome(drive.space_filemarks(signed(cdb[2:5])))
    return told(drive.space_to_end() if code == 3 else sense.INVALID_FIELD)


def mode_sense(drive: VirtualDrive, cdb: bytes, _out: bytes, _room: int) -> Answer:
    page, raw = cdb[2] & 0x3F, drive.raw
    pages = bytes((COMPRESSION_PAGE, 14, raw.compression << 7 | 0x40, 0x80)) + bytes(12)
    if page not in {0, COMPRESSION_PAGE, 0x3F}:
        return told(sense.INVALID_FIELD)
    descriptor = bytes((drive.density,)) + bytes(4) + int(raw.block_bytes).to_bytes(3, "big")
    body = (b"" if cdb[1] & 8 else descriptor) + (pages if page else b"")
    specific = drive.write_protected << 7 | raw.buffered_mode << 4
    return Answer(0, data=bytes((3 + len(body), 0, specific, 0 if cdb[1] & 8 else 8)) + body)


def mode_select(drive: VirtualDrive, _cdb: bytes, out: bytes, _room: int) -> Answer:
    problem = drive.set_mode(buffered=out[2] >> 4)
    if out[3] >= 8 and problem is None:
        problem = drive.set_mode(density=out[4], block_bytes=number(out[9:12]))
    page = out[4 + out[3] :]
    if page and page[0] & 0x3F == COMPRESSION_PAGE and problem is None:
        drive.set_compression(bool(page[2] & 0x80))
    return told(problem)


def load_unload(drive: VirtualDrive, cdb: bytes, _out: bytes, _room: int) -> Answer:
    return told(drive.load() if cdb[4] & 1 else drive.unload())


def prevent(drive: VirtualDrive, cdb: bytes, _out: bytes, _room: int) -> Answer:
    drive.prevent_removal(bool(cdb[4] & 1))
    return GOOD


def read_position(drive: VirtualDrive, cdb: bytes, _out: bytes, _room: int) -> Answer:
    form, at = cdb[1] & 0x1F, drive.position
    beginning = 0x80 if at == 0 else 0
    if not drive.ready or drive.cartridge is None:
        return told(sense.NO_MEDIUM)
    if form in {0, 1}:
        return Answer(0, data=bytes((beginning, 0, 0, 0)) + at.to_bytes(4, "big") * 2 + bytes(8))
    if form != 6:
        return told(sense.INVALID_FIELD)
    files = drive.cartridge.place_of(at)[0]
    return Answer(0, data=bytes((beginning,)) + bytes(7) + at.to_bytes(8, "big") + files.to_bytes(8, "big") + bytes(8))


COMMANDS: dict[int, Callable[[VirtualDrive, bytes, bytes, int], Answer]] = {
    0x01: lambda drive, _cdb, _out, _room: told(drive.rewind()),
    0x08: read,
    0x0A: write,
    0x10: write_filemarks,
    0x11: space,
    0x15: mode_select,
    0x19: lambda drive, _cdb, _out, _room: told(drive.erase()),
    0x1A: mode_sense,
    0x1B: load_unload,
    0x1E: prevent,
    0x2B: lambda drive, cdb, _out, _room: told(drive.locate(number(cdb[3:7]))),
    0x34: read_position,
}


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
