# SPDX-License-Identifier: WTFPL OR MIT
"""The options that several commands share."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

_LIBRARY_HELP = "Configured library. Default: $PYTP_LIB, else the first."

Drive = Annotated[
    Optional[str],  # noqa: UP045  # typer reads the annotation at run time
    typer.Option(
        "--drive",
        "-d",
        metavar="DRIVE",
        help="Configured name, /dev/nstN or vtl:DIR/driveN. Default: $PYTP_DEV, else the first configured drive, "
        "else the default virtual library.",
    ),
]
Library = Annotated[Optional[str], typer.Option("--library", metavar="NAME", help=_LIBRARY_HELP)]  # noqa: UP045
"""On backup, where -l is the label as in the original."""
LibraryShort = Annotated[Optional[str], typer.Option("--library", "-l", metavar="NAME", help=_LIBRARY_HELP)]  # noqa: UP045
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output instead of text.")]
UnseenDrive = Annotated[
    bool,
    typer.Option(
        "--unseen-drive", help="Take a cartridge also from a drive whose device is not known here: nobody can look "
        "whether it is in use.",
    ),
]  # fmt: skip
