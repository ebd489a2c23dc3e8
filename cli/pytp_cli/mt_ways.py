# SPDX-License-Identifier: WTFPL OR MIT
"""How each kind of mt command uses the open device. All raise Problem or CountError."""

from __future__ import annotations

from pytp_cli import mt_table as table
from pytp_cli.mt_counts import count, number
from pytp_cli.mt_device import Failed
from pytp_cli.mt_problem import FAILED, Problem
from pytp_native.ffi import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_cli.mt_device import Device
    from pytp_cli.mt_run import Run


def _operate(run: Run, device: Device, code: int, value: int) -> None:
    try:
        device.operate(code, value)
    except Failed as failed:
        raise Problem.of_operation(run, device, code, value, failed) from failed


def _top(run: Run, device: Device) -> None:
    """One MTIOCTOP with a count, 1 unless given."""
    code = int(getattr(lib, run.command.operation))
    value = count(run.arguments[0], negative=code == lib.MTMKPART) if run.arguments else 1
    _operate(run, device, code, value)


def _driver(run: Run, device: Device) -> None:
    """One of st's settings: a masked number under its option word."""
    value = (number(run.arguments[0]) if run.arguments else 1) & run.command.mask
    word = int(getattr(lib, run.command.operation)) if run.command.operation else 0
    _operate(run, device, lib.MTSETDRVBUFFER, value | word)


def _options(run: Run, device: Device) -> None:
    from pytp_cli import mt_options

    try:
        bits = mt_options.parse(run.arguments)
    except mt_options.OptionError as error:
        advice = f"{run.said}: {error.advice}"
        raise Problem(error.lines, 1, lambda _after: advice) from error
    _operate(run, device, lib.MTSETDRVBUFFER, bits | int(getattr(lib, run.command.operation)))


def _show_options(run: Run, device: Device) -> None:
    from pytp_cli import mt_options

    try:
        path, bits = device.options()
    except mt_options.NotATape as error:
        text = f"{run.program}: not a character device.\n"
        raise Problem(text, 1, lambda _after: f"{device.name}: give a tape device like /dev/nst0") from error
    if bits is None:
        text = f"Can't read the sysfs file '{path}'.\n"
        raise Problem(text, FAILED, lambda _after: f"{device.name}: is it a tape, and is /sys mounted?")
    run.out("The options set:" + "".join(f" {name}" for name in mt_options.names(bits)) + "\n")


def _status(run: Run, device: Device) -> None:
    from pytp_cli import mt_status

    try:
        status = device.get()
    except Failed as failed:
        raise Problem.of_question(run, device, failed) from failed
    if run.as_json:
        run.found.update(mt_status.fields(status))
    else:
        run.out(mt_status.text(status))


def _tell(run: Run, device: Device) -> None:
    try:
        block = device.pos()
    except Failed as failed:
        raise Problem.of_question(run, device, failed) from failed
    if run.as_json:
        from pytp_cli import mt_status

        run.found["position"] = mt_status.position(device.look(), block)
    else:
        run.out(f"At block {block}.\n")


def _seek_partition(run: Run, device: Device) -> None:
    values = [number(text) for text in run.arguments]
    _operate(run, device, lib.MTSETPART, values[0] if values else 0)
    _operate(run, device, lib.MTSEEK, values[1] if len(values) > 1 else 0)


def _to_file(run: Run, device: Device) -> None:
    files = number(run.arguments[0]) if run.arguments else 0
    _operate(run, device, lib.MTREW, 1)
    if files > 0:
        _operate(run, device, lib.MTFSF, files)


WAYS: dict[str, Callable[[Run, Device], None]] = {
    table.TOP: _top,
    table.DRIVER: _driver,
    table.OPTIONS: _options,
    table.SHOW_OPTIONS: _show_options,
    table.STATUS: _status,
    table.TELL: _tell,
    table.SEEK_PARTITION: _seek_partition,
    table.TO_FILE: _to_file,
}
