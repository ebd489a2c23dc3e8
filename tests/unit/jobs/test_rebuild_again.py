# SPDX-License-Identifier: WTFPL OR MIT
"""A catalog that is told again what it knows loses nothing by it, however that ends."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_native.catalog.recording import OpenTapeFile
from pytp_native.catalog.records import MemberBatch, Session
from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.errors import MediumError, NothingHere
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.verify import VerifyRequest, verify
from pytp_native.units import MIB
from tests.cartridge import Cartridge, Done

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def trees(tmp_path: Path) -> list[Path]:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for number in range(400):
            (tmp_path / name / f"{number:03}-{os.urandom(40).hex()}").write_bytes(b"x" * 20)
        made.append(tmp_path / name)
    return made


@pytest.fixture
def saved(cartridge: Cartridge, catalog: Catalog, trees: list[Path]) -> Session:
    done = cartridge.backup(*trees, catalog=catalog, job="j", bare=False, memory_bytes=64 * MIB)
    assert done.code == 0, done.report.message
    return catalog.sessions()[0]


def told_again(cartridge: Cartridge, catalog: Catalog) -> Done:
    events: list[object] = []
    with cartridge.open() as drive:
        return Done(rebuild(drive, catalog, events.append, Interrupt()), events)


def rows(catalog: Catalog) -> list[tuple[object, ...]]:
    return sorted((one.path, one.tape_file, one.block, one.offset, one.size, one.digest) for one in catalog.find(b"*"))


class _Killed(BaseException):
    pass


def fail_in_the_second_file(monkeypatch: pytest.MonkeyPatch, error: Callable[[], BaseException]) -> None:
    """A session of two tape files is told again up to the second one."""
    add, calls = OpenTapeFile.add, []

    def failing(self: OpenTapeFile, batch: MemberBatch) -> None:
        calls.append(batch)
        if len(calls) == 2:
            raise error()
        add(self, batch)

    monkeypatch.setattr(OpenTapeFile, "add", failing)


def killed(cartridge: Cartridge, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        fail_in_the_second_file(patched, _Killed)
        with pytest.raises(_Killed):
            told_again(cartridge, catalog)
    gc.collect()  # a process that dies leaves no lock


def test_what_was_known_stays_when_telling_it_again_is_killed(
    cartridge: Cartridge, catalog: Catalog, saved: Session, trees: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(catalog)
    killed(cartridge, catalog, monkeypatch)
    after = Catalog(catalog.path)
    assert saved in after.sessions()
    states = after.states(Selector(job="j"))
    assert {(one.path, len(one.layers)) for one in states} == {(os.fsencode(tree), 1) for tree in trees}
    assert told_again(cartridge, after).code == 0
    assert ([one.uuid for one in after.sessions()], rows(after), after.check()) == ([saved.uuid], before, [])


def test_a_session_that_was_told_in_part_is_not_taken_for_one(
    cartridge: Cartridge, catalog: Catalog, saved: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Catalog(str(tmp_path / "fresh.db"))
    killed(cartridge, fresh, monkeypatch)
    assert not fresh.has_session(saved.uuid)
    with pytest.raises(NothingHere):
        fresh.states(Selector(job="j"))
    assert told_again(cartridge, fresh).code == 0
    assert [(one.uuid, one.state) for one in fresh.sessions()] == [(saved.uuid, "complete")]
    assert rows(fresh) == rows(catalog)


def test_a_trailer_that_cannot_be_read_to_its_end_takes_nothing_away(
    cartridge: Cartridge, catalog: Catalog, saved: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(catalog)
    fail_in_the_second_file(monkeypatch, lambda: MediumError("drive", "medium error"))
    done = told_again(cartridge, catalog)
    assert (done.code, catalog.sessions(), rows(catalog)) == (1, [saved], before)


def test_what_was_verified_stays_verified(cartridge: Cartridge, catalog: Catalog, saved: Session) -> None:
    with cartridge.open() as drive:
        assert verify(drive, catalog, VerifyRequest(), lambda event: None, Interrupt()).exit_code == 0
    when = catalog.cartridges()[0].last_verified
    assert when is not None
    assert told_again(cartridge, catalog).code == 0
    assert catalog.cartridges()[0].last_verified == when
    assert [line["members"] for line in catalog.export() if line["table"] == "verification"] == [401, 401]
