# SPDX-License-Identifier: WTFPL OR MIT
"""config.json: what is accepted, what is refused and how the refusal reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytp_native import config
from pytp_native.config import Config, DriveConfig, LibraryConfig
from pytp_native.errors import BadAddress, ConfigError

SAMPLE = Path(__file__).parents[2] / "configs" / "config.json"
DRIVE = {"name": "lto9", "device_path": "/dev/nst0"}


def read(tmp_path: Path, data: Any) -> Config:
    path = tmp_path / "config.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return config.read(str(path))


def test_the_originals_sample_parses_unchanged_and_without_warnings() -> None:
    sample = config.read(str(SAMPLE))
    assert sample.tar_dir == "/data/temp/tars"
    assert sample.snapshot_dir == "/data/temp/snapshots"
    assert sample.drives == (DriveConfig("lto9", "/dev/nst0", 524288), DriveConfig("lto6", "/dev/nst1", 524288))
    assert sample.libraries == (LibraryConfig("msl2024", "/dev/sch0", 23, ("lto6", "lto9")),)
    assert sample.warnings == ()


def test_block_size_defaults_to_512_kib(tmp_path: Path) -> None:
    assert read(tmp_path, {"tape_drives": [DRIVE]}).drives[0].block_bytes == 524288


@pytest.mark.parametrize(
    ("data", "key", "fact"),
    [
        ([], "the file", "must be an object"),
        ({"tape_drives": {}}, "tape_drives", "must be a list"),
        ({"tape_drives": ["lto9"]}, "tape_drives[0]", "must be an object"),
        ({"tape_drives": [{"device_path": "/dev/nst0"}]}, "tape_drives[0].name", "is missing"),
        ({"tape_drives": [DRIVE, {"name": "b"}]}, "tape_drives[1].device_path", "is missing"),
        ({"tape_drives": [{**DRIVE, "device_path": "nst0"}]}, "tape_drives[0].device_path", "no device address"),
        ({"tape_drives": [{**DRIVE, "name": 9}]}, "tape_drives[0].name", "no text"),
        ({"tape_drives": [{**DRIVE, "block_size": "512k"}]}, "tape_drives[0].block_size", "no block size"),
        ({"tape_drives": [{**DRIVE, "block_size": True}]}, "tape_drives[0].block_size", "no block size"),
        ({"tape_drives": [{**DRIVE, "block_size": 524289}]}, "tape_drives[0].block_size", "no block size"),
        ({"tape_drives": [{**DRIVE, "block_size": 9728}]}, "tape_drives[0].block_size", "no block size"),
        ({"tape_drives": [{**DRIVE, "block_size": 8389120}]}, "tape_drives[0].block_size", "no block size"),
        ({"tape_drives": [DRIVE, DRIVE]}, "tape_drives", "two entries are named 'lto9'"),
        ({"tape_libraries": [{"name": "m", "slots": -1}]}, "tape_libraries[0].slots", "no count"),
        ({"tape_libraries": [{"name": "m", "drives": [1]}]}, "tape_libraries[0].drives[0]", "no text"),
        ({"tar_dir": ""}, "tar_dir", "no text"),
    ],
)
def test_a_mistake_names_file_key_and_fix(tmp_path: Path, data: Any, key: str, fact: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, data)
    assert caught.value.subject == f"{tmp_path / 'config.json'}: {key}"
    assert fact in caught.value.fact
    assert caught.value.next_step
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("size", [10240, 8 * 1024 * 1024])
def test_the_limits_of_the_block_size_are_allowed(tmp_path: Path, size: int) -> None:
    assert read(tmp_path, {"tape_drives": [{**DRIVE, "block_size": size}]}).drives[0].block_bytes == size


def test_bad_json_names_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json:2:\d+: not JSON"):
        read(tmp_path, '{"tar_dir": "/a"\n "x": 1}')


def test_bytes_that_are_no_text_are_reported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"tar_dir": "\xff"}')
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.read(str(tmp_path / "config.json"))


def test_unknown_keys_and_drive_names_are_warned_about(tmp_path: Path) -> None:
    data = {
        "tardir": 1,
        "tape_drives": [{**DRIVE, "bs": 1}],
        "tape_libraries": [{"name": "m", "drives": ["lto9", "lto8"]}],
    }
    warnings = read(tmp_path, data).warnings
    assert len(warnings) == 3
    assert any("tardir: unknown key" in line for line in warnings)
    assert any("tape_drives[0].bs: unknown key" in line for line in warnings)
    assert any("tape_libraries[0].drives[1]" in line and "'lto8'" in line for line in warnings)


def test_search_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {name: tmp_path / name / "pytp" / "config.json" for name in ("option", "variable", "xdg", "etc")}
    for name, path in names.items():
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"tar_dir": f"/{name}"}))
    monkeypatch.setattr(config, "SYSTEM_FILE", str(names["etc"]))
    environ = {"PYTP_CONFIG": str(names["variable"]), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert config.load(str(names["option"]), environ).tar_dir == "/option"
    assert config.load(None, environ).tar_dir == "/variable"
    del environ["PYTP_CONFIG"]
    assert config.load(None, environ).tar_dir == "/xdg"
    names["xdg"].unlink()
    assert config.load(None, environ).tar_dir == "/etc"
    names["etc"].unlink()
    assert config.load(None, environ) == Config()


def test_home_is_searched_without_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.candidates({})[0] == str(tmp_path / ".config/pytp/config.json")


def test_the_current_directory_is_never_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "config.json").write_text("not json")
    (tmp_path / "configs" / "config.json").write_text("not json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "SYSTEM_FILE", str(tmp_path / "none"))
    assert config.load(None, {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}) == Config()


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(str(tmp_path / "none.json"))


def test_drive_by_name_by_configured_address_and_by_any_address() -> None:
    found = Config("f", drives=(DriveConfig("lto9", "/dev/nst0", 262144),))
    assert found.drive("lto9").address == "/dev/nst0"
    assert found.drive("/dev/nst0").block_bytes == 262144
    assert found.drive("vtl:/x/drive0") == DriveConfig("vtl:/x/drive0", "vtl:/x/drive0", 524288)


def test_an_unknown_drive_lists_the_names_there_are() -> None:
    found = Config("f", drives=(DriveConfig("lto9", "/dev/nst0"), DriveConfig("lto6", "/dev/nst1")))
    with pytest.raises(BadAddress, match="lto9, lto6"):
        found.drive("lto7")


def test_an_unknown_library_lists_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match="msl2024"):
        config.read(str(SAMPLE)).library("msl")
