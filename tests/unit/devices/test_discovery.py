# SPDX-License-Identifier: WTFPL OR MIT
"""Drives, libraries and which is where: a sysfs tree laid out by hand, virtual devices and scripted ones behind it."""

from __future__ import annotations

import pytest

from pytp_native.devices.discovery import Place, discover
from pytp_native.errors import BadAddress, DeviceError
from pytp_native.transport import open_scsi
from pytp_native.transport.records import ScsiReply
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.golden import golden
from tests.unit.devices.sysfs_tree import Tree
from tests.unit.scsi.answers import check


class Unit:
    """A logical unit: INQUIRY with pages, and for a changer MODE SENSE page 1Dh and the elements of its drives."""

    address = "/dev/sg"

    def __init__(self, inquiry: bytes, pages: dict[int, bytes] | None = None, elements: bytes = b"") -> None:
        self.inquiry, self.elements = inquiry, elements
        self.pages = pages or {}
        self.opcodes: set[int] = set()

    def execute(self, cdb, *, data_out=b"", data_in_bytes=0, timeout_s=60.0):
        self.opcodes.add(cdb[0])
        data = self._data(cdb)
        return check(5, 0x2400) if data is None else ScsiReply(0, b"", data[:data_in_bytes])

    def _data(self, cdb: bytes) -> bytes | None:
        if cdb[0] == 0x12 and not cdb[1]:
            return self.inquiry
        if cdb[0] == 0x12:
            pages = {0: bytes(sorted({0, *self.pages})), **self.pages}
            body = pages.get(cdb[2])
            return None if body is None else bytes((self.inquiry[0], cdb[2], 0, len(body))) + body
        if cdb[0] == 0x1A:
            return bytes.fromhex("17 00 00 00 1d 12 0001 0001 0400 0008 0300 0002 0101 0002 0000")
        return self.elements if cdb[0] == 0xB8 else None

    def close(self) -> None:
        """Nothing is open."""


DRIVE, CHANGER = golden("mhvtl-inquiry-drive"), golden("mhvtl-inquiry-changer")
ELEMENTS = golden("mhvtl-drives-dvcid")


def designator(serial: str) -> bytes:
    name = b"IBM     " + b"ULT3580-TD6     " + serial.encode()
    return bytes((2, 1, 0, len(name))) + name


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "host")


@pytest.fixture
def units(tree):
    """Two drives and their library, as mhvtl answers; changer at sg0, drives at sg1 and sg2."""
    tree.device("3:0:0:0", 8, "sch0", "sg0", vendor="STALE", serial="OLD")
    tree.device("3:0:1:0", 1, "st0", "nst0", "sg1")
    tree.device("3:0:2:0", 1, "st1", "nst1", "sg2")
    return {
        tree.path("sg0"): Unit(CHANGER, {0x80: b"LIB00001"}, ELEMENTS),
        tree.path("sg1"): Unit(DRIVE, {0x80: b"DRIVE002  "}),
        tree.path("sg2"): Unit(DRIVE, {0x80: b"DRIVE001  "}),
    }


def look(tree, units, **more):
    return discover(sysfs=str(tree.sysfs), dev=str(tree.dev), opener=units.__getitem__, **more)


def test_each_drive_is_found_at_its_element_by_serial_number(tree, units):
    found = look(tree, units)
    library = tree.path("sch0")
    assert [(one.address, one.serial, one.place) for one in found.drives] == [
        (tree.path("nst0"), "DRIVE002", Place(library, 1, 0x102)),
        (tree.path("nst1"), "DRIVE001", Place(library, 0, 0x101)),
    ]
    (one,) = found.libraries
    assert (one.vendor, one.product, one.serial, one.slots, one.import_export) == ("IBM", "03584L32", "LIB00001", 8, 2)
    assert [(element.number, element.element, element.serial, element.drive) for element in one.elements] == [
        (0, 0x101, "DRIVE001", tree.path("nst1")), (1, 0x102, "DRIVE002", tree.path("nst0")),
    ]  # fmt: skip


def test_nothing_moves_and_nothing_is_changed(tree, units):
    look(tree, units)
    assert set.union(*(unit.opcodes for unit in units.values())) == {0x12, 0x1A, 0xB8}


def test_a_drive_of_another_host_leaves_its_element_open(tree, units):
    units[tree.path("sg2")].pages[0x80] = b"ELSEWHERE"
    found = look(tree, units)
    assert found.libraries[0].elements[0].drive is None
    assert found.libraries[0].elements[0].serial == "DRIVE001"
    assert found.drives[1].place is None


def test_the_manufacturers_serial_counts_where_the_library_gave_the_drive_another(tree, units):
    units[tree.path("sg1")].pages = {0x80: b"LIB00001-D2", 0xB1: b"DRIVE002"}
    found = look(tree, units)
    assert found.drives[0].serial == "LIB00001-D2"
    assert found.drives[0].place == Place(tree.path("sch0"), 1, 0x102)


