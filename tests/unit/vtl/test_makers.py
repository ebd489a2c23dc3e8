# SPDX-License-Identifier: WTFPL OR MIT
"""Virtual drives that appear as IBM's, HPE's and Quantum's: names, pages, and values that move."""

from __future__ import annotations

import pytest

from pytp_native.devices.memory_image import memory_image
from pytp_native.devices.quiet import opened as quiet
from pytp_native.errors import MediumError, UsageError
from pytp_native.scsi.log import parse_log_page
from pytp_native.scsi.log_values import readings
from pytp_native.scsi.memory_image import MemoryImage
from pytp_native.scsi.page_values import vpd_value
from pytp_native.spec.log_vendors import family_of
from pytp_native.spec.wraps import WRAPS
from pytp_native.transport import open_scsi, open_tape
from pytp_native.vtl.library import Library
from pytp_native.vtl.makers import MAKERS
from pytp_native.vtl.personality import GENERATIONS
from tests.unit.vtl.commands import good, mode, settle

EVERY = [(maker, generation) for maker in MAKERS for generation in GENERATIONS]


@pytest.fixture
def opened(tmp_path):
    """A function that makes a library of one maker's drives and opens its drive 0."""
    doors = []

    def make(maker: str, generation: str = "lto6", **more):
        library = Library.create(tmp_path / "lib", drives=1, slots=2, cartridges=1, generation=generation,
                                 makers=(maker,), **more)  # fmt: skip
        doors.append(settle(open_scsi(f"vtl:{library.path}/drive0")))
        return library, doors[-1]

    yield make
    for door in doors:
        door.close()


def inquiry(scsi, page: int | None = None) -> bytes:
    return good(scsi.execute(bytes([0x12, page is not None, page or 0, 0, 255, 0]), data_in_bytes=255))


def log(scsi, page: int, subpage: int = 0):
    return scsi.execute(bytes([0x4D, 0, 0x40 | page, subpage, 0, 0, 0, 0x40, 0, 0]), data_in_bytes=0x4000)


def who(scsi) -> tuple[str, str]:
    data = inquiry(scsi)
    return data[8:16].decode().strip(), data[16:32].decode().strip()


def told(scsi, page: int, subpage: int = 0) -> dict[str, object]:
    found = parse_log_page(good(log(scsi, page, subpage)))
    return {one.name: one.value for one in readings(found, family=family_of(*who(scsi)))}


def write(library, blocks: int, *, size: int = 1_000_000) -> None:
    tape = open_tape(f"vtl:{library.path}/drive0", write=True)
    for _ in range(blocks):
        tape.write_block(memoryview(bytes(size)))
    tape.close()


@pytest.mark.parametrize(("maker", "generation"), EVERY)
def test_every_page_that_a_drive_lists_is_answered_and_known_by_name(opened, maker, generation):
    _, scsi = opened(maker, generation)
    family = family_of(*who(scsi))
    assert family == MAKERS[maker][generation].family
    pairs = good(log(scsi, 0, 0xFF))[4:]
    listed = list(zip(pairs[::2], pairs[1::2], strict=True))
    assert [page for page, subpage in listed if not subpage] == list(good(log(scsi, 0))[4:])
    for page, subpage in listed:
        if page and page != 0x2E:
            for one in readings(parse_log_page(good(log(scsi, page, subpage))), family=family):
                assert not one.name.startswith(("parameter", "vendor's")), one
    for page in inquiry(scsi, 0)[4:]:
        assert isinstance(inquiry(scsi, page), bytes)
    assert good(mode(scsi, 0x3F, subpage=0xFF))


def test_a_drive_shows_its_makers_name_everywhere(opened):
    library, scsi = opened("hpe")
    assert who(scsi) == ("HP", "Ultrium 6-SCSI")
    assert b"HP      Ultrium 6-SCSI  " in inquiry(scsi, 0x83)
    changer = open_scsi(f"vtl:{library.path}/changer")
    settle(changer)
    elements = good(changer.execute(bytes([0xB8, 4, 0, 0, 0xFF, 0xFF, 1, 0, 1, 0, 0, 0]), data_in_bytes=256))
    changer.close()
    assert b"HP      Ultrium 6-SCSI  " in elements


def test_each_drive_of_a_library_may_be_another_makers(tmp_path):
    library = Library.create(tmp_path / "lib", drives=3, slots=1, cartridges=0, makers=("ibm", "quantum"))
    assert [drive.maker for drive in library.describe().drives] == ["ibm", "quantum", "quantum"]
    names = []
    for number in range(3):
        scsi = open_scsi(f"vtl:{library.path}/drive{number}")
        names.append(who(scsi)[1])
        scsi.close()
    assert names == ["ULT3580-TD9", "ULTRIUM-HH9", "ULTRIUM-HH9"]


