# SPDX-License-Identifier: WTFPL OR MIT
"""The comparison must see every kind of difference; each test makes exactly one."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_cli.compare import compare_trees


@pytest.fixture
def copy(source: Path, tmp_path: Path) -> Path:
    """A true copy of the source: cp knows how."""
    import subprocess

    subprocess.run(["cp", "-a", str(source), str(tmp_path / "copy")], check=True)
    return tmp_path / "copy"


def differences(source: Path, copy: Path, *, owners: bool = True) -> list[tuple[bytes, str]]:
    found = compare_trees(os.fsencode(source), os.fsencode(copy), owners=owners)
    return [(item.path, item.what) for item in found.differences]


def test_a_true_copy_has_no_differences_and_everything_was_looked_at(source: Path, copy: Path) -> None:
    found = compare_trees(os.fsencode(source), os.fsencode(copy), owners=True)
    assert found.differences == ()
    assert found.members == 8
    assert found.data_bytes == 2 * 1100 + 300_000


def _flip(path: Path) -> None:
    times = os.stat(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _touch(path: Path) -> None:
    os.utime(path, ns=(0, os.stat(path).st_mtime_ns + 1))


def _keeping_time(path: Path, change: Callable[[], object]) -> None:
    times = os.stat(path)
    change()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize(
    ("spoil", "path", "what"),
    [
        (lambda c: _flip(c / "deep/er/big"), b"deep/er/big", "content differs"),
        (lambda c: os.chmod(c / "deep/empty", 0o711), b"deep/empty", "mode 4711, now 0711"),
        (lambda c: _touch(c / "deep"), b"deep", "mtime"),
        (lambda c: _keeping_time(c / "deep", (c / "deep/new").touch), b"deep/new", "is not in the source"),
        (lambda c: _keeping_time(c / "deep", (c / "deep/empty").unlink), b"deep/empty", "is missing"),
    ],
)
def test_one_difference_is_found_and_named(
    source: Path, copy: Path, spoil: Callable[[Path], object], path: bytes, what: str
) -> None:
    spoil(copy)
    found = differences(source, copy)
    assert [name for name, _ in found] == [path]
    assert found[0][1].startswith(what)


def test_a_broken_hard_link_is_found(source: Path, copy: Path) -> None:
    def split() -> None:
        (copy / "deep/hard").unlink()
        shutil.copy2(copy / "plain.txt", copy / "deep/hard")

    _keeping_time(copy / "deep", split)
    assert differences(source, copy) == [(b"plain.txt", "hard links differ")]


def test_files_that_became_one_inode_are_found(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (source / name).write_bytes(b"same")
        os.utime(source / name, ns=(1, 1))
    os.utime(source, ns=(1, 1))
    import subprocess

    subprocess.run(["cp", "-a", str(source), str(tmp_path / "copy")], check=True)
    copy = tmp_path / "copy"
    (copy / "two").unlink()
    os.link(copy / "one", copy / "two")
    os.utime(copy, ns=(1, 1))
    assert differences(source, copy) == [(b"two", "hard links differ")]


def test_a_symlink_that_points_elsewhere_is_found(source: Path, copy: Path) -> None:
    times = os.lstat(copy / "link")

    def bend() -> None:
        (copy / "link").unlink()
        (copy / "link").symlink_to("plain.tx_")
        os.utime(copy / "link", ns=(times.st_atime_ns, times.st_mtime_ns), follow_symlinks=False)

    _keeping_time(copy, bend)
    assert differences(source, copy) == [(b"link", "points elsewhere")]


def test_another_type_is_found(source: Path, copy: Path) -> None:
    def swap() -> None:
        (copy / "link").unlink()
        (copy / "link").write_bytes(b"plain.txt")

    _keeping_time(copy, swap)
    assert differences(source, copy) == [(b"link", "is of another type")]


def test_extended_attributes_are_compared(source: Path, copy: Path) -> None:
    try:
        os.setxattr(copy / "plain.txt", "user.colour", b"red")
    except OSError:
        pytest.skip("this file system takes no user xattrs")
    assert (b"plain.txt", "extended attributes differ") in differences(source, copy)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_are_compared_only_when_asked(source: Path, copy: Path) -> None:
    os.lchown(copy / "link", 12345, 54321)
    assert differences(source, copy, owners=False) == []
    assert differences(source, copy) == [(b"link", "owner 0:0, now 12345:54321")]


def test_sockets_and_skipped_names_are_left_out(source: Path, copy: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        _keeping_time(source, lambda: server.bind(str(source / "s")))
        _keeping_time(copy / "deep", (copy / "deep/empty").unlink)
        skip = frozenset({os.fsencode(source / "deep/empty")})
        found = compare_trees(os.fsencode(source), os.fsencode(copy), owners=True, skip=skip)
    assert found.differences == ()
