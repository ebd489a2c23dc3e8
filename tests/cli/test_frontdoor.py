# SPDX-License-Identifier: WTFPL OR MIT
"""What `pytp` says before any command runs: help, version, usage errors, endings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytp_cli.commands import COMMANDS
from tests.cli.conftest import Pytp

ROOT = Path(__file__).parents[2]


def test_no_arguments_prints_help_and_exits_2(pytp: Pytp) -> None:
    ended = pytp()
    assert ended.code == 2
    assert "backup, b" in ended.out
    assert ended.err == ""


def test_help_lists_every_command(pytp: Pytp) -> None:
    ended = pytp("--help")
    assert ended.code == 0
    for name in COMMANDS:
        assert f"  {name.split()[0]}" in ended.out


def test_version(pytp: Pytp) -> None:
    from pytp_native import __version__

    assert pytp("--version") == (0, f"pytp {__version__}\n", "")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example_that_parses(pytp: Pytp, name: str) -> None:
    ended = pytp(*name.split(), "--help")
    assert ended.code == 0
    assert "Examples:" in ended.out
    assert f"  pytp {name}" in ended.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_unknown_options_are_refused_by_every_command(pytp: Pytp, name: str) -> None:
    ended = pytp(*name.split(), "--dirve", "x")
    assert ended.code == 2
    assert "--dirve" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_group_alone_lists_its_commands(pytp: Pytp) -> None:
    ended = pytp("vtl")
    assert ended.code == 2
    assert "protect" in ended.out
    assert pytp("vtl", "--help").code == 0
    assert pytp("vtl", "--bogus").err == "pytp: vtl --bogus: no such option; see pytp vtl --help\n"
    assert pytp("vtl", "shwo").err == "pytp: vtl shwo: no such command; did you mean pytp vtl show?\n"


def test_an_unknown_command_gets_a_suggestion(pytp: Pytp) -> None:
    ended = pytp("bakup")
    assert ended.code == 2
    assert ended.err == "pytp: bakup: no such command; did you mean pytp backup?\n"


@pytest.mark.parametrize(
    "words",
    [("backup", "--bogus"), ("bakup",), ("ff", "x"), ("status", "-d", "nowhere"), ("verify", "x"), ("vtl", "bogus")],
)
def test_json_is_one_object_also_for_usage_errors(pytp: Pytp, words: tuple[str, ...]) -> None:
    ended = pytp(*words, "--json")
    assert ended.json["exit"] == ended.code
    assert ended.json["message"]
    assert set(ended.json) >= {"command", "exit", "device", "label", "arguments", "position"}
    assert ended.err.startswith("pytp: ")


def test_the_config_option_stands_anywhere_before_two_dashes(pytp: Pytp) -> None:
    for words in (("--config", "/none.json", "config"), ("config", "--config=/none.json")):
        ended = pytp(*words)
        assert ended.code == 3
        assert ended.err.startswith("pytp: /none.json: cannot be read")
    assert pytp("config", "--config").code == 2


def test_an_unexpected_error_is_one_line(pytp: Pytp, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("pytp_cli.run.load", broken)
    ended = pytp("config")
    assert ended == (6, "", "pytp: ZeroDivisionError: by zero; set PYTP_DEBUG=1 for details\n")
    monkeypatch.setenv("PYTP_DEBUG", "1")
    assert "Traceback" in pytp("config").err


def test_a_message_cannot_break_the_line_or_the_terminal(pytp: Pytp) -> None:
    ended = pytp("status", "--drive", "a\nb\x1b[2J")
    assert len(ended.err.splitlines()) == 1
    assert "\x1b" not in ended.err


def test_manual_has_every_command_and_exit_code(pytp: Pytp) -> None:
    ended = pytp("doc", "--title", "Handbook", "--toc")
    assert ended.code == 0
    assert ended.out.startswith("# Handbook\n")
    for name in COMMANDS:
        assert f"\n## pytp {name}\n" in ended.out
    assert "(#pytp-vtl-create)" in ended.out
    assert "`-mem, --memory_buffer, --memory-buffer SIZE`" in ended.out
    assert "| 130 | interrupted" in ended.out
    assert "`\\udc80` to `\\udcff`" in ended.out


def test_version_and_help_do_not_import_typer_and_commands_do_not_import_rich() -> None:
    code = (
        "import sys; from pytp_cli.main import main; main(['--help']); assert 'typer' not in sys.modules;"
        "main(['config']); bad = {'pydantic', 'rich.progress', 'construct', 'zstandard', 'pytp_native.jobs.backup'};"
        "assert not bad & set(sys.modules), bad & set(sys.modules)"
    )
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}"}
    ended = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_locale_without_utf8_never_ends_in_a_traceback(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}", "PYTHONIOENCODING": "ascii", "HOME": str(tmp_path)}
    path = tmp_path / "ü.json"
    path.write_text('{"tar_dir": "/ü"}', encoding="utf-8")
    words = [sys.executable, "-m", "pytp_cli.main", "--config", str(path), "config"]
    ended = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert "/\\xfc" in ended.stdout
