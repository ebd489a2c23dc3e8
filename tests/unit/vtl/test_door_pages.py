# SPDX-License-Identifier: WTFPL OR MIT
"""Mode pages, log pages, densities, operation codes and the cartridge's memory, byte by byte."""

from __future__ import annotations

import json

import pytest

from pytp_native.ffi import lib
from pytp_native.transport import open_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.unit.vtl.commands import (
    attributes,
    counters,
    good,
    locate,
    log,
    marks,
    mode,
    mode_select,
    parameters,
    position,
    read,
    rewind,
    sense_of,
    settle,
    write,
    write_attribute,
)


@pytest.fixture
def drive(scsi):
    return settle(scsi)


# -- mode ------------------------------------------------------------------------------------------------


def test_the_mode_header_tells_cartridge_protection_and_block_length(drive, library):
    data = good(mode(drive, 0, flags=0, room=64))
    assert data == bytes.fromhex("0b 98 10 08 60 000000 00 000000")
    library.protect("PYT001L9", True)
    assert good(mode(drive, 0, flags=0, room=64))[2] == 0x90
    long = good(drive.execute(bytes([0x5A, 0, 0x0F, 0, 0, 0, 0, 0, 64, 0]), data_in_bytes=64))
    assert long[:16] == bytes.fromhex("001e 98 90 0000 0008 60 000000 00 000000")
    assert long[16:18] == b"\x0f\x0e"


@pytest.mark.parametrize(
    ("page", "size"), [(1, 12), (2, 16), (0x0A, 12), (0x0F, 16), (0x10, 16), (0x11, 16), (0x1C, 12), (0x1D, 32)]
)
def test_a_page_has_the_length_that_lto_gives_it(drive, page, size):
    data = good(mode(drive, page))
    assert data[4:6] == bytes([page, size - 2])
    assert len(data) == 4 + size == data[0] + 1
    assert len(good(mode(drive, page | 0x40))) == 4 + size
    assert sense_of(mode(drive, page | 0xC0)) == (5, 0x3900)


def test_all_pages_at_once_in_order(drive):
    data, found, at = good(mode(drive, 0x3F)), [], 4
    while at < len(data):
        found.append(data[at])
        at += data[at + 1] + 2
    assert found == [1, 2, 0x0A, 0x0F, 0x10, 0x11, 0x1C, 0x1D]
    with_subpages = good(mode(drive, 0x3F, subpage=0xFF))
    assert bytes.fromhex("5001001c") + bytes(28) in with_subpages
    assert sense_of(mode(drive, 0x3E)) == (5, 0x2400)
    assert sense_of(mode(drive, 0x0F, subpage=3)) == (5, 0x2400)


def test_compression_is_switched_by_either_page_and_by_st(drive, open_tape):
    page = good(mode(drive, 0x0F))[4:]
    assert page[:4] == bytes([0x0F, 0x0E, 0xC0, 0x80])
    good(mode_select(drive, bytes([0, 0, 0x10, 0]) + page[:2] + b"\x40" + page[3:]))
    assert good(mode(drive, 0x0F))[6] == 0x40
    assert good(mode(drive, 0x10))[4 + 14] == 0
    tape = open_tape()
    tape.operate(lib.MTCOMPRESSION, 1)
    tape.close()
    assert good(mode(drive, 0x0F))[6] == 0xC0


def test_the_block_length_is_the_one_of_st(drive, open_tape):
    good(mode_select(drive, bytes([0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0])))
    assert open_tape().status().block_bytes == 512
    assert sense_of(mode_select(drive, bytes([0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF]))) == (5, 0x2600)
    assert sense_of(mode_select(drive, bytes([0, 0, 0x10, 8, 0x01, 0, 0, 0, 0, 0, 2, 0]))) == (5, 0x2600)


@pytest.mark.parametrize(
    ("data", "flags", "problem"),
    [
        (bytes(4), 0x11, 0x2400),
        (bytes(4), 0x00, 0x2400),
        (bytes(3), 0x10, 0x1A00),
        (bytes([0, 0, 0, 7]) + bytes(8), 0x10, 0x1A00),
        (bytes([0, 0, 0, 8, 0]), 0x10, 0x1A00),
        (bytes([0, 0, 0, 0, 0x0F]), 0x10, 0x1A00),
        (bytes([0, 0, 0, 0, 0x0F, 0x0E, 0]), 0x10, 0x1A00),
        (bytes([0, 0, 0, 0, 0x0F, 0x02, 0, 0]), 0x10, 0x1A00),
        (bytes([0, 0, 0, 0, 0x3A, 0x02, 0, 0]), 0x10, 0x2600),
        (bytes([0, 0, 0, 0, 0x50, 0x01, 0, 28, 0, 0x10]) + bytes(26), 0x10, 0x2600),
    ],
)
def test_a_parameter_list_that_is_wrong_is_refused(drive, data, flags, problem):
    assert sense_of(mode_select(drive, data, flags=flags)) == (5, problem)


