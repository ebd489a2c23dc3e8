# SPDX-License-Identifier: WTFPL OR MIT
"""The packer: every kind of member, seen through Python's tarfile and through its own member records."""

import os
import socket
import stat
import struct
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack_support import BLOCK, pack

from pytp_native.stream.pack import Hash, PackCancelled, Packer, Problem
from pytp_native.stream.ring import Ring
from pytp_native.stream.scan import Scan

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NS = 1_700_000_000_123_456_789


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    return root


def test_content_mode_owner_and_time_are_recorded(tree: Path) -> None:
    (tree / "a").write_bytes(b"hello")
    os.chmod(tree / "a", 0o4751)
    os.utime(tree / "a", ns=(NS, NS))
    with pack(tree).open() as tar:
        member = tar.getmember("t/a")
        assert tar.extractfile(member).read() == b"hello"
        assert member.mode == 0o4751
        assert (member.uid, member.gid) == (os.geteuid(), os.stat(tree / "a").st_gid)
        assert member.pax_headers["mtime"] == "1700000000.123456789"


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, BLOCK - 512, BLOCK, 3 * BLOCK + 7, 300 * 1024 + 1])
def test_sizes_around_tar_and_tape_blocks(tree: Path, size: int) -> None:
    content = os.urandom(size)
    (tree / "f").write_bytes(content)
    packed = pack(tree)
    with packed.open() as tar:
        assert tar.extractfile("t/f").read() == content
    assert {len(block) for block in packed.blocks} == {BLOCK}


def test_archive_is_padded_to_one_block_and_no_further(tree: Path) -> None:
    assert len(pack(tree).blocks) == 1


def test_members_come_in_byte_order_of_their_names(tree: Path) -> None:
    for name in ("b", "a", "B", "a.d"):
        (tree / name).touch()
    assert [member.name for member in pack(tree).members] == [b"t", b"t/B", b"t/a", b"t/a.d", b"t/b"]


@pytest.mark.parametrize(
    "name",
    [b"x" * 101, b"x" * 255, b"caf\xc3\xa9", b"\xff\xfe", b"new\nline", b"-dash", b" ", b"tab\t", b"a'b\"c;$(d)"],
)
def test_names_of_any_bytes(tree: Path, name: bytes) -> None:
    Path(os.fsdecode(os.path.join(os.fsencode(tree), name))).write_bytes(b"data")
    packed = pack(tree)
    with packed.open() as tar:
        assert os.fsencode(tar.getnames()[1]) == b"t/" + name
        assert tar.extractfile(tar.getmembers()[1]).read() == b"data"
    assert packed.members[1].name == b"t/" + name
    assert b"hdrcharset" not in packed.data


def test_paths_over_255_bytes(tree: Path) -> None:
    deep = tree
    for _ in range(8):
        deep /= "d" * 60
        deep.mkdir()
    (deep / "leaf").write_bytes(b"x")
    with pack(tree).open() as tar:
        assert tar.getnames()[-1] == "t/" + "/".join(["d" * 60] * 8) + "/leaf"


@pytest.mark.parametrize("target", [b"a", b"../up", b"/abs", b"y" * 150, b"\xff\n"])
def test_symlinks_keep_their_text(tree: Path, target: bytes) -> None:
    os.symlink(target, os.path.join(os.fsencode(tree), b"link"))
    with pack(tree).open() as tar:
        member = tar.getmember("t/link")
        assert member.issym()
        assert os.fsencode(member.linkname) == target


def test_hard_links_are_stored_once(tree: Path) -> None:
    (tree / "a").write_bytes(b"x" * 5000)
    os.link(tree / "a", tree / "b")
    os.link(tree / "a", tree / "c")
    with pack(tree).open() as tar:
        assert [(m.name, m.islnk(), m.linkname) for m in tar.getmembers()[1:]] == [
            ("t/a", False, ""), ("t/b", True, "t/a"), ("t/c", True, "t/a")]  # fmt: skip


