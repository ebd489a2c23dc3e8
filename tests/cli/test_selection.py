# SPDX-License-Identifier: WTFPL OR MIT
"""Which drive a command works on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytp_cli.selection import choose_drive, choose_library, virtual_drive
from pytp_native.config import Config, DriveConfig, LibraryConfig
from pytp_native.errors import ConfigError
from tests.cli.conftest import Pytp

TWO = Config("f.json", drives=(DriveConfig("lto9", "/dev/nst0"), DriveConfig("lto6", "/dev/nst1")))


def choose(flag: str | None, config: Config, environ: dict[str, str]) -> tuple[str, list[str]]:
    said: list[str] = []
    return choose_drive(flag, config, said.append, environ).address, said


def test_the_option_wins_over_the_environment_and_that_over_the_configuration() -> None:
    environ = {"PYTP_DEV": "lto6"}
    assert choose("vtl:/x/drive1", TWO, environ) == ("vtl:/x/drive1", [])
    assert choose(None, TWO, environ) == ("/dev/nst1", [])
    assert choose(None, TWO, {}) == ("/dev/nst0", ["no drive named: using lto9 (/dev/nst0), the first in f.json"])


def test_the_library_comes_from_option_environment_or_first_entry() -> None:
    config = Config("f", libraries=(LibraryConfig("a"), LibraryConfig("b")))
    assert choose_library("b", config, {"PYTP_LIB": "a"}) == LibraryConfig("b")
    assert choose_library(None, config, {"PYTP_LIB": "b"}) == LibraryConfig("b")
    assert choose_library(None, config, {}) == LibraryConfig("a")
    assert choose_library(None, Config(), {}) is None
    with pytest.raises(ConfigError, match="a, b"):
        choose_library("c", config, {})


@pytest.mark.parametrize(
    ("address", "place"),
    [("vtl:/a b/drive0", ("/a b", 0)), ("vtl:x/drive12", ("x", 12)), ("/dev/nst0", None), ("vtl:/a/changer", None)],
)
def test_virtual_drive(address: str, place: tuple[str, int] | None) -> None:
    assert virtual_drive(address) == place


def test_without_anything_the_default_library_is_made_once_and_named(
    pytp: Pytp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    first = pytp("position")
    assert first.code == 0
    assert first.out == "0\n"
    assert first.err.splitlines() == [
        f"pytp: no drive configured: using the virtual drive vtl:{tmp_path}/data/pytp/vtl/drive0, created now"
    ]
    assert "created" not in pytp("position").err


def test_a_configured_drive_is_never_replaced_by_the_default_library(pytp: Pytp, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"tape_drives": [{"name": "gone", "device_path": "/dev/nst9999"}]}))
    ended = pytp("--config", str(path), "position")
    assert ended.code == 3
    assert "/dev/nst9999" in ended.err
    assert "vtl" not in ended.err.splitlines()[0]


def test_a_configured_name_with_its_block_size_is_used(pytp: Pytp, tmp_path: Path, drive: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"tape_drives": [{"name": "v", "device_path": drive, "block_size": 65536}]}))
    ended = pytp("--config", str(path), "init", "-d", "v", "--json")
    assert ended.code == 0
    assert ended.json["block_bytes"] == 65536
    assert ended.json["device"] == drive


def test_configuration_warnings_go_to_stderr_once(pytp: Pytp, tmp_path: Path, drive: str) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"tapedrives": []}')
    ended = pytp("--config", str(path), "position", "-d", drive)
    assert ended.code == 0
    assert ended.err.count("tapedrives") == 1
