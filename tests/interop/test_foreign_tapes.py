# SPDX-License-Identifier: WTFPL OR MIT
"""Tapes that other programs wrote, in other formats and other blocks, list and restore."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_native.units import GIB, KIB, MIB
from tests.cartridge import Cartridge
from tests.interop import every_kind
from tests.interop.readers import NEEDS_BSDTAR, NEEDS_GNU_TAR, run
from tests.trees import Entry, describe, differences

pytestmark = NEEDS_GNU_TAR
GNU_ALL = ("--xattrs", "--xattrs-include=*", "--acls")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every format since the seventh edition can hold: short names, whole seconds, small owners."""
    top = tmp_path_factory.mktemp("plain") / "plain"
    (top / "inner" / "empty").mkdir(parents=True)
    for name, size in {"one": 1, "512": 512, "inner/large": 700_001, "inner/none": 0}.items():
        (top / name).write_bytes(os.urandom(size))
    os.link(top / "one", top / "inner" / "again")
    os.symlink("../one", top / "inner" / "link")
    with open(top / "sparse", "wb") as file:
        for offset in (0, 1 << 20, 5 << 20):
            file.seek(offset)
            file.write(b"data")
    os.chmod(top / "512", 0o4711)
    for number, path in enumerate(sorted(top.rglob("*"), reverse=True)):
        os.utime(path, ns=(0, (1_500_000_000 + number) * 10**9), follow_symlinks=False)
    os.utime(top, (0, 1_500_000_000))
    return top


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bytes, Entry]]:
    directory = tmp_path_factory.mktemp("foreign")
    if not every_kind.supports_attributes(directory):
        pytest.skip(f"{directory} is on a file system without user attributes or ACLs")
    source = every_kind.make(directory / "every")
    return source, describe(source)


def tape_with(shelf: Path, archive: bytes, block: int, *, fixed: int = 0, drive_block: int = 512 * KIB) -> Cartridge:
    cartridge = Cartridge(shelf / "vtl", capacity=GIB, block_bytes=drive_block)
    cartridge.write([archive[at : at + block] for at in range(0, len(archive), block)] + [None], fixed=fixed)
    return cartridge


def gnu(*options: str) -> Callable[[Path], bytes]:
    return lambda top: run("tar", *options, "-cf", "-", "-C", top.parent, top.name).out


def bsd(*options: str) -> Callable[[Path], bytes]:
    return lambda top: run("bsdtar", *options, "-cf", "-", "-C", top.parent, top.name).out


def python(form: int) -> Callable[[Path], bytes]:
    def make(top: Path) -> bytes:
        path = top.parent / f"python{form}.tar"
        with tarfile.open(path, "w", format=form) as tar:
            tar.add(top, top.name)
        data = path.read_bytes()
        path.unlink()
        return data

    return make


FORMATS = {
    "gnu": gnu("--format=gnu"), "gnu sparse": gnu("--format=gnu", "-S"), "old gnu sparse": gnu("--format=oldgnu", "-S"),
    "ustar": gnu("--format=ustar"), "v7": gnu("--format=v7"), "pax": gnu("--format=posix"),
    "pax sparse 0.0": gnu("--format=posix", "-S", "--sparse-version=0.0"),
    "pax sparse 0.1": gnu("--format=posix", "-S", "--sparse-version=0.1"),
    "pax sparse 1.0": gnu("--format=posix", "-S", "--sparse-version=1.0"),
    "gnu with a label": gnu("--format=gnu", "-V", "a label"),
    "pax with a label": gnu("--format=posix", "-V", "a label"),
    "incremental": gnu("--format=gnu", "--listed-incremental=/dev/null"),
    "python gnu": python(tarfile.GNU_FORMAT), "python pax": python(tarfile.PAX_FORMAT),
    "python ustar": python(tarfile.USTAR_FORMAT),
}  # fmt: skip
OF_BSDTAR = {f"bsdtar {form}": bsd(f"--format={form}") for form in ("pax", "paxr", "ustar", "gnutar", "v7")}


def check_plain(shelf: Path, out: Path, plain: Path, archive: bytes) -> None:
    cartridge = tape_with(shelf, archive, 10240)
    done = cartridge.restore(out)
    assert (done.code, done.report.arguments[0].errors) == (0, ())
    assert differences(describe(plain), describe(out / "plain")) == []
    listed = cartridge.list()
    assert listed.code == 0
    theirs = run("tar", "-tvf", "-", stdin=archive)
    # A label in a pax archive is a global record, which GNU tar shows as a line of its own.
    members = [line.split()[5] for line in theirs.out.splitlines() if not line.startswith(b"V")]
    assert [line.split()[5] for line in listed.lines if not line.startswith(b"V")] == members


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS)
def test_every_format_lists_and_restores(
    shelf: Path, tmp_path: Path, plain: Path, make: Callable[[Path], bytes]
) -> None:
    check_plain(shelf, tmp_path / "out", plain, make(plain))


