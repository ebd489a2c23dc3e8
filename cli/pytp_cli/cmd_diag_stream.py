# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag stream`: is the drive kept busy, or does it stop, back up and start anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Optional

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import address_of, open_history, replayed
from pytp_cli.run import Run
from pytp_native.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet
    from pytp_native.diag.history import History
    from pytp_native.diag.streaming import Sample, Streaming

_OCCASION = "stream"
_DEFAULT_S = 30
"""Drives may lose streaming time with every question: one in half a minute is nothing."""

Watch = Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")]
Every = Annotated[int, typer.Option("--every", metavar="SECONDS", min=1, help="With --watch: how often.")]
Count = Annotated[
    Optional[int], typer.Option("--count", metavar="N", min=1, help="With --watch: how many times.")  # noqa: UP045
]


def stream(
    ctx: typer.Context, drive: device_options.Device = None, watch: Watch = False, every: Every = _DEFAULT_S,
    count: Count = None, replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Is the drive shoe-shining: what it wrote twice and how often it repositioned since it was looked at last; with
    --watch also at which rate it gets data, against the lowest that it can write, while somebody else uses it. Beside
    that somebody only statistics are asked that wait for no motion; should the drive tell of a reset meanwhile, it is
    said here, because st is not told any more. Exit 13: watch; 14: act now."""
    with Run(ctx, "diag stream", as_json=as_json) as run, open_history(run, of=replayed(drive, replay)) as history:
        if count is not None and not watch:
            raise UsageError("--count", "goes with --watch", "add it")
        address = address_of(run, drive, None, replay, drive_only=True)
        told = list(_watched(run, address, every, count) if watch else _since(address, history))
        run.fields["samples"] = [_object(one) for one in told]
        run.exit_code = max((_CODES[one.level] for one in told), default=0)
        run.fields["verdict"] = max((one.level for one in told), key=list(_CODES).index, default="good")
        if not watch:
            run.say(_text(told[0]))
    return run.exit_code


_now = time.monotonic
_CODES = {"good": 0, "watch": 13, "act now": 14}


@contextmanager
def _drive(address: str) -> Iterator[Quiet]:
    from pytp_native.devices.quiet import opened

    with opened(address) as device:
        if device.is_changer:
            raise UsageError(address, "is a library", "name a drive")
        yield device


def _since(address: str, history: History) -> Iterator[Streaming]:
    """Since this was asked last, which the history has, with the same cartridge; else since the load."""
    from pytp_native.devices.look import DriveLook
    from pytp_native.diag.looking import take_look
    from pytp_native.diag.streaming import between, kept_sample, sample

    with _drive(address) as device:
        device.check_free()
        last = {one.drive: one for one in history.looks() if one.occasion == _OCCASION}
        seen, family = take_look(device, history, _OCCASION), device.family
    if not isinstance(seen, DriveLook):
        raise UsageError(address, "is a library", "name a drive")
    units, old = {(one.kind, one.serial): one.id for one in history.units()}, None
    key = seen.cartridge.key if seen.cartridge is not None else ""
    before = last.get(units.get(("drive", seen.key)))
    if before is not None and before.drive and before.cartridge and before.cartridge == units.get(("cartridge", key)):
        drive, tape = (history.latest(unit, until=before) for unit in (before.drive, before.cartridge))
        old = kept_sample(drive, tape, key)
    yield between(old, sample(seen, family, 0.0), watched=False)


def _watched(
    run: Run, address: str, every: int, count: int | None, *, pause: Callable[[float], object] = time.sleep
) -> Iterator[Streaming]:
    """Look every so many seconds, and tell each time; Ctrl-C ends it."""
    before, number = _sample(address), 0
    try:
        while count is None or number < count:
            pause(every)
            now = _sample(address)
            from pytp_native.diag.streaming import between

            told = between(before, now, watched=True)
            run.say(_text(told))
            yield told
            before, number = now, number + 1
    except KeyboardInterrupt:
        run.note("ended")


def _sample(address: str) -> Sample:
    from pytp_native.devices.look import look_at_drive, look_beside
    from pytp_native.devices.watched import AttentionWatch
    from pytp_native.diag.streaming import sample

    with _drive(address) as device:
        if not device.busy:
            return sample(look_at_drive(device), device.family, _now())
        watch = AttentionWatch(device.scsi)
        seen = look_beside(device._replace(scsi=watch))
        watch.check()
        return sample(seen, device.family, _now())


def _object(one: Streaming) -> dict[str, Any]:
    return {
        **{name: value for name, value in one._asdict().items() if name != "findings"},
        "retries_per_1000": one.retries_per_1000, "verdict": one.level, "words": one.words,
        "findings": [{"level": f.level, "words": f.words, "action": f.action, "blames": f.blames}
                     for f in one.findings],
    }  # fmt: skip


def _text(one: Streaming) -> str:
    parts = [one.level if one.findings else one.words]
    if one.written_mb_s is not None and one.read_mb_s is not None:
        parts.append(f"written {one.written_mb_s:.1f} MB/s, read {one.read_mb_s:.1f} MB/s")
    elif one.written_bytes is not None:
        parts.append(f"written {one.written_bytes / 10**6:.0f} MB, read {(one.read_bytes or 0) / 10**6:.0f} MB")
    if one.needs_mb_s is not None:
        parts.append(f"it streams from {one.needs_mb_s:.0f} MB/s on")
    if one.compression is not None:
        parts.append(f"compression {one.compression:.2f}:1")
    if one.retries_per_1000 is not None:
        parts.append(f"{one.retries_per_1000:.1f} of 1000 data sets again")
    if one.repositions is not None:
        parts.append(f"{one.repositions:g} repositions for 100 MB")
    lines = ["; ".join(parts)]
    return "\n".join([*lines, *(f"  {f.level}: {f.words}\n    {f.action}" for f in one.findings)])
