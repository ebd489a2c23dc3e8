# SPDX-License-Identifier: WTFPL OR MIT
"""Two equal virtual drives with equal cartridges, one behind the kernel's st and one behind vtl/st.py: the same system
calls go to both, and whatever a program can see of them is compared."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from hwtests.virtual_unit import DIRECTORY, DRIVE_NODES, ask_to_let_go, restore
from pytp_native.errors import DeviceBusy
from pytp_native.ffi import lib
from pytp_native.transport.records import MtStatus
from pytp_native.transport.st_node import StNode
from pytp_native.transport.virtual import VirtualNode
from pytp_native.units import MIB
from pytp_native.vtl.cartridge import Cartridge, Label, format_cartridge, read_label, write_label
from pytp_native.vtl.inventory import Inventory, cartridge_directory
from pytp_native.vtl.library import Library
from pytp_native.vtl.st import StDriver

TWIN = Path("/run/pytp-guest/twin")
CAPACITY_BYTES = MIB
"""Small, so that a few writes meet the end of the tape."""
BARCODE = "PYT001L6"
DEFAULT_OPTIONS = lib.MT_ST_BUFFER_WRITES | lib.MT_ST_ASYNC_WRITES | lib.MT_ST_READ_AHEAD
_CLEAR = lib.MT_ST_CLEAR_DEFAULT
SETTLE = (
    (lib.MTSETDRVBUFFER, lib.MT_ST_BOOLEANS | DEFAULT_OPTIONS | lib.MT_ST_CAN_BSR),
    (lib.MTSETDRVBUFFER, lib.MT_ST_DEF_BLKSIZE | 0xFFFFFFF),
    (lib.MTSETDRVBUFFER, lib.MT_ST_DEF_DENSITY | _CLEAR),
    (lib.MTSETDRVBUFFER, lib.MT_ST_DEF_COMPRESSION | _CLEAR),
    (lib.MTSETDRVBUFFER, lib.MT_ST_DEF_DRVBUFFER | _CLEAR),
    (lib.MTUNLOCK, 1), (lib.MTSETBLK, 0), (lib.MTSETDENSITY, 0), (lib.MTCOMPRESSION, 1), (lib.MTSETDRVBUFFER, 1),
)  # fmt: skip
"""What brings driver and drive to the same beginning, whatever was done before."""


class Step(NamedTuple):
    """One call: read (room), write (length, fill), operate (operation, count), get, pos, open (flags), or a hand in
    the machine room: reload, protect (on), fault (a line of vtl/faults.py)."""

    verb: str
    first: int = 0
    second: int = 0
    text: str = ""


class Seen(NamedTuple):
    """What came of it: errno, or 0 and what the call gave."""

    errno: int
    value: object = None


class Twin:
    """One of the two."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.library = Library.open(directory)
        self.node: StNode | None = None

    def let_go(self) -> None:
        """Have nobody hold the drive's lock."""

    def opened(self, flags: int) -> StNode:
        raise NotImplementedError

    def open(self, flags: int) -> Seen:
        try:
            self.node = self.opened(flags)
        except OSError as error:
            return Seen(error.errno or 0)
        return Seen(0)

    def close(self) -> Seen:
        node, self.node = self.node, None
        try:
            if node is not None:
                node.close()
        except OSError as error:
            return Seen(error.errno or 0)
        return Seen(0)

    def reset(self) -> None:
        """Another cartridge, blank, without its tab slid: the same files, but the drive sees that it was changed."""
        self.close()
        self.let_go()
        home = cartridge_directory(str(self.directory), BARCODE)
        write_label(home, Label(BARCODE, "lto6", CAPACITY_BYTES))
        format_cartridge(home, ())
        self.library.clear_faults(0)
        now = Inventory(str(self.directory))
        now.drives[0].put(BARCODE, 1)
        now.save()

    def do(self, step: Step) -> Seen:
        try:
            return Seen(0, self._do(step))
        except OSError as error:
            return Seen(error.errno or 0)

    def _do(self, step: Step) -> object:
        node = self.node
        if step.verb == "fault":
            return self.library.add_fault(0, step.text)
        if node is None:
            return None
        if step.verb == "read":
            room = bytearray(b"\xee" * step.first)
            got = node.read(memoryview(room))
            return got, bytes(room[:got])
        if step.verb == "write":
            return node.write(bytes((step.second,)) * step.first)
        if step.verb == "operate":
            return node.operate(step.first, step.second)
        return node.pos() if step.verb == "pos" else node.get()

    def reopen(self, step: Step) -> tuple[Seen, Seen]:
        """Close, do what can only be done to a closed drive, open."""
        closed = self.close()
        self.let_go()
        if step.verb == "reload":
            now = Inventory(str(self.directory))
            now.drives[0].put(BARCODE, 1)  # the drive sees that it was changed
            now.save()
        elif step.verb == "protect":
            self.library.protect(BARCODE, bool(step.second))
        return closed, self.open(step.first)


