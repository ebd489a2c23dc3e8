# SPDX-License-Identifier: WTFPL OR MIT
"""README.md tells the truth: its tour is run as it stands, and .ci/run can find its two set-up commands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytp_cli.commands import COMMANDS
from pytp_native import errors

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
END = "--- end of command"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def tour() -> list[tuple[str, str]]:
    """Each command of the console blocks with what it prints."""
    steps: list[tuple[str, str]] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], ""))
        else:
            command, output = steps[-1]
            steps[-1] = (command, f"{output}{line}\n")
    return steps


def what_matters(text: str) -> str:
    """Without what differs from run to run: dates, owners, durations, rates, what fitted, and the width of columns."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", text)
    text = re.sub(r"^([-dl][-rwxst]{9}) \S+/\S+", r"\1 OWNER", text, flags=re.MULTILINE)
    text = re.sub(r"[\d.]+ [KM]iB +[\d.]+ s +[\d.]+", "FIGURES", text)
    text = re.sub(r"^Buffer: .*\n", "", text, flags=re.MULTILINE)  # told only of a backup that took a while
    text = re.sub(r"^Log: .*", "Log", text, flags=re.MULTILINE)
    return re.sub(r" +", " ", text)


@pytest.fixture
def outputs(tmp_path: Path) -> list[str]:
    """What the commands of the tour print, run one after the other in one shell in an empty directory."""
    place, programs = tmp_path / "tour", tmp_path / "bin"
    place.mkdir()
    programs.mkdir()
    (programs / "pytp").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pytp_cli.main "$@"\n')
    (programs / "pytp").chmod(0o755)
    script = "umask 022\n" + "".join(f"{command}\necho '{END}'\n" for command, _output in tour())
    environ = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}",
        "HOME": str(tmp_path / "home"),
    }
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    text = ended.stdout.decode().replace(str(place), "/tmp/tour")
    return text.split(f"{END}\n")[:-1]


def test_the_tour_prints_what_it_says(outputs: list[str]) -> None:
    expected = [f"$ {command}\n{what_matters(output)}" for command, output in tour()]
    found = [f"$ {command}\n{what_matters(output)}" for (command, _), output in zip(tour(), outputs, strict=True)]
    assert found == expected


def test_the_first_two_blocks_are_single_lines_that_run_the_demo_and_the_tests() -> None:
    first, second = blocks("sh")[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert first.endswith("/pytp demo\n")
    assert second.endswith("/pytest\n")


def test_the_commands_it_names_exist() -> None:
    named = set(re.findall(r"`pytp ([a-z]+)", TEXT))
    assert {"backup", "config", "init"} <= named
    assert named <= {name.split()[0] for name in COMMANDS}


def test_every_exit_code_is_in_its_table() -> None:
    codes = {cls.exit_code for cls in vars(errors).values() if isinstance(cls, type) and hasattr(cls, "exit_code")}
    rows = "".join(re.findall(r"^\| \d.*", TEXT, re.MULTILINE))
    assert codes <= {int(code) for code in re.findall(r"\| (\d+) \|", rows)}
