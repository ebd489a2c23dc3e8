# SPDX-License-Identifier: WTFPL OR MIT
"""Restoring by catalog: what is read for it, checksums, damage, and what happens to files that exist."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backup_bench import BLOCK

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import NothingHere, UsageError
from pytp_native.ffi import lib
from pytp_native.jobs.catalog_restore import CatalogRequest, describe_plan, plan_restore, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.stream.untar import Existing
from tests.cartridge import Cartridge, Done
from tests.trees import describe, differences

LATEST = Selector()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(str(tmp_path / "catalog.db")) as opened:
        yield opened


def save(cartridge: Cartridge, catalog: Catalog, *paths: Path, **options: object) -> Done:
    done = cartridge.backup(*paths, catalog=catalog, bare=False, **options)
    assert done.code == 0
    return done


def run(
    cartridge: Cartridge, catalog: Catalog, target: Path, *patterns: bytes, address: str = "", **options: object
) -> Done:
    events: list[object] = []
    options = {"wanted": LATEST, **options}
    request = CatalogRequest(target=os.fsencode(target), patterns=patterns, **options)
    with Drive.open(address or cartridge.address, block_bytes=BLOCK) as drive:
        return Done(restore_from_catalog(drive, catalog, request, events.append, Interrupt()), events)


def test_a_whole_tree_comes_back_to_the_last_attribute(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", small=10, large=3 * BLOCK + 5, empty=0)
    (top / "deep" / "er").mkdir(parents=True)
    os.link(top / "large", top / "deep" / "link")
    os.symlink("nowhere", top / "deep" / "er" / "symlink")
    with open(top / "sparse", "wb") as sparse:
        sparse.seek(1 << 20)
        sparse.write(b"data")
        sparse.truncate(2 << 20)
    save(cartridge, catalog, top)
    done = run(cartridge, catalog, tmp_path / "out")
    assert (done.code, done.statuses) == (0, ["restored"])
    assert differences(describe(top), describe(tmp_path / "out" / "tree")) == []
    assert done.report.details["checked"] == 4


def test_one_file_costs_one_locate_and_the_blocks_it_lies_in(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", **{f"file{number:03}": 3000 for number in range(200)}, wanted=5 * BLOCK)
    save(cartridge, catalog, top)
    (place,) = [found for found in catalog.find(b"tree/wanted") if found.path == b"tree/wanted"]
    trace = tmp_path / "trace"
    done = run(cartridge, catalog, tmp_path / "out", b"tree/wanted", address=f"trace:{trace}:{cartridge.address}")
    assert done.code == 0
    assert (tmp_path / "out" / "tree" / "wanted").read_bytes() == (top / "wanted").read_bytes()
    calls = [json.loads(line) for line in trace.read_text().splitlines()[1:]]
    motions = [call for call in calls if call["call"] == "operate" and call["operation"] not in {lib.MTSETBLK}]
    seeks = [call for call in motions if call["operation"] == lib.MTSEEK]
    last = (place.block * BLOCK + place.offset + place.length - 1) // BLOCK
    assert [call["count"] for call in seeks] == [place.first_block + place.block]
    behind = calls[calls.index(seeks[0]) :]
    assert sum(call["call"] == "read_block" for call in behind) == last - place.block + 1
    assert not [call for call in motions if call is not seeks[0] and call in behind]


def test_each_contiguous_run_costs_one_locate(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", **{f"file{number:02}": 2 * BLOCK for number in range(30)})
    save(cartridge, catalog, top)
    listed = sorted(
        (found.block, found.offset + found.length, found.path) for found in catalog.find(b"tree/file") if found.block
    )
    names = [path for _block, _end, path in listed]
    done = run(cartridge, catalog, tmp_path / "out", names[3], names[4], names[20])
    assert (done.code, done.report.details["locates"]) == (0, 2)
    assert sorted(os.listdir(tmp_path / "out" / "tree")) == sorted(
        os.path.basename(os.fsdecode(name)) for name in (names[3], names[4], names[20])
    )


def test_a_hard_link_alone_gets_its_data(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", first=20_000)
    os.link(top / "first", top / "second")
    os.link(top / "first", top / "third")
    save(cartridge, catalog, top)
    names = {found.path for found in catalog.find(b"tree/") if found.type == "1"}
    assert len(names) == 2
    done = run(cartridge, catalog, tmp_path / "out", *names)
    assert done.code == 0
    copies = [tmp_path / "out" / os.fsdecode(name) for name in names]
    assert {copy.read_bytes() for copy in copies} == {(top / "first").read_bytes()}
    assert len({copy.stat().st_ino for copy in copies}) == 1
    assert len(list((tmp_path / "out" / "tree").iterdir())) == 2


@pytest.mark.parametrize("size", [1000, 400_000])
def test_a_wrong_checksum_is_exit_8_and_the_file_is_set_aside(
    size: int, cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", good=b"good", bad=os.urandom(size))
    save(cartridge, catalog, top)
    cartridge.corrupt((top / "bad").read_bytes()[:32], at=7)
    done = run(cartridge, catalog, tmp_path / "out")
    assert (done.code, sorted(os.listdir(tmp_path / "out" / "tree"))) == (8, ["bad.damaged", "good"])
    (problem,) = done.report.arguments[0].errors
    assert problem.path == b"tree/bad"
    assert "tape file 1, block " in problem.reason
    assert "checksum" in problem.reason
    assert "bad.damaged" in problem.reason


def test_a_wrong_checksum_never_replaces_a_file_that_exists(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", bad=os.urandom(5000), good=b"new")
    save(cartridge, catalog, top)
    cartridge.corrupt((top / "bad").read_bytes()[:32])
    there = tmp_path / "out" / "tree"
    there.mkdir(parents=True)
    (there / "bad").write_bytes(b"the only copy")
    (there / "good").write_bytes(b"old")
    done = run(cartridge, catalog, tmp_path / "out", existing=Existing.OVERWRITE)
    assert done.code == 8
    assert (there / "bad").read_bytes() == b"the only copy"
    assert (there / "good").read_bytes() == b"new"
    assert sorted(os.listdir(there)) == ["bad", "bad.damaged", "good"]


def test_a_file_that_is_called_damaged_is_never_replaced(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", bad=os.urandom(5000), **{"bad.damaged": b"its own"})
    save(cartridge, catalog, top)
    assert run(cartridge, catalog, tmp_path / "right").code == 0
    assert run(cartridge, catalog, tmp_path / "right", existing=Existing.OVERWRITE).code == 0
    assert differences(describe(top), describe(tmp_path / "right" / "tree")) == []
    cartridge.corrupt((top / "bad").read_bytes()[:32])
    assert run(cartridge, catalog, tmp_path / "out").code == 8
    found = {path.name: path.read_bytes() for path in (tmp_path / "out" / "tree").iterdir()}
    assert "bad" not in found
    if "bad.damaged.1" in found:  # else it came first, and the other one was kept from being restored, and told
        assert found["bad.damaged"] == b"its own"


def test_a_block_that_cannot_be_read_costs_what_lies_in_it_only(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", **{f"file{number:02}": 3 * BLOCK for number in range(20)})
    save(cartridge, catalog, top)
    places = {found.path: found for found in catalog.find(b"tree/file")}
    victim = places[b"tree/file07"]
    cartridge.fault(f"read {victim.first_block + victim.block + 2}: medium error")
    done = run(cartridge, catalog, tmp_path / "out")
    assert done.code == 6
    restored = set(os.listdir(tmp_path / "out" / "tree"))
    hit = {os.fsdecode(problem.path).removeprefix("tree/") for problem in done.report.arguments[0].errors}
    assert "file07" in hit
    assert len(hit) <= 2  # the one behind it may begin in the same block
    assert {f"file{number:02}" for number in range(20)} - hit <= restored
    assert not hit & restored
    assert (tmp_path / "out" / "tree" / "file07.damaged").stat().st_size == 3 * BLOCK
    assert any(f"block {victim.block + 2} could not be read" in notice for notice in done.notices)


def test_members_whose_header_is_lost_are_named(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", **{f"file{number:02}": 300 for number in range(60)})
    save(cartridge, catalog, top)
    places = {found.path: found for found in catalog.find(b"tree/file")}
    victim = places[b"tree/file30"]
    gone = {path for path, place in places.items() if place.block == victim.block}
    cartridge.fault(f"read {victim.first_block + victim.block}: medium error")
    done = run(cartridge, catalog, tmp_path / "out")
    told = {problem.path for problem in done.report.arguments[0].errors}
    assert done.code == 6
    assert gone <= told
    assert {os.fsencode(f"tree/{name}") for name in os.listdir(tmp_path / "out" / "tree")} >= set(places) - told


def test_existing_files_are_kept_replaced_or_replaced_by_newer_ones(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", old=b"saved", new=b"saved")
    save(cartridge, catalog, top)
    there = tmp_path / "out" / "tree"
    there.mkdir(parents=True)
    for name, age in (("old", -100), ("new", 100)):
        (there / name).write_bytes(b"mine")
        when = (top / name).stat().st_mtime + age
        os.utime(there / name, (when, when))
    kept = run(cartridge, catalog, tmp_path / "out")
    assert (kept.code, (there / "old").read_bytes()) == (1, b"mine")
    newer = run(cartridge, catalog, tmp_path / "out", existing=Existing.NEWER)
    assert (newer.code, newer.report.details["kept"]) == (0, 1)
    assert ((there / "old").read_bytes(), (there / "new").read_bytes()) == (b"saved", b"mine")
    assert run(cartridge, catalog, tmp_path / "out", existing=Existing.OVERWRITE).code == 0
    assert (there / "new").read_bytes() == b"saved"
    assert sorted(os.listdir(there)) == ["new", "old"]


def test_leading_parts_of_names_can_be_left_out(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", first=b"data")
    os.link(top / "first", top / "second")
    save(cartridge, catalog, top)
    assert run(cartridge, catalog, tmp_path / "out", strip=1).code == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["first", "second"]
    assert (tmp_path / "out" / "first").stat().st_nlink == 2


def test_content_can_go_to_a_descriptor(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", a=b"first ", b=b"second")
    with open(top / "c", "wb") as sparse:
        sparse.seek(100_000)
        sparse.write(b"end")
    save(cartridge, catalog, top)
    with open(tmp_path / "output", "wb") as output:
        done = run(cartridge, catalog, tmp_path / "unused", b"tree/a", b"tree/c", output=output.fileno())
    assert done.code == 0
    assert (tmp_path / "output").read_bytes() in {
        b"first " + bytes(100_000) + b"end",
        bytes(100_000) + b"end" + b"first ",
    }
    assert not (tmp_path / "unused").exists()


def test_of_two_sessions_the_latest_one_counts_unless_another_is_named(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", file=b"one")
    first = save(cartridge, catalog, top).report.details["session"]
    (top / "file").write_bytes(b"two")
    save(cartridge, catalog, top)
    assert run(cartridge, catalog, tmp_path / "latest").code == 0
    assert run(cartridge, catalog, tmp_path / "first", wanted=Selector(session=first)).code == 0
    assert (tmp_path / "latest" / "tree" / "file").read_bytes() == b"two"
    assert (tmp_path / "first" / "tree" / "file").read_bytes() == b"one"
    with pytest.raises(NothingHere, match="no such session"):
        run(cartridge, catalog, tmp_path / "none", wanted=Selector(as_of=1))
    with pytest.raises(NothingHere):
        run(cartridge, catalog, tmp_path / "none", wanted=Selector(job="other"))
    with pytest.raises((UsageError, NothingHere)):
        run(cartridge, catalog, tmp_path / "none", wanted=Selector(session=""))


def test_names_that_nothing_saved_has_are_told(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    save(cartridge, catalog, tree("tree", file=b"one"))
    done = run(cartridge, catalog, tmp_path / "out", b"tree/file", b"tree/other")
    assert (done.code, len(done.notices)) == (1, 1)
    with pytest.raises(NothingHere):
        run(cartridge, catalog, tmp_path / "out", b"tree/other")


def test_another_cartridge_in_the_drive_is_not_read(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    save(cartridge, catalog, tree("tree", file=b"one"))
    other = Cartridge(tmp_path / "other", block_bytes=BLOCK)
    other.backup(tree("stranger", file=b"two"), bare=False)
    done = run(other, catalog, tmp_path / "out")
    assert done.code == 10
    assert "is needed" in done.report.message
    assert not (tmp_path / "out").exists()


def test_what_was_overwritten_by_somebody_else_is_not_taken_for_the_member(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    save(cartridge, catalog, tree("tree", file=b"one", other=b"two"))
    blocks = cartridge.objects()
    cartridge.write([block if number != 2 else bytes(BLOCK) for number, block in enumerate(blocks)], fixed=BLOCK)
    done = run(cartridge, catalog, tmp_path / "out")
    assert done.code == 8
    assert {problem.path for problem in done.report.arguments[0].errors} == {b"tree", b"tree/file", b"tree/other"}


def test_a_plan_touches_no_tape(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    save(cartridge, catalog, tree("tree", file=5 * BLOCK))
    plan = plan_restore(catalog, CatalogRequest(LATEST, patterns=(b"tree/file",)), lambda event: None)
    (entry,) = describe_plan(plan)
    plan.close()
    assert (entry["tape_file"], entry["files"], entry["bytes"], entry["locates"]) == (1, 1, 5 * BLOCK, 1)


def test_an_interrupt_leaves_no_half_file(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    save(cartridge, catalog, tree("tree", file=5 * BLOCK))
    interrupt = Interrupt()
    interrupt.trigger()
    with cartridge.open() as drive:
        report = restore_from_catalog(
            drive, catalog, CatalogRequest(LATEST, os.fsencode(tmp_path / "out")), lambda event: None, interrupt
        )
    assert report.exit_code == 130
    assert not (tmp_path / "out").exists()


def at_head(cartridge: Cartridge, catalog: Catalog, target: Path) -> Done:
    events: list[object] = []
    with cartridge.open() as drive:
        drive.rewind()
        request = RestoreRequest(os.fsencode(target))
        return Done(restore(drive, request, events.append, Interrupt(), catalog=catalog), events)


def test_the_tape_file_at_the_head_is_compared_too_where_the_catalog_knows_it(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", good=b"good", bad=os.urandom(30_000), **{f"f{number:04}": 10 for number in range(5000)})
    save(cartridge, catalog, top)
    assert at_head(cartridge, catalog, tmp_path / "right").report.details["checked"] == 5002
    cartridge.corrupt((top / "bad").read_bytes()[:32])
    done = at_head(cartridge, catalog, tmp_path / "out")
    assert (done.code, done.report.details["checked"]) == (8, 5001)
    assert (tmp_path / "out" / "tree" / "bad.damaged").exists()
    assert not (tmp_path / "out" / "tree" / "bad").exists()


def test_a_tape_that_others_wrote_meanwhile_is_not_called_damaged(
    cartridge: Cartridge, catalog: Catalog, tree: Callable[..., Path], tmp_path: Path
) -> None:
    top = tree("tree", same=b"one")
    save(cartridge, catalog, top)
    (top / "same").write_bytes(b"two")
    os.utime(top / "same", (1, 1))
    assert cartridge.backup(top, bare=False, at=0, overwrite=True).code == 0  # and the catalog was not told
    done = at_head(cartridge, catalog, tmp_path / "out")
    assert (done.code, (tmp_path / "out" / "tree" / "same").read_bytes()) == (0, b"two")