class KernelTwin(Twin):
    def __init__(self) -> None:
        restore()
        super().__init__(DIRECTORY)

    def let_go(self) -> None:
        ask_to_let_go()

    def opened(self, flags: int) -> StNode:
        return StNode(os.open(DRIVE_NODES[0], flags | os.O_NONBLOCK))


class VirtualTwin(Twin):
    def __init__(self) -> None:
        if TWIN.exists():
            shutil.rmtree(TWIN)
        Library.create(TWIN, drives=1, slots=2, cartridges=1, generation="lto6", capacity_bytes=CAPACITY_BYTES)
        super().__init__(TWIN)

    @property
    def block_bytes(self) -> int:
        return self.node.st.block_bytes if isinstance(self.node, VirtualNode) else 0

    def opened(self, flags: int) -> StNode:
        write = flags & os.O_ACCMODE != os.O_RDONLY
        return VirtualNode(StDriver(str(TWIN), 0, write=write, nonblock=True))


class Twins:
    def __init__(self) -> None:
        self.kernel, self.virtual = KernelTwin(), VirtualTwin()

    def both(self) -> tuple[Twin, Twin]:
        return self.kernel, self.virtual

    def run(self, steps: list[Step]) -> str | None:
        """Do the steps to both, from blank cartridges; the first difference in words, None if there is none."""
        for twin in self.both():
            twin.reset()
        try:
            for planned in (Step("open", os.O_RDWR), *(Step("operate", *one) for one in SETTLE), *steps, Step("get")):
                step = self._possible(planned)
                seen = [self._do(twin, step) for twin in self.both()]
                if seen[0] != seen[1]:
                    return f"{told(step)}: st {shown(seen[0])}, vtl/st.py {shown(seen[1])}"
            return self._medium()
        finally:
            for twin in self.both():
                twin.close()

    def _possible(self, step: Step) -> Step:
        """In fixed-block mode a read takes whole blocks: what st reads ahead, vtl/st.py does not have."""
        size = self.virtual.block_bytes
        if step.verb != "read" or not size or not step.first:
            return step
        return step._replace(first=-(-step.first // size) * size)

    def _do(self, twin: Twin, step: Step) -> object:
        return twin.reopen(step) if step.verb in {"open", "reload", "protect"} else twin.do(step)

    def _medium(self) -> str | None:
        """What is on the cartridges once both are closed."""
        for twin in self.both():
            twin.close()
            twin.let_go()
        files = [contents(twin.directory) for twin in self.both()]
        return None if files[0] == files[1] else "the cartridges differ"


def contents(directory: Path) -> list[list[bytes | None]]:
    """What is recorded, by partition: blocks, and None for a filemark."""
    home = cartridge_directory(str(directory), BARCODE)
    found = []
    for partition in range(max(len(read_label(home).partitions), 1)):
        tape = Cartridge(home, writable=False, partition=partition)
        found.append([item(tape, at) for at in range(tape.count)])
        tape.close()
    return found


def item(tape: Cartridge, at: int) -> bytes | None:
    what, length = tape.look(at)
    if what != lib.PYTP_AT_BLOCK:
        return None
    room = bytearray(length)
    tape.read(at, memoryview(room))
    return bytes(room)


def told(step: Step) -> str:
    return " ".join(str(part) for part in step if part != "") if step.verb != "operate" else operation_name(step)


def operation_name(step: Step) -> str:
    names = [
        name for name in dir(lib) if name.startswith("MT") and name[2:3] != "_" and getattr(lib, name) == step.first
    ]
    return f"{names[0] if names else step.first} {step.second}"


def shown(seen: object) -> str:
    if isinstance(seen, Seen):
        if seen.errno:
            return f"fails with {os.strerror(seen.errno)}"
        if isinstance(seen.value, MtStatus):
            return f"file {seen.value.mt_fileno} block {seen.value.mt_blkno} {seen.value}"
        return str(seen.value)[:80]
    return str(seen)[:200]


__all__ = ["BARCODE", "DeviceBusy", "Seen", "Step", "Twins"]