@NEEDS_BSDTAR
@pytest.mark.parametrize("make", OF_BSDTAR.values(), ids=OF_BSDTAR)
def test_every_format_of_bsdtar_lists_and_restores(
    shelf: Path, tmp_path: Path, plain: Path, make: Callable[[Path], bytes]
) -> None:
    check_plain(shelf, tmp_path / "out", plain, make(plain))


@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0"])
def test_gnu_tars_own_archive_of_every_kind_restores_identically(
    shelf: Path, tmp_path: Path, every: tuple[Path, dict[bytes, Entry]], version: str
) -> None:
    source, tree = every
    archive = gnu("--format=posix", "-S", f"--sparse-version={version}", *GNU_ALL)(source)
    done = tape_with(shelf, archive, 10240).restore(tmp_path / "out")
    assert (done.code, done.report.arguments[0].errors) == (0, ())
    wrong = differences(tree, describe(tmp_path / "out" / "every"))
    # GNU tar stores a FIFO once for each of its names
    assert [line for line in wrong if not line.startswith(("b'/fifo': names", "b'/fifo again': names"))] == []


def bsdtar_writes_it(name: bytes, entry: Entry) -> bool:
    """libarchive 3.6 writes times before 1970 with a wrong fraction, cuts the names of some sparse files, and '=' in
    the name of an attribute as it is."""
    odd = entry.mtime_ns < 0 and entry.mtime_ns % 10**9
    return not odd and name != b"/attributes" and not name.startswith(b"/sparse, long")


@NEEDS_BSDTAR
def test_bsdtars_own_archive_of_every_kind_restores_identically(
    shelf: Path, tmp_path: Path, every: tuple[Path, dict[bytes, Entry]]
) -> None:
    source, tree = every
    archive = bsd("--format=pax", "--xattrs", "--acls")(source)
    done = tape_with(shelf, archive, 10240).restore(tmp_path / "out")
    assert (done.code, done.report.arguments[0].errors) == (0, ())
    found = describe(tmp_path / "out" / "every")
    wanted, there = ({n: e for n, e in one.items() if bsdtar_writes_it(n, e)} for one in (tree, found))
    assert differences(wanted, there) == []


# -- blocks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drive_block", [10240, 512 * KIB, MIB])
@pytest.mark.parametrize("block", [512, 10240, 32 * KIB, 512 * KIB, 8 * MIB])
def test_every_block_size_is_detected(shelf: Path, tmp_path: Path, plain: Path, block: int, drive_block: int) -> None:
    archive = gnu("-b", str(block // 512))(plain)
    cartridge = tape_with(shelf, archive, block, drive_block=drive_block)
    assert cartridge.restore(tmp_path / "out").code == 0
    assert differences(describe(plain), describe(tmp_path / "out" / "plain")) == []


@pytest.mark.parametrize("sizes", [(10240, 512), (512 * KIB, 32768, 7), (1 << 20, 512 * KIB, 70_000, 3000)])
def test_blocks_of_changing_length_are_read_as_they_come(
    shelf: Path, tmp_path: Path, plain: Path, sizes: tuple[int, ...]
) -> None:
    archive, blocks = gnu()(plain), []
    while archive:
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(archive[:size])
        archive = archive[size:]
    cartridge = Cartridge(shelf / "vtl")
    cartridge.write([*blocks, None])
    assert cartridge.restore(tmp_path / "out").code == 0
    assert differences(describe(plain), describe(tmp_path / "out" / "plain")) == []


def test_a_tape_of_the_original_pytp(shelf: Path, tmp_path: Path, plain: Path) -> None:
    """tar -C DIR . -b 524288: records of 256 MiB, padded with zeros, in fixed blocks of 512 KiB."""
    archive = run("tar", "-b", "524288", "-cf", "-", "-C", plain, ".").out
    assert len(archive) == 256 * MIB
    blocks: list[bytes | None] = [archive[at : at + 512 * KIB] for at in range(0, len(archive), 512 * KIB)]
    cartridge = Cartridge(shelf / "vtl", capacity=GIB, block_bytes=64 * KIB)
    cartridge.write([*blocks, None, *blocks, None], fixed=512 * KIB)
    listed = cartridge.list(1)
    assert (listed.code, len(listed.lines)) == (0, len(describe(plain)))
    for number in range(2):
        out = tmp_path / f"out{number}"
        done = cartridge.restore(out, number)
        assert done.code == 0
        assert done.report.position is not None
        assert done.report.position[:2] == (number + 1, 0)
        assert differences(describe(plain), describe(out)) == []


def test_pytp_appends_to_a_foreign_tape_and_both_restore(shelf: Path, tmp_path: Path, plain: Path) -> None:
    cartridge = tape_with(shelf, gnu("--format=gnu")(plain), 10240)
    assert cartridge.backup(plain).report.arguments[0].tape_file == 1
    for number in range(2):
        out = tmp_path / f"out{number}"
        assert cartridge.restore(out, number).code == 0
        assert differences(describe(plain), describe(out / "plain")) == []
