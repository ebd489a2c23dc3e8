# SPDX-License-Identifier: WTFPL OR MIT
"""Vital product data pages, as their tables in SPC, SSC, ADC and the vendors' manuals lay them out."""

from __future__ import annotations

import pytest

from pytp_native.errors import BadReply
from pytp_native.scsi import executor, spc, vpd
from tests.unit.scsi.answers import Answers


def page(code: int, body: bytes | str) -> bytes:
    data = bytes.fromhex(body) if isinstance(body, str) else body
    return bytes((1, code)) + len(data).to_bytes(2, "big") + data


def ask(command, data: bytes):
    return executor.run(Answers([data]), command)


def test_the_unit_serial_loses_its_padding():
    assert ask(spc.unit_serial(), page(0x80, b"  DRIVE001  \0")) == "DRIVE001"


def test_supported_pages():
    assert ask(vpd.supported_pages(), page(0, "00 80 83 b0")) == (0x00, 0x80, 0x83, 0xB0)


def test_identification():
    t10 = b"IBM     ULT3580-TD6     DRIVE001"
    body = bytes((0x02, 0x01, 0, len(t10))) + t10 + bytes.fromhex("01 03 00 08 50223344ab000100 61 94 00 04 00000001")
    one, naa, port = ask(vpd.device_identification(), page(0x83, body))
    assert (one.kind, one.association, one.code_set, one.protocol, str(one)) == (vpd.T10, 0, 2, None, t10.decode())
    assert (naa.kind, str(naa)) == (vpd.NAA, "50223344ab000100")
    assert (port.kind, port.association, port.protocol, port.value) == (vpd.RELATIVE_PORT, vpd.PORT, 6, b"\0\0\0\1")


def test_a_designator_that_is_cut_is_left_out():
    assert len(ask(vpd.device_identification(), page(0x83, "01 03 00 02 aabb 01 03 00 08 5022"))) == 1


def test_extended_inquiry():
    told = ask(vpd.extended_inquiry(), page(0x86, "88 07 00000000 0078" + "00" * 52))
    assert told == (2, 1, 120)


def test_tape_capabilities():
    assert ask(vpd.tape_capabilities(), page(0xB0, "01 000000")) == (True, False)
    assert ask(vpd.tape_capabilities(), page(0xB0, "02")) == (False, True)


def test_serials_of_drive_and_library():
    assert ask(vpd.manufacturer_serial(), page(0xB1, b"MADE001 ")) == "MADE001"
    assert ask(vpd.automation_serial(), page(0xB3, b"LIBRARY1")) == "LIBRARY1"


def test_supported_alerts_begin_with_the_highest_bit():
    assert ask(vpd.supported_tape_alerts(), page(0xB2, "80 00 00 10 00 00 00 01")) == {1, 28, 64}


def test_the_element_address_of_a_drive():
    assert ask(vpd.element_address(), page(0xB4, "0101")) == 0x101


def test_block_protection():
    methods = ask(vpd.block_protection(), page(0xB5, "00000000 04 01 04 c0 00 04 02 04 e0 00"))
    assert [(one.name, one.information_bytes) for one in methods] == [("Reed-Solomon CRC", 4), ("CRC32C", 4)]
    assert [(one.on_write, one.on_read, one.on_recover) for one in methods] == [(True, True, False), (True, True, True)]
    assert ask(vpd.block_protection(), page(0xB5, "00000000 04 77 04 c0 00"))[0].name == "method 119"


def test_firmware_of_vendors():
    body = b"CODENAME".ljust(12) + b"101010 " + b"20251122" + b"PLATFORM".ljust(12)
    assert ask(vpd.ibm_firmware(), page(0xC0, body)) == ("CODENAME", "101010", "20251122", "PLATFORM")
    assert ask(vpd.ibm_serials(), page(0xC1, b"MANU".ljust(12) + b"REPORTED".ljust(12))) == ("MANU", "REPORTED")
    body = b"Firmware".ljust(26) + b"1.2".ljust(19) + b"2025/11/22 10:00".ljust(24) + b"variant"
    assert ask(vpd.hp_component(0xC0), page(0xC0, body)) == ("Firmware", "1.2", "2025/11/22 10:00", "variant")


def test_another_page_than_was_asked_for_is_refused():
    with pytest.raises(BadReply, match="page 83h was asked for, 80h came"):
        ask(vpd.device_identification(), page(0x80, b"DRIVE001"))


@pytest.mark.parametrize(
    "command", [vpd.ibm_firmware(), vpd.ibm_serials(), vpd.extended_inquiry(), vpd.block_protection()]
)
def test_a_page_that_is_too_short_is_refused(command):
    with pytest.raises(BadReply):
        ask(command, page(command.cdb[2], b"ab"))