def test_a_whole_designator_counts_too(tree, units):
    units[tree.path("sg1")].pages = {0x83: designator("DRIVE002  ")}
    assert look(tree, units).drives[0].place.number == 1


def test_names_that_are_numbers(tree, units):
    name = bytes.fromhex("50050763 00000001")
    first, second = (bytes.fromhex(f"010{n} 01 00 0000 0000 00 00 0000 01 03 00 08") for n in (1, 2))
    body = first + name + second + name[::-1]
    page = bytes((4, 0, 0, len(body) // 2, 0, 0, 0, len(body))) + body
    units[tree.path("sg0")].elements = bytes.fromhex("0101 0002 00 0000") + bytes((len(page),)) + page
    units[tree.path("sg2")].pages = {0x83: bytes((1, 3, 0, 8)) + name}
    found = look(tree, units)
    assert [one.place is not None for one in found.drives] == [False, True]
    assert found.libraries[0].elements[0].serial == name.hex()


def test_two_paths_to_one_drive_are_both_at_its_element(tree, units):
    units[tree.path("sg2")].pages[0x80] = b"DRIVE002"
    found = look(tree, units)
    assert [one.place.number for one in found.drives] == [1, 1]
    assert found.libraries[0].elements[1].drive == tree.path("nst0")


def test_two_drives_that_claim_one_element_are_believed_neither(tree, units):
    units[tree.path("sg1")].pages = {0x80: b"X", 0xB1: b"DRIVE001"}
    found = look(tree, units)
    assert [one.place for one in found.drives] == [None, None]


def test_without_dvcid_the_drives_own_word_counts(tree, units):
    plain = bytes.fromhex("0101 01 00 0000 0000 00 00 0000  0102 00 00 0000 0000 00 00 0000")
    page = bytes.fromhex("04 00 000c 00") + len(plain).to_bytes(3, "big") + plain
    units[tree.path("sg0")].elements = bytes.fromhex("0101 0002 00") + len(page).to_bytes(3, "big") + page
    units[tree.path("sg1")].pages |= {0xB3: b"LIB00001", 0xB4: bytes.fromhex("0102")}
    units[tree.path("sg2")].pages |= {0xB3: b"LIB00002", 0xB4: bytes.fromhex("0102")}
    found = look(tree, units)
    assert [one.place for one in found.drives] == [Place(tree.path("sch0"), 1, 0x102), None]


def test_what_cannot_be_asked_is_shown_as_the_kernel_knows_it(tree, units):
    def opener(node):
        if node == tree.path("sg0"):
            raise DeviceError(node, "permission denied", "run as root")
        return units[node]

    found = discover(sysfs=str(tree.sysfs), dev=str(tree.dev), opener=opener)
    (library,) = found.libraries
    assert (library.vendor, library.serial, library.elements) == ("STALE", "OLD", ())
    assert "permission denied" in library.problem
    assert found.drives[0].problem is None


def test_a_drive_that_fails_is_shown_with_its_problem(tree, units):
    units[tree.path("sg1")].inquiry = b"\1"
    found = look(tree, units)
    assert found.drives[0].vendor == "ACME"
    assert "INQUIRY" in found.drives[0].problem


def test_a_changer_that_knows_no_addresses_is_listed_none_the_less(tree, units):
    units[tree.path("sg0")]._data = lambda cdb: CHANGER if cdb[0] == 0x12 and not cdb[1] else None
    (library,) = look(tree, units).libraries
    assert (library.product, library.elements) == ("03584L32", ())
    assert "MODE SENSE" in library.problem


@pytest.fixture
def vtl(tmp_path):
    return str(Library.create(tmp_path / "vtl", slots=5, drives=3, cartridges=2, capacity_bytes=4 * MIB).path)


def virtual(vtl, opener=open_scsi):
    return discover(sysfs="/nowhere", dev="/nowhere", virtual=[vtl, vtl], opener=opener)


def test_a_virtual_library_is_like_any_other(vtl):
    found = virtual(vtl)
    (library,) = found.libraries
    assert (library.address, library.vendor, library.slots) == (f"vtl:{vtl}/changer", "PYTP", 5)
    assert [one.address for one in found.drives] == [f"vtl:{vtl}/drive{number}" for number in range(3)]
    assert [one.place for one in found.drives] == [Place(library.address, number, 256 + number) for number in range(3)]
    assert [element.drive for element in library.elements] == [one.address for one in found.drives]


def test_a_virtual_library_that_is_not_there_is_a_problem_and_no_crash(tmp_path):
    def opener(address):
        raise BadAddress(address, "no library here")

    (library,) = virtual(str(tmp_path), opener).libraries
    assert library.problem.endswith("no library here")


def test_the_same_answers_come_from_a_recording(vtl, tmp_path):
    def recorded(address):
        return open_scsi(f"trace:{tmp_path / address.rpartition('/')[2]}:{address}")

    def replayed(address):
        return open_scsi(f"replay:{tmp_path / address.rpartition('/')[2]}")

    first = virtual(vtl, recorded)
    assert virtual(vtl, replayed) == first
