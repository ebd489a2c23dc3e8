# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag capture`: every reply of one or all devices in one archive, to look at elsewhere (`--replay`)."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import address_of, open_history, replayed_only
from pytp_cli.run import Run
from pytp_native.errors import Refused, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.look import DriveLook, LibraryLook
    from pytp_native.diag.history import History


def capture(
    ctx: typer.Context,
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Where the archive goes; made if it is not there.")],
    scrub: Annotated[
        bool,
        typer.Option(
            "--scrub",
            help="Replace serial numbers, worldwide names, barcodes and labels, each by one of the same length.",
        ),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every configured or attached drive and library, in one archive.")
    ] = False,
    drive: device_options.Device = None, library: device_options.Library = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Asks everything that the other diag commands ask, and writes each reply, raw and decoded, the kernel's messages
    and the versions into one archive; `--replay FILE` lets any of them run on it, anywhere. Nothing moves; TapeAlert
    flags are stored before they are read away. Encryption keys and their names are never in it. Exit 1: with --all a
    device did not answer; the archive says so and has the others."""
    with Run(ctx, "diag capture", as_json=as_json) as run:
        from pytp_cli.cmd_diag_health import all_addresses
        from pytp_native.diag.capture import capture as write
        from pytp_native.diag.capture import kernel_messages

        if everything and (drive or library):
            raise UsageError("--all", "means every device", "leave --drive and --library out")
        addresses = list(all_addresses(run)) if everything else [address_of(run, drive, library, None)]
        path = os.path.join(directory, time.strftime("pytp-capture-%Y%m%d-%H%M%S.tar.gz"))
        try:
            os.makedirs(directory, exist_ok=True)
            with open_history(run, of=replayed_only(addresses)) as history:
                devices, missing = write(
                    addresses, path, lambda seen: _keep(history, seen), scrub=scrub, kernel=kernel_messages(),
                    only=not everything,
                )  # fmt: skip
        except OSError as exc:
            raise Refused(path, f"cannot be written ({exc.strerror})", "name another directory") from exc
        run.fields.update(file=path, devices=devices, missing=missing)
        for one in missing:
            run.note(f"{one['address']}: {one['reason']}; it is not in the archive")
            run.exit_code = 1
        run.say(path)
    return run.exit_code


def _keep(history: History, seen: DriveLook | LibraryLook) -> None:
    history.store(seen, "capture", cleared=seen.alerts or frozenset(), lasting=True)
