# SPDX-License-Identifier: WTFPL OR MIT
"""A whole library in requests that fit, on a library written here by hand: SMC-3, and what real ones do otherwise."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from pytp_native import errors
from pytp_native.devices import retry
from pytp_native.scsi.element_scan import Scan, all_elements, element_addresses, elements_of_type
from pytp_native.scsi.mode_pages import DRIVE, IMPORT_EXPORT, STORAGE, TRANSPORT, ElementRange
from pytp_native.transport.records import ScsiReply
from tests.golden import golden
from tests.unit.scsi.answers import GOOD, Answers, check

WHERE = {TRANSPORT: (1, 1), STORAGE: (0x400, 8), IMPORT_EXPORT: (0x300, 2), DRIVE: (0x101, 2)}


class Library:
    """Answers MODE SENSE page 1Dh and READ ELEMENT STATUS."""

    address = "/dev/sch0"

    def __init__(self, where: dict[int, tuple[int, int]] = WHERE) -> None:
        self.where = where
        self.most_elements = 1 << 16
        """Gives no more in one answer, whatever the allocation length."""
        self.short_by = 0
        """Ends each answer so many bytes early, as tgt does."""
        self.missing: set[int] = set()
        self.serials = ("DRIVE001", "DRIVE002")
        self.asked: list[tuple[int, int, int, int]] = []
        self.strict_end = False
        self.refused = 0
        """Bits of byte 6 that are an invalid field: DVCID 01h, CURDATA 02h; 10h: volume tags."""

    def execute(self, cdb, *, data_out=b"", data_in_bytes=0, timeout_s=60.0):
        if cdb[0] == 0x1A:
            pairs = b"".join(n.to_bytes(2, "big") for kind in (1, 2, 3, 4) for n in self.where[kind])
            data = bytes((23, 0, 0, 0, 0x1D, 18)) + pairs + bytes(2)
        else:
            assert cdb[0] == 0xB8
            kind, first, count = cdb[1] & 0x0F, int.from_bytes(cdb[2:4], "big"), int.from_bytes(cdb[4:6], "big")
            room = int.from_bytes(cdb[7:10], "big")
            assert room == data_in_bytes
            self.asked.append((kind, first, count, cdb[6]))
            if (cdb[6] | cdb[1] & 0x10) & self.refused:
                return check(5, 0x2400)
            data = self.status(kind, first, count, tags=bool(cdb[1] & 0x10), dvcid=bool(cdb[6] & 1))
            if data is None:
                return check(5, 0x2101)
        data = data[: len(data) - self.short_by][:data_in_bytes]
        return ScsiReply(GOOD, b"", data, residual=data_in_bytes - len(data))

    def status(self, kind: int, first: int, count: int, *, tags: bool, dvcid: bool) -> bytes | None:
        low, size = self.where[kind]
        there = [one for one in range(low, low + size) if one >= first and one not in self.missing][:count]
        if not there and self.strict_end:
            return None
        body = b"".join(self.element(kind, one, tags=tags, dvcid=dvcid) for one in there[: self.most_elements])
        width = len(self.element(kind, low, tags=tags, dvcid=dvcid))
        pages = (
            bytes((kind, 0x80 if tags else 0)) + width.to_bytes(2, "big") + b"\0" + len(body).to_bytes(3, "big") + body
        )
        if not there:
            pages = b""
        start = there[0] if there else 0
        return start.to_bytes(2, "big") + len(there).to_bytes(2, "big") + b"\0" + len(pages).to_bytes(3, "big") + pages

    def element(self, kind: int, address: int, *, tags: bool, dvcid: bool) -> bytes:
        plain = address.to_bytes(2, "big") + b"\x09" + bytes(6) + b"\x81" + (0x400).to_bytes(2, "big")
        tag = f"T{address:05d}L9".encode().ljust(32) + bytes(4) if tags else b""
        name = b""
        if dvcid:
            serial = self.serials[address - self.where[kind][0]].encode()
            name = b"\x02\0\0" + bytes((len(serial),)) + serial
        return plain + tag + name

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def library():
    return Library()


def slots(library, **how):
    return elements_of_type(library, Scan(**how), STORAGE, ElementRange(*library.where[STORAGE]))


def test_the_addresses_come_from_the_mode_page(library):
    assert element_addresses(library) == ((1, 1), (0x400, 8), (0x300, 2), (0x101, 2))


def test_a_library_without_the_page_says_so():
    with pytest.raises(errors.BadReply, match="/dev/test: MODE SENSE"):
        element_addresses(Answers([bytes.fromhex("03 00 00 00")]))
    with pytest.raises(errors.NotSupported):
        element_addresses(Answers([check(5, 0x2400)]))


def test_every_type_is_asked_for_by_itself(library):
    found = all_elements(library, Scan(drive_identifiers=True, without_motion=True), element_addresses(library))
    assert [(one.element_type, one.address) for one in found] == [
        (kind, address) for kind in (1, 2, 3, 4) for address in range(WHERE[kind][0], sum(WHERE[kind]))
    ]
    assert [one.serial for one in found[-2:]] == ["DRIVE001", "DRIVE002"]
    assert found[1].volume_tag == "T01024L9"
    assert found[1].source == 0x400
    assert library.asked == [(1, 1, 1, 2), (2, 0x400, 8, 2), (3, 0x300, 2, 2), (4, 0x101, 2, 3)]


def test_the_host_adapters_limit_counts_too(library):
    library.most_transfer_bytes = 120
    assert len(slots(library)) == 8
    assert len(library.asked) == 4  # two elements of 48 bytes and 16 of headers at a time


@pytest.mark.parametrize(
    ("refused", "asked"), [(0x01, [3, 1, 2]), (0x02, [3, 1]), (0x03, [3, 1, 2, 0]), (0x13, [3, 1, 2, 0, 3, 1, 2, 0])]
)
def test_a_library_that_refuses_a_bit_is_asked_without_it(library, refused, asked):
    library.refused = refused
    how = Scan(drive_identifiers=True, without_motion=True)
    found = elements_of_type(library, how, DRIVE, ElementRange(*library.where[DRIVE]))
    assert [one.address for one in found] == [0x101, 0x102]
    assert [bits for *_, bits in library.asked] == asked
    assert bool(found[0].serial) == (not refused & 0x01)
    assert found[0].volume_tag == ("" if refused & 0x10 else "T00257L9")


def test_what_was_refused_once_is_left_out_of_the_requests_that_follow(library):
    library.refused, library.most_elements = 0x02, 3
    assert len(slots(library, without_motion=True)) == 8
    assert [bits for *_, bits in library.asked] == [2, 0, 0, 0]


def test_a_library_that_refuses_everything_says_so():
    with pytest.raises(errors.NotSupported):
        elements_of_type(Answers([check(5, 0x2400)] * 9), Scan(drive_identifiers=True, without_motion=True), DRIVE,
                         ElementRange(1, 1))  # fmt: skip
    with pytest.raises(errors.NotSupported):
        elements_of_type(Answers([check(5, 0x2000)]), Scan(without_motion=True), STORAGE, ElementRange(1, 1))


def test_a_type_that_is_not_there_is_not_asked_for(library):
    library.where = {**WHERE, IMPORT_EXPORT: (0, 0)}
    all_elements(library, Scan(), element_addresses(library))
    assert [kind for kind, *_ in library.asked] == [1, 2, 4]


@pytest.mark.parametrize("most_bytes", [64, 100, 116, 200, 424, 65536])
def test_any_transfer_limit_gives_the_same_elements(library, most_bytes):
    whole = slots(Library())
    assert slots(library, most_bytes=most_bytes) == whole
    assert len(whole) == 8


@pytest.mark.parametrize("most", [1, 3, 7])
def test_a_library_may_answer_with_a_part(library, most):
    library.most_elements = most
    assert [one.address for one in slots(library)] == list(range(0x400, 0x408))
    assert len(library.asked) == -(-8 // most)


@pytest.mark.parametrize("strict", [False, True])
def test_missing_elements_are_passed_over(library, strict):
    library.missing, library.strict_end = {0x402, 0x406, 0x407}, strict
    assert [one.address for one in slots(library)] == [0x400, 0x401, 0x403, 0x404, 0x405]


def test_no_element_at_all_is_an_answer(library):
    library.missing = set(range(0x400, 0x408))
    assert slots(library) == []


def test_an_address_that_is_not_there_is_an_error(library):
    library.missing, library.strict_end = set(range(0x400, 0x408)), True
    with pytest.raises(errors.LibraryError, match="there is no such element"):
        slots(library)


def test_answers_that_end_eight_bytes_early_lose_no_element(library):
    library.short_by = 8
    assert [one.volume_tag for one in slots(library)] == [f"T{address:05d}L9" for address in range(0x400, 0x408)]
    assert len(library.asked) == 1


def test_a_descriptor_that_never_fits_is_told(library):
    with pytest.raises(errors.BadReply, match="no element in 40 bytes, though 8 are available"):
        slots(library, most_bytes=40)


def test_long_identifiers_get_more_room(library):
    library.serials = ("A" * 200, "B" * 200)
    library.where = {**WHERE, DRIVE: (0x101, 1)}
    found = elements_of_type(library, Scan(drive_identifiers=True), DRIVE, ElementRange(0x101, 1))
    assert found[0].serial == "A" * 200


def test_elements_of_another_type_are_refused(library):
    answers = Answers([golden("mhvtl-elements-type-4")])
    with pytest.raises(errors.LibraryError, match="type 2 was asked for, type 4 came"):
        elements_of_type(answers, Scan(), STORAGE, ElementRange(0x101, 2))


def test_a_library_that_goes_backwards_ends_the_scan():
    answers = Answers([golden("mhvtl-elements-type-4")] * 2)
    with pytest.raises(errors.BadReply, match="out of order"):
        elements_of_type(answers, Scan(), DRIVE, ElementRange(0x102, 9))


def test_unit_attention_during_a_scan_is_asked_past(library):
    answers = Answers([check(6, 0x2801), golden("mhvtl-elements-type-4")])
    found = elements_of_type(answers, Scan(policy=retry.CALM), DRIVE, ElementRange(0x101, 2))
    assert [one.volume_tag for one in found] == ["VT0001L6", ""]


def test_fifty_thousand_slots_take_little_time_and_memory(library):
    library.where = {**WHERE, STORAGE: (1000, 50_000)}
    whole = library.status(STORAGE, 1000, 50_000, tags=True, dvcid=False)
    width = 48

    def execute(cdb, *, data_out=b"", data_in_bytes=0, timeout_s=60.0):
        first = int.from_bytes(cdb[2:4], "big") - 1000
        count = min(50_000 - first, (data_in_bytes - 16) // width)
        body = whole[16 + first * width : 16 + (first + count) * width]
        head = whole[:2] + (50_000 - first).to_bytes(2, "big") + whole[4:8] + whole[8:16]
        return ScsiReply(GOOD, b"", head + body, residual=0)

    library.execute = execute
    began = time.process_time()
    tracemalloc.start()
    found = slots(library)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 50_000
    assert found[-1].volume_tag == "T50999L9"
    assert peak < 60 << 20
    assert time.process_time() - began < 10  # 2 s with tracemalloc; a quadratic walk takes minutes
