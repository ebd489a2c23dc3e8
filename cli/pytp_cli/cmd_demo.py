# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp demo`: the whole tool on a real directory, with no tape drive and nothing left behind."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.run import Run

_NOT_STANDARD = ("site-packages", "dist-packages")
"""Other people's packages lie inside the standard library's directory; they may be gigabytes."""


def demo(
    ctx: typer.Context,
    directory: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="DIR", help="What to back up. Default: Python's standard library."),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Works in a temporary directory (TMPDIR), prints every command it runs, compares each byte and attribute, and
    cleans up. Exit 8 if anything differs."""
    with Run(ctx, "demo", as_json=as_json) as run:
        from pytp_cli.demonstration import Demonstration

        # Our own imports must not add byte code to the directory that is being backed up.
        sys.dont_write_bytecode = True
        exclude = () if directory else _NOT_STANDARD
        with Demonstration(_directory(directory), run.say, exclude) as show:
            code, message = show.perform()
            run.exit_code = code
            run.fields.update(show.fields, message=message)
        if message:
            run.note(message)
    return run.exit_code


def _directory(text: str | None) -> str:
    import sysconfig

    from pytp_native.errors import UsageError

    path = os.path.abspath(text or sysconfig.get_path("stdlib"))
    if not os.path.isdir(path):
        raise UsageError(shlex.quote(path), "not a directory", "name one: pytp demo DIR")
    return path
