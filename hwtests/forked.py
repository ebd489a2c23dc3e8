# SPDX-License-Identifier: WTFPL OR MIT
"""A program of ours beside the one that it replaces: both run on the same device, and are compared."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TIMEOUT_S = 60


class Ended(NamedTuple):
    code: int
    out: bytes
    err: str


def run_theirs(*words: str, stdin: bytes = b"") -> Ended:
    ended = subprocess.run(words, capture_output=True, check=False, input=stdin, timeout=TIMEOUT_S)
    return Ended(ended.returncode, ended.stdout, ended.stderr.decode())


def run_ours(main: Callable[[list[str]], int], *words: str, directory: Path, stdin: bytes = b"") -> Ended:
    """Run in a fork of this process: starting Python takes a second under emulation."""
    paths = [directory / name for name in ("stdin", "stdout", "stderr")]
    paths[0].write_bytes(stdin)
    child = os.fork()
    if child == 0:
        try:
            for fd, path in enumerate(paths):
                flags = os.O_RDONLY if fd == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                os.dup2(os.open(path, flags), fd)
            os._exit(main(list(words)))
        finally:
            os._exit(99)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Ended(code, paths[1].read_bytes(), paths[2].read_text())


def assert_alike(line: str, expected: Ended, got: Ended) -> None:
    """Same exit status and stdout; stderr the same with at most one line of ours behind it, and one if it failed."""
    assert (got.code, got.out) == (expected.code, expected.out), f"{line}: {expected} {got}"
    assert got.err.startswith(expected.err), f"{line}: {expected} {got}"
    further = got.err[len(expected.err) :]
    assert further.count("\n") <= 1, f"{line}: {expected} {got}"
    assert further or got.code == 0, f"{line}: nothing said beyond their words"
