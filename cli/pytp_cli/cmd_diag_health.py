# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp diag health` and `wear`: is it good, and how long will it last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import address_of, open_history, replayed
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.errors import PytpError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.look import DriveLook, LibraryLook
    from pytp_native.diag.history import History
    from pytp_native.diag.verdict import Verdict
    from pytp_native.scsi.memory_image import MemoryImage


def health(
    ctx: typer.Context, drive: device_options.Device = None, library: device_options.Library = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Every configured or attached drive and library, and all that was ever seen; with --replay all of it.",
        ),
    ] = False,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """One verdict for each drive, cartridge and library: good, watch or act now, with the evidence, what to do, and
    whose fault it is as far as the history tells. Each look is stored. A drive in use tells its state only. Exit 13:
    watch; 14: act now."""
    with Run(ctx, "diag health", as_json=as_json) as run, open_history(run, of=replayed(drive, replay)) as history:
        if everything and (drive or library):
            raise UsageError("--all", "means every device", "leave --drive and --library out")
        from pytp_native.diag.verdict import exit_code

        addresses = _everything(run, replay) if everything else [address_of(run, drive, library, replay)]
        looks = looks_at(run, history, addresses, fail=not everything)
        found = judged(history, looks, everything=everything)
        run.fields.update(verdicts=[_verdict_object(one) for one in found], busy=tell_busy(run, looks))
        for one in found:
            run.say(verdict_text(one))
        run.exit_code = max(run.exit_code, exit_code(found))
    return run.exit_code


def judged(history: History, looks: list[DriveLook | LibraryLook], *, everything: bool) -> list[Verdict]:
    from pytp_native.diag.checkup import verdicts

    known = [one for one in looks if not getattr(one, "busy", "")]
    return verdicts(history, known, everything=everything, lazy=lazy_drives(looks))


def lazy_drives(looks: list[DriveLook | LibraryLook]) -> frozenset[str]:
    """Return the keys of the drives that may not ask for a cleaning."""
    from pytp_native.devices.look import DriveLook

    return frozenset(one.key for one in looks if isinstance(one, DriveLook) and not _asks_for_cleaning(one))


def _asks_for_cleaning(seen: DriveLook) -> bool:
    from pytp_native.devices.quirks import quirks_of
    from pytp_native.scsi.inquiry import TAPE, Inquiry

    return quirks_of(Inquiry(TAPE, seen.vendor, seen.product, seen.firmware)).asks_for_cleaning


def _everything(run: Run, replay: str | None) -> list[str]:
    if replay is None:
        return list(all_addresses(run))
    addresses, absent = captured_addresses(run, replay)
    if absent:
        run.exit_code = max(run.exit_code, 13)
    return addresses


def captured_addresses(run: Run, replay: str) -> tuple[list[str], list[str]]:
    """Return all devices of a capture, and those that did not answer when it was made, which are told."""
    from pytp_cli.replay_choice import all_captured

    addresses, missing = all_captured(replay)
    for one in missing:
        run.note(f"{one.address}: did not answer when it was captured ({one.reason})")
    return addresses, [one.address for one in missing]


def looks_at(run: Run, history: History, addresses: list[str], *, fail: bool) -> list[DriveLook | LibraryLook]:
    """Look at each; one that cannot be asked is told, and raised if there is only that one."""
    from pytp_native.devices.quiet import opened
    from pytp_native.diag.looking import take_look

    found = []
    for address in addresses:
        try:
            with opened(address) as device:
                found.append(take_look(device, history, "health"))
        except PytpError as exc:  # noqa: PERF203 - devices are few
            if fail:
                raise
            run.note(str(exc))
            run.exit_code = max(run.exit_code, 13)
    return found


def all_addresses(run: Run) -> Iterator[str]:
    """What is configured, else what is attached, else the default virtual library."""
    config = run.config
    told = [one.address for one in config.drives]
    told += [one.address for one in config.libraries if one.address]
    if not told:
        from pytp_native.devices.discovery import discover

        found = discover()
        told = [one.address for one in found.drives] + [one.address for one in found.libraries]
    if not told:
        from pytp_cli.selection import virtual_drive

        address = run.choose(None).address
        place = virtual_drive(address)
        told = [address] if place is None else [*_virtual_drives(place[0]), f"vtl:{place[0]}/changer"]
    yield from told


def _virtual_drives(directory: str) -> list[str]:
    from pytp_native.vtl.inventory import Inventory

    return [f"vtl:{directory}/drive{number}" for number in range(len(Inventory(directory).drives))]


