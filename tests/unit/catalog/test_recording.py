# SPDX-License-Identifier: WTFPL OR MIT
"""What becomes a claim, and when."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

import pytest

from pytp_native.catalog.database import Database
from pytp_native.catalog.records import CartridgeFacts, TapeFileFacts
from pytp_native.catalog.store import Catalog
from pytp_native.errors import CatalogError
from tests.unit.catalog.conftest import BLOCK, LENGTH, Book, batch

PER_BLOCK = BLOCK // LENGTH
NAMES = [f"photos/{number:03}" for number in range(3 * PER_BLOCK)]


def test_members_count_only_up_to_what_the_drive_says_is_on_the_medium(book: Book) -> None:
    file = book.tape_file(book.session())
    file.add(batch(NAMES))
    assert book.find("*") == []
    file.durable_up_to(1)
    assert len(book.find("*")) == PER_BLOCK
    file.durable_up_to(2)
    file.durable_up_to(1)
    assert len(book.find("*")) == 2 * PER_BLOCK


def test_a_member_that_ends_in_the_next_block_is_not_durable(book: Book) -> None:
    file = book.tape_file(book.session())
    file.add(batch(["photos/a"], start=BLOCK - 512))
    file.durable_up_to(1)
    assert book.find("*") == []
    file.durable_up_to(2)
    assert book.find("*") == ["photos/a"]


def test_a_tape_file_that_failed_keeps_what_was_durable(book: Book) -> None:
    session = book.session()
    file = book.tape_file(session)
    file.add(batch(NAMES))
    file.durable_up_to(2)
    file.end("failed", 3, closed=False)
    session.end("failed", 6)
    (listed,) = book.catalog.sessions()
    assert (listed.state, listed.exit) == ("failed", 6)
    assert [(one.state, one.blocks, one.members) for one in listed.tape_files] == [("failed", 3, 2 * PER_BLOCK)]
    assert listed.tape_files[0].data_bytes == sum(100 + number for number in range(2 * PER_BLOCK))
    assert book.catalog.extend_index() == 2 * PER_BLOCK


def test_what_a_dead_session_left_is_exactly_what_was_durable(book: Book) -> None:
    file = book.tape_file(book.session())
    file.add(batch(NAMES[:PER_BLOCK]))
    file.durable_up_to(1)
    file.add(batch(NAMES[PER_BLOCK:], start=BLOCK))
    book.catalog.close()  # as a killed process does
    with Catalog(str(book.path)) as again:
        assert [hit.path for hit in again.find(b"*")] == [name.encode() for name in reversed(NAMES[:PER_BLOCK])]
        assert again.sessions()[0].state == "open"


def test_a_commit_that_fails_puts_no_member_into_the_directory_of_another(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full says so then; what was added is tried again with what has come meanwhile."""
    file = book.tape_file(book.session())
    run = Database.run

    def full(self: Database, statement: str, values: Sequence[object] = ()) -> int:
        if statement == "COMMIT":
            raise CatalogError(self.path, "disk full")
        return run(self, statement, values)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", full)
        with pytest.raises(CatalogError):
            file.add(batch(["photos/a/one"]))
    file.add(batch(["photos/b/two", "photos/a/one"]))
    file.end("saved", 1, closed=True)
    assert sorted(book.find("*")) == ["photos/a/one", "photos/b/two"]
    assert book.catalog.check() == []


def test_two_tape_files_of_one_session_keep_their_members_apart(book: Book) -> None:
    session = book.session()
    one, two = book.tape_file(session, 1), book.tape_file(session, 2)
    for number in range(3):
        one.add(batch([f"photos/one-{number}"], start=number * LENGTH))
        two.add(batch([f"videos/two-{number}"], start=number * LENGTH))
    one.end("saved", 1, closed=True)
    two.end("saved", 1, closed=True)
    assert sorted(book.find("one-")) == [f"photos/one-{number}" for number in range(3)]
    assert {hit.tape_file for hit in book.catalog.find(b"two-")} == {2}


def test_an_overwritten_tape_file_is_no_claim_any_more(book: Book) -> None:
    book.saved(["photos/old-1"], number=1)
    book.saved(["photos/old-2"], number=2)
    session = book.session()
    session.on_cartridge(CartridgeFacts(barcode="A00001L9"), overwrites_from=2)
    assert book.find("old") == ["photos/old-1"]
    assert [one.state for found in book.catalog.sessions() for one in found.tape_files] == ["overwritten", "saved"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (CartridgeFacts(uuid="u1", barcode="A"), CartridgeFacts(uuid="u1", barcode="B"), True),
        (CartridgeFacts(uuid="u1", barcode="A"), CartridgeFacts(uuid="u2", barcode="A"), False),
        (CartridgeFacts(barcode="A"), CartridgeFacts(uuid="u1", barcode="A"), True),
        (CartridgeFacts(serial="S"), CartridgeFacts(serial="S", barcode="A"), True),
        (CartridgeFacts(barcode="A", serial="S"), CartridgeFacts(barcode="A"), True),
        (CartridgeFacts(), CartridgeFacts(), False),
    ],
)
def test_a_cartridge_is_recognised(book: Book, first: CartridgeFacts, second: CartridgeFacts, same: bool) -> None:
    one, two = book.catalog.saw_cartridge(first, now=10), book.catalog.saw_cartridge(second, now=20)
    assert (one == two) is same
    if same:
        (listed,) = book.catalog.cartridges()
        known = {**first._asdict(), **{key: value for key, value in second._asdict().items() if value is not None}}
        assert (listed.uuid, listed.barcode, listed.serial) == (known["uuid"], known["barcode"], known["serial"])
        assert (listed.first_seen, listed.last_seen) == (10, 20)


def test_the_inventory_counts_what_is_on_a_cartridge(book: Book) -> None:
    session = book.saved(["photos/a", "photos/b"])
    cartridge = book.catalog.saw_cartridge(CartridgeFacts(barcode="A00001L9", capacity_bytes=10**9), now=9)
    session.add_device_error(cartridge, device="vtl:x/drive0", kind="TAPE", text="medium error", sense=b"\x70")
    trailer = session.begin_tape_file(cartridge, TapeFileFacts(2, 7, BLOCK, kind="trailer"))
    trailer.end("saved", 2, closed=True)
    (listed,) = book.catalog.cartridges()
    assert (listed.sessions, listed.tape_files, listed.members, listed.errors) == (1, 2, 2, 1)
    assert listed.tape_bytes == 3 * BLOCK
    assert listed.capacity_bytes == 10**9


def test_nobody_else_may_read_the_catalog(book: Book) -> None:
    book.saved(["photos/a"])
    modes = {file.name: stat.S_IMODE(os.stat(file).st_mode) for file in book.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes
