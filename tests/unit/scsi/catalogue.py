# SPDX-License-Identifier: WTFPL OR MIT
"""One example of every command there is, with its CDB as the standards lay it out, written here by hand."""

from __future__ import annotations

import inspect
from types import ModuleType

from pytp_native.scsi import (
    access_order,
    density,
    diagnostic,
    encryption,
    mam,
    reservations,
    smc,
    spc,
    ssc,
    supported_commands,
    vpd,
)
from pytp_native.scsi.command import Command

MODULES: tuple[ModuleType, ...] = (
    access_order, density, diagnostic, encryption, mam, reservations, smc, spc, ssc, supported_commands, vpd,
)  # fmt: skip

_KEY = encryption.KeySettings(key=b"k" * 32, key_data=(encryption.KeyData(0, 0, b"name"),))
_LABEL = mam.attribute(0x0803, "tape")

EXAMPLES: tuple[tuple[Command, str, str], ...] = (
    (spc.test_unit_ready(), "00 00 00 00 00 00", ""),
    (spc.request_sense(), "03 00 00 00 fc 00", ""),
    (spc.request_sense(descriptor=True, alloc_bytes=18), "03 01 00 00 12 00", ""),
    (spc.inquiry(alloc_bytes=56), "12 00 00 00 38 00", ""),
    (spc.inquiry_page(0xC0), "12 01 c0 00 ff 00", ""),
    (spc.unit_serial(alloc_bytes=30), "12 01 80 00 1e 00", ""),
    (spc.mode_sense_6(0x1D, descriptors=False, alloc_bytes=136), "1a 08 1d 00 88 00", ""),
    (spc.mode_sense_6(0x0F), "1a 00 0f 00 ff 00", ""),
    (spc.mode_sense_10(0x0A, 0xF0, control=1), "5a 00 4a f0 00 00 00 04 00 00", ""),
    (spc.mode_select_6(b"\0" * 12), "15 10 00 00 0c 00", "00" * 12),
    (spc.mode_select_10(b"\0" * 8, save=True), "55 11 00 00 00 00 00 00 08 00", "00" * 8),
    (spc.log_sense(0x2E, control=0, alloc_bytes=2048), "4d 00 2e 00 00 00 00 08 00 00", ""),
    (spc.log_sense(0x17, 3, first_parameter=0x0203), "4d 00 57 03 00 02 03 40 00 00", ""),
    (spc.supported_log_pages(subpages=True), "4d 00 40 ff 00 00 00 40 00 00", ""),
    (spc.log_select(reset=True), "4c 02 40 00 00 00 00 00 00 00", ""),
    (spc.report_luns(), "a0 00 00 00 00 00 00 00 10 00 00 00", ""),
    (spc.prevent_allow_medium_removal(prevent=True), "1e 00 00 00 01 00", ""),
    (spc.reserve_6(), "16 00 00 00 00 00", ""),
    (spc.release_6(), "17 00 00 00 00 00", ""),
    (spc.reserve_10(), "56 00 00 00 00 00 00 00 00 00", ""),
    (spc.release_10(), "57 00 00 00 00 00 00 00 00 00", ""),
    (spc.self_test(), "1d 04 00 00 00 00", ""),
    (spc.self_test(code=2), "1d 40 00 00 00 00", ""),
    (ssc.rewind(immediate=True), "01 01 00 00 00 00", ""),
    (ssc.read_block_limits(), "05 00 00 00 00 00", ""),
    (ssc.read_most_object(), "05 01 00 00 00 00", ""),
    (ssc.read_position(), "34 00 00 00 00 00 00 00 00 00", ""),
    (ssc.read_position_long(), "34 06 00 00 00 00 00 00 00 00", ""),
    (ssc.read_position_extended(), "34 08 00 00 00 00 00 00 20 00", ""),
    (ssc.read_6(65536, suppress_length=True), "08 02 01 00 00 00", ""),
    (ssc.read_6(2, fixed_bytes=512), "08 01 00 00 02 00", ""),
    (ssc.write_6(b"abc"), "0a 00 00 00 03 00", "616263"),
    (ssc.write_6(b"abcd", fixed_bytes=2), "0a 01 00 00 02 00", "61626364"),
    (ssc.verify_6(0, to_end_of_data=True, protection=True, immediate=True), "13 34 00 00 00 00", ""),
    (ssc.write_filemarks_6(1, immediate=True), "10 01 00 00 01 00", ""),
    (ssc.write_filemarks_16(2, partition=1, object_id=0x0102), "80 00 00 01 00 00 00 00 00 00 01 02 00 00 02 00", ""),
    (ssc.space_6(1, -2), "11 01 ff ff fe 00", ""),
    (ssc.space_16(3, 0), "91 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00", ""),
    (ssc.space_16(0, -1), "91 00 00 00 ff ff ff ff ff ff ff ff 00 00 00 00", ""),
    (ssc.locate_10(0x01020304, partition=1), "2b 02 00 01 02 03 04 00 01 00", ""),
    (ssc.locate_16(5, kind=ssc.TO_FILE, partition=2, immediate=True),
     "92 0b 00 02 00 00 00 00 00 00 00 05 00 00 00 00", ""),
    (ssc.erase_6(long=True, immediate=True), "19 03 00 00 00 00", ""),
    (ssc.erase_16(long=False, partition=1, object_id=7, last=True),
     "93 04 00 01 00 00 00 00 00 00 00 07 00 00 00 00", ""),
    (ssc.load_unload(load=True, retension=True), "1b 00 00 00 03 00", ""),
    (ssc.load_unload(load=False, hold=True, immediate=True), "1b 01 00 00 08 00", ""),
    (ssc.format_medium(form=1, verify=True), "04 02 01 00 00 00", ""),
    (ssc.set_capacity(0x8000), "0b 00 00 80 00 00", ""),
    (ssc.allow_overwrite(1, object_id=9), "82 00 01 00 00 00 00 00 00 00 00 09 00 00 00 00", ""),
    (smc.read_element_status(element_type=2, first=0x0400, count=8, alloc_bytes=0x046C),
     "b8 12 04 00 00 08 00 00 04 6c 00 00", ""),
    (smc.read_element_status(element_type=4, without_motion=True, drive_identifiers=True, volume_tags=False),
     "b8 04 00 00 ff ff 03 01 00 00 00 00", ""),
    (smc.move_medium(0x0401, 0x0101), "a5 00 00 00 04 01 01 01 00 00 00 00", ""),
    (smc.move_medium(1, 2, transport=3, invert=True), "a5 00 00 03 00 01 00 02 00 00 01 00", ""),
    (smc.exchange_medium(1, 2, 3, invert_first=True), "a6 00 00 00 00 01 00 02 00 03 02 00", ""),
    (smc.position_to_element(0x0302, transport=1), "2b 00 00 01 03 02 00 00 00 00", ""),
    (smc.initialize_element_status(), "07 00 00 00 00 00", ""),
    (smc.initialize_element_status_with_range(0x0400, 8, fast=True), "37 03 04 00 00 00 00 08 00 00", ""),
    (smc.initialize_element_status_with_range(opcode=0xE7), "e7 00 00 00 00 00 00 00 00 00", ""),
    (smc.open_close_import_export_element(0x0300, smc.CLOSE), "1b 00 03 00 01 00", ""),
    (smc.request_volume_element_address(count=1, alloc_bytes=256), "b5 10 00 00 00 01 00 00 01 00 00 00", ""),
    (smc.send_volume_tag("A*", action=5, element_type=2), "b6 02 00 00 00 05 00 00 00 28 00 00",
     b"A*".ljust(32).hex() + "00" * 8),
    (vpd.supported_pages(), "12 01 00 00 ff 00", ""),
    (vpd.device_identification(), "12 01 83 00 ff 00", ""),
    (vpd.extended_inquiry(), "12 01 86 00 ff 00", ""),
    (vpd.tape_capabilities(), "12 01 b0 00 ff 00", ""),
    (vpd.manufacturer_serial(), "12 01 b1 00 ff 00", ""),
    (vpd.supported_tape_alerts(), "12 01 b2 00 ff 00", ""),
    (vpd.automation_serial(), "12 01 b3 00 ff 00", ""),
    (vpd.element_address(), "12 01 b4 00 ff 00", ""),
    (vpd.block_protection(), "12 01 b5 00 ff 00", ""),
    (vpd.ibm_firmware(), "12 01 c0 00 ff 00", ""),
    (vpd.ibm_serials(), "12 01 c1 00 ff 00", ""),
    (vpd.hp_component(0xC3), "12 01 c3 00 ff 00", ""),
    (supported_commands.report_supported_operation_codes(), "a3 0c 80 00 00 00 00 00 20 00 00 00", ""),
    (supported_commands.report_supported_operation_code(0x93), "a3 0c 81 93 00 00 00 00 00 40 00 00", ""),
    (supported_commands.report_supported_operation_code(0xA3, 0x0C, with_timeouts=False),
     "a3 0c 02 a3 00 0c 00 00 00 40 00 00", ""),
    (mam.read_attributes(first=0x0400, partition=1, alloc_bytes=4096),
     "8c 00 00 00 00 00 00 01 04 00 00 00 10 00 00 00", ""),
    (mam.read_attributes(cache=True, element=0x0102), "8c 00 01 02 00 00 00 00 00 00 00 01 00 00 01 00", ""),
    (mam.list_attributes(supported=True), "8c 05 00 00 00 00 00 00 00 00 00 01 00 00 00 00", ""),
    (mam.list_partitions(), "8c 03 00 00 00 00 00 00 00 00 00 00 00 40 00 00", ""),
    (mam.write_attributes([_LABEL]), "8d 01 00 00 00 00 00 00 00 00 00 00 00 a9 00 00",
     "000000a508030200a0" + b"tape".ljust(160).hex()),
    (density.report_density_support(loaded=True, alloc_bytes=256), "44 01 00 00 00 00 00 01 00 00", ""),
    (density.report_medium_types(), "44 02 00 00 00 00 00 10 00 00", ""),
    (reservations.read_keys(), "5e 00 00 00 00 00 00 20 00 00", ""),
    (reservations.read_reservation(), "5e 01 00 00 00 00 00 20 00 00", ""),
    (reservations.report_capabilities(), "5e 02 00 00 00 00 00 20 00 00", ""),
    (reservations.read_full_status(), "5e 03 00 00 00 00 00 20 00 00", ""),
    (reservations.persistent_reserve_out(reservations.RESERVE, key=0x11, service_key=2, kind=3),
     "5f 01 03 00 00 00 00 00 18 00", "000000000000001100000000000000020000000000000000"),
    (diagnostic.receive_diagnostic_results(0xB0), "1c 01 b0 10 00 00", ""),
    (diagnostic.send_diagnostic(bytes.fromhex("8000000401600000")), "1d 10 00 00 08 00", "8000000401600000"),
    (diagnostic.read_buffer(2, 1, offset=0x010203, length=0x0400), "3c 02 01 01 02 03 00 04 00 00", ""),
    (diagnostic.read_buffer_size(0x10), "3c 03 10 00 00 00 00 00 04 00", ""),
    (diagnostic.write_buffer(0x0A, 0, b"echo"), "3b 0a 00 00 00 00 00 00 04 00", b"echo".hex()),
    (diagnostic.report_timestamp(), "a3 0f 00 00 00 00 00 00 00 0c 00 00", ""),
    (diagnostic.set_timestamp(0x010203040506), "a4 0f 00 00 00 00 00 00 00 0c 00 00", "000000000102030405060000"),
    (encryption.security_protocol_in(0x20, 0x0010, alloc_bytes=512), "a2 20 00 10 00 00 00 00 02 00 00 00", ""),
    (encryption.security_protocol_out(0x20, 0x0010, b"ab"), "b5 20 00 10 00 00 00 00 00 02 00 00", "6162"),
    (encryption.supported_protocols(), "a2 00 00 00 00 00 00 00 20 00 00 00", ""),
    (encryption.supported_pages(out=True), "a2 20 00 01 00 00 00 00 20 00 00 00", ""),
    (encryption.capabilities(), "a2 20 00 10 00 00 00 00 20 00 00 00", ""),
    (encryption.status(), "a2 20 00 20 00 00 00 00 20 00 00 00", ""),
    (encryption.next_block(), "a2 20 00 21 00 00 00 00 20 00 00 00", ""),
    (encryption.set_data_encryption(_KEY), "b5 20 00 10 00 00 00 00 00 3c 00 00",
     "0010003840400203010000" + "00" * 7 + "0020" + b"k".hex() * 32 + "00000004" + b"name".hex()),
    (access_order.read_end_of_wrap_positions(), "a3 1f 45 02 00 00 00 01 00 00 00 00", ""),
    (access_order.generate_recommended_access_order(b"1234"), "a4 1d 02 00 00 00 00 00 00 04 00 00", b"1234".hex()),
    (access_order.receive_recommended_access_order(), "a3 1d 00 00 00 00 00 01 00 00 00 00", ""),
)  # fmt: skip


def builders() -> set[str]:
    """Return the names of all public functions that make a Command."""
    return {
        f"{module.__name__.rsplit('.', 1)[1]}.{name}"
        for module in MODULES
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and str(function.__annotations__.get("return", "")).startswith("Command[")
    }
