# SPDX-License-Identifier: WTFPL OR MIT
"""What other tars write is listed as GNU tar lists it and restored as it was."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from untar_archives import (
    END,
    IS_ROOT,
    archive,
    entry,
    extended,
    header,
    members,
    padded,
    picture,
    restore,
    ring_of,
)

from pytp_native.stream.untar import Ended, Untar

ATTRIBUTES = ["--xattrs", "--xattrs-include=*", "--acls"]


def gnu_tar(tree: Path, *options: str) -> bytes:
    command = ["tar", "-cf", "-", *options, "-C", os.fspath(tree.parent), tree.name]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, stderr=subprocess.DEVNULL).stdout


def bsd_tar(tree: Path, *options: str) -> bytes:
    if shutil.which("bsdtar") is None:
        pytest.skip("bsdtar is not installed")
    command = ["bsdtar", "-cf", "-", *options, "-C", os.fspath(tree.parent), tree.name]
    return subprocess.run(command, stdout=subprocess.PIPE, check=False, stderr=subprocess.DEVNULL).stdout


def without(tree: Path, *names: str) -> Path:
    """Remove what a format cannot hold."""
    for name in names:
        path = tree / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return tree


@pytest.mark.parametrize("sparse", [(), ("-S",), ("-S", "--sparse-version=0.0"), ("-S", "--sparse-version=0.1")])
def test_pax_of_gnu_tar_restores_everything(rich_tree: Path, tmp_path: Path, sparse: tuple[str, ...]) -> None:
    restored = restore(gnu_tar(rich_tree, *ATTRIBUTES, "--format=pax", *sparse), tmp_path / "out")
    assert restored.problems == []
    assert restored.untar.ended is Ended.COMPLETE
    assert picture(tmp_path / "out" / "tree", owners=IS_ROOT) == picture(rich_tree, owners=IS_ROOT)


@pytest.mark.parametrize("options", [["--format=gnu"], ["--format=gnu", "-S"], ["--format=oldgnu", "-S"]])
def test_gnu_format_restores_all_but_nanoseconds_and_attributes(
    rich_tree: Path, tmp_path: Path, options: list[str]
) -> None:
    without(rich_tree, "attributes", "sticky")
    if IS_ROOT:
        os.removexattr(rich_tree / "setuid", "security.capability")
    for path in [rich_tree, *rich_tree.rglob("*")]:
        seconds = path.lstat().st_mtime_ns // 10**9 * 10**9
        os.utime(path, ns=(0, seconds), follow_symlinks=False)
    restored = restore(gnu_tar(rich_tree, *options), tmp_path / "out")
    assert restored.problems == []
    assert picture(tmp_path / "out" / "tree", owners=IS_ROOT) == picture(rich_tree, owners=IS_ROOT)


def test_pax_of_bsdtar_restores_everything(rich_tree: Path, tmp_path: Path) -> None:
    without(rich_tree, "disk")  # libarchive folds large minor numbers
    os.utime(rich_tree / "empty", ns=(0, -2 * 10**9))  # and adds the fraction of a time before 1970 (3.6.2)
    os.removexattr(rich_tree / "attributes", "user.a=b%c")  # and does not escape names of attributes
    restored = restore(bsd_tar(rich_tree, "--format=pax", "--acls", "--xattrs"), tmp_path / "out")
    assert restored.problems == []
    assert picture(tmp_path / "out" / "tree", owners=IS_ROOT) == picture(rich_tree, owners=IS_ROOT)


@pytest.mark.parametrize("form", ["ustar", "v7"])
def test_plain_formats_of_bsdtar_list_as_gnu_tar_lists_them(tmp_path: Path, form: str) -> None:
    tree = tmp_path / "t"
    (tree / "directory" / ("d" * 80)).mkdir(parents=True)
    (tree / "file").write_bytes(b"data" * 1000)
    (tree / "link").symlink_to("file")
    data = bsd_tar(tree, f"--format={form}")
    assert list(Untar(ring_of(data)).lines()) == listed_by_tar(data, tmp_path)


def listed_by_tar(data: bytes, scratch: Path) -> list[bytes]:
    path = scratch / "to-list.tar"
    path.write_bytes(data)
    done = subprocess.run(
        ["tar", "-tvf", os.fspath(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("options", [["--format=pax", "-S"], ["--format=gnu", "-S"]])
def test_lines_are_those_of_gnu_tar(rich_tree: Path, tmp_path: Path, options: list[str]) -> None:
    data = gnu_tar(rich_tree, *options, "-V", "volume label") if "gnu" in options[0] else gnu_tar(rich_tree, *options)
    assert list(Untar(ring_of(data)).lines()) == listed_by_tar(data, tmp_path)


def test_columns_grow_as_in_gnu_tar_and_never_shrink(tmp_path: Path) -> None:
    items = [
        entry("a", uname="u", gname="g"),
        (entry("b", uname="a-very-long-user-name-indeed", gname="group"), b"x" * 70000),
        entry("c", uname="", gname="", uid=12345678, gid=7),
        entry("d", mtime=-62135596800 * 40),
        entry("e", type=tarfile.CHRTYPE, devmajor=300, devminor=70000, mode=0o7777),
        entry("f", mode=0o7000),
    ]
    data = archive(*items)
    assert list(Untar(ring_of(data)).lines()) == listed_by_tar(data, tmp_path)


def test_unknown_types_are_named_as_gnu_tar_names_them(tmp_path: Path) -> None:
    data = header(b"strange", typeflag=b"Q") + header(b"after") + END
    assert list(Untar(ring_of(data)).lines()) == listed_by_tar(data, tmp_path)


def test_every_byte_in_a_name_is_escaped_as_gnu_tar_does(tmp_path: Path) -> None:
    data = b"".join(header(b"x" + bytes([byte]) + b"y") for byte in range(1, 256)) + END
    assert list(Untar(ring_of(data)).lines()) == listed_by_tar(data, tmp_path)


def test_members_tell_where_their_headers_stand() -> None:
    long = entry("n" * 300, mtime=1.25)
    data = archive((entry("first"), b"a" * 20000), long, entry("last"))
    found = members(data, 10240)
    offsets = [member.header_block * 10240 + member.header_offset for member in found]
    assert [member.name for member in found] == [b"first", b"n" * 300, b"last"]
    assert offsets[0] == 0
    assert offsets[1] == 512 + 20480
    assert data[offsets[1] + 156 : offsets[1] + 157] == b"x"
    assert data[offsets[2] : offsets[2] + 5] == b"last\0"


@pytest.mark.parametrize("block_bytes", [512, 1000, 1, 10240, 1 << 20, 16 << 20])
def test_any_block_size_gives_the_same_members(block_bytes: int) -> None:
    items = [(entry(f"dir/file{n}", pax_headers={"comment": "x" * n}), bytes([n]) * n * 33) for n in range(40)]
    data = archive(*items)
    found = members(data, block_bytes)
    assert [(m.name, m.size) for m in found] == [(b"dir/file%d" % n, n * 33) for n in range(40)]


def test_extended_records_override_the_header() -> None:
    data = (
        extended((b"path", b"real\xff name"), (b"uid", b"4294967000"), (b"mtime", b"-1.25"), (b"uname", b"\xc3\xa9"),
                 (b"size", b"5"), (b"hdrcharset", b"BINARY"), (b"RHT.security.selinux", b"label"), (b"atime", b"7.5"))
        + header(b"short", size=99) + padded(b"12345") + header(b"next") + END
    )  # fmt: skip
    first, second = members(data)
    assert (first.name, first.uid, first.mtime_ns, first.user, first.size) == (
        b"real\xff name", 4294967000, -1_250_000_000, b"\xc3\xa9", 5)  # fmt: skip
    assert (second.name, second.uid) == (b"next", 0)


def test_global_records_hold_until_overridden_and_comments_are_skipped() -> None:
    data = (
        extended((b"comment", b"filler"), typeflag=b"g") + header(b"a")
        + extended((b"uid", b"77"), typeflag=b"g") + header(b"b")
        + extended((b"uid", b"78")) + header(b"c") + header(b"d") + END
    )  # fmt: skip
    assert [(m.name, m.uid) for m in members(data)] == [(b"a", 0), (b"b", 77), (b"c", 78), (b"d", 77)]


def test_an_empty_record_gives_the_header_its_say_again() -> None:
    data = extended((b"path", b"")) + header(b"kept") + END
    assert members(data)[0].name == b"kept"


def test_binary_numbers_may_be_huge_and_negative() -> None:
    info = [entry("big", uid=2**40, mtime=-5), entry("later", mtime=2**35)]
    found = members(archive(*info, form=tarfile.GNU_FORMAT))
    assert (found[0].uid, found[0].mtime_ns, found[1].mtime_ns) == (2**40, -5 * 10**9, 2**35 * 10**9)


def test_links_have_no_data_even_if_their_header_tells_a_size() -> None:
    data = (
        header(b"first", size=3)
        + padded(b"abc")
        + header(b"second", typeflag=b"1", link=b"first", size=3)
        + header(b"third")
        + END
    )
    assert [(m.name, m.kind, m.size) for m in members(data)] == [
        (b"first", "0", 3),
        (b"second", "1", 0),
        (b"third", "0", 0),
    ]


def test_a_slash_makes_an_old_header_a_directory(tmp_path: Path) -> None:
    data = (
        header(b"old/", typeflag=b"\0", magic=b"")
        + header(b"old/contiguous", typeflag=b"7", size=1)
        + padded(b"x")
        + END
    )
    assert restore(data, tmp_path / "out").problems == []
    assert (tmp_path / "out" / "old").is_dir()
    assert (tmp_path / "out" / "old" / "contiguous").read_bytes() == b"x"


def test_volume_label_and_dump_directory_are_no_problem(tmp_path: Path) -> None:
    data = (
        header(b"LABEL", typeflag=b"V")
        + header(b"d/", typeflag=b"D", size=6)
        + padded(b"Yfile\0")
        + header(b"d/file")
        + END
    )
    assert restore(data, tmp_path / "out").problems == []
    assert sorted(os.listdir(tmp_path / "out")) == ["d"]


def test_a_continued_member_says_what_it_needs(tmp_path: Path) -> None:
    data = header(b"big", typeflag=b"M", size=600) + padded(b"x" * 600) + header(b"next") + END
    restored = restore(data, tmp_path / "out")
    assert "tar -xM" in restored.reasons[b"big"]
    assert os.listdir(tmp_path / "out") == ["next"]


@pytest.mark.skipif(not IS_ROOT, reason="needs root to give files away")
def test_each_file_gets_its_own_owner_whoever_was_first_in_its_directory(tmp_path: Path) -> None:
    owners = [(1000, 7), (0, 0), (1000, 0), (0, 7), (0, 0), (2000, 2000)]
    items = [
        entry(f"{place}{number}", uid=uid, gid=gid) for place in ("", "d/") for number, (uid, gid) in enumerate(owners)
    ]
    data = archive(entry("d", type=tarfile.DIRTYPE, mode=0o2755, gid=5), *items)
    assert restore(data, tmp_path / "out").problems == []
    for place in ("", "d/"):
        found = [(tmp_path / "out" / f"{place}{number}").stat() for number in range(len(owners))]
        assert [(status.st_uid, status.st_gid) for status in found] == owners


def test_holes_come_back_as_holes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "huge").open("wb") as file:
        for at in (0, 5 << 30, 9 << 30):
            file.seek(at)
            file.write(b"here")
        file.truncate(10 << 30)
    restored = restore(gnu_tar(tree, "--format=pax", "-S"), tmp_path / "out")
    copy = tmp_path / "out" / "tree" / "huge"
    assert restored.problems == []
    assert copy.stat().st_size == 10 << 30
    assert copy.stat().st_blocks * 512 < 1 << 20
    with copy.open("rb") as file:
        file.seek(9 << 30)
        assert file.read(5) == b"here\0"


def test_old_sparse_maps_go_on_in_extension_blocks(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "comb").open("wb") as file:
        for tooth in range(60):
            file.seek(tooth << 17)
            file.write(b"tooth%d" % tooth)
    restored = restore(gnu_tar(tree, "--format=gnu", "-S"), tmp_path / "out")
    assert restored.problems == []
    assert (tmp_path / "out" / "tree" / "comb").read_bytes() == (tree / "comb").read_bytes()


def test_a_name_that_the_header_cuts_behind_a_slash_is_still_a_file(tmp_path: Path) -> None:
    """Found by the demonstration: 100 bytes of "d/.../" in the ustar field, the whole name in the pax record."""
    name = "t/" + "d" * 97 + "/file"
    assert name[99] == "/"
    restored = restore(archive((entry(name, size=7), b"content")), tmp_path / "out")
    assert restored.problems == []
    assert (tmp_path / "out" / name).read_bytes() == b"content"
