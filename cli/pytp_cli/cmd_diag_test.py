# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag test`: the drive's self-test, a read scan, and writing on a cartridge that may be erased."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any, Optional

import typer

from pytp_cli import options
from pytp_cli.diag_device import open_history
from pytp_cli.run import Run
from pytp_native.errors import PytpError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.self_test import SelfTestResult
    from pytp_native.devices.statistics import ErrorCounters
    from pytp_native.jobs.block_trial import Limits

Scratch = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--scratch", metavar="BARCODE", help="Also write on this cartridge, which is in the drive: ERASES IT."
    ),
]
Confirm = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--confirm", metavar="BARCODE",
                 help="With --scratch: yes, what is on it is lost."),
]  # fmt: skip
ReadOnly = Annotated[bool, typer.Option("--read-only", help="Also read the loaded cartridge through; writes nothing.")]


def try_drive(
    ctx: typer.Context, read_only: ReadOnly = False, scratch: Scratch = None, confirm: Confirm = None,
    drive: options.Drive = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Alone: the drive's own self-test, which needs no cartridge; one that is loaded is rewound. --read-only: also
    all of the loaded cartridge is read, and told is what the drive had to read again where, and which blocks cannot
    be read. --scratch BARCODE: all that, then blocks of 64 KiB to 8 MiB are written, read back and compared, and
    speeds measured with data that can be compressed and that cannot; the cartridge is blank afterwards. Another
    cartridge is refused (exit 7), and one that holds anything without --confirm. Exit 13: watch; 14: act now; 11:
    nothing could be tested."""
    with Run(ctx, "diag test", as_json=as_json) as run:
        if read_only and scratch is not None:
            raise UsageError("--read-only", "says the opposite of --scratch", "use one of them")
        if confirm is not None and scratch is None:
            raise UsageError("--confirm", "goes with --scratch", "add it")
        run.fields["mode"] = "scratch" if scratch is not None else "read-only" if read_only else "self-test"
        if read_only or scratch is not None:
            _with_tape(run, drive, scratch, confirm)
        else:
            _without(run, drive)
        _tell(run)
    return run.exit_code


def _without(run: Run, drive: str | None) -> None:
    """The self-test only: the drive may be empty."""
    from pytp_native.devices.quiet import opened
    from pytp_native.diag.looking import take_look
    from pytp_native.jobs.drive_test import DriveTest

    chosen = run.choose(drive)
    with opened(chosen.address) as device, open_history(run) as history:
        if device.is_changer:
            raise UsageError(chosen.address, "is a library", "name a drive")
        device.check_free()
        take_look(device, history, "test")
    try:
        run.job(
            lambda emit, interrupt: DriveTest(
                None, Beside(chosen.address, own=False), emit, interrupt, name=chosen.name
            ).run(),
            verb="test", bar=False,
        )  # fmt: skip
    finally:
        _rewind(run, chosen.address)


def _rewind(run: Run, address: str) -> None:
    """The self-test may have moved a tape without st's knowledge: whoever writes next must not trust a place that is
    none."""
    from pytp_native import mtio
    from pytp_native.devices.quiet import tape_of
    from pytp_native.errors import NoMedium
    from pytp_native.transport import open_tape

    try:
        tape = open_tape(tape_of(address))
        try:
            mtio.rewind(tape)
        finally:
            tape.close()
    except NoMedium:
        return
    except PytpError as error:
        run.note(
            f"warning: the tape could not be rewound behind the self-test ({error.fact}); rewind it before you write"
        )


def _with_tape(run: Run, drive: str | None, scratch: str | None, confirm: str | None) -> None:
    from pytp_cli.catalog_choice import open_if_there
    from pytp_cli.selection import barcode
    from pytp_native.devices.quiet import tape_of
    from pytp_native.jobs.drive_test import DriveTest
    from pytp_native.jobs.events import Emit, JobReport
    from pytp_native.jobs.interrupt import Interrupt
    from pytp_native.jobs.scratch import ScratchRequest, consent

    if drive is not None and drive.startswith("/dev/"):
        drive = tape_of(drive)
    unit = run.open_drive(drive, write=scratch is not None)
    catalog = open_if_there(run) if scratch is not None else None
    with catalog or nullcontext():

        def work(emit: Emit, interrupt: Interrupt) -> JobReport:
            agreed = None
            if scratch is not None:
                request = ScratchRequest(scratch, barcode(unit.address), confirm)
                agreed = consent(unit, request, catalog, emit)
            job = DriveTest(unit, Beside(unit.address, own=True), emit, interrupt, name=unit.name)
            return job.run(agreed, scan=True)

        run.job(work, verb="test")


class Beside:
    """Asks the drive by SCSI commands, beside the tape that this process may have open (`own`)."""

    def __init__(self, address: str, *, own: bool) -> None:
        self._address = address
        self._own = own

    def self_test(self) -> SelfTestResult:
        from pytp_native.devices.quiet import opened, opened_beside_own
        from pytp_native.devices.self_test import SelfTestResult, run_self_test
        from pytp_native.errors import BadAddress, DeviceBusy

        try:
            with (opened_beside_own if self._own else opened)(self._address) as device:
                if not self._own:
                    device.check_free()
                return run_self_test(device)
        except (BadAddress, DeviceBusy) as exc:
            if not self._own:
                raise
            return SelfTestResult(None, f"not done: {exc.fact}", 0.0)

    def read_counters(self) -> ErrorCounters | None:
        """None if it cannot be asked; UnitAttention if st would miss a reset because it was asked."""
        from pytp_native.devices.quiet import opened_beside_own
        from pytp_native.devices.statistics import READ_ERRORS, read_error_counters
        from pytp_native.devices.watched import AttentionWatch
        from pytp_native.errors import UnitAttention

        try:
            with opened_beside_own(self._address) as device:
                watch = AttentionWatch(device.scsi)
                counters = read_error_counters(watch, READ_ERRORS)
                watch.check()
                return counters
        except UnitAttention:
            raise
        except PytpError:
            return None

    def limits(self) -> Limits:
        from pytp_native.devices.quiet import opened_beside_own
        from pytp_native.devices.retry import CALM
        from pytp_native.jobs.block_trial import Limits
        from pytp_native.scsi import executor, ssc

        try:
            with opened_beside_own(self._address) as device:
                told = executor.run(device.scsi, ssc.read_block_limits(), CALM)
                return Limits(told.least or None, told.most or None)
        except PytpError:
            return Limits()

    def ratio(self) -> float | None:
        from pytp_native.devices.quiet import opened_beside_own
        from pytp_native.devices.statistics import read_statistics

        try:
            with opened_beside_own(self._address) as device:
                told = read_statistics(device.scsi).compression
        except PytpError:
            return None
        return told.write_percent / 100 if told is not None and told.write_percent else None


# -- words -----------------------------------------------------------------------------------------------------------


def _tell(run: Run) -> None:
    fields = run.fields
    if fields.get("self_test") is None:
        return
    test = fields["self_test"]
    answer = {True: "passed", False: "FAILED", None: "not done"}[test["passed"]]
    run.say(f"{fields['verdict'] or 'no verdict'}")
    run.say(f"self-test: {answer}" + ("" if test["passed"] else f" ({test['words']})"))
    if fields["scan"] is not None:
        _tell_scan(run, fields["scan"])
    for one in fields["block_sizes"] or ():
        run.say(f"blocks of {_size(one['block_bytes'])}: {'good' if one['safe'] else one['reason']}")
    if fields["largest_safe"] is not None:
        least = "" if fields["sizes_complete"] else "at least "
        run.say(f"largest safe block size: {least}{fields['largest_safe']} bytes ({_size(fields['largest_safe'])})")
    for one in fields["throughput"] or ():
        ratio = f", compressed {one['ratio']:.2f}:1 since the load" if one["ratio"] is not None else ""
        run.say(f"{one['data']} data: written {_rate(one['write_mb_s'])}, read {_rate(one['read_mb_s'])}{ratio}")
    if fields["left"]:
        run.say(f"the cartridge {fields['left']}")
    for one in fields["findings"]:
        run.say(f"  {one['level']}: {one['words']} (to blame: {one['blames']})\n    {one['action']}")


def _tell_scan(run: Run, scan: dict[str, Any]) -> None:
    from pytp_cli.tables import aligned

    whole = "" if scan["complete"] else f"; not to the end: {scan['stopped_by']}"
    speed = f" at {_rate(scan['bytes'] / 1e6 / scan['seconds'])}" if scan["bytes"] and scan["seconds"] else ""
    run.say(f"read: {scan['blocks']} blocks, {scan['bytes'] / 1e6:.0f} MB{speed}{whole}")
    if scan["unreadable"]:
        run.say("cannot be read: block " + ", ".join(str(block) for block in scan["unreadable"]))
    shown = [one for one in scan["stretches"] if one["retries"] or one["unreadable"]]
    if shown:
        rows = [("FROM BLOCK", "FILE", "MB", "MB/S", "READ AGAIN", "OF 1000", "UNREADABLE")]
        rows += [_stretch_row(one) for one in shown]
        run.say(aligned(rows, right=tuple(range(7))))


def _stretch_row(one: dict[str, Any]) -> tuple[str, str, str, str, str, str, str]:
    rate = one["retries_per_1000"]
    speed = one["data_bytes"] / 1e6 / one["seconds"] if one["seconds"] else 0.0
    return (
        str(one["first_block"]), "" if one["tape_file"] is None else str(one["tape_file"]),
        f"{one['data_bytes'] / 1e6:.0f}", f"{speed:.0f}", "" if one["retries"] is None else str(one["retries"]),
        "" if rate is None else f"{rate:.1f}", str(one["unreadable"]),
    )  # fmt: skip


def _rate(mb_s: float | None) -> str:
    return "not measured" if mb_s is None else f"{mb_s:.0f} MB/s"


def _size(data_bytes: int) -> str:
    from pytp_native.units import format_size

    return format_size(data_bytes)
