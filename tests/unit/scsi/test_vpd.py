# SPDX-License-Identifier: WTFPL OR MIT
"""Vital product data pages, as their tables in SPC, SSC, ADC and the vendors' manuals lay them out."""

from __future__ import annotations

import pytest

from pytp_native.errors import BadReply, UsageError
from pytp_native.scsi import executor, spc, vpd, vpd_ports
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


def test_software_and_management_addresses():
    assert ask(vpd_ports.software_identification(), page(0x84, "000102030405 0a0b0c0d0e0f 01")) == (
        "000102030405",
        "0a0b0c0d0e0f",
    )
    told = ask(vpd_ports.management_addresses(), page(0x85, "02 00 0010" + b"http://library/\0".hex() + "29 00 0000"))
    assert told == ((0, "diagnostics", "http://library/"), (1, "service 9", ""))


def test_who_shares_a_mode_page():
    assert ask(vpd_ports.mode_page_policies(), page(0x87, "3f ff 81 00  0f 00 03 00")) == (
        (0x3F, 0xFF, True, 1), (0x0F, 0, False, 3),
    )  # fmt: skip


def test_ports_with_their_names():
    told = ask(vpd_ports.ports(), page(0x88, "0000 0001 0000 0000 0000 000c 61 93 00 08 5000000000000001"))
    assert [(one.port, str(one.targets[0]), one.targets[0].association) for one in told] == [(1, "5000000000000001", 1)]
    assert ask(vpd_ports.protocol_information(), page(0x90, "0001 06 000000 0002 abcd")) == ((1, 6, b"\xab\xcd"),)


def test_serial_numbers_of_components():
    assert ask(vpd_ports.component_serial(0xC2), page(0xC2, b"HEAD00000001 more".hex())) == "HEAD00000001"
    with pytest.raises(UsageError):
        vpd_ports.component_serial(0xC1)
