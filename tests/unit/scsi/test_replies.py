# SPDX-License-Identifier: WTFPL OR MIT
"""Answers of SPC and SSC commands that no emulator gives, laid out by hand after the standards' tables."""

from __future__ import annotations

import pytest

from pytp_native.errors import BadReply
from pytp_native.scsi import access_order, density, diagnostic, encryption, executor, log, reservations, spc, ssc
from pytp_native.scsi import supported_commands as rsoc
from tests.unit.scsi.answers import Answers


def ask(command, told: str):
    return executor.run(Answers([bytes.fromhex(told)]), command)


def test_supported_commands_with_and_without_time_limits():
    rewind = "01 00 0000 00 02 0006 000a 00 00 0000000a 00000258"
    rsoc_itself = "a3 00 000c 00 01 000c"
    found = ask(rsoc.report_supported_operation_codes(), "0000001c" + rewind + rsoc_itself)
    assert found == ((0x01, None, 6, 10, 600), (0xA3, 0x0C, 12, None, None))
    assert rsoc.timeouts(found) == {(0x01, None): 600.0}
    assert ask(rsoc.report_supported_operation_codes(), "0000001c" + rewind) == found[:1]


def test_one_supported_command():
    one = ask(rsoc.report_supported_operation_code(0x93), "00 83 0010 93" + "ff" * 15 + "000a 00 00 00000001 00010000")
    assert (one.support, one.supported, one.recommended_s, len(one.usage)) == (3, True, 65536, 16)
    assert ask(rsoc.report_supported_operation_code(0x93), "00 05 0000").supported
    assert not ask(rsoc.report_supported_operation_code(0x93), "00 01 0000").supported


def test_luns():
    assert ask(spc.report_luns(), "00000010 00000000 0000000000000000 0001000000000000") == (0, 1 << 48)
    assert ask(spc.report_luns(), "00000100 00000000 0001000000000000 00") == (1 << 48,)


def test_keys_of_registrants():
    assert ask(reservations.read_keys(), "00000007 00000010 00000000000000aa 00000000000000bb") == (7, (0xAA, 0xBB))


def test_a_reservation_and_none():
    held = ask(reservations.read_reservation(), "00000007 00000010 00000000000000aa 00000000 00 03 0000")
    assert (held.key, held.kind, held.kind_name) == (0xAA, 3, "exclusive access")
    assert ask(reservations.read_reservation(), "00000007 00000000") is None
    assert reservations.Reservation(1, 12).kind_name == "type 12"


def test_full_status_shows_who_holds():
    entry = "00000000000000aa 00000000 01 06 00000000 0002 00000004 deadbeef"
    (one,) = ask(reservations.read_full_status(), "00000007 0000001c" + entry)
    assert (one.key, one.holder, one.all_ports, one.port, one.transport_id.hex()) == (0xAA, True, False, 2, "deadbeef")
    assert one.kind_name == "exclusive access, registrants only"


def test_reservation_capabilities_are_types_by_number():
    mask = ask(reservations.report_capabilities(), "0008 00 80 ea 01 0000")
    assert [kind for kind in range(16) if mask >> kind & 1] == [1, 3, 5, 6, 7, 8]
    assert ask(reservations.report_capabilities(), "0008 00 00 ea 01 0000") == 0


def test_diagnostics_and_buffers():
    assert ask(diagnostic.receive_diagnostic_results(0x80), "80 00 0002 aabb cc") == (0x80, b"\xaa\xbb")
    assert ask(diagnostic.read_buffer_size(1), "09 100000") == (512, 1 << 20)
    assert ask(diagnostic.read_buffer(2, 1, length=3), "010203") == b"\1\2\3"


def test_the_clock():
    told = ask(diagnostic.report_timestamp(), "000a 02 00 018bcfe56800 0000")
    assert told == (diagnostic.SET_BY_SCSI, 1_700_000_000_000)


def test_kinds_of_medium():
    row = (
        "68 00 0034 02 5a58"
        + "00" * 7
        + "007f 034e 0000"
        + (b"LTO-CVE ".hex() + b"U-616   ".hex() + b"Ultrium 6".ljust(20).hex())
    )
    (kind,) = ask(density.report_medium_types(), "003a 0000" + row)
    assert (kind.kind, kind.codes, kind.metres, kind.width_tenth_mm) == (0x68, (0x5A, 0x58), 846, 127)
    assert (kind.organisation, kind.name, kind.description) == ("LTO-CVE", "U-616", "Ultrium 6")


def test_a_density_length_that_cannot_be():
    with pytest.raises(BadReply, match="a length of 1"):
        ask(density.report_density_support(), "0001 0000")


def test_most_object():
    assert ask(ssc.read_most_object(), "00" * 12 + "00000000ffffffff") == 0xFFFFFFFF


