# SPDX-License-Identifier: WTFPL OR MIT
"""Benches behind the kernel: the emulated library of the guest, and a real drive with a scratch cartridge."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hwtests import changer
from hwtests.changer import DRIVE, SLOT
from hwtests.virtual_unit import CHANGER_SG_NODE, DIRECTORY, DRIVE_NODES, DRIVE_SG_NODES, ask_to_let_go, restore
from pytp_native.errors import PytpError
from pytp_native.ffi import lib
from pytp_native.transport import open_tape, resolve
from pytp_native.transport.records import GMT_ONLINE
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.contract.bench import TapeBench


class KernelBench(TapeBench):
    """What both have in common: the cartridge moves through a changer, the door is unlocked before."""

    changer_address: str | None
    barcode: str
    drive_element = 0

    def unlock(self) -> None:
        tape = self.open(write=False, status_only=True)
        try:
            tape.operate(lib.MTUNLOCK, 1)
            self.let_go(tape)
        except PytpError:
            pass
        finally:
            tape.close()

    def let_go(self, tape) -> None:
        """Unthread the cartridge, as libraries want it before they take it."""
        tape.operate(lib.MTOFFL, 1)

    def take_out(self) -> None:
        if self.changer_address is None:
            pytest.skip("needs a changer (--changer) to empty the drive")
        self.unlock()
        inventory = changer.elements(self.changer_address)
        loaded = next((one for one in inventory if one.address == self.drive_element and one.full), None)
        if loaded is not None:
            free = next(one for one in inventory if one.kind == SLOT and not one.full)
            changer.move(self.changer_address, loaded.address, free.address)

    def reload(self) -> None:
        self.take_out()
        self.put_in()

    def put_in(self) -> None:
        inventory = changer.elements(self.changer_address)
        if any(one.address == self.drive_element and one.full and one.barcode == self.barcode for one in inventory):
            return
        slot = next(one for one in inventory if one.kind != DRIVE and one.barcode == self.barcode)
        changer.move(self.changer_address, slot.address, self.drive_element)

    def protect(self, on: bool) -> None:
        pytest.skip("nobody is here to slide the tab")

    def tidy(self) -> None:
        """Bring every cartridge of the library to where it belongs."""
        pytest.skip("moves cartridges that are not the scratch cartridge")


class VirtualBench(TapeBench):
    """Drive 0 of our own virtual library behind the kernel (virtual_unit)."""

    address = DRIVE_NODES[0]
    scsi_address = DRIVE_SG_NODES[0]
    changer_address = CHANGER_SG_NODE
    density = 0x5A

    def __init__(self) -> None:
        self.capacity_bytes = int(os.environ["PYTP_GUEST_CARTRIDGE_MIB"]) * MIB
        ask_to_let_go()
        self.library = Library.open(DIRECTORY)
        self.barcode = "PYT001L6"
        if self.holds() != self.barcode or self.protected() or self.is_unloaded():
            self.reload()

    def is_unloaded(self) -> bool:
        """An unload leaves the cartridge in the drive's mouth."""
        return bool(changer.execute(self.scsi_address, bytes(6)).status)

    def tidy(self) -> None:
        self.library = restore()

    def holds(self) -> str | None:
        return self.library.describe().drives[0].barcode

    def protected(self) -> bool:
        return any(one.barcode == self.barcode and one.write_protected for one in self.library.describe().cartridges)

    def take_out(self) -> None:
        ask_to_let_go()
        if self.holds() is not None:
            self.library.eject(0)

    def reload(self) -> None:
        self.take_out()
        self.library.protect(self.barcode, False)
        self.put_in()

    def put_in(self) -> None:
        slots = self.library.describe().slots
        self.library.load(next(slot.number for slot in slots if slot.barcode == self.barcode), 0)

    def blank(self) -> None:
        tape = self.open()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTERASE, 0)
        tape.close()

    def protect(self, on: bool) -> None:
        self.take_out()
        self.library.protect(self.barcode, on)
        self.put_in()


