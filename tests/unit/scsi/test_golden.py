# SPDX-License-Identifier: WTFPL OR MIT
"""What emulated drives and libraries answered (tests/golden), read back; the numbers are those of sg3_utils and mtx."""

from __future__ import annotations

import pytest

from pytp_native.errors import BadReply
from pytp_native.scsi import density, encryption, log, mam, mode, mode_pages, position
from pytp_native.scsi.elements import parse_element_status
from pytp_native.scsi.inquiry import parse_inquiry
from pytp_native.spec.density import density_name
from tests.golden import comment, golden, names


@pytest.mark.parametrize("name", names())
def test_every_file_says_where_it_comes_from(name):
    told = comment(name)
    assert len(told) >= 3
    assert "emulated by" in told[0] or "composed by hand from" in told[0]
    assert golden(name)


def test_inquiry():
    drive = parse_inquiry(golden("mhvtl-inquiry-drive"))
    assert (drive.device_type_name, drive.vendor, drive.product, drive.revision) == (
        "tape",
        "IBM",
        "ULT3580-TD6",
        "2160",
    )
    assert (drive.removable, drive.protect, drive.version, drive.bar_codes) == (True, True, 5, False)
    changer = parse_inquiry(golden("tgt-inquiry-changer"))
    assert (changer.device_type, changer.vendor, changer.product) == (8, "HP", "MSL G3 Series")
    library = parse_inquiry(golden("mhvtl-inquiry-changer"))
    assert library.vendor_specific == b"\0\0LIBRARY001  00\0\0\0\0"
    assert library.device_type_name == "medium changer"


def test_mode_pages_of_a_drive():
    data = mode.parse_mode_10(golden("mhvtl-mode-all-drive"))
    assert [page.page for page in data.pages] == [1, 2, 0x0A, 0x0F, 0x10, 0x11, 0x1A, 0x1C, 0x1D, 0x24, 0x25, 0x2F]
    assert (data.medium_type, data.buffered_mode, data.write_protected, data.truncated) == (0x68, 1, False, False)
    assert density_name(data.block.density) == "LTO-6"
    compression = mode_pages.parse_compression(data.page(0x0F))
    assert (compression.enabled, compression.capable, compression.decompression_enabled) == (False, True, True)
    assert compression.algorithm == 0xFFFFFFFF
    configuration = mode_pages.parse_device_configuration(data.page(0x10))
    assert configuration.write_delay_ms == 10_000
    partitions = mode_pages.parse_partitions(data.page(0x11))
    assert (partitions.most_additional, partitions.additional, partitions.units) == (1, 0, 4)
    assert partitions.sizes[:2] == (0x1A36, 0)


def test_a_page_of_another_vendor_that_comes_first_hides_nothing():
    data = mode.parse_mode_10(golden("tgt-mode-all-drive"))
    told = [(page.page, page.subpage) for page in data.pages]
    assert told == [(0, 0), (1, 0), (2, 0), (0x0A, 0), (0x0A, 1), (0x0F, 0), (0x10, 0), (0x1C, 0), (0x1D, 0)]
    assert len(data.page(0x0A, 1).data) == 32


def test_mode_pages_of_a_library():
    data = mode.parse_mode_10(golden("mhvtl-mode-all-changer"))
    addresses = mode_pages.parse_element_addresses(data.page(mode.ELEMENT_ADDRESSES))
    assert addresses == ((1, 1), (0x400, 8), (0x300, 2), (0x101, 2))
    assert list(addresses.of_type(mode_pages.DRIVE).addresses) == [0x101, 0x102]
    assert mode.parse_mode_6(golden("mhvtl-mode-1d")).page(0x1D).data == data.page(0x1D).data
    assert mode_pages.parse_transport_geometry(data.page(0x1E)) == ((False, 0),)
    can = mode_pages.parse_device_capabilities(data.page(0x1F))
    assert (can.stores, can.moves, can.exchanges) == (0x0E, (14, 14, 14, 14), (14, 14, 14, 14))
    assert can.can_store(mode_pages.STORAGE)
    assert not can.can_store(mode_pages.TRANSPORT)
    assert can.can_move(mode_pages.STORAGE, mode_pages.DRIVE)
    assert not can.can_move(mode_pages.STORAGE, mode_pages.TRANSPORT)


def test_elements_of_all_types_in_one_answer():
    status = parse_element_status(golden("mhvtl-elements"))
    assert (status.first, status.available, status.complete) == (1, 13, True)
    assert [one.element_type for one in status.elements] == [1] + [4] * 2 + [3] * 2 + [2] * 8
    drive, empty = status.elements[1:3]
    assert (drive.address, drive.full, drive.source, drive.volume_tag) == (0x101, True, 0x400, "VT0001L6")
    assert (drive.medium_type, drive.accessible, drive.exception) == (1, False, None)
    assert (empty.full, empty.source, empty.volume_tag, empty.accessible) == (False, None, "", True)
    mail = status.elements[3:5]
    assert [one.by_operator for one in mail] == [False, True]
    slots = status.elements[5:]
    assert [one.volume_tag for one in slots] == ["", "VT0002L6", "VT0003L6", "WORM04LW", "VT0005L5", "", "", "CLN001L1"]
    assert [one.medium_type for one in slots] == [0, 1, 1, 4, 1, 0, 0, 2]