@pytest.mark.parametrize("makers", [("sony",), ("ibm", "ibm", "ibm")])
def test_a_maker_that_is_not_there_or_too_many_are_refused(tmp_path, makers):
    with pytest.raises(UsageError):
        Library.create(tmp_path / "lib", drives=2, slots=1, cartridges=0, makers=makers)
    assert not (tmp_path / "lib").exists()


def test_our_own_drives_have_no_vendors_pages(opened):
    _, scsi = opened("pytp")
    assert who(scsi)[0] == "PYTP"
    assert max(good(log(scsi, 0))[4:]) == 0x32
    assert max(inquiry(scsi, 0)[4:]) == 0xB4


def test_capacities_are_in_page_31h_up_to_lto_6_only(opened):
    _, scsi = opened("ibm", "lto7")
    assert 0x31 not in good(log(scsi, 0))[4:]
    assert told(scsi, 0x17)["native capacity"] is not None


def test_ibms_efficiency_follows_head_and_cartridge(opened):
    library, scsi = opened("ibm")
    assert told(scsi, 0x37) == {
        "drive efficiency (1 best, 255 worst)": None, "medium efficiency (1 best, 255 worst)": 1,
    }  # fmt: skip
    assert told(scsi, 0x37, 0x64) == {}
    library.add_fault(0, "worn head 100")
    library.degrade("PYT001L6", 50)
    write(library, 40)
    assert list(told(scsi, 0x37).values()) == [101, 51]
    assert told(scsi, 0x37, 0x64)["capacity lost to rewriting"] == pytest.approx(2 / 18 * 100, abs=0.001)


def test_hps_pages_follow_what_happens(opened):
    library, scsi = opened("hpe", "lto5")
    assert told(scsi, 0x34) == {}
    assert set(told(scsi, 0x33).values()) == {None}
    library.add_fault(0, "starved 8")
    library.add_fault(0, "worn head 500")
    library.add_fault(0, "write 40: medium error")
    with pytest.raises(MediumError):
        write(library, 41)
    assert told(scsi, 0x34)["repositions per 100 MB"] == 8
    wellness = told(scsi, 0x33)["incident 0"]
    assert (wellness.key, wellness.asc) == (3, 0x0C)
    assert told(scsi, 0x35)["medium error"].asc == 0x0C
    assert "hardware error" not in told(scsi, 0x35)
    state = told(scsi, 0x3E)["state of cleaning, drive and medium"]
    assert (state.drive, state.medium, state.cleaning_required) == ("degraded", "degraded", False)
    moved = told(scsi, 0x0C)
    assert (moved["processed since the last cleaning"], moved["loads"]) == (40, 1)
    assert "suspended reads" not in told(scsi, 0x30)
    assert "remaining capacity to early warning" not in told(scsi, 0x17)


@pytest.mark.parametrize(("maker", "kind"), [("hpe", 0x00), ("ibm", 0x68), ("quantum", 0x68), ("pytp", 0x68)])
def test_the_medium_type_is_the_makers(opened, maker, kind):
    _, scsi = opened(maker, "lto6")
    assert good(mode(scsi, 0))[1] == kind


def test_component_pages_are_the_makers(opened):
    _, scsi = opened("ibm", "lto5")
    assert vpd_value(inquiry(scsi, 0xC0), family="IBM").code == "G9N1"
    assert vpd_value(inquiry(scsi, 0xC1), family="IBM").reported
    assert good(mode(scsi, 0x24))[4:] == bytes.fromhex("2406 000000000001")
    assert good(mode(scsi, 0x25))[4 + 27] == 0x60


def asked_for_wraps(library) -> MemoryImage | None:
    with quiet(f"vtl:{library.path}/drive0") as device:
        return memory_image(device)


@pytest.mark.parametrize("generation", sorted(set(GENERATIONS) - {"lto10"}))
def test_ibms_memory_image_tells_what_was_lost_on_each_wrap(opened, generation):
    library, _ = opened("ibm", generation, capacity_bytes=64 << 20)
    assert asked_for_wraps(library).wraps == ((0, 0, None),)
    library.degrade("PYT001" + GENERATIONS[generation].media, 250)
    write(library, 30)
    told = asked_for_wraps(library)
    assert told.generation == int(generation[3:])
    *full, last = told.wraps
    assert len(full) == WRAPS[told.generation] * 30_000_000 // (64 << 20)
    assert [one.lost_percent for one in full] == pytest.approx([20] * len(full), abs=0.01)
    assert last.lost_percent is None


@pytest.mark.parametrize(("maker", "generation"), [("ibm", "lto10"), ("hpe", "lto6"), ("pytp", "lto8")])
def test_where_the_wraps_are_not_told_there_is_nothing(opened, maker, generation):
    library, _ = opened(maker, generation)
    assert asked_for_wraps(library) is None


def test_without_a_cartridge_there_are_no_wraps(opened):
    library, _ = opened("ibm")
    library.unload(0)
    assert asked_for_wraps(library) is None
