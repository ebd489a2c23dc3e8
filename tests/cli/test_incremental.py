# SPDX-License-Identifier: WTFPL OR MIT
"""Incremental and differential backups: what each session holds, and what comes back from the chain."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp
from tests.privilege import bound_by_permissions
from tests.trees import describe, differences

DATABASE = Path("home/.local/state/pytp/catalog.db")


class Days:
    """A tree that is backed up again and again, as job "daily"."""

    def __init__(self, pytp: Pytp, drive: str, tree: Path, tmp_path: Path) -> None:
        self.pytp = pytp
        self.drive = drive
        self.tree = tree
        self.database = tmp_path / DATABASE

    def backup(self, *options: str, code: int = 0) -> dict[str, Any]:
        ended = self.pytp("backup", "-d", self.drive, "--job", "daily", "--json", *options, str(self.tree))
        assert ended.code == code, ended.err
        return ended.json

    def incremental(self, *options: str, code: int = 0) -> str:
        """Return the session's uuid, or the empty string when nothing was written."""
        return str(self.backup("--incremental", *options, code=code)["session"] or "")

    def members(self, session: str) -> list[str]:
        """Names that a session saved, as the catalog has them, without the tree's own name."""
        return sorted(
            name
            for (name,) in self._rows(
                "SELECT d.path || '/' || m.name FROM member m JOIN directory d ON d.id = m.directory"
                " JOIN tape_file t ON t.id = m.id >> 32 JOIN session s ON s.id = t.session WHERE s.uuid = ?",
                session,
            )
        )

    def gone(self, session: str) -> dict[str, str | None]:
        """Names that it found gone, with their new ones."""
        return dict(
            self._rows(
                "SELECT d.path || '/' || x.name, n.path || '/' || x.new_name FROM deletion x"
                " JOIN directory d ON d.id = x.directory LEFT JOIN directory n ON n.id = x.new_directory"
                " JOIN tape_file t ON t.id = x.tape_file JOIN session s ON s.id = t.session WHERE s.uuid = ?",
                session,
            )
        )

    def _rows(self, statement: str, *values: object) -> list[Any]:
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def restored(self, target: Path, *selectors: str) -> list[str]:
        """Restore, and say what is not as it is in the tree now."""
        ended = self.pytp("restore", str(target), "-d", self.drive, *selectors)
        assert ended.code == 0, ended.err
        return differences(describe(self.tree), describe(target / self.tree.name))


