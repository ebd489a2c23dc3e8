# SPDX-License-Identifier: WTFPL OR MIT
"""The table of what was saved, and the packer that leaves it out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from pack_support import BLOCK

from pytp_native.stream.known import Known
from pytp_native.stream.pack import Packer
from pytp_native.stream.ring import Ring


class Batch(NamedTuple):
    ids: list[int]
    paths: list[bytes]
    types: list[str]
    sizes: list[int]
    mtimes_ns: list[int]
    ctimes_ns: list[int | None]
    modes: list[int | None]
    uids: list[int]
    gids: list[int]
    inodes: list[int]
    links: list[bytes | None]


def batch(top: Path, *, first: int = 1) -> Batch:
    """All of a tree as a session would have saved it, as t/..."""
    paths = sorted([top, *top.rglob("*")])
    stats = [path.lstat() for path in paths]
    kinds = ["5" if path.is_dir() else "2" if path.is_symlink() else "0" for path in paths]
    return Batch(
        [first + number for number in range(len(paths))],
        [b"t" + os.fsencode(path)[len(os.fsencode(top)) :] for path in paths], kinds,
        [it.st_size if kind == "0" else 0 for it, kind in zip(stats, kinds, strict=True)],
        [it.st_mtime_ns for it in stats], [it.st_ctime_ns for it in stats], [it.st_mode for it in stats],
        [it.st_uid for it in stats], [it.st_gid for it in stats], [it.st_ino for it in stats],
        [os.fsencode(os.readlink(path)) if kind == "2" else None for path, kind in zip(paths, kinds, strict=True)],
    )  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "d").mkdir(parents=True)
    (top / "d" / "f").write_bytes(b"12345")
    (top / "g").write_bytes(b"x" * 1000)
    (top / "l").symlink_to("g")
    return top


@pytest.fixture
def packer() -> Packer:
    return Packer(Ring(BLOCK, 8 * BLOCK), lambda *_seen: None)


def changed(packer: Packer, tree: Path, known: Known, **options: bool) -> int:
    known.restart()
    packer.compare(known)
    return packer.survey(os.fsencode(tree), b"t", **options).members


def test_an_unchanged_tree_has_nothing_to_save(packer: Packer, tree: Path) -> None:
    known = Known()
    known.put(batch(tree))
    assert (len(known), changed(packer, tree, known)) == (5, 0)
    assert list(known.unmet()) == []


@pytest.mark.parametrize("column", ["sizes", "mtimes_ns", "ctimes_ns", "modes", "uids", "gids", "inodes"])
def test_every_attribute_counts(packer: Packer, tree: Path, column: str) -> None:
    saved, known = batch(tree), Known()
    values = list(getattr(saved, column))
    values[saved.paths.index(b"t/d/f")] += 1
    known.put(saved._replace(**{column: values}))
    assert changed(packer, tree, known) == 1


def test_the_target_of_a_link_counts(packer: Packer, tree: Path) -> None:
    saved, known = batch(tree), Known()
    known.put(saved._replace(links=[link and b"h" for link in saved.links]))
    assert changed(packer, tree, known) == 1


@pytest.mark.parametrize(("column", "value"), [("ctimes_ns", 0), ("ctimes_ns", None), ("modes", None)])
def test_what_is_not_known_for_certain_is_saved_again(
    packer: Packer, tree: Path, column: str, value: int | None
) -> None:
    saved, known = batch(tree), Known()
    known.put(saved._replace(**{column: [value] * 5}))
    assert changed(packer, tree, known) == 5
    assert list(known.unmet()) == []


def test_names_that_were_not_met_are_told_by_their_ids(packer: Packer, tree: Path) -> None:
    saved, known = batch(tree), Known()
    known.put(saved)
    os.unlink(tree / "l")
    assert changed(packer, tree, known) == 1, "the directory it was in"
    assert list(known.unmet()) == [[saved.ids[saved.paths.index(b"t/l")]]]
    known.drop([b"t/l"])
    changed(packer, tree, known)
    assert list(known.unmet()) == []


def test_a_later_member_takes_the_place_of_an_earlier_one(packer: Packer, tree: Path) -> None:
    saved, known = batch(tree), Known()
    known.put(saved._replace(sizes=[size + 1 for size in saved.sizes]))
    known.put(batch(tree, first=100))
    assert (len(known), changed(packer, tree, known)) == (5, 0)
    os.unlink(tree / "g")
    changed(packer, tree, known)
    assert list(known.unmet()) == [[100 + saved.paths.index(b"t/g")]]


def test_a_name_that_was_dropped_and_put_again_is_known(packer: Packer, tree: Path) -> None:
    known = Known()
    known.put(batch(tree))
    known.drop([b"t/g", b"t/never was"])
    assert (len(known), changed(packer, tree, known)) == (4, 1)
    known.put(batch(tree))
    assert (len(known), changed(packer, tree, known)) == (5, 0)


def test_many_names_are_kept_apart(packer: Packer, tmp_path: Path) -> None:
    top = tmp_path / "many"
    top.mkdir()
    for number in range(5000):
        (top / f"{number}").touch()
    known = Known()
    known.put(batch(top))
    assert (len(known), changed(packer, top, known)) == (5001, 0)
    (top / "777").write_bytes(b"x")
    assert changed(packer, top, known) == 1


def test_a_survey_counts_without_what_is_known(packer: Packer, tree: Path) -> None:
    packer.compare(None)
    found = packer.survey(os.fsencode(tree), b"t")
    assert (found.members, found.data_bytes) == (5, 1005)
    assert packer.survey(os.fsencode(tree), b"t", first_only=True).members == 1


def test_a_file_changed_in_the_tick_it_is_read_in_is_never_known_for_certain(tmp_path: Path) -> None:
    """Its ctime is recorded as 0; a time of long ago, or far ahead, is no matter."""
    from pack_support import pack

    (tmp_path / "file").write_bytes(b"x")
    told = set()
    for _try in range(200):  # most of these are looked at in the tick in which they were changed
        os.chmod(tmp_path / "file", 0o600)
        (member,) = pack(tmp_path / "file").members
        told.add(member.ctime_ns == 0)
    assert True in told
