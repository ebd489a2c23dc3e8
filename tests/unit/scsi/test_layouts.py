# SPDX-License-Identifier: WTFPL OR MIT
"""The light parsers and the declared layouts say the same of every answer; edited pages change what they should."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import BadReply, UsageError
from pytp_native.scsi import layouts, mam, mode_pages, position
from pytp_native.scsi.elements import parse_element_status
from pytp_native.scsi.field import text
from pytp_native.scsi.inquiry import parse_inquiry
from pytp_native.scsi.log import parse_log_page
from pytp_native.scsi.mode import ModePage, parse_mode_6, parse_mode_10
from pytp_native.scsi.sense import parse_sense
from tests.golden import golden, names


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=18, max_size=18))
def test_fixed_sense(data):
    data = b"\x70" + data[1:7] + b"\x0a" + data[8:]
    light, heavy = parse_sense(data), layouts.FIXED_SENSE.parse(data)
    assert light.key == heavy.head.key
    assert (light.filemark, light.eom, light.ili) == (heavy.head.filemark, heavy.head.eom, heavy.head.ili)
    assert (light.asc, light.ascq, light.fru) == (heavy.asc, heavy.ascq, heavy.fru)
    assert light.command_specific == heavy.command_specific
    assert light.key_specific == (heavy.key_specific if heavy.key_specific[0] & 0x80 else b"")
    assert parse_sense(b"\xf0" + data[1:]).information == heavy.information


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=7, max_size=7), st.binary(min_size=10, max_size=10), st.binary(min_size=2, max_size=2))
def test_descriptor_sense(head, information, stream):
    data = b"\x72" + head + b"\x00\x0a" + information + b"\x04\x02" + stream
    data = data[:7] + bytes((len(data) - 8,)) + data[8:]
    light, heavy = parse_sense(data), layouts.DESCRIPTOR_SENSE.parse(data)
    assert (light.key, light.asc, light.ascq) == (heavy.head.key, heavy.head.asc, heavy.head.ascq)
    assert light.overflow == heavy.head.sdat_ovfl
    told, marks = (one.value for one in heavy.descriptors)
    parsed = layouts.SENSE_INFORMATION.parse(told)
    assert light.information == (parsed.information if parsed.head.valid else None)
    parsed = layouts.SENSE_STREAM.parse(marks)
    assert (light.filemark, light.eom, light.ili) == (parsed.head.filemark, parsed.head.eom, parsed.head.ili)


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=36, max_size=96))
def test_inquiry(data):
    light, heavy = parse_inquiry(data), layouts.INQUIRY.parse(data)
    assert light.device_type == heavy.head.device_type
    assert light.qualifier == heavy.head.qualifier
    assert light.removable == heavy.head.removable
    assert light.version == heavy.head.version
    assert (light.protect, light.attached_changer) == (heavy.head.protect, heavy.head.mchngr)
    assert (light.vendor, light.product, light.revision) == (
        text(heavy.vendor),
        text(heavy.product),
        text(heavy.revision),
    )
    assert light.vendor_specific == heavy.rest[:20]


ATTRIBUTE = st.builds(
    lambda head, value: head + len(value).to_bytes(2, "big") + value,
    st.binary(min_size=3, max_size=3),
    st.binary(max_size=40),
)


@settings(deadline=None, derandomize=True)
@given(st.lists(ATTRIBUTE, max_size=4), st.binary(max_size=6))
def test_attributes(attributes, rest):
    fields = b"".join(attributes) + rest
    light = mam.parse_attributes(len(fields).to_bytes(4, "big") + fields)
    heavy = layouts.ATTRIBUTES.parse(fields)
    assert [(one.identifier, one.read_only, one.format, one.value) for one in light] == [
        (one.identifier, one.head.read_only, one.head.format, one.value) for one in heavy
    ]
    written = [one._replace(read_only=False) for one in light]
    again = mam.write_attributes(written).data_out
    fields = [{**one, "head": {**one.head, "read_only": False, "reserved": 0}} for one in heavy]
    assert again[4:] == layouts.ATTRIBUTES.build(fields)


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=20, max_size=20))
def test_position_short(data):
    light, heavy = position.parse_short(data), layouts.POSITION_SHORT.parse(data)
    known = not (heavy.flags.lolu or heavy.flags.perr)
    assert (light.beginning, light.end) == (heavy.flags.bop, heavy.flags.eop)
    assert light.partition == (heavy.partition if known else None)
    assert light.block == (heavy.first if known else None)
    assert light.on_medium == (heavy.last if known else None)
    assert light.buffered_objects == (None if heavy.flags.locu else heavy.buffered_objects)
    assert light.buffered_bytes == (None if heavy.flags.bycu else heavy.buffered_bytes)
    assert light.beyond_programmable_warning == heavy.flags.bpew


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=32, max_size=32))
def test_position_long_and_extended(data):
    light, heavy = position.parse_long(data), layouts.POSITION_LONG.parse(data)
    assert light.block == (None if heavy.flags.lonu else heavy.object)
    assert light.partition == (None if heavy.flags.lonu else heavy.partition)
    assert light.filemarks == (None if heavy.flags.mpu else heavy.filemarks)
    light, heavy = position.parse_extended(data), layouts.POSITION_EXTENDED.parse(data)
    known = not (heavy.flags.lolu or heavy.flags.perr)
    assert light.block == (heavy.first if known else None)
    assert light.on_medium == (heavy.last if known else None)
    assert light.buffered_objects == (None if heavy.flags.locu else heavy.buffered_objects)
    assert light.buffered_bytes == (None if heavy.flags.bycu else heavy.buffered_bytes)


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=6, max_size=6))
def test_block_limits(data):
    light, heavy = position.parse_block_limits(data), layouts.BLOCK_LIMITS.parse(data)
    assert light == (heavy.least, heavy.most, 1 << heavy.head.granularity)


@pytest.mark.parametrize("width", [12, 16, 48, 52, 84, 88, 122])
@settings(deadline=None, derandomize=True)
@given(data=st.data())
def test_element_descriptors(width, data):
    body = data.draw(st.lists(st.binary(min_size=width, max_size=width), max_size=4))
    flags = data.draw(st.sampled_from([0x00, 0x40, 0x80, 0xC0]))
    kind = data.draw(st.integers(1, 4))
    page = layouts.ELEMENT_PAGE.build(
        {"element_type": kind, "flags": flags, "width": width, "byte_count": width * len(body)}
    )
    whole = page + b"".join(body)
    head = layouts.ELEMENT_HEADER.build({"first": 0, "available": len(body), "byte_count": len(whole)})
    light = parse_element_status(head + whole).elements
    heavy = [layouts.ELEMENT_DESCRIPTOR.parse(one) for one in body]
    assert [one[:9] for one in light] == [
        (kind, it.address, it.flags, it.asc, it.ascq, it.bus_flags, it.bus_address, it.source_flags, it.source_address)
        for it in heavy
    ]
    for one, it in zip(light, heavy, strict=True):
        tags = [it.rest[at : at + 36] for at in (0, 36)]
        if flags & 0x80 and width >= 48:
            assert one.primary_tag == tags.pop(0)
        if flags & 0x40 and len(tags[0]) == 36 and width >= 48 + 36 * (flags == 0xC0):
            assert one.alternate_tag == tags[0]


@pytest.mark.parametrize("name", [name for name in names() if "mode-all" in name])
def test_mode_headers_and_descriptors(name):
    data = golden(name)
    light, heavy = parse_mode_10(data), layouts.MODE_HEADER_10.parse(data)
    assert (light.medium_type, light.device_specific) == (heavy.medium_type, heavy.device_specific)
    block = layouts.BLOCK_DESCRIPTOR.parse(data[8:])
    assert light.block == (block.density, block.blocks, block.block_bytes)
    assert light.block.encode() == data[8:16]
    short = layouts.MODE_HEADER_6.parse(golden("mhvtl-mode-1d"))
    sensed = parse_mode_6(golden("mhvtl-mode-1d"))
    assert (sensed.medium_type, sensed.device_specific) == (short.medium_type, short.device_specific)


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=16, max_size=34))
def test_mode_pages(data):
    def fields(layout):
        return layout.parse(data.ljust(34, b"\0")).fields

    page = ModePage(0, 0, data.ljust(34, b"\0"))
    heavy = fields(layouts.DATA_COMPRESSION)
    assert mode_pages.parse_compression(page) == (
        heavy.dce, heavy.dcc, heavy.dde, heavy.red, heavy.algorithm, heavy.decompression_algorithm
    )  # fmt: skip
    heavy = fields(layouts.DEVICE_CONFIGURATION)
    assert mode_pages.parse_device_configuration(page) == (
        heavy.active_format, heavy.active_partition, 100 * heavy.write_delay, heavy.early_warning_bytes,
        heavy.select_compression, heavy.swp, heavy.asocwp, heavy.perswp, heavy.prmwp,
    )  # fmt: skip
    heavy = fields(layouts.MEDIUM_PARTITION)
    light = mode_pages.parse_partitions(page)
    assert (light.most_additional, light.additional) == (heavy.most_additional, heavy.additional)
    assert light.units == {0: 0, 1: 3, 2: 6, 3: heavy.units}[heavy.psum]
    heavy = fields(layouts.ELEMENT_ADDRESSES)
    assert mode_pages.parse_element_addresses(page) == (
        (heavy.first_transport, heavy.transports), (heavy.first_storage, heavy.storage),
        (heavy.first_import_export, heavy.import_export), (heavy.first_drive, heavy.drives),
    )  # fmt: skip
    heavy = fields(layouts.TRANSPORT_GEOMETRY)
    assert mode_pages.parse_transport_geometry(page)[0] == (heavy.rotate, heavy.member)
    heavy = fields(layouts.DEVICE_CAPABILITIES)
    light = mode_pages.parse_device_capabilities(page)
    assert (light.stores, light.flags) == (heavy.stores, heavy.flags)
    assert light.moves == (heavy.from_transport, heavy.from_storage, heavy.from_import_export, heavy.from_drive)
    assert light.exchanges == (
        heavy.exchange_transport, heavy.exchange_storage, heavy.exchange_import_export, heavy.exchange_drive
    )  # fmt: skip


@pytest.mark.parametrize("name", [name for name in names() if "-log-" in name and not name.endswith("-00")])
def test_log_pages(name):
    data = golden(name)
    light, header = parse_log_page(data), layouts.LOG_HEADER.parse(data)
    assert (light.page, light.subpage) == (header.head.page, header.subpage)
    at = 4
    for parameter in light.parameters:
        heavy = layouts.LOG_PARAMETER.parse(data[at:])
        assert (parameter.code, parameter.control, len(parameter.value)) == (heavy.code, heavy.control, heavy.length)
        assert parameter.value == data[at + 4 : at + 4 + heavy.length]
        at += 4 + heavy.length
    assert at == 4 + header.length == len(data)


PAGES = parse_mode_10(golden("mhvtl-mode-all-drive"))


@pytest.mark.parametrize("page", [page for page in PAGES.pages if (page.page, page.subpage) in layouts.MODE_PAGES])
def test_a_page_that_is_not_changed_comes_back_as_it_was(page):
    assert layouts.edited(page) == bytes((page.data[0] & 0x7F,)) + page.data[1:]


def test_one_field_changes_one_bit():
    page = PAGES.page(0x0F)
    assert layouts.edited(page, dce=True) == page.data[:2] + b"\xc0" + page.data[3:]
    page = PAGES.page(0x10)
    changed = bytearray(page.data)
    changed[3], changed[10] = 1, changed[10] | 0x04
    assert layouts.edited(page, active_partition=1, swp=True) == changed


def test_ps_is_cleared_for_mode_select():
    assert layouts.edited(ModePage(0x0F, 0, b"\x8f\x0e" + bytes(14), True))[0] == 0x0F


def test_block_protection_is_set_by_name():
    page = ModePage(0x0A, 0xF0, bytes.fromhex("4af0001c") + bytes(28))
    assert layouts.edited(page, lbp_method=2, lbp_bytes=4, lbp_w=True, lbp_r=True)[4:7] == bytes.fromhex("0204c0")


@pytest.mark.parametrize("changes", [{"red": 4}, {"nonsense": 1}, {"algorithm": 1 << 32}])
def test_what_cannot_be_laid_out_is_refused(changes):
    with pytest.raises(UsageError):
        layouts.edited(PAGES.page(0x0F), **changes)


def test_a_cut_page_cannot_be_edited():
    with pytest.raises(BadReply):
        layouts.edited(ModePage(0x0F, 0, b"\x0f\x0e\x00"), dce=True)
    with pytest.raises(UsageError, match="no layout"):
        layouts.edited(ModePage(0x3E, 0, b"\x3e\x00"))


def test_mode_select_gets_back_header_descriptor_and_page():
    sent = PAGES.select_10(layouts.edited(PAGES.page(0x0F), dce=True))
    assert sent[:16] == bytes.fromhex("0000 00 10 0000 0008 5a000000 00000000")
    assert sent[16:] == layouts.edited(PAGES.page(0x0F), dce=True)
    sent = PAGES._replace(device_specific=0x90).select_6(b"page")
    assert sent == bytes.fromhex("00 00 10 08 5a000000 00000000") + b"page"