def test_extended_position_tells_what_only_the_buffer_has():
    told = ask(ssc.read_position_extended(), "00 01 001c 00 000005 000000000000000f 000000000000000a 0000000000000500")
    assert (told.partition, told.block, told.on_medium, told.buffered_objects, told.buffered_bytes) == (
        1,
        15,
        10,
        5,
        1280,
    )


def test_encryption_capabilities():
    row = "01 00 0014 1a 02 0020 000c 0020 00 00 0000 0000 0000 00010014"
    (one,) = ask(encryption.capabilities(), "0010 0028" + "00" * 16 + row)
    assert (one.algorithm_index, one.algorithm, one.key_bytes) == (1, encryption.AES_256_GCM, 32)
    assert (one.encrypts, one.decrypts, one.tells_encrypted_blocks, one.ukad_bytes, one.akad_bytes) == (
        2,
        2,
        True,
        32,
        12,
    )


def test_encryption_status():
    told = ask(
        encryption.status(), "0020 001c 42 02 02 01 00000005 28 00 0000" + "00" * 8 + "00 02 0004" + b"name".hex()
    )
    assert (told.scope, told.key_scope, told.encryption, told.decryption, told.counter) == (2, 2, 2, 2, 5)
    assert (told.controlled_by, told.volume_has_encrypted_blocks) == (2, True)
    assert told.key_data == ((encryption.UKAD, 2, b"name"),)


def test_which_key_the_next_block_needs():
    told = ask(encryption.next_block(), "0021 0014 0000000000000009 06 01 00 00 00 01 0004" + b"name".hex())
    assert (told.block, told.state, told.key_data[0].value) == (9, "encrypted, the key does not fit", b"name")
    assert told._replace(encryption=14).state == "state 14"


def test_security_protocols():
    assert ask(encryption.supported_protocols(), "000000000000 0002 00 20") == (0x00, 0x20)
    with pytest.raises(BadReply, match="0020h was asked for, 0021h came"):
        ask(encryption.status(), "0021 0000")


def test_ends_of_wraps():
    told = ask(
        access_order.read_end_of_wrap_positions(), "001a 0000 0000 0000 0000 000000001000 0001 0000 0000 000000002000"
    )
    assert told == ((0, 0, 0x1000), (1, 0, 0x2000))


def test_log_pages_with_subpages_and_unknown_values():
    page = ask(
        spc.log_sense(0x17, 1), "57 01 0012 0016 03 04 00000040 0017 03 04 ffffffff 0999 43 00".replace("0012", "0014")
    )
    assert (page.page, page.subpage, page.number(0x16), page.number(0x17)) == (0x17, 1, 64, None)
    assert page.get(0x0999).value == b""
    assert ask(spc.supported_log_pages(subpages=True), "40 ff 0004 0000 5701".replace("57", "17")) == (
        (0, 0),
        (0x17, 1),
    )


def test_a_cut_log_page_says_so_and_a_whole_one_must_add_up():
    page = ask(spc.log_sense(2), "02 00 0010 0000 00 04 00000001 0001 00 04 00")
    assert (len(page.parameters), page.truncated) == (1, True)
    with pytest.raises(BadReply, match="behind the end of the page"):
        ask(spc.log_sense(2), "02 00 0006 0000 00 04 0000")


@pytest.mark.parametrize("told", ["2e 00 000a 0003 c0 01 01 0014 c0 01 01", "12 00 000c 0000 03 08 2000100000000000"])
def test_tape_alerts_in_both_pages(told):
    page = log.parse_log_page(bytes.fromhex(told))
    assert log.tape_alerts(page) == {3, 20}


def test_alert_flags_beyond_64_are_no_flags():
    page = log.parse_log_page(bytes.fromhex("2e 00 0005 0041 c0 01 01"))
    assert log.tape_alerts(page) == frozenset()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (rsoc.report_supported_operation_codes(), "00000008 01 00 0000 00 00 0006"),
        (reservations.read_keys(), "00000007 00000008 00000000000000aa"),
        (reservations.read_full_status(), "00000007 00000000"),
        (density.report_density_support(), "0036 0000 5a5a a0 0034 003b26 007f 0880 002625a0" + "20" * 36),
        (encryption.next_block(), "0021 000c 0000000000000009 06 01 00 00"),
        (encryption.supported_protocols(), "000000000000 0002 00 20"),
    ],
)
def test_what_follows_the_told_length_is_not_read(command, told):
    whole = ask(command, told)
    for filling in ("00", "01"):
        assert ask(command, told + filling * 120) == whole


def test_a_longer_algorithm_descriptor_is_walked_by_its_own_length():
    row = "01 00 0018 1a 02 0020 000c 0020 00 00 0000 0000 0000 00010014 aabbccdd"
    found = ask(encryption.capabilities(), "0010 0048" + "00" * 16 + row + row.replace("01 00 0018", "02 00 0018"))
    assert [one.algorithm_index for one in found] == [1, 2]
    assert {one.algorithm for one in found} == {encryption.AES_256_GCM}
