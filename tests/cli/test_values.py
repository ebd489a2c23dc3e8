# SPDX-License-Identifier: WTFPL OR MIT
"""Words become values without pydantic, and what cannot be meant is said plainly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytp_cli.build import build
from pytp_cli.cmd_backup import Hash, Strategy, Switch
from pytp_cli.commands import COMMANDS
from tests.cli.conftest import Pytp

ROOT = Path(__file__).parents[2]


def test_values_have_the_types_that_the_command_wants() -> None:
    words = ["/a", "-m", "3", "--hash", "sha256", "--hw-compression", "off", "--exclude", "x", "--exclude", "y"]
    values = build(COMMANDS["backup"]).make_context("backup", words).params
    assert values["max_concurrent_tars"] == 3
    assert values["hash_name"] is Hash.sha256
    assert values["hw_compression"] is Switch.off
    assert list(values["exclude"]) == ["x", "y"]
    assert values["strategy"] is Strategy.direct
    assert values["label"] is None
    assert values["double_buffer"] is True


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (("ff", "two"), "'two' is not a whole number"),
        (("ff", "--", "-1"), "-1 is less than 0"),
        (("backup", "-memp", "101", "/"), "101 is more than 100"),
        (("backup", "--hash", "md5", "/"), "'md5' is not one of xxh3, sha256, none"),
        (("ls", "--sample", "0"), "0 is less than 1"),
        (("goto", "0x10"), "'0x10' is not a whole number"),
    ],
)
def test_a_value_that_cannot_be_meant_is_one_line_and_exit_2(pytp: Pytp, words: tuple[str, ...], fact: str) -> None:
    ended = pytp(*words)
    assert ended.code == 2
    assert fact in ended.err
    assert len(ended.err.splitlines()) == 1


def test_no_command_loads_pydantic_to_read_its_options() -> None:
    code = (
        "import sys; from pytp_cli.build import build; from pytp_cli.commands import COMMANDS\n"
        "for name in COMMANDS:\n"
        "    command = build(COMMANDS[name])\n"
        "    needed = [one for one in command.params if one.param_type_name == 'argument' and one.required]\n"
        "    command.make_context(name, ['1'] * len(needed) + ['--json'])\n"
        "assert 'pydantic' not in sys.modules"
    )
    environ = {"PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}"}
    ended = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
