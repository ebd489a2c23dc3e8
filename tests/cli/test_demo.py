# SPDX-License-Identifier: WTFPL OR MIT
"""The demonstration: complete, honest about differences, and gone afterwards."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from pytp_cli.compare import Comparison, Difference
from tests.cli.conftest import Pytp


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demonstration works: it must be empty again at the end."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def test_it_backs_up_lists_restores_compares_and_cleans_up(pytp: Pytp, source: Path, temporary: Path) -> None:
    os.chmod(source / "deep" / "er", 0o500)
    ended = pytp("demo", str(source))
    assert ended.code == 0, ended.err
    commands = [line.removeprefix("$ pytp ") for line in ended.out.splitlines() if line.startswith("$ ")]
    assert [shlex.split(command)[0] for command in commands] == ["vtl", "backup", "rewind", "ls", "rewind", "restore"]
    assert "Identical: 8 members" in ended.out
    assert ended.out.count("MB/s") == 2
    assert list(temporary.iterdir()) == []


def test_json_has_steps_rates_and_the_comparison(pytp: Pytp, source: Path, temporary: Path) -> None:
    found = pytp("demo", str(source), "--json").json
    assert found["exit"] == 0
    assert [step["exit"] for step in found["steps"]] == [0] * 6
    assert found["compared"] == {"members": 8, "bytes": 302_200}
    assert found["differences"] == []


def test_a_difference_is_exit_8_and_named(
    pytp: Pytp, source: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Comparison(8, 1, (Difference(b"deep/empty", "content differs"),))
    monkeypatch.setattr("pytp_cli.demonstration.compare_trees", lambda *_args, **_options: wrong)
    ended = pytp("demo", str(source))
    assert ended.code == 8
    assert f"{source}/deep/empty: content differs" in ended.out
    assert "Identical" not in ended.out
    assert list(temporary.iterdir()) == []


def test_a_real_difference_is_seen(pytp: Pytp, source: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source changes after its backup: the comparison must not be a formality."""
    from pytp_cli.demonstration import Demonstration

    restore = Demonstration._restore

    def then_spoil(self: Demonstration) -> None:
        restore(self)
        (source / "plain.txt").write_bytes(b"other")

    monkeypatch.setattr(Demonstration, "_restore", then_spoil)
    ended = pytp("demo", str(source), "--json")
    assert ended.code == 8
    assert {item["path"] for item in ended.json["differences"]} == {f"{source}/plain.txt", f"{source}/deep/hard"}


def test_a_step_that_fails_ends_it_with_that_exit_code(
    pytp: Pytp, source: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytp_cli.demonstration import Demonstration

    monkeypatch.setattr(Demonstration, "_drive", lambda self: ("--drive", f"vtl:{self.place}/library/drive7"))
    ended = pytp("demo", str(source))
    assert ended.code not in (0, 1, 8)
    assert "pytp backup" in ended.err
    assert list(temporary.iterdir()) == []


def test_the_users_configuration_and_environment_play_no_part(
    pytp: Pytp, source: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTP_DEV", "/dev/nst9999")
    monkeypatch.setenv("PYTP_CONFIG", str(tmp_path / "none.json"))
    assert pytp("demo", str(source)).code == 0
    assert os.environ["PYTP_DEV"] == "/dev/nst9999"
    assert not (tmp_path / "home" / ".local").exists()


def test_a_directory_that_is_not_there_is_usage(pytp: Pytp, temporary: Path) -> None:
    assert pytp("demo", "/no/such/place").code == 2
