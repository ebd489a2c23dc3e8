# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mtx: mtx(1), on the kernel's changers and virtual ones. Everything here must start fast: see test_starts."""

from __future__ import annotations

import os
import sys

from pytp_cli import raw_output
from pytp_cli.mtx_run import Run

_JSON = "--json"
_SHOWN = ("status", "inquiry")


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    words = list(sys.argv if argv is None else argv)
    program = os.path.basename(words[0]) if words else "mtx"
    as_json = _JSON in words[1:]
    words = [word for word in words[1:] if word != _JSON]
    shown = [word for word in words if word in _SHOWN]
    if as_json and len(shown) != 1:
        raw_output.err(f"{program}: --json goes with one of {' and '.join(_SHOWN)}\n")
        return 1
    run = Run(program, words, as_json=as_json)
    code = run.run()
    if as_json:
        from pytp_cli.object_line import show_object

        show_object(shown[0], run.name, code, run.found)
    return code


def program() -> None:
    """Run as a program."""
    raw_output.run(main, broken=1)