def test_descriptor_sense_when_the_control_page_asks_for_it(drive):
    good(write(drive, b"x" * 100))
    good(marks(drive, 1))
    good(rewind(drive))
    good(mode_select(drive, bytes([0, 0, 0x10, 0, 0x0A, 0x0A, 0x04]) + bytes(9)))
    assert read(drive, 40).sense == bytes.fromhex("72 00 0000 000000 10 000a80 00 ffffffffffffffc4 0402 00 20")
    assert drive.execute(bytes([0xC5]) + bytes(11)).sense == bytes.fromhex("72 05 2000 000000 00")
    assert good(drive.execute(bytes([3, 1, 0, 0, 96, 0]), data_in_bytes=96)) == bytes.fromhex("7200000000000000")


def test_a_raised_test_flag_is_an_alert_until_it_is_read(drive):
    good(mode_select(drive, bytes([0, 0, 0x10, 0, 0x1C, 0x0A, 0x04, 3]) + bytes(4) + (20).to_bytes(4, "big")))
    assert parameters(log(drive, 0x12))[0] == bytes.fromhex("0000100000000000"), "flag 20: bit 4 of byte 2"
    assert parameters(log(drive, 0x11))[0][3] == 1
    flags = counters(drive, 0x2E)
    assert [flag for flag, raised in flags.items() if raised] == [20]
    assert sorted(flags) == list(range(1, 65))
    assert not any(counters(drive, 0x2E).values())


# -- log -------------------------------------------------------------------------------------------------


