# SPDX-License-Identifier: WTFPL OR MIT
"""Which sessions together are an argument's state, and what of them is true at the end."""

from __future__ import annotations

import pytest

from pytp_native.catalog.chain import Members
from pytp_native.catalog.records import CartridgeFacts, Deletion, SessionFacts, TapeFileFacts
from pytp_native.catalog.restoring import Selector
from pytp_native.errors import NothingHere
from tests.unit.catalog.conftest import BLOCK, DAY, LENGTH, Book, batch


class History:
    """Sessions of one argument, written one after the other."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._number = 0

    def add(
        self, uuid: str, day: int, names: list[str], *, on: str | None = None, gone: tuple[str, ...] = (),
        level: str = "", job: str | None = "daily", path: bytes = b"/srv/photos", state: str = "complete",
    ) -> None:  # fmt: skip
        level = level or ("incremental" if on else "full")
        self._number += 1
        facts = SessionFacts(uuid, day * DAY, level, job=job, label=f"label-{day}")
        session = self.book.catalog.begin_session(facts)
        cartridge = session.on_cartridge(CartridgeFacts(barcode=f"A0000{day}L9"))
        place = TapeFileFacts(self._number, 0, BLOCK, path, b"photos", level=level, based_on=on)
        file = session.begin_tape_file(cartridge, place)
        file.add(batch(names))
        file.end("saved", 1 + len(names) * LENGTH // BLOCK, closed=True)
        file.add_deletions([Deletion(name.encode()) for name in gone])
        session.end(state, 0)

    def state(self, **wanted: object) -> list[tuple[str, str]]:
        """Names with the session that they come from, of the only chain there is."""
        (one,) = self.book.catalog.states(Selector(**wanted))  # type: ignore[arg-type]
        return sorted((place.path.decode(), archive.uuid) for archive, place in self.book.catalog.live(one))


@pytest.fixture
def history(book: Book) -> History:
    made = History(book)
    made.add("full", 1, ["photos", "photos/a", "photos/b", "photos/c"])
    made.add("inc1", 2, ["photos", "photos/b", "photos/d"], on="full", gone=("photos/c",))
    made.add("inc2", 3, ["photos", "photos/c"], on="inc1", gone=("photos/a",))
    return made


def test_a_chain_is_followed_back_to_the_full_session(history: History) -> None:
    assert history.state() == [
        ("photos", "inc2"), ("photos/b", "inc1"), ("photos/c", "inc2"), ("photos/d", "inc1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wanted",
    [{"as_of": 2 * DAY + 5}, {"session": "inc1"}, {"label": "label-2"}, {"label": "A00002L9"}, {"as_of": 3 * DAY - 1}],
)
def test_an_earlier_day_has_what_was_true_then(history: History, wanted: dict[str, object]) -> None:
    expected = [("photos", "inc1"), ("photos/a", "full"), ("photos/b", "inc1"), ("photos/d", "inc1")]
    assert history.state(**wanted) == expected


def test_a_differential_session_leaves_those_between_it_and_the_full_one_out(history: History) -> None:
    history.add("diff", 4, ["photos/e"], on="full", gone=("photos/b",), level="differential")
    assert history.state() == [("photos", "full"), ("photos/a", "full"), ("photos/c", "full"), ("photos/e", "diff")]


def test_a_name_that_is_gone_and_there_again_is_what_was_added(history: History) -> None:
    history.add("inc3", 4, ["photos/b"], on="inc2", gone=("photos/b", "photos/d"))
    assert history.state() == [("photos", "inc2"), ("photos/b", "inc3"), ("photos/c", "inc2")]


@pytest.mark.parametrize("state", ["failed", "interrupted", "full"])
def test_a_session_that_did_not_end_well_is_nobodys_base(history: History, state: str) -> None:
    history.add("bad", 5, ["photos/z"], on="inc2", gone=("photos/b",), state=state)
    base = history.book.catalog.base("daily", b"/srv/photos", b"photos")
    assert base is not None
    assert [step.session for step in base.steps] == ["full", "inc1", "inc2"]


def test_a_history_belongs_to_job_and_path_and_name(history: History) -> None:
    history.add("elsewhere", 6, ["photos/x"], path=b"/home/photos")
    history.add("other", 6, ["photos/y"], job=None)
    base = history.book.catalog.base
    found = [base("daily", b"/srv/photos", b"photos"), base("daily", b"/home/photos", b"photos"),
             base(None, b"/srv/photos", b"photos")]  # fmt: skip
    assert [one.steps[-1].session for one in found if one] == ["inc2", "elsewhere", "other"]
    assert base("weekly", b"/srv/photos", b"photos") is None
    assert base("daily", b"/srv/photos", b"srv/photos") is None
    assert len(history.book.catalog.states(Selector(job="daily"))) == 2


def test_the_last_full_session_is_found_behind_incremental_ones(history: History) -> None:
    base = history.book.catalog.base("daily", b"/srv/photos", b"photos", full=True)
    assert base is not None
    assert [step.session for step in base.steps] == ["full"]


def test_a_new_full_session_begins_a_chain_and_keeps_the_one_before(history: History) -> None:
    history.add("full2", 7, ["photos/n"])
    assert history.state() == [("photos/n", "full2")]
    assert len(history.state(as_of=3 * DAY)) == 4


def test_sessions_of_one_second_are_ordered_by_what_they_are_based_on(book: Book) -> None:
    made = History(book)
    made.add("inc", 1, ["photos/b"], on="full")  # as a rebuild tells them that begins with the newer cartridge
    made.add("full", 1, ["photos/a"])
    assert made.state() == [("photos/a", "full"), ("photos/b", "inc")]


def test_a_base_that_the_catalog_does_not_know_is_named(book: Book) -> None:
    made = History(book)
    made.add("inc", 1, ["photos/b"], on="lost")
    base = book.catalog.base("daily", b"/srv/photos", b"photos")
    assert base is not None
    assert base.missing == "lost"
    with pytest.raises(NothingHere, match="session lost, which the catalog does not know"):
        book.catalog.states(Selector())


def test_what_was_overwritten_is_true_no_more(history: History) -> None:
    session = history.book.session(day=8)
    session.on_cartridge(CartridgeFacts(barcode="A00002L9"), overwrites_from=0)
    assert history.state() == [("photos", "inc2"), ("photos/b", "full"), ("photos/c", "inc2")]


def test_changes_come_in_the_order_in_which_they_were_made(history: History) -> None:
    one = history.book.catalog.base("daily", b"/srv/photos", b"photos")
    assert one is not None
    told = [
        list(step.paths) if isinstance(step, Members) else ("gone", step) for step in history.book.catalog.changes(one)
    ]
    assert told == [
        [b"photos", b"photos/a", b"photos/b", b"photos/c"],
        ("gone", [b"photos/c"]), [b"photos", b"photos/b", b"photos/d"],
        ("gone", [b"photos/a"]), [b"photos", b"photos/c"],
    ]  # fmt: skip


def test_members_are_named_by_their_ids(history: History) -> None:
    one = history.book.catalog.base("daily", b"/srv/photos", b"photos", full=True)
    assert one is not None
    (added,) = history.book.catalog.changes(one)
    assert isinstance(added, Members)
    (gone,) = history.book.catalog.named([added.ids[2]])
    assert gone == (b"photos/b", "0", 79, 102, 10**18 + 2)


def test_names_are_bytes_also_where_they_are_no_text(book: Book) -> None:
    made = History(book)
    made.add("full", 1, ["photos", "photos/\udcffx", "photos/\udce4/y"])
    base = book.catalog.base("daily", b"/srv/photos", b"photos")
    assert base is not None
    (added,) = book.catalog.changes(base)
    assert isinstance(added, Members)
    assert added.paths == (b"photos", b"photos/\xffx", b"photos/\xe4/y")
