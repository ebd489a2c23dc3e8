# SPDX-License-Identifier: WTFPL OR MIT
"""Verifying: what is read, what differs, what is recorded of it, and going on where it was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backup_bench import BLOCK
from test_catalog_restore import save

from pytp_native.catalog.store import Catalog
from pytp_native.catalog.verifying import Begun, Scope
from pytp_native.errors import NothingHere
from pytp_native.jobs import verify as job
from pytp_native.jobs.events import ArgumentStarted, Progress
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.verify import VerifyRequest, verify
from tests.cartridge import Cartridge, Done


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(str(tmp_path / "catalog.db")) as opened:
        yield opened


def run(
    cartridge: Cartridge, catalog: Catalog, *, interrupt: Interrupt | None = None, on_event: object = None,
    **options: object,
) -> Done:  # fmt: skip
    events: list[object] = []

    def emit(event: object) -> None:
        events.append(event)
        if callable(on_event):
            on_event(event)

    with cartridge.open() as drive:
        return Done(verify(drive, catalog, VerifyRequest(**options), emit, interrupt or Interrupt()), events)


def verified(catalog: Catalog) -> list[tuple[object, ...]]:
    rows = [row for row in catalog.export() if row["table"] == "verification"]
    return [(row["strength"], row["members"], row["damaged"]) for row in rows]


def test_what_is_right_is_proven_and_recorded(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]
) -> None:
    save(cartridge, catalog, tree("one", a=10, b=5 * BLOCK, empty=0), tree("two", c=b"c"))
    done = run(cartridge, catalog)
    assert (done.code, done.statuses) == (0, ["verified", "verified"])
    assert (done.report.details["members"], done.report.details["checked"]) == (6, 4)
    assert verified(catalog) == [("full", 4, 0), ("full", 2, 0)]
    assert catalog.cartridges()[0].last_verified is not None
    assert done.report.details["locates"] == 2


@pytest.mark.parametrize("size", [100, 300_000])
def test_a_changed_byte_is_exit_8_and_its_file_is_named(
    size: int, cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]
) -> None:
    top = tree("tree", good=10, bad=size)
    save(cartridge, catalog, top)
    cartridge.corrupt((top / "bad").read_bytes()[:32], at=size // 2 % BLOCK if size < BLOCK else 20)
    done = run(cartridge, catalog)
    assert done.code == 8
    assert [problem.path for problem in done.report.arguments[0].errors] == [b"tree/bad"]
    assert verified(catalog) == [("full", 3, 1)]


def test_a_block_that_cannot_be_read_is_exit_6_and_the_rest_is_verified(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]
) -> None:
    save(cartridge, catalog, tree("tree", **{f"file{number}": 3 * BLOCK for number in range(5)}))
    cartridge.fault("read 8: medium error")
    done = run(cartridge, catalog)
    assert (done.code, done.report.details["blocks_unread"]) == (6, 1)
    assert done.report.details["checked"] >= 3
    assert verified(catalog)[0][2] >= 1


def test_a_sample_reads_about_so_much_everywhere(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "WINDOW_BYTES", 100 * BLOCK)
    save(cartridge, catalog, tree("tree", **{f"file{number:03}": BLOCK - 1024 for number in range(1000)}))
    done = run(cartridge, catalog, sample_percent=10.0)
    assert done.code == 0
    assert 60 <= done.report.details["blocks_read"] <= 160
    assert 8 <= done.report.details["locates"] <= 12
    assert verified(catalog)[0][0] == "sample"


def test_stopped_it_goes_on_where_it_was(cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]) -> None:
    save(cartridge, catalog, tree("one", a=10, b=20), tree("two", **{f"f{n}": 2_000_000 for n in range(20)}))
    interrupt = Interrupt()
    starts: list[object] = []

    def stop(event: object) -> None:
        starts.extend([event] if isinstance(event, ArgumentStarted) else [])
        if isinstance(event, Progress) and len(starts) == 2:
            interrupt.trigger()

    first = run(cartridge, catalog, interrupt=interrupt, on_event=stop)
    assert first.code == 130
    assert verified(catalog) == [("full", 3, 0)], "only the argument that was read to its end"
    second = run(cartridge, catalog, scope=Scope(session="latest"))
    assert second.code == 0
    assert first.report.details["members"] + second.report.details["members"] <= 24 + 3 + 1
    assert verified(catalog)[-1] == ("full", 21, 0)
    assert run(cartridge, catalog).report.details["members"] == 24


def test_damage_that_was_found_before_it_was_stopped_counts(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]
) -> None:
    save(cartridge, catalog, tree("one", **{f"f{n}": 2_000 for n in range(20)}))
    (archive,) = catalog.archives(Scope(session="latest"))
    catalog.keep_verifying(archive, Begun(12, 20_000, 1))
    done = run(cartridge, catalog)
    assert (done.code, done.statuses) == (8, ["failed"])
    assert "1 members were found to be damaged or lost before" in done.report.message
    assert verified(catalog) == [("full", 21, 1)]
    assert run(cartridge, catalog).code == 0, "all of it was read again"


def test_the_source_is_compared_too(cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]) -> None:
    top = tree("tree", same=b"same", changed=b"one", gone=b"gone", mode=b"mode")
    os.symlink("here", top / "link")
    save(cartridge, catalog, top)
    for directory in (top.parent, top):
        assert run(cartridge, catalog, against_source=os.fsencode(directory)).code == 0
    before = (top / "changed").stat().st_mtime_ns
    (top / "changed").write_bytes(b"two")
    os.utime(top / "changed", ns=(before, before))
    (top / "gone").unlink()
    (top / "mode").chmod(0o700)
    done = run(cartridge, catalog, against_source=os.fsencode(top.parent))
    assert done.code == 8
    told = {problem.path: problem.reason for problem in done.report.arguments[0].errors}
    assert told.keys() == {b"tree", b"tree/changed", b"tree/gone", b"tree/mode"}
    assert "content is different" in told[b"tree/changed"]
    assert "any more" in told[b"tree/gone"]


def test_what_is_not_known_is_said(cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path]) -> None:
    with pytest.raises(NothingHere):
        run(cartridge, catalog)
    cartridge.backup(tree("tree", a=10), bare=False)
    with pytest.raises(NothingHere):
        run(cartridge, catalog)
    with pytest.raises(NothingHere):
        run(cartridge, catalog, scope=Scope(label="nowhere"))