def test_thousands_of_hard_linked_inodes(tree: Path) -> None:
    for i in range(1500):
        (tree / f"a{i:04}").touch()
        os.link(tree / f"a{i:04}", tree / f"b{i:04}")
    links = [m for m in pack(tree).members if m.type == "1"]
    assert len(links) == 1500
    assert all(m.link == b"t/a" + m.name[3:] for m in links)


def test_fifos_empty_directories_and_sockets(tree: Path) -> None:
    os.mkfifo(tree / "fifo")
    (tree / "empty").mkdir(mode=0o1777)
    os.chmod(tree / "empty", 0o1777)
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(tree)
        try:
            sock.bind("sock")
        finally:
            os.chdir(here)
        packed = pack(tree)
    with packed.open() as tar:
        assert tar.getmember("t/fifo").isfifo()
        assert tar.getmember("t/empty").isdir()
        assert tar.getmember("t/empty").mode == 0o1777
        assert "t/sock" not in tar.getnames()
    assert [(path, problem) for path, problem, _ in packed.problems] == [
        (os.fsencode(tree / "sock"), Problem.SOCKET)]  # fmt: skip


@ROOT_ONLY
def test_device_nodes(tree: Path) -> None:
    try:
        os.mknod(tree / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod(tree / "loop", 0o660 | stat.S_IFBLK, os.makedev(7, 300))
    except PermissionError:
        pytest.skip("this container does not allow device nodes")
    with pack(tree).open() as tar:
        null, loop = tar.getmember("t/null"), tar.getmember("t/loop")
        assert (null.ischr(), null.devmajor, null.devminor) == (True, 1, 3)
        assert (loop.isblk(), loop.devmajor, loop.devminor) == (True, 7, 300)


@pytest.mark.parametrize("layout", ["hole first", "hole last", "all hole", "holes between"])
def test_holes_are_not_stored(tree: Path, layout: str) -> None:
    size = 4 * 1024 * 1024
    with open(tree / "s", "wb") as file:
        os.truncate(file.fileno(), size)
        places = {"hole first": [size - 4096], "hole last": [0], "all hole": [], "holes between": [0, 1 << 20, 3 << 20]}
        for place in places[layout]:
            file.seek(place)
            file.write(b"D" * 4096)
    packed = pack(tree)
    assert len(packed.data) < 100_000
    with packed.open() as tar:
        member = tar.getmember("t/s")
        assert tar.extractfile(member).read() == (tree / "s").read_bytes()
    assert packed.members[1].size == size


def test_files_over_8_gib(tree: Path) -> None:
    with open(tree / "big", "wb") as file:
        os.truncate(file.fileno(), 9 << 30)
        file.seek(9 << 30)
        file.write(b"end")
    packed = pack(tree, hash_kind=Hash.NONE)
    assert packed.members[1].size == (9 << 30) + 3
    with packed.open() as tar:
        assert tar.getmember("t/big").size == (9 << 30) + 3


@pytest.mark.parametrize("mtime_ns", [0, 1, -1, -1_500_000_000, -(10**9), (1 << 33) * 10**9, 9_000_000_000 * 10**9 + 5])
def test_times_before_1970_and_after_2242(tmp_path: Path, mtime_ns: int) -> None:
    file = tmp_path / "f"
    file.touch()
    os.utime(file, ns=(mtime_ns, mtime_ns))
    if os.stat(file).st_mtime_ns != mtime_ns:
        pytest.skip("this file system cannot hold the time")
    packed = pack(file)
    assert packed.members[0].mtime_ns == mtime_ns
    with packed.open() as tar:
        text = tar.getmembers()[0].pax_headers.get("mtime", str(tar.getmembers()[0].mtime))
    sign, (whole, _, fraction) = (-1 if text.startswith("-") else 1), text.lstrip("-").partition(".")
    assert sign * (int(whole) * 10**9 + int(fraction.ljust(9, "0") or 0)) == mtime_ns


@ROOT_ONLY
def test_owners_beyond_the_octal_field(tree: Path) -> None:
    (tree / "f").touch()
    os.chown(tree / "f", 3_000_000_000, 2_500_000_000)
    with pack(tree).open() as tar:
        member = tar.getmember("t/f")
        assert (member.uid, member.gid) == (3_000_000_000, 2_500_000_000)


def test_extended_attributes_of_any_bytes(tree: Path) -> None:
    (tree / "f").touch()
    values = {"user.text": b"plain", "user.raw": bytes(range(256)), "user.empty": b"", "user.lines": b"a\nb=c\n"}
    try:
        for key, value in values.items():
            os.setxattr(tree / "f", key, value)
    except OSError:
        pytest.skip("this file system has no user attributes")
    headers = pack(tree).data
    for key, value in values.items():
        assert b" SCHILY.xattr." + key.encode() + b"=" + value + b"\n" in headers


@ROOT_ONLY
def test_acls_become_text(tree: Path) -> None:
    entries = [(1, 6, 0xFFFFFFFF), (2, 4, 1234), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(tree, "system.posix_acl_access", acl)
        os.setxattr(tree, "system.posix_acl_default", acl)
    except OSError:
        pytest.skip("this file system has no ACLs")
    text = b"user::rw-,user:1234:r--,group::r--,mask::r--,other::---\n"
    data = pack(tree).data
    assert b" SCHILY.acl.access=" + text in data
    assert b" SCHILY.acl.default=" + text in data


def test_header_groups_never_straddle_a_tape_block(tree: Path) -> None:
    for i in range(400):
        (tree / f"{i:03}{'n' * (i % 200)}").write_bytes(b"x" * (i * 37 % 1500))
    packed = pack(tree)
    with packed.open() as tar:
        infos = tar.getmembers()
    assert len(infos) == 401 == len(packed.members)
    for info, member in zip(infos, packed.members, strict=True):
        assert member.block * BLOCK + member.offset == info.offset
        assert info.offset // BLOCK == (info.offset_data - 1) // BLOCK


def test_addresses_and_stored_bytes_find_the_next_member(tree: Path) -> None:
    for i in range(50):
        (tree / f"{i:02}").write_bytes(b"y" * i * 100)
    packed = pack(tree, block=1 << 20)
    places = [member.block * (1 << 20) + member.offset for member in packed.members]
    ends = [place + member.stored_bytes for place, member in zip(places, packed.members, strict=True)]
    assert ends[:-1] == places[1:]


@pytest.mark.parametrize("size", [0, 10, 240, 241, 5000, 700_000])
def test_checksums_are_those_of_the_content(tree: Path, size: int) -> None:
    import hashlib

    content = os.urandom(size)
    (tree / "f").write_bytes(content)
    assert pack(tree, hash_kind=Hash.SHA256).members[1].digest == hashlib.sha256(content).digest()
    assert pack(tree, hash_kind=Hash.NONE).members[1].digest == b""


def test_xxh3_matches_known_values(tree: Path) -> None:
    """XXH3-128 of nothing and of "a", from the xxHash project's own sanity tables (seed 0)."""
    (tree / "a").write_bytes(b"a")
    (tree / "e").touch()
    members = {member.name: member.digest.hex() for member in pack(tree).members}
    assert members[b"t/e"] == "99aa06d3014798d86001c324468d497f"
    assert members[b"t/a"] == "a96faf705af16834e6c632b61e964e1f"


def test_the_checksum_of_a_sparse_file_covers_its_holes(tree: Path) -> None:
    import hashlib

    with open(tree / "s", "wb") as file:
        file.seek(1 << 20)
        file.write(b"tail")
        file.truncate(2 << 20)
    digest = pack(tree, hash_kind=Hash.SHA256).members[1].digest
    assert digest == hashlib.sha256((tree / "s").read_bytes()).digest()


def test_a_file_of_far_too_many_holes_has_no_checksum(tree: Path) -> None:
    """As nobody could wait for that of 8 EB; a scan of the tape tells the same."""
    with open(tree / "s", "wb") as file:
        try:
            file.truncate(15 << 40)
        except OSError as error:
            pytest.skip(f"no such file here: {error}")
    (tree / "t").write_bytes(b"t")
    packed = pack(tree)
    assert [len(member.digest) for member in packed.members] == [0, 0, 16]
    assert packed.members[1].size == 15 << 40
    scan = Scan(iter([packed.data[at : at + BLOCK] for at in range(0, len(packed.data), BLOCK)]), BLOCK)
    assert [(member.name, member.digest) for member in scan.members()] == [
        (member.name, member.digest) for member in packed.members
    ]


def test_stopping_does_not_wait_for_the_checksum_of_a_hole(tree: Path) -> None:
    """A terabyte of nothing would take SHA-256 an hour."""
    with open(tree / "s", "wb") as file:
        file.truncate(1 << 40)
    ring = Ring(BLOCK, 8 * BLOCK)
    packer = Packer(ring, lambda *_: None, hash_kind=Hash.SHA256)

    def work() -> None:
        with pytest.raises(PackCancelled):
            packer.add(os.fsencode(tree), b"t")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while packer.counts().members < 1 and time.monotonic() < deadline:
        pass  # the directory is packed; its file is nothing but a hole
    ring.stop()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ((b"*.o",), {"t", "t/keep.c", "t/sub", "t/sub/deep"}),
        ((b"sub",), {"t", "t/a.o", "t/keep.c"}),
        ((b"t/sub/*",), {"t", "t/a.o", "t/keep.c", "t/sub"}),
        ((b"*.o", b"*.c"), {"t", "t/sub", "t/sub/deep"}),
    ],
)
def test_exclude(tree: Path, patterns: tuple[bytes, ...], left: set[str]) -> None:
    for name in ("a.o", "keep.c", "sub/b.o", "sub/deep/c.o"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    with pack(tree, exclude=patterns).open() as tar:
        assert set(tar.getnames()) == left


def test_one_file_system_stops_at_mount_points() -> None:
    packed = pack(b"/dev", b"dev", one_file_system=True) if os.path.ismount("/dev/shm") else None
    if packed is None:
        pytest.skip("/dev/shm is no mount point here")
    assert not [member for member in packed.members if member.name.startswith(b"dev/shm/")]
    assert b"dev/shm" in {member.name for member in packed.members}


def test_a_file_and_a_link_to_a_directory_as_arguments(tree: Path, tmp_path: Path) -> None:
    (tree / "f").write_bytes(b"1")
    link = tmp_path / "link"
    link.symlink_to(tree)
    assert [m.name for m in pack(tree / "f", b"f").members] == [b"f"]
    assert [m.name for m in pack(link, b"link").members] == [b"link", b"link/f"]


NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_characters="/"), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    entries=st.dictionaries(
        NAMES,
        st.tuples(
            st.binary(max_size=2000),
            st.integers(0, 0o7777),
            st.integers(0, (1 << 33) - 1),
            st.integers(0, 999_999_999),
        ),
        max_size=8,
    )
)
def test_bytes_equal_those_of_tarfile(
    entries: dict[str, tuple[bytes, int, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """tarfile gets the mtime record as a decimal string, which it cannot make from a float without loss."""
    import io
    import tarfile

    root = tmp_path_factory.mktemp("p") / "root"
    root.mkdir()
    for name, (content, mode, seconds, ns) in entries.items():
        if len(os.fsencode(name)) > 250 or name in (".", ".."):
            continue
        (root / name).write_bytes(content)
        os.chmod(root / name, mode)
        os.utime(root / name, ns=(0, seconds * 10**9 + ns))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in [root, *sorted(root.iterdir(), key=os.fsencode)]:
            name = "r" if path == root else f"r/{path.name}"
            info = tar.gettarinfo(path, arcname=name)
            ns = path.stat().st_mtime_ns
            info.mtime = ns // 10**9
            if ns % 10**9:
                info.pax_headers = {"mtime": f"{ns // 10**9}.{ns % 10**9:09}".rstrip("0")}
            if info.isreg():
                with open(path, "rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
    ours = pack(root, b"r", block=8 << 20).data
    theirs = out.getvalue().rstrip(b"\0")
    assert ours[: len(theirs)] == theirs
    assert not ours[len(theirs) :].strip(b"\0")