class TgtBench(KernelBench):
    """Drive 0 of guest-library: tgtd's LTO-6 drive with PYT001L6, which is nobody's."""

    address = "/dev/nst0"
    scsi_address = "/dev/sg1"
    changer_address = "/dev/sg3"
    density = 0x5A
    barcode = "PYT001L6"
    drive_element = 1
    cartridges = Path("/run/pytp-guest/cartridges")

    def __init__(self) -> None:
        self.capacity_bytes = int(os.environ["PYTP_GUEST_CARTRIDGE_MIB"]) * MIB
        self.put_in()

    def let_go(self, tape) -> None:
        """Nothing to do: tgtd's drive gives its cartridge away at any time."""

    def tidy(self) -> None:
        """Cartridge N to slot N, PYT001L6 to drive 0; the other drive empty."""
        for _ in range(2):  # the first time they may be in each other's way
            for one in changer.elements(self.changer_address):
                home = 1000 + int(one.barcode[3:6]) if one.full else 0
                if home not in {0, one.address} and not self.full_at(home):
                    changer.move(self.changer_address, one.address, home)
        self.put_in()

    def full_at(self, address: int) -> bool:
        return any(one.full for one in changer.elements(self.changer_address) if one.address == address)

    def blank(self) -> None:
        """Replace the cartridge's file while it lies in a slot: tgtd has no ERASE."""
        self.take_out()
        image = self.cartridges / self.barcode
        image.unlink()
        size = str(self.capacity_bytes // MIB)
        command = ["tgtimg", "--op", "new", "--device-type", "tape", "--thin-provisioning", "--type", "data"]
        subprocess.run(
            [*command, "--barcode", self.barcode, "--size", size, "--file", str(image)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.put_in()


REFUSED = 4
"""pytest's exit status when the guards end a run (usage error)."""


def named_bench(drive: str, changer_address: str | None, barcode: str) -> HardwareBench:
    """Return the bench for what was named on the command line. Ends the whole run, before anything is written, unless
    the drive is free, not a node that rewinds, and holds that very cartridge."""
    try:
        if (node := resolve(drive)).rewinds:
            pytest.exit(f"{drive} rewinds at every close; name {node.no_rewind_node}", REFUSED)
        tape = open_tape(drive, status_only=True)
    except PytpError as error:
        pytest.exit(str(error), REFUSED)
    status = tape.status()
    tape.close()
    if not status.has(GMT_ONLINE):
        pytest.exit(f"{drive} is empty; load {barcode} first", REFUSED)
    try:
        return HardwareBench(drive, changer_address, barcode, status.density_code)
    except PytpError as error:
        pytest.exit(str(error), REFUSED)


class HardwareBench(KernelBench):
    """The drive named with --drive and the cartridge named with --scratch, after its memory has confirmed the name."""

    def __init__(self, drive: str, changer_address: str | None, barcode: str, density: int) -> None:
        self.address, self.scsi_address = drive, drive
        self.changer_address, self.barcode, self.density = changer_address, barcode, density
        if changer_address is not None:
            self.find_drive_element()
        self.confirm()

    def find_drive_element(self) -> None:
        """The drive element is the one that holds the scratch cartridge: load it by hand or with mtx first."""
        inventory = changer.elements(self.changer_address or "")
        holder = [one for one in inventory if one.kind == DRIVE and one.full and one.barcode == self.barcode]
        if len(holder) != 1:
            pytest.exit(f"no drive of {self.changer_address} holds {self.barcode}; load it first", REFUSED)
        self.drive_element = holder[0].address

    def confirm(self) -> None:
        """Stop everything unless the cartridge in this very drive says that it is the scratch cartridge."""
        found = changer.barcode_in_drive(self.scsi_address)
        if found != self.barcode:
            pytest.exit(f"{self.address} holds {found or 'a cartridge without a barcode'}, not {self.barcode}", REFUSED)

    def reload(self) -> None:
        super().reload()
        self.confirm()

    def blank(self) -> None:
        tape = self.open()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTERASE, 0)
        tape.close()