def test_the_pages_of_an_lto_drive(drive):
    listed = log(drive, 0)
    assert listed == bytes.fromhex(
        "0000001c 00 01 02 03 04 05 06 07 0b 0c 0d 10 11 12 13 14 15 16 17 18 1a 1b 2d 2e 2f 30 31 32"
    )
    for page in listed[4:]:
        data = log(drive, page)
        assert (data[0], int.from_bytes(data[2:4], "big")) == (page, len(data) - 4)
    assert sense_of(drive.execute(bytes([0x4D, 0, 0x7F, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256)) == (5, 0x2400)
    assert len(log(drive, 0x17, room=20)) == 20


def test_log_pages_answer_beside_a_user_and_without_a_cartridge(library, open_tape, drive):
    open_tape().write_block(b"x" * 5000)
    assert counters(drive, 0x0C)[0] == 5000
    empty = open_scsi(f"vtl:{library.path}/drive1")
    for page in log(empty, 0)[4:]:
        log(empty, page)
    assert counters(empty, 0x17) == {0: 0}


def test_parameters_from_a_code_on(drive):
    cdb = bytes([0x4D, 0, 0x6E, 0, 0, 0, 62, 1, 0, 0])
    data = good(drive.execute(cdb, data_in_bytes=256))
    assert sorted(parameters(data)) == [62, 63, 64]


def test_bytes_are_counted_for_the_load_and_for_life(drive, library, open_tape):
    good(write(drive, bytes(MIB)))
    good(write(drive, bytes(MIB)))
    good(rewind(drive))
    good(read(drive, MIB))
    assert [counters(drive, 0x0C)[code] for code in range(4)] == [2 * MIB, 2 * MIB, MIB, MIB]
    volume = counters(drive, 0x17)
    assert (volume[0], volume[1], volume[0x0E], volume[0x0F], volume[0x10], volume[0x11]) == (1, 1, 2, 1, 2, 1)
    assert counters(drive, 0x1B) == {
        0: 100, 1: 100, 2: 1, 3: 48576, 4: 1, 5: 48576, 6: 2, 7: 97152, 8: 2, 9: 97152, 0x100: 1,
    }  # fmt: skip
    assert counters(drive, 0x31) == {1: 1, 2: 0, 3: 4, 4: 0}
    library.unload(0)
    library.load(1, 1)
    other = settle(open_scsi(f"vtl:{library.path}/drive1"))
    volume = counters(other, 0x17)
    assert (volume[1], volume[0x0E], volume[0x0F], volume[0x10], volume[0x11]) == (2, 0, 0, 2, 1)
    assert counters(other, 0x0C)[0] == 0
    assert counters(drive, 0x14)[0] == 1
    assert counters(other, 0x30)[1] == 2


def test_errors_are_counted_and_raise_flags(drive, library):
    good(write(drive, b"x" * 10))
    good(rewind(drive))
    library.add_fault(0, "read 0: medium error")
    library.add_fault(0, "write 1: medium error")
    read(drive, 10)
    write(drive, b"x")
    assert counters(drive, 0x02)[6] == 1
    assert counters(drive, 0x03)[6] == 1
    volume = counters(drive, 0x17)
    assert (volume[4], volume[9], volume[0x0C], volume[0x0D]) == (1, 1, 1, 1)
    assert [flag for flag, raised in counters(drive, 0x2E).items() if raised] == [3, 5, 6]
    library.clear_faults(0)
    library.unload(0)
    library.load(1, 0)
    settle(drive)
    volume = counters(drive, 0x17)
    assert (volume[4], volume[9], volume[0x0C], volume[0x0D]) == (1, 1, 0, 0)
    assert (counters(drive, 0x14)[0x0E], counters(drive, 0x14)[0x0F]) == (1, 1)


def test_the_volume_is_named(drive):
    facts = parameters(log(drive, 0x17))
    assert facts[0x42] == b"PYT001L9".ljust(32)
    assert facts[0x45] == b"Ultrium-9"
    assert facts[0x203] == bytes.fromhex("0700 0000 00000000")
    assert len(facts[0x40]) == 32


def test_the_device_status_follows_the_cartridge(drive):
    assert parameters(log(drive, 0x11))[0][:2] == bytes([0x31, 0x17])
    good(drive.execute(bytes([0x1E, 0, 0, 0, 1, 0])))
    assert parameters(log(drive, 0x11))[0][0] & 0x80
    good(drive.execute(bytes([0x1E, 0, 0, 0, 0, 0])))
    good(drive.execute(bytes([0x1B, 0, 0, 0, 0, 0])))
    assert parameters(log(drive, 0x11))[0][:2] == bytes([0x11, 0x34])


# -- cartridge memory ------------------------------------------------------------------------------------


def test_the_memory_tells_of_cartridge_and_medium(drive, library):
    found = attributes(drive)
    assert found[0x0401].rstrip()
    assert {identifier: found[identifier] for identifier in (0x0001, 0x0003, 0x0005, 0x0405, 0x0408)} == {
        0x0001: (4).to_bytes(8, "big"), 0x0003: (1).to_bytes(8, "big"), 0x0005: b"LTO-CVE ", 0x0405: b"\x60",
        0x0408: b"\0",
    }  # fmt: skip
    serial = library.describe().drives[0].serial
    assert found[0x020A] == b"PYTP    " + serial.encode().ljust(32)
    assert found[0x020B] == b" " * 40
    assert (len(found[0x0340]), len(found[0x0341])) == (90, 60)
    assert 0x0806 not in found, "what no host wrote is not there"
    assert min(attributes(drive, first=0x0400)) == 0x0400


def test_host_attributes_go_with_the_cartridge(drive, library):
    good(write_attribute(drive, 0x0806, 1, b"PYT001L9".ljust(32)))
    good(write_attribute(drive, 0x0803, 2, "Gruß".encode()))
    good(write_attribute(drive, 0x1623, 0, b"\x01"))
    library.unload(0)
    library.load(1, 1)
    other = settle(open_scsi(f"vtl:{library.path}/drive1"))
    found = attributes(other)
    assert found[0x0806] == b"PYT001L9".ljust(32)
    assert found[0x0803].decode() == "Gruß"
    assert found[0x1623] == b"\x01"
    good(write_attribute(other, 0x0803, 2, b"", extra=4))  # LTFS counts the header
    assert 0x0803 not in attributes(other)


@pytest.mark.parametrize(
    ("identifier", "code", "value", "problem"),
    [
        (0x0401, 1, b"x", 0x2600),
        (0x0003, 0, bytes(8), 0x2600),
        (0x0806, 0, b"x", 0x2600),
        (0x0806, 1, bytes(33), 0x2600),
        (0x0900, 0, b"x", 0x2600),
    ],
)
def test_what_is_not_the_hosts_is_not_written(drive, identifier, code, value, problem):
    before = attributes(drive)
    assert sense_of(write_attribute(drive, identifier, code, value)) == (5, problem)
    assert attributes(drive) == before


def test_a_list_that_ends_too_soon_changes_nothing(drive):
    cdb = bytes([0x8D] + [0] * 12 + [10, 0, 0])
    assert sense_of(drive.execute(cdb, data_out=b"\0\0\0\6\x08\x06\1\0\x20x")) == (5, 0x1A00)
    assert sense_of(drive.execute(cdb, data_out=b"\0\0\0\x63\x08\x06\1\0\1x")) == (5, 0x1A00)


def test_the_memory_is_full_some_day(drive):
    for identifier in range(0x1400, 0x1400 + 15):
        good(write_attribute(drive, identifier, 0, bytes([1]) * 255))
    free = int.from_bytes(attributes(drive)[0x0004], "big")
    assert free == 4096 - 15 * 260
    assert sense_of(write_attribute(drive, 0x1500, 0, bytes(255))) == (5, 0x5506)


def test_identifiers_partitions_and_what_is_supported(drive):
    def ask(action: int) -> bytes:
        return good(drive.execute(bytes([0x8C, action] + [0] * 10 + [0xFF, 0xFF, 0, 0]), data_in_bytes=0xFFFF))

    present = ask(1)
    assert present[4:8] == bytes([0, 0, 0, 1])
    assert b"\x08\x06" not in [present[at : at + 2] for at in range(4, len(present), 2)]
    supported = ask(5)
    assert b"\x08\x06" in [supported[at : at + 2] for at in range(4, len(supported), 2)]
    assert ask(3) == bytes([0, 2, 0, 1])
    assert sense_of(drive.execute(bytes([0x8C, 4] + [0] * 14), data_in_bytes=64)) == (5, 0x2400)
    assert sense_of(drive.execute(bytes([0x8C, 0, 0, 0, 0, 0, 0, 1] + [0] * 8), data_in_bytes=64)) == (5, 0x2400)


def test_the_change_reference_changes_with_the_content_only(drive):
    def reference() -> bytes:
        return attributes(drive)[0x0009]

    first = reference()
    good(read(drive, 0))
    good(rewind(drive))
    assert reference() == first
    good(write(drive, b"x"))
    second = reference()
    good(locate(drive, 0))
    good(drive.execute(bytes([0x19, 0, 0, 0, 0, 0])))
    assert len({first, second, reference()}) == 3


def test_an_empty_drive_has_no_memory_to_read(library):
    empty = open_scsi(f"vtl:{library.path}/drive1")
    assert sense_of(empty.execute(bytes([0x8C] + [0] * 15), data_in_bytes=64)) == (2, 0x3A00)
    assert sense_of(write_attribute(empty, 0x0806, 1, b"x")) == (2, 0x3A00)


# -- densities, operation codes --------------------------------------------------------------------------


def test_densities_of_the_drive_and_of_the_cartridge(drive):
    data = good(drive.execute(bytes([0x44, 0, 0, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256))
    assert (int.from_bytes(data[:2], "big"), len(data)) == (2 + 2 * 52, 4 + 2 * 52)
    assert (data[4], data[6]) == (0x5E, 0x80)
    own = data[56:]
    assert (own[:3], own[8:10]) == (b"\x60\x60\xa0", b"\x00\x7f")
    assert int.from_bytes(own[12:16], "big") == 18_000_000
    assert (own[16:24], own[24:32], own[32:]) == (b"LTO-CVE ", b"U-932   ", b"Ultrium 9/32T       ")
    loaded = good(drive.execute(bytes([0x44, 1, 0, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256))
    assert loaded[4:] == own
    assert sense_of(drive.execute(bytes([0x44, 2, 0, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256)) == (5, 0x2400)


@pytest.mark.parametrize("generation", ["lto5", "lto6", "lto7", "lto8", "lto9", "lto10"])
def test_every_generation_answers_every_page(tmp_path, generation):
    Library.create(tmp_path / "vtl", generation=generation, cartridges=1, capacity_bytes=4 * MIB)
    drive = settle(open_scsi(f"vtl:{tmp_path}/vtl/drive0"))
    good(drive.execute(bytes([0x44, 0, 0, 0, 0, 0, 0, 1, 0, 0]), data_in_bytes=256))
    good(mode(drive, 0x3F))
    for page in log(drive, 0)[4:]:
        log(drive, page)
    assert attributes(drive)


def test_operation_codes_with_their_timeouts(drive):
    def ask(options: int, opcode: int = 0, action: int = 0) -> bytes:
        cdb = bytes([0xA3, 0x0C, options, opcode]) + action.to_bytes(2, "big") + bytes([0, 0, 0x10, 0, 0, 0])
        return good(drive.execute(cdb, data_in_bytes=4096))

    everything = ask(0x80)
    entries = [everything[at : at + 20] for at in range(4, len(everything), 20)]
    assert int.from_bytes(everything[:4], "big") == 20 * len(entries)
    for entry in entries:
        length = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}[entry[0] >> 5]
        assert (entry[7], entry[5] & 2, entry[8:10]) == (length, 2, b"\0\x0a")
        answer = drive.execute(bytes([entry[0]]) + b"\xff" * 3 + bytes(length - 4), data_in_bytes=64)
        assert answer.status != 2 or sense_of(answer) != (5, 0x2000), entry.hex()
    assert len(ask(0)) == 4 + 8 * len(entries)
    assert ask(0x81, 0x19) == bytes.fromhex("00 83 0006 19ffffffff00 000a 0000 00000000") + (74341).to_bytes(4, "big")
    assert ask(1, 0x19)[1] == 3
    assert ask(1, 0x02)[1] == 1
    assert ask(2, 0xA3, 0x0C)[1] == 3
    assert ask(2, 0xA3, 0x0F)[1] == 3
    assert ask(2, 0xA3, 0x05)[1] == 1


# -- partitions ------------------------------------------------------------------------------------------


def partition_page(defined: int, sizes: tuple[int, ...], *, flags: int = 0x3C, units: int = 6) -> bytes:
    body = bytes([3, defined, flags, 3, units, 0]) + b"".join(size.to_bytes(2, "big") for size in sizes)
    return bytes([0, 0, 0x10, 0, 0x11, 14]) + body.ljust(14, b"\0")


def test_partitions_are_made_and_kept_apart(tmp_path):
    library = Library.create(tmp_path / "vtl", cartridges=1, capacity_bytes=16 * MIB)
    drive = settle(open_scsi(f"vtl:{library.path}/drive0"))
    assert good(mode(drive, 0x11))[4:] == bytes.fromhex("11 0e 03 00 1c 03 06 00 0010 0000 0000 0000")
    good(mode_select(drive, partition_page(2, (0xFFFF, 2, 3))))
    good(drive.execute(bytes([4, 0, 1, 0, 0, 0])))
    assert good(mode(drive, 0x11))[6:16] == bytes.fromhex("03 02 3c 03 06 00 000b 0002")
    for number in range(3):
        good(locate(drive, 0, partition=number))
        good(write(drive, bytes([number]) * 10))
        good(marks(drive, 1))
    for number in range(3):
        good(locate(drive, 0, partition=number))
        assert position(drive) == (number, 0)
        assert good(read(drive, 10)) == bytes([number]) * 10
    assert sense_of(locate(drive, 0, partition=3)) == (5, 0x2400)
    assert good(mode(drive, 0x10))[4 + 3] == 2, "active partition"
    assert attributes(drive, partition=1)[0x0001] == (2_000_000 // MIB).to_bytes(8, "big")
    assert parameters(log(drive, 0x17))[0x202][8:16] == bytes.fromhex("0700 0001 00000002")
    library.unload(0)
    library.load(1, 1)
    other = settle(open_scsi(f"vtl:{library.path}/drive1"))
    assert position(other) == (0, 0)
    good(locate(other, 0, partition=2))
    assert good(read(other, 10)) == b"\2" * 10


def test_each_partition_ends_by_itself_and_formatting_to_one_makes_it_blank(tmp_path):
    library = Library.create(tmp_path / "vtl", cartridges=1, capacity_bytes=16 * MIB)
    drive = settle(open_scsi(f"vtl:{library.path}/drive0"))
    good(mode_select(drive, partition_page(1, (0xFFFF, 1))))
    good(drive.execute(bytes([4, 0, 1, 0, 0, 0])))
    good(locate(drive, 0, partition=1))
    assert sense_of(write(drive, bytes(1_000_001))) == (0xD, 0x0002)
    assert sense_of(drive.execute(bytes([4, 0, 0, 0, 0, 0]))) == (5, 0x3B0C), "not at the beginning of partition 0"
    good(locate(drive, 0, partition=0))
    good(write(drive, bytes(2_000_000)))
    good(rewind(drive))
    good(drive.execute(bytes([4, 0, 0, 0, 0, 0])))
    assert sense_of(read(drive, 10)) == (8, 0x0005)
    assert sense_of(locate(drive, 0, partition=1)) == (5, 0x2400)
    good(drive.execute(bytes([4, 0, 2, 0, 0, 0])))
    good(locate(drive, 0, partition=1))
    files = json.loads((tmp_path / "vtl/cartridges/PYT001L9/cartridge.json").read_text())
    assert sum(files["partitions"]) == 16 * MIB
    assert int.from_bytes(attributes(drive)[0x0007], "big") == 4, "formatted once at the works, three times here"


@pytest.mark.parametrize(
    "page",
    [
        bytes([0, 0, 0x10, 0, 0x11, 8, 3, 1, 0x3C, 3, 6, 0, 0xFF, 0xFF]),
        partition_page(4, (1, 1, 1, 1)),
        partition_page(1, (1, 1), flags=0x2C),
        partition_page(1, (1, 1), units=3),
    ],
)
def test_a_partition_page_that_cannot_be_is_refused(drive, page):
    assert sense_of(mode_select(drive, page)) == (5, 0x2600)


@pytest.mark.parametrize("sizes", [(0xFFFF, 0xFFFF), (0xFFFF, 9), (9, 9), (0, 1)])
def test_partitions_that_do_not_fit_are_not_made(drive, sizes):
    good(mode_select(drive, partition_page(1, sizes)))
    assert sense_of(drive.execute(bytes([4, 0, 1, 0, 0, 0]))) == (5, 0x2600)


def test_an_lto5_has_two_partitions_at_most(tmp_path):
    Library.create(tmp_path / "vtl", generation="lto5", cartridges=1, capacity_bytes=4 * MIB)
    drive = settle(open_scsi(f"vtl:{tmp_path}/vtl/drive0"))
    page = good(mode(drive, 0x11))[4:]
    assert page[1:3] == bytes([10, 1])
    body = bytes([0, 0, 0x10, 0, 0x11, 10, 1, 2, 0x3C, 3, 6, 0, 0, 1, 0, 1])
    assert sense_of(mode_select(drive, body)) == (5, 0x2600)


def test_a_short_partition_page_as_st_sends_it(drive):
    """st writes two sizes whatever the drive's page has, and asks for FDP when told 1 MB."""
    good(mode_select(drive, bytes([0, 0, 0x10, 0, 0x11, 10, 3, 1, 0x34, 3, 0, 0, 0xFF, 0xFF, 0, 2])))
    good(drive.execute(bytes([4, 0, 1, 0, 0, 0])))
    assert good(mode(drive, 0x11))[6:16] == bytes.fromhex("03 01 3c 03 06 00 0002 0002")
    good(mode_select(drive, bytes([0, 0, 0x10, 0, 0x11, 10, 3, 1, 0x9C, 3, 0, 0, 0xFF, 0xFF, 0, 1])))
    good(drive.execute(bytes([4, 0, 1, 0, 0, 0])))
    assert good(mode(drive, 0x11))[12:16] == bytes.fromhex("0003 0001")


def test_a_worn_head_and_a_degraded_cartridge_cost_retries_that_stay(drive, library):
    library.add_fault(0, "worn head 300")
    library.degrade(str(library.describe().drives[0].barcode), 200)
    for _ in range(10):
        good(write(drive, b"x" * (1 << 18)))
    volume = counters(drive, 0x17)
    assert volume[3] == 1  # two data sets, a half of them again
    assert counters(drive, 0x02)[4] == 1
    library.unload(0)
    library.load(1, 0)
    settle(drive)
    assert counters(drive, 0x17)[3] == 1
    assert counters(drive, 0x02)[4] == 0


def test_the_drive_keeps_its_own_log_of_errors(drive, library):
    good(write(drive, b"x" * 10))
    library.add_fault(0, "write 1: medium error")
    write(drive, b"x")
    page = log(drive, 0x16)
    assert page[4:8] == bytes([0, 0, 3, 72])
    value = page[8:]
    assert (value[9], value[10], value[11], value[24]) == (3, 0x0C, 0, 0x0A)
    assert value[28:60].startswith(b"PV")


def test_environment_is_a_subpage(drive):
    asked = bytes([0x4D, 0, 0x4D, 1, 0, 0, 0, 1, 0, 0])
    data = good(drive.execute(asked, data_in_bytes=256))
    assert data[:2] == b"\x4d\x01"
    listed = good(drive.execute(bytes([0x4D, 0, 0x40, 0xFF, 0, 0, 0, 1, 0, 0]), data_in_bytes=256))
    assert b"\x0d\x01" in listed[4:]
