# SPDX-License-Identifier: WTFPL OR MIT
"""What all `pytp diag` commands share: their options, the device that they ask, the history that they keep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Optional

import typer

from pytp_cli.joblog import state_directory
from pytp_cli.run import Run
from pytp_native.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet
    from pytp_native.diag.history import History

Device = Annotated[
    Optional[str],  # noqa: UP045  # typer reads the annotation at run time
    typer.Option(
        "--drive", "-d", metavar="DEVICE",
        help="Configured drive, or any address: /dev/nstN, /dev/sgN, vtl:DIR/driveN, vtl:DIR/changer. Default: "
        "$PYTP_DEV, else the first configured drive, else the default virtual library.",
    ),
]  # fmt: skip
Library = Annotated[
    Optional[str], typer.Option("--library", "-l", metavar="NAME", help="Ask this library instead of a drive.")  # noqa: UP045
]
Replay = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--replay", metavar="FILE",
        help="Ask a file of `pytp diag capture` instead. Of several devices in it name one: --drive (or --library) "
        "with its address there, its serial number or its number.",
    ),
]  # fmt: skip


def address_of(
    run: Run, drive: str | None, library: str | None, replay: str | None, *, drive_only: bool = False
) -> str:
    """Return the address of the device that is meant. Raises UsageError, ConfigError, BadAddress."""
    if drive is not None and library is not None:
        raise UsageError("device", "several are named", "name one: --drive or --library")
    if replay is not None:
        from pytp_cli.replay_choice import choose_captured

        address = choose_captured(replay, drive, library, drive_only=drive_only)
    elif library is not None:
        from pytp_cli.library_choice import choose

        address = choose(library, None, run.config, run.note).address
    else:
        address = run.choose(drive).address
    run.fields["device"] = address
    return address


@contextmanager
def asked(
    run: Run, drive: str | None, library: str | None, replay: str | None, *, drive_only: bool = False
) -> Iterator[Quiet]:
    """Open the device that is meant, for questions. `drive_only`: libraries of a capture are not meant."""
    from pytp_native.devices.quiet import opened

    with opened(address_of(run, drive, library, replay, drive_only=drive_only)) as device:
        yield device


def history_path(run: Run) -> str:
    from pytp_native.diag.history import FILE_NAME

    return os.path.join(run.config.snapshot_dir or state_directory(), FILE_NAME)


def open_history(run: Run, *, create: bool = True, of: str | None = None) -> History:
    """Open the history that applies: beside the catalog. `of` is the address that is asked: what a capture tells is not
    kept as if it were seen now, so a replay gets a history of its own, that is gone afterwards."""
    from pytp_native.diag.history import History

    if of is not None and of.startswith("replay:"):
        return _scratch_history()
    return History(history_path(run), create=create)


def _scratch_history() -> History:
    import tempfile

    from pytp_native.diag.history import FILE_NAME, History

    class Scratch(History):
        def __init__(self) -> None:
            self._place = tempfile.TemporaryDirectory(prefix="pytp-")
            super().__init__(os.path.join(self._place.name, FILE_NAME))

        def __exit__(self, *ended: Any) -> None:
            super().__exit__(*ended)
            self._place.cleanup()

    return Scratch()


def replayed(drive: str | None, replay: str | None) -> str | None:
    """Return the address of a capture, if it is one that is asked."""
    if replay is not None:
        return f"replay:{replay}"
    return drive if drive is not None and drive.startswith("replay:") else None


def replayed_only(addresses: list[str]) -> str | None:
    """Return a capture's address if nothing else is asked: then nothing of it is kept."""
    return addresses[0] if addresses and all(one.startswith("replay:") for one in addresses) else None
