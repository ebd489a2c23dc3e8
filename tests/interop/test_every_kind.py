# SPDX-License-Identifier: WTFPL OR MIT
"""A backup of every kind of member comes back the same through pytp, and every other tar reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.interop.conftest import Saved
from tests.interop.readers import (
    ALL_ATTRIBUTES,
    NEEDS_BSDTAR,
    NEEDS_GNU_TAR,
    Listed,
    bsd_members,
    gnu_members,
    python_members,
    run,
)
from tests.trees import Entry, describe, differences

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set owners")


def is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def without(tree: dict[bytes, Entry], *names: bytes) -> dict[bytes, Entry]:
    return {name: entry for name, entry in tree.items() if name not in names}


def test_restore_brings_everything_back(every: Saved, tmp_path: Path) -> None:
    done = every.cartridge.restore(tmp_path / "out")
    assert (done.code, done.statuses, done.report.arguments[0].errors) == (0, ["restored"], ())
    assert differences(every.tree, describe(tmp_path / "out" / "every")) == []


def test_holes_are_neither_stored_nor_restored(every: Saved, tmp_path: Path) -> None:
    assert every.archive.stat().st_size < 4 << 20
    every.cartridge.restore(tmp_path / "out")
    for name in ("sparse beyond 8 GiB", "only a hole", "hole in front", "hole behind", "many holes"):
        there, here = os.stat(every.source / name), os.stat(tmp_path / "out" / "every" / name)
        assert here.st_size == there.st_size
        assert here.st_blocks * 512 < here.st_size // 2 + 8192


def test_the_report_counts_what_is_there(every: Saved) -> None:
    assert every.cartridge.list().report.arguments[0].files == len(every.tree)


@NEEDS_GNU_TAR
def test_gnu_tar_lists_every_member(every: Saved) -> None:
    assert sorted(member.name for member in gnu_members(every.archive)) == sorted(
        b"every" + name for name in every.tree
    )


@NEEDS_GNU_TAR
def test_gnu_tar_and_python_agree_on_every_member(every: Saved) -> None:
    assert python_members(every.archive) == gnu_members(every.archive)


@NEEDS_GNU_TAR
@NEEDS_BSDTAR
def test_bsdtar_and_gnu_tar_agree_on_every_member(every: Saved) -> None:
    has_acl = {
        b"every" + name
        for name, entry in every.tree.items()
        if any(key == "system.posix_acl_access" for key, _ in entry.attributes)
    }

    def same(member: Listed) -> Listed:
        # the group's three letters are the mask's for one and the group entry's for the other
        return member._replace(permissions=member.permissions[0]) if member.name in has_acl else member

    theirs = [same(member) for member in bsd_members(every.archive, complains=True)]
    assert theirs == [same(member) for member in gnu_members(every.archive)]


@NEEDS_GNU_TAR
@NEEDS_BSDTAR
def test_bsdtar_complains_only_about_names_that_are_not_utf8_as_it_does_about_gnu_tars(
    every: Saved, tmp_path: Path
) -> None:
    said = run("bsdtar", "-tf", "-", stdin=every.archive)
    wrong = sum(not is_utf8(name) or not is_utf8(entry.link) for name, entry in every.tree.items())
    assert len([line for line in said.err.splitlines() if "can't be converted" in line]) == wrong
    theirs = tmp_path / "gnu.tar"
    assert run("tar", "--format=posix", "-cf", theirs, "-C", every.source, "names").code == 0
    assert run("bsdtar", "-tf", "-", stdin=theirs).code == 1


@NEEDS_GNU_TAR
@ROOT_ONLY
def test_gnu_tar_extracts_it_identically(every: Saved, tmp_path: Path) -> None:
    said = run("tar", *ALL_ATTRIBUTES, "-xf", every.archive, "-C", tmp_path)
    # GNU tar warns of times before 1970 and in the future, and takes no sides between an empty ACL and none.
    assert [line for line in said.err.splitlines() if "time stamp" not in line] == []
    assert said.code == 0
    assert differences(every.tree, describe(tmp_path / "every")) == []


@NEEDS_BSDTAR
@ROOT_ONLY
def test_bsdtar_extracts_it_identically_where_it_can(every: Saved, tmp_path: Path) -> None:
    """libarchive 3.6 adds the fraction of a negative time the wrong way and knows no %-escapes in attribute names."""
    run("bsdtar", "--xattrs", "--acls", "--numeric-owner", "-xpf", every.archive, "-C", tmp_path)
    cannot = {b"/attributes"} | {
        name for name, entry in every.tree.items() if entry.mtime_ns < 0 and entry.mtime_ns % 10**9
    }
    found = without(describe(tmp_path / "every"), *cannot)
    assert differences(without(every.tree, *cannot), found) == []
