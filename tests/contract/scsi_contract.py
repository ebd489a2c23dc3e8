# SPDX-License-Identifier: WTFPL OR MIT
"""What a tape drive answers to commands: SPC-5 and SSC-5, on raw bytes.

Offsets are written out here on purpose: the parsers of pytp_native.scsi must not judge themselves.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from pytp_native.errors import PytpError
from pytp_native.ffi import lib
from pytp_native.transport.records import ScsiReply
from tests.contract.tape_data import block, write_files

GOOD, CHECK_CONDITION = 0x00, 0x02
NO_SENSE, NOT_READY, ILLEGAL_REQUEST, UNIT_ATTENTION = 0x0, 0x2, 0x5, 0x6
TEST_UNIT_READY = bytes(6)
LOAD, UNLOAD = bytes((0x1B, 0, 0, 0, 1, 0)), bytes((0x1B, 0, 0, 0, 0, 0))
READ_POSITION = bytes((0x34,)) + bytes(9)


def sense_of(data: bytes) -> tuple[int, int, int]:
    """Key, ASC and ASCQ of fixed or descriptor format sense data (SPC-5, 4.4)."""
    assert data[0] & 0x7F in (0x70, 0x72), data.hex()
    if data[0] & 0x7F == 0x72:
        return data[1] & 0xF, data[2], data[3]
    return data[2] & 0xF, data[12], data[13]


def failure(reply: ScsiReply) -> tuple[int, int, int]:
    assert reply.status == CHECK_CONDITION
    return sense_of(reply.sense)


def inquiry(scsi, *, page: int | None = None, room: int = 96) -> ScsiReply:
    cdb = bytes((0x12, page is not None, page or 0, room >> 8, room & 0xFF, 0))
    return scsi.execute(cdb, data_in_bytes=room)


def request_sense(scsi) -> tuple[int, int, int]:
    reply = scsi.execute(bytes((0x03, 0, 0, 0, 96, 0)), data_in_bytes=96)
    assert reply.status == GOOD
    return sense_of(reply.data)


class ScsiContract:
    @pytest.fixture
    def attention(self, bench):
        """The drive as it is right after a load: nobody has asked it anything yet."""
        bench.reload()
        scsi = bench.open_scsi()
        yield scsi
        with suppress(PytpError):
            scsi.close()

    @pytest.fixture
    def scsi(self, attention):
        """The drive, loaded, at the beginning, with no unit attention left."""
        for _ in range(5):
            if attention.execute(TEST_UNIT_READY).status == GOOD:
                break
        return attention

    @pytest.fixture
    def empty(self, bench):
        bench.take_out()
        scsi = bench.open_scsi()
        for _ in range(5):
            reply = scsi.execute(TEST_UNIT_READY)
            if reply.status == CHECK_CONDITION and sense_of(reply.sense)[0] == NOT_READY:
                break
        yield scsi
        scsi.close()

    def test_the_address_opens_the_same_device(self, bench, scsi):
        assert scsi.address == bench.scsi_address

    def test_a_loaded_drive_is_ready(self, scsi):
        reply = scsi.execute(TEST_UNIT_READY)
        assert (reply.status, reply.sense, reply.data, reply.residual) == (GOOD, b"", b"", 0)

    def test_a_load_raises_a_unit_attention_once(self, attention):
        assert failure(attention.execute(TEST_UNIT_READY)) == (UNIT_ATTENTION, 0x28, 0x00)
        assert attention.execute(TEST_UNIT_READY).status == GOOD

    def test_inquiry_leaves_the_unit_attention(self, attention):
        assert inquiry(attention).status == GOOD
        assert failure(attention.execute(TEST_UNIT_READY))[0] == UNIT_ATTENTION

    def test_request_sense_takes_the_unit_attention(self, attention):
        assert request_sense(attention) == (UNIT_ATTENTION, 0x28, 0x00)
        assert attention.execute(TEST_UNIT_READY).status == GOOD

    def test_a_unit_attention_stops_the_command(self, attention):
        assert failure(attention.execute(READ_POSITION, data_in_bytes=20))[0] == UNIT_ATTENTION
        assert attention.execute(READ_POSITION, data_in_bytes=20).status == GOOD

    def test_request_sense_with_nothing_to_say(self, scsi):
        assert request_sense(scsi)[0] == NO_SENSE

    def test_inquiry_shows_a_removable_tape(self, scsi):
        data = inquiry(scsi).data
        assert data[0] == 0x01
        assert data[1] & 0x80
        assert data[3] & 0x0F == 2

    def test_inquiry_tells_its_own_length(self, scsi):
        data = inquiry(scsi, room=255).data
        assert len(data) == data[4] + 5
        assert len(data) >= 36

    def test_inquiry_names_the_product_in_ascii(self, scsi):
        data = inquiry(scsi).data
        for field in (data[8:16], data[16:32], data[32:36]):
            assert field.decode("ascii").isprintable()
            assert field.strip()

    def test_inquiry_is_cut_to_the_allocation_length(self, scsi):
        reply = inquiry(scsi, room=5)
        assert reply.status == GOOD
        assert reply.data == inquiry(scsi).data[:5]

    def test_the_residual_is_what_was_not_transferred(self, scsi):
        reply = inquiry(scsi, room=255)
        assert reply.residual == 255 - len(reply.data)

    def test_inquiry_answers_without_a_cartridge(self, empty):
        assert inquiry(empty).data[0] == 0x01

    def test_the_supported_pages_list_the_serial_number(self, scsi):
        data = inquiry(scsi, page=0x00).data
        pages = list(data[4 : 4 + data[3]])
        assert data[1] == 0x00
        assert pages == sorted(pages)
        assert {0x00, 0x80} <= set(pages)

    def test_the_serial_number_is_given(self, scsi):
        data = inquiry(scsi, page=0x80).data
        assert data[1] == 0x80
        assert data[4 : 4 + data[3]].decode("ascii").strip()

    def test_a_page_that_it_does_not_have_is_an_invalid_field(self, scsi):
        assert failure(inquiry(scsi, page=0x5F)) == (ILLEGAL_REQUEST, 0x24, 0x00)

    def test_an_unknown_operation_code_is_refused(self, scsi):
        reply = scsi.execute(bytes((0x02,)) + bytes(5))
        assert failure(reply) == (ILLEGAL_REQUEST, 0x20, 0x00)
        assert len(reply.sense) >= 8
        assert reply.data == b""

    def test_an_unknown_operation_code_of_16_bytes_is_refused(self, scsi):
        assert failure(scsi.execute(bytes((0x81,)) + bytes(15))) == (ILLEGAL_REQUEST, 0x20, 0x00)

    def test_an_error_does_not_last(self, scsi):
        scsi.execute(bytes((0x02,)) + bytes(5))
        assert scsi.execute(TEST_UNIT_READY).status == GOOD

    def test_block_limits_allow_a_byte_and_a_megabyte(self, scsi):
        data = scsi.execute(bytes((0x05, 0, 0, 0, 0, 0)), data_in_bytes=6).data
        assert len(data) == 6
        assert int.from_bytes(data[4:6], "big") in (0, 1)
        assert int.from_bytes(data[1:4], "big") >= 1 << 20

    def test_the_position_at_the_beginning(self, scsi):
        data = scsi.execute(READ_POSITION, data_in_bytes=20).data
        assert len(data) == 20
        assert data[0] & 0x80, "BOP"
        assert not data[0] & 0x04, "position unknown"
        assert data[1] == 0, "partition"
        assert data[4:12] == bytes(8), "first and last logical object"

    def test_the_position_counts_blocks_and_filemarks(self, bench):
        tape = bench.open()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTSETBLK, 0)
        write_files(tape, ((700, 701),))
        tape.close()
        scsi = bench.open_scsi()
        data = scsi.execute(READ_POSITION, data_in_bytes=20).data
        assert int.from_bytes(data[4:8], "big") == 3
        assert not data[0] & 0x80
        scsi.close()

    def test_the_long_position_counts_files(self, bench):
        tape = bench.open()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTSETBLK, 0)
        write_files(tape, ((700, 701), (702,)))
        tape.write_block(block(703))
        tape.operate(lib.MTWEOF, 1)
        tape.close()
        scsi = bench.open_scsi()
        data = scsi.execute(bytes((0x34, 0x06)) + bytes(8), data_in_bytes=32).data
        assert len(data) == 32
        assert int.from_bytes(data[8:16], "big") == 7
        assert int.from_bytes(data[16:24], "big") == 3
        scsi.close()

    def test_a_reserved_form_of_the_position_is_an_invalid_field(self, scsi):
        reply = scsi.execute(bytes((0x34, 0x1F)) + bytes(8), data_in_bytes=20)
        assert failure(reply) == (ILLEGAL_REQUEST, 0x24, 0x00)

    def test_an_empty_drive_is_not_ready(self, empty):
        assert failure(empty.execute(TEST_UNIT_READY)) == (NOT_READY, 0x3A, 0x00)

    def test_an_empty_drive_has_no_position(self, empty):
        assert failure(empty.execute(READ_POSITION, data_in_bytes=20)) == (NOT_READY, 0x3A, 0x00)

    def test_unload_makes_it_not_ready(self, scsi):
        assert scsi.execute(UNLOAD).status == GOOD
        assert failure(scsi.execute(TEST_UNIT_READY))[0] == NOT_READY

    def test_load_with_a_cartridge_mounted_is_good(self, scsi):
        assert scsi.execute(LOAD).status == GOOD
        for _ in range(5):
            if scsi.execute(TEST_UNIT_READY).status == GOOD:
                break
        data = scsi.execute(READ_POSITION, data_in_bytes=20).data
        assert data[0] & 0x80
        assert data[4:8] == bytes(4)

    def test_load_of_an_empty_drive_is_not_ready(self, empty):
        assert failure(empty.execute(LOAD)) == (NOT_READY, 0x3A, 0x00)

    def test_it_is_one_logical_unit_or_more(self, scsi):
        reply = scsi.execute(bytes((0xA0,)) + bytes(8) + bytes((64, 0, 0)), data_in_bytes=64)
        assert reply.status == GOOD
        assert int.from_bytes(reply.data[:4], "big") % 8 == 0
        assert reply.data[8:16] == bytes(8), "LUN 0 is there"

    def test_the_mode_header_has_the_density_of_the_cartridge(self, bench, scsi):
        data = scsi.execute(bytes((0x1A, 0, 0, 0, 12, 0)), data_in_bytes=12).data
        assert len(data) == 12
        assert data[3] == 8
        assert data[4] == bench.density

    def test_the_compression_page_says_what_can_be(self, scsi):
        data = scsi.execute(bytes((0x1A, 8, 0x0F, 0, 64, 0)), data_in_bytes=64).data
        assert (data[3], data[4] & 0x3F, data[5]) == (0, 0x0F, 14)
        assert data[6] & 0x40, "DCC"

    def test_a_mode_page_that_it_does_not_have_is_an_invalid_field(self, scsi):
        reply = scsi.execute(bytes((0x1A, 8, 0x3B, 0, 64, 0)), data_in_bytes=64)
        assert failure(reply) == (ILLEGAL_REQUEST, 0x24, 0x00)

    def test_space_and_locate_agree_about_the_position(self, bench):
        tape = bench.open()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTSETBLK, 0)
        write_files(tape, ((700, 701), (702,)))
        tape.operate(lib.MTREW)
        tape.close()
        scsi = bench.open_scsi()
        assert scsi.execute(bytes((0x11, 1, 0, 0, 1, 0))).status == GOOD
        assert position_of(scsi) == 3
        assert failure(scsi.execute(bytes((0x11, 0, 0, 0, 2, 0)))) == (NO_SENSE, 0x00, 0x01)
        assert position_of(scsi) == 5
        assert scsi.execute(bytes((0x01, 0, 0, 0, 0, 0))).status == GOOD
        assert position_of(scsi) == 0
        scsi.close()


def position_of(scsi) -> int:
    return int.from_bytes(scsi.execute(READ_POSITION, data_in_bytes=20).data[4:8], "big")
