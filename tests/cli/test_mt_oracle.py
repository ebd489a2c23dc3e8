# SPDX-License-Identifier: WTFPL OR MIT
"""The mt of mt-st beside ours, wherever no tape is needed. With tapes: hwtests/test_mt_oracle.py."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest

from pytp_cli import mt_table
from tests.cli.mt_bench import run

MT = shutil.which("mt-st") or shutil.which("mt")


def _is_mt_st() -> bool:
    if MT is None:
        return False
    return b"mt-st" in subprocess.run([MT, "--version"], capture_output=True, check=False).stdout


pytestmark = pytest.mark.skipif(not _is_mt_st(), reason="Debian's mt-st is not installed")

LINES = [
    "", "-x", "-", "--", "--help", "-h", "-hx", "-f", "-t", "-f /dev/null", "xyz", "re", "l", "stset", "defd",
    "to-the-moon", "rewind 1", "rewi 1", "-f/dev/zero /dev/null status", "-t /dev/null tell", "-f /no/such status",
    "-f /no/such weof", "-f /etc/passwd/x rewind", "-f '' status", "-f /dev/null ''", "-f /tmp status", "-f /tmp weof",
    "-f /tmp stshowoptions", "-f /etc/passwd stshowoptions", "-f /etc/passwd fsf", "-f /dev/null stshowoptions",
    "-f /dev/zero stshowoptions 1", "-f /dev/null fsf 1 2", "-f /dev/null partseek 1 2 3", "-f /dev/null stsh 1 2",
    *(f"-f /dev/null fsf {count}" for count in (
        "10q", "-1", "3000000k", "1x", "-1k", "08", "0x", "' 7'", "'7 '", "0b1", "0x10", "2k", "2M", "1G", "2G", "10kB",
        "1K", "2147483647",
    )),
    *(f"-f /dev/null {word} -1" for word in ("load", "mkpartition", "erase", "setblk", "seek", "weof", "asf")),
    *(f"-f /dev/null {words}" for words in (
        "stsetoptions no", "stsetoptions can", "stsetoptions ''", "stsetoptions buf", "stoptions 0x10 foo",
        "stclearoptions 1x", "stoptions", "partseek", "partseek 1", "defblksize -1", "stsetcln 0x12", "sttimeout 5z",
    )),
    *(f"-f /dev/null {command.name}{count}" for command in mt_table.COMMANDS for count in ("", " 2")
      if command.name != "densities"),
]  # fmt: skip
"""Same stdout, same exit status, and on stderr the same lines with at most one of ours behind them."""


@pytest.mark.parametrize("line", LINES)
def test_like_mt_st(capfd, monkeypatch, line: str) -> None:
    monkeypatch.delenv("TAPE", raising=False)
    words = shlex.split(line)
    theirs = subprocess.run([str(MT), *words], capture_output=True, text=True, check=False, timeout=60)
    ours = run(capfd, *words)
    assert (ours.code, ours.out) == (theirs.returncode, theirs.stdout)
    assert ours.err.startswith(theirs.stderr)
    assert ours.err[len(theirs.stderr) :].count("\n") <= 1


def test_tape_variable_like_mt_st(capfd, monkeypatch) -> None:
    for value in ("", "/no/such", "/dev/null"):
        monkeypatch.setenv("TAPE", value)
        theirs = subprocess.run([str(MT), "status"], capture_output=True, text=True, check=False)
        ours = run(capfd, "status")
        assert ours.code == theirs.returncode
        assert ours.lines[0] == theirs.stderr.splitlines()[0]


def test_densities_are_mt_sts_with_the_later_names(capfd) -> None:
    """1.8 renamed eight codes of 1.7 and added nine; we add two."""

    def table(text: str) -> dict[str, str]:
        cells = [cell for row in text.splitlines()[2:] for cell in (row[:37], row[37:])]
        return {cell.strip()[:4]: cell.strip()[7:] for cell in cells if cell.strip()}

    theirs = table(
        subprocess.run([str(MT), "densities"], capture_output=True, text=True, env=_env(), check=True).stdout
    )
    ours = table(run(capfd, "-f", "/dev/null", "densities").out)
    assert set(theirs) <= set(ours)
    renamed = {code for code, name in theirs.items() if ours[code] != name}
    assert renamed <= {"0x01", "0x02", "0x03", "0x06", "0x09", "0x52", "0x53", "0x54", "0x55", "0x93"}


def _env() -> dict[str, str]:
    return {**os.environ, "TAPE": "/dev/null"}
