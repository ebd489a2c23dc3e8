# SPDX-License-Identifier: WTFPL OR MIT
"""Nothing leaves the target, nothing is written through a link, nothing that exists is lost unless asked."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from untar_archives import END, IS_ROOT, archive, entry, extended, header, padded, picture, restore

from pytp_native.stream.untar import Existing

DIRECTORY, SYMLINK, HARD_LINK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory beside the target with a file that must stay as it is."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "precious").write_bytes(b"precious")
    return place


def link(name: str, text: str) -> tarfile.TarInfo:
    return entry(name, type=SYMLINK, linkname=text)


def hard(name: str, text: str) -> tarfile.TarInfo:
    return entry(name, type=HARD_LINK, linkname=text)


def written(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name), b"evil"


ESCAPES: dict[str, Callable[[str], bytes]] = {
    "parent": lambda _: archive(written("../outside/precious")),
    "parent in the middle": lambda _: archive(written("a/../../outside/precious")),
    "parent as directory": lambda _: archive(entry("..", type=DIRECTORY, mode=0o777)),
    "parent at the end": lambda _: archive(entry("a/..", type=DIRECTORY, mode=0o777)),
    "link then through it": lambda o: archive(link("door", o), written("door/precious")),
    "link then directory then file": lambda o: archive(
        link("door", o), entry("door", type=DIRECTORY, mode=0o777), written("door/precious")
    ),
    "link then deeper": lambda o: archive(link("door", o), written("door/new/file")),
    "relative link": lambda _: archive(link("a/door", "../../outside"), written("a/door/precious")),
    "link to a link": lambda o: archive(link("one", o), link("two", "one"), written("two/precious")),
    "directory becomes link": lambda o: archive(
        entry("d", type=DIRECTORY), written("d/x"), link("d", o), written("d/precious")
    ),
    "empty directory becomes link": lambda o: archive(
        entry("d", type=DIRECTORY, mode=0o777), link("d", o), written("d/precious")
    ),
    "file link then file": lambda o: archive(link("f", o + "/precious"), written("f")),
    "hard link outside": lambda o: archive(hard("h", o + "/precious"), written("h")),
    "hard link by parent": lambda _: archive(hard("h", "../outside/precious"), written("h")),
    "hard link through a link": lambda o: archive(link("door", o), hard("h", "door/precious"), written("h")),
    "hard link to a link": lambda o: archive(link("f", o + "/precious"), hard("g", "f")),
    "hard link to a link, then write": lambda o: archive(
        link("f", o + "/precious"), hard("g", "f"), written("g"), written("f")
    ),
    "fifo through a link": lambda o: archive(link("door", o), entry("door/fifo", type=tarfile.FIFOTYPE)),
    "pax path": lambda _: extended((b"path", b"../outside/precious")) + header(b"x", size=4) + padded(b"evil") + END,
    "sparse name": lambda _: extended(
        (b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"../outside/precious"),
        (b"GNU.sparse.realsize", b"4"))
        + header(b"x", size=1024) + padded(b"1\n0\n4\n") + padded(b"evil") + END,
    "pax linkpath": lambda _: extended((b"linkpath", b"../outside/precious")) + header(b"h", typeflag=b"1", link=b"h")
        + header(b"h", size=4) + padded(b"evil") + END,
    "GNU long name": lambda _: header(b"././@LongLink", typeflag=b"L", size=20) + padded(b"../outside/precious\0")
        + header(b"x", size=4) + padded(b"evil") + END,
    "dot parts": lambda _: archive(written("./.././outside//precious")),
}  # fmt: skip


HARMLESS = {
    "file link then file", "hard link to a link", "hard link to a link, then write", "link then directory then file",
    "empty directory becomes link",
}  # fmt: skip
"""These restore without complaint: what they make, or replace, is theirs."""


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ESCAPES)
def test_no_archive_reaches_outside(name: str, overwrite: bool, tmp_path: Path, outside: Path) -> None:
    before = picture(outside), outside.stat()
    restored = restore(
        ESCAPES[name](os.fspath(outside)) + END,
        tmp_path / "out",
        existing=Existing.OVERWRITE if overwrite else Existing.KEEP,
    )
    after = picture(outside), outside.stat()
    assert after[0] == before[0]
    assert (after[1].st_mode, after[1].st_mtime_ns, after[1].st_nlink) == (
        before[1].st_mode, before[1].st_mtime_ns, before[1].st_nlink)  # fmt: skip
    assert os.stat(outside / "precious").st_nlink == 1
    assert sorted(os.listdir(tmp_path)) == ["out", "outside"]
    assert restored.problems or name in HARMLESS


def test_symbolic_links_keep_their_text_wherever_it_points(tmp_path: Path) -> None:
    restored = restore(archive(link("l", "/etc/../../x"), link("m", "..")), tmp_path / "out")
    assert restored.problems == []
    assert os.readlink(tmp_path / "out" / "l") == "/etc/../../x"
    assert os.readlink(tmp_path / "out" / "m") == ".."


def test_absolute_names_land_beneath_the_target_and_are_told_once(tmp_path: Path) -> None:
    restored = restore(archive(written("/a/one"), written("//a/two")), tmp_path / "out")
    assert [problem.path for problem in restored.problems] == [b"/a/one"]
    assert "absolute" in restored.problems[0].reason
    assert (tmp_path / "out/a/one").read_bytes() == (tmp_path / "out/a/two").read_bytes() == b"evil"


def test_existing_files_are_kept_and_listed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "d").mkdir(parents=True)
    (out / "d" / "file").write_bytes(b"mine")
    (out / "d" / "link").symlink_to("mine")
    (out / "d").chmod(0o700)
    before = picture(out)
    data = archive(
        entry("d", type=DIRECTORY, mode=0o755), written("d/file"), link("d/link", "theirs"), written("d/new")
    )
    restored = restore(data, out)
    assert set(restored.reasons) == {b"d/file", b"d/link"}
    assert all("exists already" in reason for reason in restored.reasons.values())
    assert (out / "d" / "new").read_bytes() == b"evil"
    (out / "d" / "new").unlink()
    after = picture(out)
    assert (after[b"d/file"], after[b"d/link"], after[b"d"][1]) == (before[b"d/file"], before[b"d/link"], 0o700)


def test_overwrite_replaces_the_name_and_never_what_it_is_linked_to(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "other").write_bytes(b"other")
    (out / "link").symlink_to("../other")
    os.link(tmp_path / "other", out / "hard")
    (out / "dir").mkdir()
    restored = restore(archive(written("link"), written("hard"), written("dir")), out, existing=Existing.OVERWRITE)
    assert restored.problems == []
    assert (tmp_path / "other").read_bytes() == b"other"
    assert all(
        (out / name).read_bytes() == b"evil" and not (out / name).is_symlink() for name in ("link", "hard", "dir")
    )


def test_overwrite_does_not_remove_directories_that_hold_something(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "dir").mkdir(parents=True)
    (out / "dir" / "mine").write_bytes(b"mine")
    restored = restore(archive(written("dir")), out, existing=Existing.OVERWRITE)
    assert "not empty" in restored.reasons[b"dir"]
    assert (out / "dir" / "mine").read_bytes() == b"mine"


def test_a_later_member_of_the_same_name_replaces_the_earlier_one(tmp_path: Path) -> None:
    data = archive((entry("f"), b"old"), (entry("f"), b"new"), link("f2", "x"), (entry("f2"), b"file"))
    restored = restore(data, tmp_path / "out")
    assert restored.problems == []
    assert (tmp_path / "out" / "f").read_bytes() == b"new"
    assert (tmp_path / "out" / "f2").read_bytes() == b"file"


def test_hard_links_do_not_change_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_bytes(b"mine")
    (out / "mine").chmod(0o600)
    os.utime(out / "mine", (5000, 5000))
    item = hard("link", "mine")
    item.mode, item.mtime = 0o6777, 5000
    assert restore(archive(item), out).problems == []
    assert (out / "link").samefile(out / "mine")
    assert (out / "mine").stat().st_mode & 0o7777 == 0o600
    item.name, item.mtime = "other", 1
    assert "is another one, which was kept" in restore(archive(item), out).reasons[b"other"]
    assert (out / "mine").stat().st_mtime == 5000


def test_a_hard_link_to_itself_keeps_the_file(tmp_path: Path) -> None:
    data = archive((entry("f"), b"data"), hard("f", "f"), hard("f", "./f"))
    restored = restore(data, tmp_path / "out", existing=Existing.OVERWRITE)
    assert restored.problems == []
    assert (tmp_path / "out" / "f").read_bytes() == b"data"


def test_a_hard_link_without_its_first_name_is_listed(tmp_path: Path) -> None:
    restored = restore(archive((entry("a"), b"x"), hard("b", "a")), tmp_path / "out", b"b")
    assert "cannot link" in restored.reasons[b"b"]


@pytest.mark.parametrize("name", [b"/", b"./", b"//"])
def test_a_name_that_is_only_slashes_makes_nothing(name: bytes, tmp_path: Path) -> None:
    """A file whose name ends in a slash is a directory (v7 tars have no type for them): the target itself."""
    restore(extended((b"path", name)) + header(b"", size=1) + padded(b"x") + END, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize("name", [b"", b".", b"a\0b"])
def test_names_that_name_nothing_are_refused(name: bytes, tmp_path: Path) -> None:
    data = extended((b"path", name or b".")) + header(b"", size=1) + padded(b"x") + END
    restored = restore(data, tmp_path / "out")
    assert len(restored.problems) == 1
    assert "refused" in restored.problems[0].reason
    assert os.listdir(tmp_path / "out") == []


def test_names_longer_than_the_file_system_takes_are_listed(tmp_path: Path) -> None:
    restored = restore(archive(written("n" * 300), written("n" * 300 + "/f"), written("ok")), tmp_path / "out")
    assert set(restored.reasons) == {b"n" * 300, b"n" * 300 + b"/f"}
    assert os.listdir(tmp_path / "out") == ["ok"]


def test_paths_deeper_than_path_max_and_the_descriptor_limit_restore(tmp_path: Path) -> None:
    deep = "/".join(["directory"] * 1200)
    restored = restore(archive(written(deep + "/f"), written("directory/g"), written(deep + "/h")), tmp_path / "out")
    assert restored.problems == []
    script = (
        "import os,sys\nos.chdir(sys.argv[1])\n"
        "for _ in range(1200): os.chdir('directory')\nprint(sorted(os.listdir('.')))"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "out"], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"['f', 'h']\n"
    subprocess.run(["rm", "-rf", tmp_path / "out"], check=True)


def test_an_archive_for_the_target_itself_sets_its_attributes_only_if_it_is_ours(tmp_path: Path) -> None:
    data = archive(entry("./", type=DIRECTORY, mode=0o750, mtime=77), written("./f"))
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    restore(data, mine)
    restore(data, tmp_path / "new")
    assert (mine.stat().st_mode & 0o7777, (tmp_path / "new").stat().st_mode & 0o7777) == (0o700, 0o750)
    assert (tmp_path / "new").stat().st_mtime == 77


def test_patterns_name_members_directories_and_globs(tmp_path: Path) -> None:
    data = archive(
        entry("top", type=DIRECTORY), written("top/a.txt"), entry("top/d", type=DIRECTORY), written("top/d/b.txt"),
        written("top/dd"), written("odd[1]"), written("other.txt"),
    )  # fmt: skip
    out = tmp_path / "out"
    restored = restore(data, out, b"./top/d/", b"o*.txt", b"odd[1]", b"nothing", b"no*thing")
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == [
        "odd[1]", "other.txt", "top/d/b.txt"]  # fmt: skip
    assert [problem[:2] for problem in restored.problems] == [
        (b"nothing", "not found in this tape file"),
        (b"no*thing", "not found in this tape file"),
    ]


def test_sparse_maps_that_lie_are_refused(tmp_path: Path) -> None:
    def sparse(realsize: bytes, text: bytes, data: bytes) -> bytes:
        said = extended((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"f"),
                        (b"GNU.sparse.realsize", realsize))  # fmt: skip
        return said + header(b"x", size=512 + len(data)) + padded(text) + padded(data) + header(b"next") + END

    lies = [
        sparse(b"100", b"2\n0\n4\n2\n4\n", b"12345678"), sparse(b"6", b"1\n0\n8\n", b"12345678"),
        sparse(b"100", b"1\n0\n9\n", b"12345678"), sparse(b"100", b"99999999999\n0\n4\n", b"12345678"),
        sparse(b"100", b"1\n-1\n8\n", b"12345678"),
        sparse(b"9223372036854775807", b"1\n9223372036854775800\n8\n", b"x"),
        extended((b"GNU.sparse.map", b"0,4,2,4"), (b"GNU.sparse.size", b"100")) + header(b"f", size=8)
        + padded(b"12345678") + header(b"next") + END,
    ]  # fmt: skip
    for number, data in enumerate(lies):
        out = tmp_path / f"out{number}"
        restored = restore(data, out)
        assert "sparse map" in restored.problems[0].reason
        assert os.listdir(out) == ["next"]


MALFORMED = [
    b"99 path=x\n",
    b"x path=y\n",
    b"9 path=x",
    b"9 pathxx\n",
    b"14 size=-5555\n",
    b"12 mtime=ab\n",
    b"\xff\xff",
]


def test_malformed_extended_headers_refuse_their_member_only(tmp_path: Path) -> None:
    for number, text in enumerate(MALFORMED):
        out = tmp_path / f"out{number}"
        data = header(b"p", typeflag=b"x", size=len(text)) + padded(text) + header(b"f") + header(b"next") + END
        restored = restore(data, out)
        assert "extended header" in restored.problems[0].reason
        assert os.listdir(out) == ["next"]


@pytest.mark.skipif(not IS_ROOT, reason="needs root to become nobody")
def test_without_privilege_owners_devices_and_foreign_set_id_bits_are_left_out(tmp_path: Path) -> None:
    data = archive(
        entry("mine", mode=0o644, uid=65534, gid=65534), entry("roots", mode=0o6755, uid=0, gid=0),
        entry("dev", type=tarfile.CHRTYPE, devmajor=1, devminor=3), entry("ro", type=DIRECTORY, mode=0o555, uid=0),
        (entry("ro/f", mode=0o400, uid=0), b"x"),
        entry("shut", type=DIRECTORY, mode=0, uid=65534, gid=65534),
        entry("shut/in", type=DIRECTORY, mode=0o700, uid=65534, gid=65534),
    )  # fmt: skip
    (tmp_path / "a.tar").write_bytes(data)
    script = (
        "import os,sys\nfrom pathlib import Path\nfrom untar_archives import restore\n"
        "data=Path(sys.argv[1]).read_bytes()\nos.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "r=restore(data, Path(sys.argv[2])); print([p.path for p in r.problems], r.untar.counts().owners_skipped)\n"
        "print([oct(os.stat(sys.argv[2]+'/'+n).st_mode & 0o7777) for n in ('mine','roots','ro')])"
    )
    place = Path("/tmp") / f"{tmp_path.name}-{os.getpid()}"
    place.mkdir()
    os.chown(place, 65534, 65534)
    try:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        done = subprocess.run([sys.executable, "-c", script, tmp_path / "a.tar", place / "out"], env=environment,
                              stdout=subprocess.PIPE, check=False)  # fmt: skip
    finally:
        subprocess.run(["rm", "-rf", place], check=True)
    assert done.stdout.splitlines() == [b"[b'dev'] 3", b"['0o644', '0o755', '0o555']"]
