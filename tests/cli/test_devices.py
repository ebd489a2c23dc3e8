# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp devices` and `pytp config --write`, on virtual libraries and on a sysfs tree."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytp_native.devices import discovery, nodes
from tests.cli.conftest import Pytp
from tests.unit.devices.sysfs_tree import Tree


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """A host with what the test puts there, and nothing of the machine that the tests run on."""
    tree = Tree(tmp_path / "host")
    find = nodes.find_nodes
    monkeypatch.setattr(discovery, "find_nodes", lambda *_: find(str(tree.sysfs), str(tree.dev)))
    return tree


@pytest.fixture
def configured(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with one drive of the virtual library."""
    path = tmp_path / "config.json"
    entry = {"name": "mine", "device_path": f"vtl:{library}/drive1", "block_size": 65536}
    path.write_text(json.dumps({"snapshot_dir": "/s", "tape_drives": [entry]}))
    monkeypatch.setenv("PYTP_CONFIG", str(path))
    return path


def test_nothing_is_said_to_be_nothing(pytp: Pytp, tree: Tree) -> None:
    ended = pytp("devices")
    assert (ended.code, ended.out) == (0, "No tape drives and no libraries\n")
    assert "modules st, ch and sg" in ended.err


def test_drives_and_libraries_are_listed_with_their_places(
    pytp: Pytp, tree: Tree, library: Path, configured: Path
) -> None:
    ended = pytp("devices", "--json")
    drives, libraries = ended.json["drives"], ended.json["libraries"]
    changer = f"vtl:{library}/changer"
    assert [(one["address"], one["name"], one["library"], one["number"], one["element"]) for one in drives] == [
        (f"vtl:{library}/drive0", None, changer, 0, 256), (f"vtl:{library}/drive1", "mine", changer, 1, 257),
    ]  # fmt: skip
    assert [(one["address"], one["slots"], one["import_export"]) for one in libraries] == [(changer, 4, 1)]
    assert [one["drive"] for one in libraries[0]["elements"]] == [one["address"] for one in drives]
    assert drives[0]["serial"] == libraries[0]["elements"][0]["serial"]
    out = pytp("devices").out
    assert "PYTP VIRTUAL ULTRIUM9" in out
    assert "mine" in out


def test_the_drive_of_the_environment_brings_its_library(
    pytp: Pytp, tree: Tree, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTP_DEV", f"vtl:{library}/drive0")
    assert len(pytp("devices", "--json").json["drives"]) == 2


def test_the_default_library_is_listed_and_not_made(pytp: Pytp, tree: Tree, tmp_path: Path) -> None:
    assert pytp("devices", "--json").json["drives"] == []
    assert pytp("status").code == 0
    assert len(pytp("devices", "--json").json["drives"]) == 2


def test_devices_of_the_kernel_with_nodes_and_stable_names(pytp: Pytp, tree: Tree) -> None:
    tree.device("2:0:0:0", 1, "st0", "nst0", "sg1", vendor="IBM", product="ULT3580-TD9", serial="A1")
    tree.by_id("scsi-A1-nst", "nst0")
    ended = pytp("devices", "--json")
    (drive,) = ended.json["drives"]
    assert (drive["tape"], drive["generic"]) == (tree.path("nst0"), tree.path("sg1"))
    assert drive["by_id"] == [drive["address"]] == [tree.path("tape/by-id/scsi-A1-nst")]
    assert (drive["vendor"], drive["product"], drive["serial"]) == ("IBM", "ULT3580-TD9", "A1")
    assert drive["problem"]  # there is only a file in its place
    ended = pytp("devices")
    assert tree.path("tape/by-id/scsi-A1-nst") in ended.out
    assert "not a tape, changer or SCSI device" in ended.err


def test_a_device_cannot_paint_the_terminal(pytp: Pytp, tree: Tree) -> None:
    tree.device("2:0:0:0", 1, "st0", "nst0", vendor="E\x1b[31m", serial="A\n1")
    out = pytp("devices").out
    assert "\x1b" not in out
    assert "A\\n1" in out
    assert len(out.splitlines()) == 2


def test_a_configuration_is_written_and_applies(pytp: Pytp, tree: Tree, library: Path, tmp_path: Path) -> None:
    os.environ["PYTP_DEV"] = f"vtl:{library}/drive0"
    try:
        ended = pytp("config", "--write", "--json")
    finally:
        del os.environ["PYTP_DEV"]
    path = tmp_path / "home/.config/pytp/config.json"
    assert (ended.code, ended.json["file"], ended.json["written"]) == (0, str(path), True)
    found = pytp("config", "--json").json
    assert [one["address"] for one in found["drives"]] == [f"vtl:{library}/drive{number}" for number in range(2)]
    assert found["libraries"][0]["drives"] == ["drive0", "drive1"]
    assert pytp("position", "-d", "drive1").code == 5
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def test_a_file_is_replaced_only_when_asked_and_kept_beside(
    pytp: Pytp, tree: Tree, configured: Path, library: Path
) -> None:
    before = configured.read_text()
    configured.chmod(0o640)
    ended = pytp("config", "--write", str(configured))
    assert ended.code == 7
    assert "--overwrite" in ended.err
    assert configured.read_text() == before
    assert pytp("config", "--write", "--overwrite").code == 0
    written = json.loads(configured.read_text())
    assert written["snapshot_dir"] == "/s"
    assert [(one["name"], one["block_size"]) for one in written["tape_drives"]] == [("drive0", 524288), ("mine", 65536)]
    assert configured.with_name("config.json.old").read_text() == before
    assert configured.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in configured.parent.glob(".config*")] == []
    ended = pytp("config", "--write", "--json")
    assert (ended.code, ended.json["written"]) == (0, False)


def test_a_link_is_followed_and_stays_a_link(pytp: Pytp, tree: Tree, configured: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(configured)
    assert pytp("config", "--write", str(link), "--overwrite").code == 0
    assert link.is_symlink()
    assert len(json.loads(configured.read_text())["tape_drives"]) == 2


def test_without_devices_nothing_is_written(pytp: Pytp, tree: Tree, tmp_path: Path) -> None:
    ended = pytp("config", "--write", str(tmp_path / "new.json"))
    assert ended.code == 3
    assert "pytp vtl create" in ended.err
    assert not (tmp_path / "new.json").exists()


def test_the_default_library_is_written_only_if_asked_for_and_there_is_nothing_else(
    pytp: Pytp, tree: Tree, tmp_path: Path
) -> None:
    assert pytp("status").code == 0
    refused = pytp("config", "--write", str(tmp_path / "a.json"))
    assert refused.code == 3
    assert "--virtual" in refused.err
    assert not (tmp_path / "a.json").exists()
    alone = pytp("config", "--write", str(tmp_path / "a.json"), "--virtual", "--json").json["config"]
    assert [one["device_path"][:4] for one in alone["tape_drives"]] == ["vtl:", "vtl:"]
    tree.device("2:0:0:0", 1, "st0", "nst0")
    real = pytp("config", "--write", str(tmp_path / "b.json"), "--virtual", "--json").json["config"]
    assert [one["device_path"] for one in real["tape_drives"]] == [tree.path("nst0")]


def test_the_default_library_is_made_if_it_was_never_used(pytp: Pytp, tree: Tree, tmp_path: Path) -> None:
    written = pytp("config", "--write", str(tmp_path / "a.json"), "--virtual")
    assert written.code == 0, written.err
    assert "created now" in written.err
    assert "vtl:" in (tmp_path / "a.json").read_text()


def test_where_nothing_can_be_written_says_so(pytp: Pytp, tree: Tree, configured: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tree.device("2:0:0:0", 1, "st0", "nst0")
    ended = pytp("config", "--write", str(tmp_path / "file/config.json"))
    assert ended.code == 3
    assert "cannot be written" in ended.err


@pytest.mark.parametrize("words", [("some.json",), ("--overwrite",), ("--virtual",)])
def test_a_file_goes_with_write(pytp: Pytp, words: tuple[str, ...]) -> None:
    ended = pytp("config", *words)
    assert ended.code == 2
    assert "--write" in ended.err


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
