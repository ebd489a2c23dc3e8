# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp metrics`: what drives, cartridges and libraries say, for Prometheus."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import Annotated, Optional

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import open_history, replayed_only
from pytp_cli.run import Run
from pytp_native.errors import NotSupported, PytpError, Refused, UsageError
from pytp_native.transport.capture import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.devices.look import DriveLook, LibraryLook
    from pytp_native.devices.quiet import Quiet
    from pytp_native.diag.history import History
    from pytp_native.diag.metrics import Samples


def metrics(
    ctx: typer.Context,
    textfile: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--textfile", metavar="FILE", help="For node_exporter's textfile collector; replaced at one go."),
    ] = None,
    listen: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--listen", metavar="ADDR:PORT", help="Answer Prometheus at /metrics until it is stopped."),
    ] = None,
    drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Every configured or attached drive and library, or the one that is named, in Prometheus' text format. A drive in
    use is asked for nothing but page 11h, so that no poll waits for a motion, and flags that reading clears are stored
    first. Of a capture all devices, or the one that is named. Exit 0 also when a device did not answer: pytp_up says
    so."""
    with Run(ctx, "metrics", as_json=as_json) as run:
        if textfile and listen:
            raise UsageError("metrics", "one place only", "give --textfile or --listen")
        addresses, absent = _addresses(run, drive, library, replay)
        if listen is not None:
            _serve(run, listen, lambda: _collected(run, addresses, absent))
        from pytp_native.diag.metrics import text

        told = text(_collected(run, addresses, absent))
        run.fields["metrics"] = told
        if textfile is not None:
            _replace(textfile, told)
            run.fields["file"] = textfile
        else:
            run.say(told.removesuffix("\n"))
    return run.exit_code


def _addresses(run: Run, drive: str | None, library: str | None, replay: str | None) -> tuple[list[str], list[str]]:
    """Return what to ask, and what a capture knows not to have answered."""
    from pytp_cli.cmd_diag_health import all_addresses, captured_addresses
    from pytp_cli.diag_device import address_of

    if drive or library or (replay is not None and split(replay)[1] is not None):
        return [address_of(run, drive, library, replay)], []
    return captured_addresses(run, replay) if replay is not None else (list(all_addresses(run)), [])


def _collected(run: Run, addresses: list[str], absent: list[str]) -> Samples:
    from pytp_cli.cmd_diag_health import judged
    from pytp_native.devices.quiet import opened
    from pytp_native.diag.metrics import samples_of

    looks: list[DriveLook | LibraryLook] = []
    down = list(absent)
    with open_history(run, of=replayed_only(addresses)) as history:
        for address in addresses:
            try:
                with opened(address) as device:
                    looks.append(_look(device, history))
            except PytpError as exc:  # noqa: PERF203 - devices are few
                run.note(str(exc))
                down.append(address)
        verdicts = judged(history, looks, everything=True)
    return samples_of(looks, down, verdicts)


def _look(device: Quiet, history: History) -> DriveLook | LibraryLook:
    """Polls are many: only one that clears flags is kept in the history."""
    from pytp_native.devices.alerts import read_alerts
    from pytp_native.devices.look import look

    seen = look(device)
    if device.busy or seen.alerts is not None:
        return seen
    flags: frozenset[int] = frozenset()

    def keep(told: frozenset[int], gone: bool) -> None:
        if told and gone:
            history.store(seen._replace(alerts=told), "metrics", cleared=told, lasting=True)

    with suppress(NotSupported):
        flags = read_alerts(device, keep)
    return seen._replace(alerts=flags)


def _replace(path: str, content: str) -> None:
    """Put a whole new file in the place of the old one, readable for the collector."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=os.path.dirname(path) or ".", prefix=".pytp-", suffix=".tmp", delete=False, encoding="utf-8"
        ) as out:
            out.write(content)
        os.chmod(out.name, 0o644)
        os.replace(out.name, path)
    except OSError as exc:
        with suppress(OSError, UnboundLocalError):
            os.unlink(out.name)
        raise Refused(path, f"cannot be written ({exc.strerror})", "name a file in a directory of yours") from exc


def _serve(run: Run, where: str, collect: Callable[[], Samples]) -> None:
    """Answer one question after the other until the process is stopped: devices are asked by one at a time."""
    from http.server import HTTPServer

    try:
        from pytp_cli.metrics_collector import handler_of
    except ImportError as exc:
        raise UsageError("--listen", "needs prometheus_client", "pip install 'pytp[metrics]'") from exc
    host, _, port = where.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError("--listen", f"{where!r} is no ADDR:PORT", "write 127.0.0.1:9841 or :9841")
    try:
        server = HTTPServer((host.strip("[]"), int(port)), handler_of(collect))
    except OSError as exc:
        raise Refused(where, f"cannot listen there ({exc.strerror})", "choose another address or port") from exc
    with server:
        run.note(f"listening on port {server.server_port}")
        server.serve_forever()
