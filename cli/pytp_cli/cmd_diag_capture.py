# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag capture`: every reply of a device in one archive, for a report, or to look at elsewhere (`--replay`)."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import address_of, open_history
from pytp_cli.run import Run
from pytp_native.errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.look import DriveLook, LibraryLook
    from pytp_native.diag.history import History


def capture(
    ctx: typer.Context,
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Where the archive goes; made if it is not there.")],
    scrub: Annotated[
        bool, typer.Option("--scrub", help="Replace serial numbers, barcodes and names by others of the same length.")
    ] = False,
    drive: device_options.Device = None, library: device_options.Library = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Asks everything that the other diag commands ask, and writes each reply, raw and decoded, the kernel's messages
    and the versions into one archive; `--replay FILE` lets any of them run on it, anywhere. Nothing moves; TapeAlert
    flags are stored before they are read away. Encryption keys and their names are never in it."""
    with Run(ctx, "diag capture", as_json=as_json) as run:
        from pytp_native.diag.capture import capture as write
        from pytp_native.diag.capture import kernel_messages

        address = address_of(run, drive, library, None)
        path = os.path.join(directory, time.strftime("pytp-capture-%Y%m%d-%H%M%S.tar.gz"))
        try:
            os.makedirs(directory, exist_ok=True)
            with open_history(run) as history:
                devices = write(
                    [address], path, lambda seen: _keep(history, seen), scrub=scrub, kernel=kernel_messages()
                )
        except OSError as exc:
            raise Refused(path, f"cannot be written ({exc.strerror})", "name another directory") from exc
        run.fields.update(file=path, devices=devices)
        run.say(path)
    return run.exit_code


def _keep(history: History, seen: DriveLook | LibraryLook) -> None:
    history.store(seen, "capture", cleared=seen.alerts or frozenset(), lasting=True)
