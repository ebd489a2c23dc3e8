# SPDX-License-Identifier: WTFPL OR MIT
"""The contract on the virtual tape library."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytp_native.errors import NotSupported
from pytp_native.ffi import lib
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.contract.bench import TapeBench
from tests.contract.changer_contract import ChangerContract
from tests.contract.library_contract import LibraryContract
from tests.contract.scsi_contract import ScsiContract
from tests.contract.tape_contract import TapeContract
from tests.contract.tape_data import block, read

DENSITIES = {"lto5": 0x58, "lto6": 0x5A, "lto7": 0x5C, "lto8": 0x5E, "lto9": 0x60}
"""T10's table of density codes, as the drives of each generation report them."""


class VirtualBench(TapeBench):
    def __init__(self, path: Path, generation: str = "lto9") -> None:
        self.capacity_bytes = 4 * MIB
        self.library = Library.create(
            path, drives=2, slots=4, cartridges=2, generation=generation, capacity_bytes=self.capacity_bytes
        )
        self.address = self.scsi_address = f"vtl:{path}/drive0"
        self.density = DENSITIES[generation]
        self.barcode = next(drive.barcode for drive in self.library.describe().drives if drive.number == 0)

    def blank(self) -> None:
        """Nothing to do: the library is new and its cartridge was never written."""

    def take_out(self) -> None:
        self.library.unload(0)

    def reload(self) -> None:
        view = self.library.describe()
        if view.drives[0].barcode is not None:
            self.library.unload(0)
            view = self.library.describe()
        self.library.load(next(slot.number for slot in view.slots if slot.barcode == self.barcode), 0)

    def protect(self, on: bool) -> None:
        self.library.protect(self.barcode, on)
        self.reload()


@pytest.fixture
def bench(tmp_path):
    return VirtualBench(tmp_path / "vtl")


class TestVirtualTape(TapeContract):
    @pytest.mark.parametrize("generation", sorted(DENSITIES))
    def test_every_generation_shows_its_density(self, tmp_path, generation):
        tape = VirtualBench(tmp_path / "other", generation).open()
        assert tape.status().density_code == DENSITIES[generation]
        tape.close()

    def test_room_for_part_of_a_fixed_block_is_refused_unmoved(self, tape):
        # st would deliver part of a block out of its read-ahead buffer.
        tape.operate(lib.MTSETBLK, 512)
        tape.write_block(block(1024))
        tape.operate(lib.MTREW)
        with pytest.raises(NotSupported):
            read(tape, 612)
        assert read(tape, 1024) == block(1024)


class TestVirtualScsi(ScsiContract):
    pass


class TestVirtualChanger(ChangerContract):
    @pytest.fixture(params=["pytp", "msl"])
    def changer(self, tmp_path, request):
        Library.create(tmp_path / "vtl", slots=6, cartridges=4, capacity_bytes=4 * MIB, changer=request.param)
        return open_scsi(f"vtl:{tmp_path}/vtl/changer")


class TestVirtualLibrary(LibraryContract):
    """Each of our libraries: its own kind, as an HP MSL, as an IBM TS3500 whose drives the host has to unload."""

    @pytest.fixture(params=["pytp", "msl", "ts3500"])
    def path(self, request, shelf):
        Library.create(
            shelf / "vtl", drives=2, slots=6, mail_slots=1, cartridges=3, capacity_bytes=4 * MIB, changer=request.param
        )
        return shelf / "vtl"

    @pytest.fixture
    def changer_address(self, path):
        return f"vtl:{path}/changer"

    @pytest.fixture
    def drive_addresses(self, path):
        return [f"vtl:{path}/drive{number}" for number in range(2)]