def test_drives_tell_their_serial_numbers():
    status = parse_element_status(golden("mhvtl-drives-dvcid"))
    assert [one.serial for one in status.elements] == ["DRIVE001", "DRIVE002"]
    assert status.elements[0].identifier == b"IBM     ULT3580-TD6     DRIVE001  "
    assert status.elements[0].identifier_type == 0x21
    mixed = parse_element_status(golden("mhvtl-elements-dvcid"))
    assert [one.serial for one in mixed.elements if one.serial] == ["DRIVE001", "DRIVE002"]
    assert mixed.complete


@pytest.mark.parametrize("kind", [1, 3, 4])
def test_elements_as_mtx_asks_for_them(kind):
    status = parse_element_status(golden(f"mhvtl-elements-type-{kind}"))
    assert {one.element_type for one in status.elements} == {kind}
    assert status.complete


def test_an_answer_that_ends_before_what_it_tells_gives_the_cut_element_apart():
    status = parse_element_status(golden("tgt-drives-dvcid"))
    assert [one.serial for one in status.elements] == ["DRIVE001"]
    assert (status.available, status.complete) == (2, False)
    assert (status.cut.address, status.cut.full) == (2, False)


def test_an_answer_that_contradicts_itself_is_refused():
    for name in ("tgt-elements", "tgt-elements-dvcid"):
        with pytest.raises(BadReply, match="element type 0"):
            parse_element_status(golden(name))


def test_positions():
    told = position.parse_short(golden("mhvtl-position-short"))
    assert (told.block, told.on_medium, told.buffered_objects, told.buffered_bytes) == (78, 78, 0, None)
    told = position.parse_long(golden("mhvtl-position-long"))
    assert (told.partition, told.block, told.filemarks, told.beginning) == (0, 78, 1, False)


def test_an_unknown_position_is_no_position():
    told = position.parse_short(golden("tgt-position-short"))
    assert (told.block, told.on_medium, told.partition) == (None, None, None)


def test_block_limits():
    assert position.parse_block_limits(golden("mhvtl-block-limits")) == (1, 2 << 20, 1)
    assert position.parse_block_limits(golden("tgt-block-limits")) == (4, 1 << 20, 512)


def test_supported_log_pages():
    pages = log.parse_supported_pages(golden("mhvtl-log-00"))
    assert [page for page, _ in pages] == [0, 2, 3, 0x0C, 0x0D, 0x10, 0x11, 0x17, 0x2E, 0x30, 0x31, 0x32, 0x37]


def test_volume_statistics():
    page = log.parse_log_page(golden("mhvtl-log-17"))
    assert (page.page, page.number(0x0000), page.number(0x0016), page.number(0x0017)) == (0x17, 1, 64, 19)
    assert page.number(0x0999) is None
    assert page.get(0x0045).text == ""


def test_capacities():
    page = log.parse_log_page(golden("mhvtl-log-0c"))
    assert (page.number(0x0004), page.number(0x0005), page.number(0x0006)) == (64, 62, 2)
    assert log.parse_log_page(golden("mhvtl-log-31")).number(0x0003) == 64


def test_no_tape_alert_is_raised():
    page = log.parse_log_page(golden("mhvtl-log-2e"))
    assert len(page.parameters) == 64
    assert log.tape_alerts(page) == frozenset()


def test_densities():
    found = density.parse_densities(golden("mhvtl-density"))
    assert [one.description for one in found] == ["Ultrium 4/16T", "Ultrium 5/16T", "Ultrium 6/16T"]
    best = found[-1]
    assert (best.primary, best.writable, best.default, best.capacity_mb) == (0x5A, True, True, 2_500_000)
    assert (best.tracks, best.width_tenth_mm, best.bits_per_mm, best.name) == (2176, 127, 15142, "U-616")
    assert [one.primary for one in density.parse_densities(golden("mhvtl-density-loaded"))] == [0x5A]


def test_attributes_of_a_cartridge():
    found = {one.identifier: one for one in mam.parse_attributes(golden("mhvtl-attributes"))}
    assert len(found) == 39
    assert (found[0x0000].number, found[0x0001].number, found[0x0407].number) == (44, 64, 8192)
    assert (found[0x0005].text, found[0x0806].text) == ("LTO-CVE", "VT0001L6")
    assert (found[0x0806].read_only, found[0x0000].read_only) == (False, True)
    assert found[0x0401].text == "VT0001L6_1795374108"
    assert str(found[0x020A]).startswith("IBM     DRIVE001")
    assert found[0x1623].name == "LTFS volume lock"
    assert found[0x080C].number == 0
    assert str(found[0x080C]) == "00" * 70


def test_a_cut_list_of_attributes_gives_what_came():
    assert mam.parse_identifiers(golden("mhvtl-attribute-list"))[:4] == (0, 1, 2, 3)
    assert len(mam.parse_identifiers(golden("mhvtl-attribute-list"))) == 30


def test_encryption_pages():
    assert encryption.parse_pages(golden("mhvtl-security-pages")) == (0x00, 0x01, 0x10, 0x11, 0x12, 0x20, 0x21)
