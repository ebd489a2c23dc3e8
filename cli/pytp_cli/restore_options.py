# SPDX-License-Identifier: WTFPL OR MIT
"""The options of `pytp restore`."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

Target = Annotated[str, typer.Argument(metavar="TARGET", help="Directory; made if missing.")]
Patterns = Annotated[
    Optional[list[str]],  # noqa: UP045  # typer reads the annotation at run time
    typer.Argument(metavar="PATTERN", help="Members, directories or globs to restore. Default: all."),
]

# -- which state, from the catalog -------------------------------------------------------------------------------------

Session = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--session", metavar="UUID", help="As it was after that session; the beginning will do, or: latest."),
]
Job = Annotated[Optional[str], typer.Option("--job", "-j", help="The latest state of this job.")]  # noqa: UP045
Label = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--label", "-l", help="The latest state under this label, or on the cartridge with this barcode."),
]
AsOf = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--as-of", metavar="DATE", help="As it was then: 2026-11-23 (its end), 2026-11-23T18:00, or 30d ago."),
]

# -- how ---------------------------------------------------------------------------------------------------------------

Keep = Annotated[bool, typer.Option("--keep", help="Keep files that exist. The default.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist; by catalog, once the new one has proved right.")
]
Newer = Annotated[bool, typer.Option("--newer", help="Replace files that are older than the saved ones.")]
Strip = Annotated[int, typer.Option("--strip", min=0, metavar="N", help="Leave out the first N parts of all names.")]
ToStdout = Annotated[bool, typer.Option("--to-stdout", help="Write the files' content to standard output instead.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="By catalog: say which tapes are needed and what is read; touch nothing.")
]
Volumes = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--volumes", metavar="BARCODE,...", help="Without a catalog: where an archive goes on. Default: in the library."
    ),
]
