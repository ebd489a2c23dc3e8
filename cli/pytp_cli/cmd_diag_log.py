# SPDX-License-Identifier: WTFPL OR MIT
"""The commands of `pytp diag` that read what was counted and kept: log, alerts, mam."""

from __future__ import annotations

import time
from typing import Annotated, Any, Optional

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.cmd_diag import Pages, chosen_pages, page_title
from pytp_cli.diag_device import asked, open_history
from pytp_cli.diag_values import shown
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.diag.plain import plain
from pytp_native.errors import NothingHere, Refused, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet
    from pytp_native.scsi.log import LogPage
    from pytp_native.scsi.mam import Attribute

_ALERT_PAGE = (0x2E, 0)


def log(
    ctx: typer.Context, pages: Pages = None, drive: device_options.Device = None,
    library: device_options.Library = None, replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Log pages by name, every parameter with its unit; what nobody knows as bytes. Reading page 2Eh clears its flags:
    it is read only when it is named, and they are stored first. Exit 4: somebody has the tape open."""
    with Run(ctx, "diag log", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_native.devices import asking
        from pytp_native.spec.log_pages import page_of

        device.check_free()
        there = {
            key: page_of(*key, family=device.family, changer=device.is_changer).name
            for key in asking.log_page_list(device.scsi)
        }
        found = run.fields["pages"] = []
        for key in chosen_pages(pages, there, "log page"):
            if key == _ALERT_PAGE and not pages:
                run.say(f"{page_title(*key)} {there[key]}\n  not read, as that clears it; see pytp diag alerts\n")
                continue
            page = _read_page(run, device, key)
            found.append(_page_object(device, page, there[key]))
            run.say(_page_text(device, page, there[key]))
    return run.exit_code


def _read_page(run: Run, device: Quiet, key: tuple[int, int]) -> LogPage:
    from pytp_native.devices import asking
    from pytp_native.scsi.log import tape_alerts

    if key != _ALERT_PAGE:
        return asking.log_page(device.scsi, *key)
    with open_history(run, of=device.address) as history:
        page = asking.log_page(device.scsi, *key)
        _store_flags(history, device, tape_alerts(page), cleared=True)
    return page


def _store_flags(history: Any, device: Quiet, flags: frozenset[int], *, cleared: bool) -> None:

    from pytp_native.devices.look import look

    seen = look(device)._replace(alerts=flags)
    history.store(seen, "alerts", cleared=flags if cleared else frozenset(), lasting=True)


def _page_object(device: Quiet, page: LogPage, name: str) -> dict[str, Any]:
    from pytp_native.scsi.log_values import readings

    told = readings(page, family=device.family, changer=device.is_changer)
    parameters = [{**one._asdict(), "value": plain(one.value)} for one in told]
    return {
        "page": page.page,
        "subpage": page.subpage,
        "name": name,
        "truncated": page.truncated,
        "parameters": parameters,
    }


def _page_text(device: Quiet, page: LogPage, name: str) -> str:
    from pytp_cli.tables import aligned
    from pytp_native.scsi.log_values import readings

    rows = []
    for one in readings(page, family=device.family, changer=device.is_changer):
        if (page.page, page.subpage) == _ALERT_PAGE and not one.value:
            continue
        rows.append((f"  {one.code:04x}h", one.name, shown(one.value, one.unit)))
    text = aligned(rows) if rows else "  nothing is told"
    return f"{page_title(page.page, page.subpage)} {name}\n{text}\n"


def alerts(
    ctx: typer.Context,
    clear: Annotated[bool, typer.Option("--clear", help="Read page 2Eh, which clears them for this host.")] = False,
    past: Annotated[bool, typer.Option("--past", help="Show the stored ones instead; no device is asked.")] = False,
    drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """TapeAlert flags with what they mean and what to do. They are stored before they are shown, as most libraries and
    older drives forget them by being asked. Exit 13: one asks for attention; 14: a critical one is raised; 4: somebody
    has the tape open."""
    with Run(ctx, "diag alerts", as_json=as_json) as run:
        if past:
            _past_alerts(run)
            return 0
        with asked(run, drive, library, replay) as device, open_history(run, of=device.address) as history:
            from pytp_native.devices.alerts import read_alerts

            flags = read_alerts(
                device, lambda told, gone: _store_flags(history, device, told, cleared=gone), clear=clear
            )
            run.exit_code = _show_alerts(run, flags, changer=device.is_changer)
    return run.exit_code


def _show_alerts(run: Run, flags: frozenset[int], *, changer: bool) -> int:
    """Print the flags; return the exit code that the worst one makes."""
    from pytp_native.spec.tape_alerts import CRITICAL, WARNING, alert_of

    found = [alert_of(flag, changer=changer) for flag in sorted(flags)]
    run.fields["alerts"] = [one._asdict() for one in found]
    for one in found:
        run.say(f"{one.flag:2} {one.severity}: {one.name} ({one.scope})\n   {one.action}")
    if not found:
        run.say("no flag is raised")
    worst = {one.severity for one in found}
    return 14 if CRITICAL in worst else 13 if WARNING in worst else 0


def _past_alerts(run: Run) -> None:
    from pytp_native.spec.tape_alerts import alert_of

    with open_history(run, create=False) as history:
        units = {one.id: one for one in history.units()}
        found = []
        for one in history.alerts():
            told = alert_of(one.flag, changer=one.library is not None)
            where = [units[unit].shown for unit in (one.drive, one.library, one.cartridge) if unit is not None]
            found.append({"seen": one.seen, "where": where, **told._asdict()})
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.seen))
            run.say(f"{when}  {one.flag:2} {told.severity}: {told.name} ({', '.join(map(printable, where))})")
    run.fields["alerts"] = found
    if not found:
        raise NothingHere("alerts", "none is stored", "see pytp diag alerts")


def mam(
    ctx: typer.Context,
    partition: Annotated[int, typer.Option("--partition", min=0, max=255, help="Of the cartridge.")] = 0,
    put: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--set", metavar="NAME=VALUE", help="Write one of the host's by name; no value deletes it."),
    ] = None,
    drive: device_options.Device = None, replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """The cartridge's memory, attribute by attribute. `--set` writes: barcode, user label, owning host, media pool and
    what else belongs to hosts; pytp itself trusts the barcode there. Exit 4: somebody has the tape open; 5: no
    cartridge."""
    with Run(ctx, "diag mam", as_json=as_json) as run, asked(run, drive, None, replay, drive_only=True) as device:
        from pytp_cli.tables import aligned
        from pytp_native.devices import asking
        from pytp_native.spec.mam import is_writable

        device.check_free()
        if put:
            _write(device, put, partition)
        found = asking.memory(device.scsi, partition)
        run.fields.update(partition=partition, attributes=[_attribute_object(one) for one in found])
        rows = [("ID", "NAME", "VALUE", "WRITABLE")]
        for one in found:
            writable = "yes" if is_writable(one.identifier) else ""
            rows.append((f"{one.identifier:04x}h", one.name, printable(str(one)), writable))
        run.say(aligned(rows))
    return run.exit_code


def _attribute_object(one: Attribute) -> dict[str, Any]:
    from pytp_native.spec.mam import ASCII, TEXT, is_writable

    told: object = one.text if one.format in {ASCII, TEXT} else one.number
    if told is None or (isinstance(told, int) and len(one.value) > 8):
        told = {"hex": one.value.hex()} if one.value.strip(b"\xff") else None
    return {"id": one.identifier, "name": one.name, "value": told, "read_only": one.read_only,
            "writable": is_writable(one.identifier)}  # fmt: skip


def _write(device: Quiet, words: list[str], partition: int) -> None:
    """Write host attributes given as NAME=VALUE. Raises UsageError, Refused; the drive judges the rest."""
    from pytp_native.devices.retry import EXACT
    from pytp_native.scsi import executor
    from pytp_native.scsi.mam import attribute, write_attributes

    chosen = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError("--set", f"{word!r} is no NAME=VALUE", "write --set 'user label=nightly'")
        chosen.append(attribute(_identifier(name), _number_or_text(_identifier(name), value)))
    executor.run(device.scsi, write_attributes(chosen, partition=partition), EXACT)


def _identifier(name: str) -> int:
    from pytp_native.spec.mam import ATTRIBUTES, is_writable

    wanted = name.strip().lower()
    found = [one.identifier for one in ATTRIBUTES.values() if one.name.lower() == wanted]
    if not found:
        try:
            found = [int(wanted.removeprefix("0x").rstrip("h"), 16)]
        except ValueError:
            names = ", ".join(one.name for one in ATTRIBUTES.values() if is_writable(one.identifier))
            raise UsageError("--set", f"no attribute is called {name!r}", f"those of hosts are {names}") from None
    if not is_writable(found[0]):
        raise Refused(name, "belongs to the drive or the cartridge, not to hosts", "set one of 0800h to 0BFFh")
    return found[0]


def _number_or_text(identifier: int, value: str) -> str | int | bytes:
    from pytp_native.spec.mam import ATTRIBUTES, BINARY

    spec = ATTRIBUTES.get(identifier)
    if spec is None or spec.format != BINARY or not value:
        return value
    try:
        return int(value, 0) if spec.length and spec.length <= 8 else bytes.fromhex(value)
    except ValueError:
        raise UsageError(
            "--set", f"{value!r} is no number for {spec.name}", "give a number, or bytes in hexadecimal"
        ) from None