def tell_busy(run: Run, looks: list[DriveLook | LibraryLook]) -> list[dict[str, Any]]:
    """Tell of the drives that are in use, with what they are doing."""
    from pytp_native.devices.look import DriveLook

    found = []
    for one in looks:
        if not isinstance(one, DriveLook) or not one.busy:
            continue
        doing = one.status.activity_name if one.status is not None else None
        found.append({"device": one.address, "serial": one.serial, "by": one.busy, "activity": doing})
        run.say(f"drive {one.vendor} {one.product} {one.serial}: {one.busy}{f', {doing}' if doing else ''}")
    return found


def _verdict_object(one: Verdict) -> dict[str, Any]:
    from dataclasses import asdict

    return {"kind": one.kind, "serial": one.serial, "name": one.name, "verdict": one.level,
            "findings": [asdict(finding) for finding in one.findings]}  # fmt: skip


def verdict_text(one: Verdict) -> str:
    lines = [f"{one.kind} {printable(one.name)}: {one.level}"]
    for finding in one.findings:
        whose = f" ({'drive or cartridge' if finding.blames == 'either' else finding.blames})"
        lines += [f"  {finding.level}: {printable(finding.words)}{whose}", f"    {finding.action}"]
    return "\n".join(lines)


# -- wear --------------------------------------------------------------------------------------------------------------


def wear(
    ctx: typer.Context, drive: device_options.Device = None, replay: device_options.Replay = None,
    as_json: options.Json = False,
) -> int:  # fmt: skip
    """What the drive and the cartridge in it have behind them, as far as they tell, and when the drive will want to be
    cleaned. Exit 4: somebody has the tape open."""
    with Run(ctx, "diag wear", as_json=as_json) as run, open_history(run, of=replayed(drive, replay)) as history:
        from pytp_cli.diag_device import asked
        from pytp_cli.tables import aligned
        from pytp_native.devices.look import DriveLook
        from pytp_native.devices.memory_image import memory_image
        from pytp_native.diag.cleaning import forecast, next_cleaning
        from pytp_native.diag.looking import take_look
        from pytp_native.spec.measures import CARTRIDGE, DRIVE

        with asked(run, drive, None, replay, drive_only=True) as device:
            device.check_free()
            seen = take_look(device, history, "wear")
            image = memory_image(device)
        if not isinstance(seen, DriveLook):
            raise UsageError(seen.address, "is a library", "name a drive")
        told = forecast(seen.counters, asks=_asks_for_cleaning(seen))
        run.fields["drive"] = {"serial": seen.serial, **seen.counters}
        run.fields["cleaning"] = told._asdict() if told is not None else None
        rows = [(f"drive {seen.vendor} {seen.product} {seen.serial}", ""), *_measure_rows(DRIVE, seen.counters)]
        run.fields["next_cleaning"] = next_cleaning(told, asked=bool(seen.counters.get("cleaning_required")))
        rows.append(("  next cleaning", run.fields["next_cleaning"]))
        run.fields["cartridge"] = None
        if seen.cartridge is not None:
            tape = seen.cartridge
            extra = full_volumes(tape.counters)
            run.fields["cartridge"] = {"serial": tape.serial, "barcode": tape.barcode, **tape.counters, **extra}
            rows += [("", ""), (f"cartridge {printable(tape.barcode or tape.serial)}", "")]
            rows += _measure_rows(CARTRIDGE, tape.counters)
            rows += [(f"  {name.replace('_', ' ')}", f"{value:.2f}") for name, value in extra.items()]
        run.fields["wraps"], told_of_wraps = _wraps(image)
        rows += told_of_wraps
        run.say(aligned(rows))
    return run.exit_code


def _wraps(image: MemoryImage | None) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
    """Return the capacity lost on each wrap for JSON, and as rows; None where it cannot be seen."""
    from pytp_native.diag.wraps import loss

    told = loss(image.wraps) if image is not None else None
    if image is None or told is None:
        return None, []
    words = (
        f"{told.percent:g} % of {told.full_wraps} full wraps, most on wrap {told.worst_wrap}: {told.worst_percent:g} %"
    )
    rows = [("  capacity lost to rewriting", words)] + ([("  ... because of", told.cause)] if told.cause else [])
    return {**told._asdict(), "wraps": [one._asdict() for one in image.wraps]}, rows


def full_volumes(counters: Any) -> dict[str, float]:
    """Return how often the whole capacity was written and read."""
    size = counters.get("capacity_mb")
    return {f"full_volumes_{verb}": counters[f"{verb}_mb"] / size for verb in ("written", "read")
            if size and f"{verb}_mb" in counters}  # fmt: skip


def _measure_rows(subject: str, counters: Any) -> list[tuple[str, str]]:
    from pytp_native.spec.measures import MEASURES

    rows = []
    for (kind, name), measure in MEASURES.items():
        if kind == subject and name in counters:
            rows.append((f"  {measure.words}", f"{counters[name]:g} {measure.unit}".rstrip()))
    return rows
