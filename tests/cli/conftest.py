# SPDX-License-Identifier: WTFPL OR MIT
"""The program in this process, with a home of its own and no PYTP_* from outside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytp_cli.main import main
from tests.trees import settle


class Ended(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout; fails if there is anything else."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        value = json.loads(lines[0])
        assert isinstance(value, dict)
        return value


Pytp = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PYTP_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pytp_native.config.SYSTEM_FILE", str(tmp_path / "no-such-file"))


@pytest.fixture
def pytp(capsys: pytest.CaptureFixture[str]) -> Pytp:
    """Run a command line in this process."""

    def run(*words: str) -> Ended:
        if "backup" in words:
            settle()
        capsys.readouterr()
        code = main(list(words))
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A virtual library with a blank 64 MiB cartridge in drive 0."""
    from pytp_native.vtl.library import Library

    path = tmp_path / "library"
    Library.create(path, drives=2, slots=4, cartridges=2, capacity_bytes=64 << 20)
    return path


@pytest.fixture
def drive(library: Path) -> str:
    return f"vtl:{library}/drive0"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small tree with the usual things in it."""
    top = tmp_path / "source"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "plain.txt").write_bytes(b"plain text\n" * 100)
    (top / "deep" / "empty").write_bytes(b"")
    (top / "deep" / "er" / "big").write_bytes(os.urandom(300_000))
    (top / "link").symlink_to("plain.txt")
    os.link(top / "plain.txt", top / "deep" / "hard")
    os.chmod(top / "deep" / "empty", 0o4711)
    os.utime(top / "plain.txt", ns=(1, 1_234_567_890_123_456_789))
    return top
