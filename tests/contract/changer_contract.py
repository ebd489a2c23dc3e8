# SPDX-License-Identifier: WTFPL OR MIT
"""What a medium changer answers to commands: SPC-5 and SMC-3, on raw bytes; no parser of ours is asked."""

from __future__ import annotations

import pytest

GOOD, CHECK_CONDITION = 0x00, 0x02
ILLEGAL_REQUEST = 0x5
ROBOT, STORAGE, MAIL, DRIVE = 1, 2, 3, 4


def failure(reply) -> tuple[int, int, int]:
    assert reply.status == CHECK_CONDITION
    return reply.sense[2] & 0xF, reply.sense[12], reply.sense[13]


def word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def spans(changer) -> dict[int, tuple[int, int]]:
    """First address and count by element type, from the element address assignment page."""
    page = changer.execute(bytes((0x1A, 8, 0x1D, 0, 255, 0)), data_in_bytes=255).data[4:]
    assert page[:2] == b"\x1d\x12"
    return {kind: (word(page, 4 * kind - 2), word(page, 4 * kind)) for kind in (ROBOT, STORAGE, MAIL, DRIVE)}


def status(changer, kind: int, *, room: int = 65535):
    first, count = spans(changer)[kind]
    cdb = bytes((0xB8, 0x10 | kind)) + first.to_bytes(2, "big") + count.to_bytes(2, "big") + b"\0"
    return changer.execute(cdb + room.to_bytes(3, "big") + bytes(2), data_in_bytes=room)


def descriptors(changer, kind: int) -> list[bytes]:
    data = status(changer, kind).data
    size = word(data, 10)
    return [data[at : at + size] for at in range(16, len(data), size)]


def full(changer, kind: int) -> list[int]:
    return [word(one, 0) for one in descriptors(changer, kind) if one[2] & 1]


def empty(changer, kind: int) -> list[int]:
    return [word(one, 0) for one in descriptors(changer, kind) if not one[2] & 1]


def move(changer, source: int, destination: int):
    cdb = bytes((0xA5, 0, 0, 0)) + source.to_bytes(2, "big") + destination.to_bytes(2, "big") + bytes(4)
    return changer.execute(cdb)


class ChangerContract:
    """Wants a fixture `changer`: a library with a robot, two drives or more, slots full and empty, one drive empty."""

    @pytest.fixture(autouse=True)
    def settled(self, changer):
        for _ in range(5):
            if changer.execute(bytes(6)).status == GOOD:
                break

    def test_it_is_a_medium_changer(self, changer):
        data = changer.execute(bytes((0x12, 0, 0, 0, 96, 0)), data_in_bytes=96).data
        assert data[0] == 0x08
        assert data[8:16].decode("ascii").strip()

    def test_every_kind_reports_as_many_elements_as_the_mode_page_tells(self, changer):
        for kind, (first, count) in spans(changer).items():
            if count:
                assert [word(one, 0) for one in descriptors(changer, kind)] == list(range(first, first + count))

    def test_the_byte_count_is_what_a_large_buffer_gets(self, changer):
        data = status(changer, STORAGE).data
        assert int.from_bytes(data[5:8], "big") == len(data) - 8
        assert int.from_bytes(data[13:16], "big") == len(data) - 16

    def test_eight_bytes_tell_how_much_there_is(self, changer):
        assert status(changer, STORAGE, room=8).data == status(changer, STORAGE).data[:8]

    def test_full_slots_have_labels(self, changer):
        for one in descriptors(changer, STORAGE):
            assert bool(one[12:44].strip(b" \0")) == bool(one[2] & 1)

    def test_a_move_there_and_back(self, changer):
        source, target = full(changer, STORAGE)[0], empty(changer, STORAGE)[0]
        tag = next(one[12:44] for one in descriptors(changer, STORAGE) if word(one, 0) == source)
        assert move(changer, source, target).status == GOOD
        assert next(one[12:44] for one in descriptors(changer, STORAGE) if word(one, 0) == target) == tag
        assert move(changer, target, source).status == GOOD
        assert target in empty(changer, STORAGE)

    def test_a_loaded_drive_knows_where_its_cartridge_came_from(self, changer):
        source, target = full(changer, STORAGE)[0], empty(changer, DRIVE)[0]
        assert move(changer, source, target).status == GOOD
        loaded = next(one for one in descriptors(changer, DRIVE) if word(one, 0) == target)
        assert loaded[9] & 0x80
        assert word(loaded, 10) == source
        assert move(changer, target, source).status == GOOD

    def test_an_empty_source_and_a_full_destination_are_refused(self, changer):
        slots, free = full(changer, STORAGE), empty(changer, STORAGE)
        assert failure(move(changer, free[0], free[-1])) == (ILLEGAL_REQUEST, 0x3B, 0x0E)
        assert failure(move(changer, slots[0], slots[1])) == (ILLEGAL_REQUEST, 0x3B, 0x0D)

    def test_an_address_that_is_none_is_refused(self, changer):
        first, count = spans(changer)[STORAGE]
        assert failure(move(changer, first + count, first)) == (ILLEGAL_REQUEST, 0x21, 0x01)

    def test_an_inventory_scan_changes_nothing(self, changer):
        before = status(changer, STORAGE).data
        assert changer.execute(bytes((0x07, 0, 0, 0, 0, 0))).status == GOOD
        assert status(changer, STORAGE).data == before

    def test_an_unknown_operation_code_is_refused(self, changer):
        assert failure(changer.execute(bytes((0x02,)) + bytes(5))) == (ILLEGAL_REQUEST, 0x20, 0x00)