@pytest.fixture
def days(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> Days:
    """With a full session behind it."""
    made = Days(pytp, drive, source, tmp_path)
    made.backup()
    return made


def test_nothing_changed_writes_nothing(days: Days, library: Path) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*.data")} or None
    position = days.pytp("position", "-d", days.drive).out
    report = days.backup("--incremental")
    assert (report["exit"], report["session"], report["trailer_file"]) == (0, None, None)
    assert [one["status"] for one in report["arguments"]] == ["unchanged"]
    assert days.pytp("position", "-d", days.drive).out == position
    assert ({path: path.read_bytes() for path in library.rglob("*.data")} or None) == before
    assert len(days.pytp("sessions", "--json").json["sessions"]) == 1


def test_a_blank_cartridge_stays_blank_when_nothing_changed(days: Days) -> None:
    assert days.pytp("load", "2", "-d", days.drive).code == 0
    assert days.incremental() == ""
    assert days.pytp("ls", "-d", days.drive).code == 11


def _edit(tree: Path) -> None:
    (tree / "plain.txt").write_bytes(b"other text\n")


def _same_size_and_time(tree: Path) -> None:
    before = os.stat(tree / "deep/er/big")
    (tree / "deep/er/big").write_bytes(os.urandom(before.st_size))
    os.utime(tree / "deep/er/big", ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_by_rename(tree: Path) -> None:
    shutil.copy2(tree / "deep/er/big", tree / "deep/er/new")
    os.rename(tree / "deep/er/new", tree / "deep/er/big")


def _turn_into_a_directory(tree: Path) -> None:
    os.unlink(tree / "deep/empty")
    os.mkdir(tree / "deep/empty")
    (tree / "deep/empty/x").write_bytes(b"x")


def _new_target(tree: Path) -> None:
    os.unlink(tree / "link")
    os.symlink("deep", tree / "link")


def _turn_into_a_file(tree: Path) -> None:
    shutil.rmtree(tree / "deep/er")
    (tree / "deep/er").write_bytes(b"a file now")


HARD = ["source/deep", "source/deep/hard", "source/plain.txt"]
CHANGES: dict[str, tuple[Callable[[Path], None], list[str], dict[str, str | None]]] = {
    "edit": (_edit, ["source", *HARD], {}),
    "content behind the back of size and time": (_same_size_and_time, ["source/deep/er", "source/deep/er/big"], {}),
    "another inode": (_replace_by_rename, ["source/deep/er", "source/deep/er/big"], {}),
    "mode": (lambda tree: os.chmod(tree / "deep/er/big", 0o600), ["source/deep/er", "source/deep/er/big"], {}),
    "mode of a directory": (lambda tree: os.chmod(tree / "deep/er", 0o700), ["source/deep/er"], {}),
    "add": (lambda tree: (tree / "deep/new").touch(), ["source/deep", "source/deep/new"], {}),
    "add an empty directory": (lambda tree: (tree / "dir").mkdir(), ["source", "source/dir"], {}),
    "delete": (lambda tree: os.unlink(tree / "deep/er/big"), ["source/deep/er"], {"source/deep/er/big": None}),
    "rename": (
        lambda tree: os.rename(tree / "deep/er/big", tree / "bigger"),
        ["source", "source/bigger", "source/deep/er"],
        {"source/deep/er/big": "source/bigger"},
    ),
    "rename a directory": (
        lambda tree: os.rename(tree / "deep/er", tree / "deep/est"),
        ["source/deep", "source/deep/est", "source/deep/est/big"],
        {"source/deep/er": "source/deep/est", "source/deep/er/big": "source/deep/est/big"},
    ),
    "link target": (_new_target, ["source", "source/link"], {}),
    "one name of two": (lambda tree: os.unlink(tree / "plain.txt"), ["source", "source/deep", "source/deep/hard"],
                        {"source/plain.txt": "source/deep/hard"}),
    "one more name": (lambda tree: os.link(tree / "plain.txt", tree / "third"), ["source", *HARD, "source/third"], {}),
    "a file becomes a directory": (
        _turn_into_a_directory, ["source/deep", "source/deep/empty", "source/deep/empty/x"], {"source/deep/empty": None}
    ),
    "a directory becomes a file": (
        _turn_into_a_file, ["source/deep", "source/deep/er"], {"source/deep/er": None, "source/deep/er/big": None}
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_session_holds_what_changed_and_knows_what_is_gone(days: Days, what: str, tmp_path: Path) -> None:
    change, members, gone = CHANGES[what]
    change(days.tree)
    session = days.incremental()
    found = [name.lstrip("/") for name in days.members(session)]
    assert (sorted(found), days.gone(session)) == (sorted(members), gone)
    assert days.restored(tmp_path / "out", "--job", "daily") == []
    assert days.incremental() == "", "the second look finds nothing"


def test_a_differential_session_holds_all_since_the_full_one(days: Days, tmp_path: Path) -> None:
    (days.tree / "one").write_bytes(b"1")
    days.incremental()
    (days.tree / "two").write_bytes(b"2")
    os.unlink(days.tree / "link")
    session = days.backup("--differential")["session"]
    assert [name.lstrip("/") for name in days.members(session)] == ["source", "source/one", "source/two"]
    assert days.gone(session) == {"source/link": None}
    assert days.restored(tmp_path / "out", "--session", session) == []


def test_what_could_not_be_read_is_tried_again(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = days.tree / "deep/er/big"
    victim.write_bytes(b"new content")
    os.chmod(victim, 0)
    with bound_by_permissions():
        days.incremental(code=1)
        assert days.gone(days.incremental(code=1)) == {}
    os.chmod(victim, 0o600)
    assert "source/deep/er/big" in days.members(days.incremental())


def test_what_is_excluded_from_now_on_is_no_part_of_the_state(days: Days, tmp_path: Path) -> None:
    session = days.incremental("--exclude", "er")
    assert days.gone(session) == {"source/deep/er": None, "source/deep/er/big": None}
    shutil.rmtree(days.tree / "deep/er")
    os.utime(days.tree / "deep", ns=(0, describe(days.tree)[b"/deep"].mtime_ns))
    lacking = days.restored(tmp_path / "out", "--session", session)
    assert [line for line in lacking if "/deep'" not in line] == []


def test_a_run_that_failed_is_no_base(days: Days, library: Path, tmp_path: Path) -> None:
    (days.tree / "deep/new").write_bytes(os.urandom(3 << 20))
    assert days.pytp("vtl", "fault", str(library), "write 6: medium error").code == 0
    ended = days.pytp("backup", "-d", days.drive, "--job", "daily", "--incremental", str(days.tree))
    assert ended.code == 6, ended.err
    days.pytp("vtl", "fault", str(library), "--clear")
    retried = days.incremental()
    assert "source/deep/new" in days.members(retried)
    assert days.restored(tmp_path / "out", "--job", "daily") == []


def test_histories_are_kept_apart_by_job_and_path(days: Days, tmp_path: Path) -> None:
    other = days.pytp("backup", "-d", days.drive, "-i", "--job", "weekly", "--json", str(days.tree))
    assert "job weekly has no complete session of it yet" in other.err
    assert len(days.members(other.json["session"])) == 8
    namesake = tmp_path / "elsewhere" / "source"
    shutil.copytree(days.tree, namesake, symlinks=True)
    there = days.pytp("backup", "-d", days.drive, "-i", "--job", "daily", "--json", str(namesake)).json
    assert len(days.members(there["session"])) == 8
    assert days.incremental() == ""


def test_a_full_session_keeps_the_earlier_one(days: Days, tmp_path: Path) -> None:
    (first,) = days.pytp("sessions", "--json").json["sessions"]
    before = describe(days.tree)
    (days.tree / "plain.txt").write_bytes(b"later")
    days.backup()
    ended = days.pytp("restore", str(tmp_path / "out"), "-d", days.drive, "--session", first["uuid"])
    assert ended.code == 0, ended.err
    assert differences(before, describe(tmp_path / "out" / "source")) == []


def test_arguments_that_changed_are_saved_and_others_not(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    trees = [tmp_path / name for name in ("one", "two", "three")]
    for tree in trees:
        tree.mkdir()
        (tree / "file").write_bytes(b"x")
    assert pytp("backup", "-d", drive, *map(str, trees[:2])).code == 0
    (trees[1] / "file").write_bytes(b"y")
    ended = pytp("backup", "-d", drive, "-i", "--json", *map(str, trees))
    assert ended.code == 0
    assert [(one["status"], one["tape_file"]) for one in ended.json["arguments"]] == [
        ("unchanged", None), ("saved", 4), ("saved", 5),
    ]  # fmt: skip
    assert [one["level"] for one in pytp("sessions", "--json").json["sessions"][0]["tape_files"][:2]] == [
        "incremental", "full",
    ]  # fmt: skip


def test_a_rebuilt_catalog_knows_the_same_history(days: Days, tmp_path: Path) -> None:
    os.rename(days.tree / "deep/er/big", days.tree / "bigger")
    os.unlink(days.tree / "link")
    session = days.incremental()
    members, gone = days.members(session), days.gone(session)
    days.database.unlink()
    assert days.pytp("catalog", "rebuild", "-d", days.drive).code == 0
    assert (days.members(session), days.gone(session)) == (members, gone)
    assert days.restored(tmp_path / "out", "--job", "daily") == []
    assert days.incremental() == ""
    assert days.pytp("catalog", "rebuild", "-d", days.drive).code == 0
    assert days.gone(session) == gone, "told again, over what is there"
    assert days.pytp("catalog", "check").code == 0


def test_gnu_tar_alone_restores_a_chain_as_restore_txt_says(days: Days, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("edit", "rename a directory", "a file becomes a directory", "one name of two"):
        CHANGES[name][0](days.tree)
        days.incremental()
    for data in range(1, 10, 2):
        for number in (data + 1, data):  # the trailer first
            archive = tmp_path / f"{number}.tar"
            assert days.pytp("cat", "-d", days.drive, "--file", str(number), "--output", str(archive)).code == 0
            subprocess.run(["tar", "-xpf", archive, "--numeric-owner", "-C", out], check=True, timeout=30)
            if number > data and (out / "pytp/deleted").exists():
                subprocess.run(
                    "xargs -0 -r rm -rf -- < pytp/deleted/00001.list", shell=True, cwd=out, check=True, timeout=30
                )
                shutil.rmtree(out / "pytp")
    assert differences(describe(days.tree), describe(out / "source")) == []


def test_level_options_exclude_each_other_and_need_the_catalog(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", "-d", drive, "-i", "--differential", str(source)).code == 2
    assert pytp("backup", "-d", drive, "-i", "--no-catalog", str(source)).code == 2


# -- a changing tree on spanning cartridges --------------------------------------------------------------------------


def _disturb(tree: Path, dice: random.Random, day: int) -> None:
    """Adds, edits, renames, deletes and mode changes."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    for path in dice.sample(files, 24):
        match dice.randrange(5):
            case 0:
                path.write_bytes(dice.randbytes(dice.randrange(60_000)))
            case 1:
                path.rename(path.with_name(f"renamed-{day}-{path.name}"))
            case 2:
                path.unlink()
            case 3:
                path.chmod(stat.S_IMODE(path.stat().st_mode) ^ 0o044)
            case _:
                (path.parent / f"new-{day}-{path.name}").write_bytes(dice.randbytes(dice.randrange(600_000)))
    (tree / f"day-{day}").mkdir()
    (tree / f"day-{day}" / "big").write_bytes(dice.randbytes(4 << 20))
    if day > 1:
        shutil.rmtree(tree / f"day-{day - 1}")


def _stamps(tree: Path) -> dict[str, tuple[object, ...]]:
    found = {}
    for path in [tree, *tree.rglob("*")]:
        it = path.lstat()
        size = it.st_size if stat.S_ISREG(it.st_mode) else 0
        stamp = (size, it.st_mtime_ns, it.st_ctime_ns, it.st_ino, it.st_mode, it.st_uid, it.st_gid)
        found[str(path.relative_to(tree.parent))] = stamp
    return found


def test_any_day_of_a_changing_tree_comes_back_from_spanning_cartridges(pytp: Pytp, tmp_path: Path) -> None:
    dice = random.Random(4)
    Library.create(tmp_path / "library", drives=1, slots=12, cartridges=10, capacity_bytes=8 << 20)
    tree = tmp_path / "tree"
    for number in range(60):
        (tree / f"d{number % 7}").mkdir(parents=True, exist_ok=True)
        (tree / f"d{number % 7}" / f"f{number}").write_bytes(dice.randbytes(dice.randrange(400_000)))
    days = Days(pytp, f"vtl:{tmp_path}/library/drive0", tree, tmp_path)
    states, sessions = [describe(tree)], [days.backup()["session"]]
    for day in range(1, 6):
        before = _stamps(tree)
        _disturb(tree, dice, day)
        after = _stamps(tree)
        session = days.incremental()
        changed = {name for name, stamp in after.items() if before.get(name) != stamp}
        parents = {str(Path(name).parent) for name in changed if not (tmp_path / name).is_dir()}
        assert {name.lstrip("/") for name in days.members(session)} == changed | parents
        assert set(days.gone(session)) == before.keys() - after.keys()
        states.append(describe(tree))
        sessions.append(session)
    cartridges = {one["cartridge"] for s in pytp("sessions", "--json").json["sessions"] for one in s["tape_files"]}
    assert len(cartridges) > 3
    for number, (state, session) in enumerate(zip(states, sessions, strict=True)):
        ended = pytp("restore", str(tmp_path / f"out-{number}"), "-d", days.drive, "--session", session)
        assert ended.code == 0, ended.err
        assert differences(state, describe(tmp_path / f"out-{number}" / "tree")) == []


# -- what to save, and what would be --------------------------------------------------------------------------------


def _everything(top: Path) -> dict[Path, tuple[int, bytes | None]]:
    return {path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None) for path in top.rglob("*")}


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(
    days: Days, library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (days.tree / "more").write_bytes(bytes(3 << 20))
    tape, logs = days.pytp("position", "-d", days.drive).out, sorted((tmp_path / "home").rglob("*.log"))
    before = {path: path.read_bytes() for path in library.rglob("*") if path.is_file() and path.suffix == ".data"}
    report = days.backup("--dry-run", "--incremental")
    assert [(one["status"], one["files"]) for one in report["arguments"]] == [("would be saved", 2)]
    assert report["dry_run"] is True
    ((cartridge),) = report["cartridges"]
    assert (cartridge["barcode"], cartridge["tape_bytes"]) == ("PYT001L9", report["tape_bytes"])
    assert 3 << 20 <= report["tape_bytes"] <= 5 << 20
    assert days.pytp("position", "-d", days.drive).out == tape
    assert before == {path: path.read_bytes() for path in before}
    assert sorted((tmp_path / "home").rglob("*.log")) == logs
    assert len(days.pytp("sessions", "--json").json["sessions"]) == 1
    text = days.pytp("backup", "-d", days.drive, "--dry-run", str(days.tree))
    assert "would be saved" in text.out
    assert "Nothing was written." in text.out


def test_a_dry_run_makes_no_catalog(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    assert pytp("backup", "-d", drive, "--dry-run", "-i", str(source)).code == 0
    assert not (tmp_path / DATABASE).exists()
    assert pytp("ls", "-d", drive).code == 11, "blank as before"


def test_a_dry_run_tells_how_many_cartridges_it_takes(pytp: Pytp, drive: str, source: Path) -> None:
    with open(source / "hole", "wb") as sparse:
        os.posix_fallocate(sparse.fileno(), 0, 100 << 20)
    report = pytp("backup", "-d", drive, "--json", "--dry-run", "--volumes", "PYT002L9", str(source)).json
    assert [one["barcode"] for one in report["cartridges"]] == ["PYT001L9", "PYT002L9"]
    assert sum(one["tape_bytes"] for one in report["cartridges"]) == report["tape_bytes"]


def test_a_dry_run_counts_what_is_blank_in_the_library(pytp: Pytp, drive: str, source: Path) -> None:
    """PYT002L9 is next until the catalog knows it as written; then the library has no more."""
    changer = f"{os.path.dirname(drive)}/changer"

    def needed() -> list[str | None]:
        report = pytp("backup", "-d", drive, "--json", "--dry-run", str(source), str(hole)).json
        return [one["barcode"] for one in report["cartridges"]]

    hole = source.parent / "hole"
    with open(hole, "wb") as sparse:
        os.posix_fallocate(sparse.fileno(), 0, 100 << 20)
    assert needed() == ["PYT001L9", "PYT002L9"]
    assert pytp("load", "-l", changer, "2").code == 0
    assert pytp("backup", "-d", drive, str(source)).code == 0
    assert pytp("load", "-l", changer, "1").code == 0
    assert needed() == ["PYT001L9", None]


def test_a_dry_run_puts_nothing_on_a_full_cartridge(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    filler = tmp_path / "filler"
    filler.write_bytes(os.urandom(70 << 20))
    assert pytp("backup", "-d", drive, "--volumes", "PYT001L9", str(filler)).code == 10
    loads = pytp("backup", "-d", drive, "--json", "--dry-run", str(source)).json["cartridges"]
    assert [(one["barcode"], bool(one["tape_bytes"])) for one in loads] == [("PYT001L9", False), ("PYT002L9", True)]


@pytest.mark.parametrize("end", [b"\n", b"\0"])
def test_arguments_and_globs_come_from_files_as_bytes(pytp: Pytp, drive: str, tmp_path: Path, end: bytes) -> None:
    names = [b"one", b"t\xffwo", b"a b"]
    for name in names:
        os.makedirs(os.path.join(os.fsencode(tmp_path), name))
        for file in (b"keep", b"drop\xfe.o"):
            with open(os.path.join(os.fsencode(tmp_path), name, file), "wb") as made:
                made.write(b"x")
    (tmp_path / "list").write_bytes(b"".join(os.path.join(os.fsencode(tmp_path), name) + end for name in names))
    (tmp_path / "globs").write_bytes(b"*\xfe.o" + end)
    words = ("--files-from", str(tmp_path / "list"), "--exclude-from", str(tmp_path / "globs"))
    report = pytp("backup", "-d", drive, "--json", *words).json
    assert [(os.fsencode(one["path"]).rpartition(b"/")[2], one["files"]) for one in report["arguments"]] == [
        (name, 2) for name in names
    ]


def test_a_list_that_is_not_there_or_empty_is_refused(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    assert pytp("backup", "-d", drive, "--files-from", str(tmp_path / "none")).code == 2
    (tmp_path / "empty").write_bytes(b"\n\n")
    assert pytp("backup", "-d", drive, "--files-from", str(tmp_path / "empty")).code == 2
    assert pytp("backup", "-d", drive).code == 2
