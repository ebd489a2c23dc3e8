# SPDX-License-Identifier: WTFPL OR MIT
"""The commands of `pytp diag` that ask what a device is and can do: inquiry, vpd, modes, density, opcodes, timeouts."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import asked
from pytp_cli.diag_values import shown
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.diag.plain import plain
from pytp_native.errors import NothingHere, NotSupported, PytpError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.scsi.density import Density

Pages = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Argument(metavar="[PAGE]...", help="Numbers in hexadecimal, or parts of names. Default: all."),
]

_WHICH = "current, changeable, default or saved."


def inquiry(
    ctx: typer.Context, drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Vendor, product, firmware and serial numbers; safe while somebody uses the tape."""
    with Run(ctx, "diag inquiry", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_cli.tables import aligned
        from pytp_native.devices.firmware import bad_firmware
        from pytp_native.devices.identity import identify

        who = identify(device.scsi)
        told: dict[str, Any] = {
            **who.inquiry._asdict(), "serial": who.serial, "manufacturer_serial": who.manufacturer_serial,
            "library_serial": who.library_serial, "element": who.element, "designators": who.designators,
            "generation": device.generation, "pages_of": device.family or None,
        }  # fmt: skip
        run.fields["inquiry"] = plain(told)
        known = bad_firmware(who.inquiry)
        run.fields["bad_firmware"] = [{"fact": one.fact, "remedy": one.remedy} for one in known]
        told["device_type"] = who.inquiry.device_type_name
        rows = [(name.replace("_", " "), shown(value)) for name, value in told.items() if value not in ("", None, b"")]
        rows += [("firmware known bad", f"{one.fact}; {one.remedy}") for one in known]
        run.say(aligned(rows))
    return run.exit_code


def vpd(
    ctx: typer.Context, pages: Pages = None, drive: device_options.Device = None,
    library: device_options.Library = None, replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Vital product data: known pages read, others as bytes; safe while somebody uses the tape."""
    with Run(ctx, "diag vpd", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_native.devices import asking
        from pytp_native.scsi.page_values import vpd_value
        from pytp_native.spec.page_names import vpd_page_name

        there = {page: vpd_page_name(page, device.family) for page in asking.vpd_page_list(device.scsi)}
        found = []
        for page in chosen_pages(pages, {(one, 0): name for one, name in there.items()}, "VPD page"):
            data = asking.vpd_page(device.scsi, page[0])
            value = vpd_value(data, family=device.family, changer=device.is_changer)
            name = there.get(page[0]) or vpd_page_name(page[0], device.family)
            found.append({"page": page[0], "name": name, "value": plain(value), "raw": data.hex()})
            run.say(f"{page[0]:02x}h {name}\n  {_indented(value)}")
        run.fields["pages"] = found
    return run.exit_code


def modes(
    ctx: typer.Context, pages: Pages = None,
    which: Annotated[str, typer.Option("--values", metavar="WHICH", help=_WHICH)] = "current",
    drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """Mode pages: known ones by field, others as bytes. Exit 4: somebody has the tape open."""
    with Run(ctx, "diag modes", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_native.devices import asking
        from pytp_native.scsi.page_values import mode_value
        from pytp_native.spec.page_names import mode_page_name

        controls = ("current", "changeable", "default", "saved")
        if which not in controls:
            raise UsageError("--values", f"{which!r} is none", f"use one of {', '.join(controls)}")
        device.check_free()
        told = asking.mode_pages(device.scsi, control=controls.index(which))
        there = {
            (one.page, one.subpage): mode_page_name(
                one.page, one.subpage, changer=device.is_changer, family=device.family
            )
            for one in told.pages
        }
        header = {"medium_type": told.medium_type, "write_protected": told.write_protected,
                  "buffered_mode": told.buffered_mode, "block": plain(told.block)}  # fmt: skip
        run.say(f"header\n  {_indented({**header, 'block': told.block})}")
        found = []
        for key in chosen_pages(pages, there, "mode page"):
            page = told.page(*key)
            value = mode_value(page, changer=device.is_changer)
            found.append({"page": key[0], "subpage": key[1], "name": there[key], "saveable": page.saveable,
                          "value": plain(value), "raw": page.data.hex()})  # fmt: skip
            run.say(f"{page_title(*key)} {there[key]}\n  {_indented(value)}")
        run.fields.update(values=which, header=header, pages=found)
    return run.exit_code


def density(
    ctx: typer.Context, drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """The formats that the drive knows, and those of the loaded cartridge. Exit 4: somebody has the tape open."""
    with Run(ctx, "diag density", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_cli.tables import aligned
        from pytp_native.devices.retry import CALM
        from pytp_native.scsi import executor
        from pytp_native.scsi.density import report_density_support

        device.check_free()
        formats = executor.run(device.scsi, report_density_support(), CALM)
        try:
            loaded: tuple[Density, ...] | None = executor.run(device.scsi, report_density_support(loaded=True), CALM)
        except PytpError:
            loaded = None
        run.fields.update(formats=plain(formats), loaded=plain(loaded))
        codes = {one.primary for one in loaded or ()}
        rows = [("CODE", "NAME", "CAPACITY", "TRACKS", "BITS/MM", "WRITES", "LOADED", "DESCRIPTION")]
        rows += [_density_row(one, one.primary in codes) for one in formats]
        run.say(aligned(rows, right=(2, 3, 4)))
    return run.exit_code


def _density_row(one: Density, is_loaded: bool) -> tuple[str, str, str, str, str, str, str, str]:
    return (
        f"{one.primary:02x}h", printable(one.name), f"{one.capacity_mb} MB", str(one.tracks), str(one.bits_per_mm),
        "yes" if one.writable else "no", "yes" if is_loaded else "", printable(one.description),
    )  # fmt: skip


def opcodes(
    ctx: typer.Context, drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """The commands that the device says it has, with its own time limits. Exit 4: somebody has the tape open."""
    with Run(ctx, "diag opcodes", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_cli.tables import aligned
        from pytp_native.devices.retry import CALM
        from pytp_native.scsi import executor
        from pytp_native.scsi.supported_commands import report_supported_operation_codes
        from pytp_native.spec.command_names import command_name

        device.check_free()
        told = executor.run(device.scsi, report_supported_operation_codes(), CALM)
        changer = device.is_changer
        run.fields["commands"] = [
            {**one._asdict(), "name": command_name(one.opcode, one.service_action, changer=changer)} for one in told
        ]
        rows = [("CODE", "NAME", "BYTES", "NOMINAL", "LIMIT")]
        for one in told:
            action = "" if one.service_action is None else f"/{one.service_action:02x}h"
            name = command_name(one.opcode, one.service_action, changer=changer)
            limits = (shown(one.nominal_s or None, "s"), shown(one.recommended_s or None, "s"))
            rows.append((f"{one.opcode:02x}h{action}", name, str(one.cdb_bytes), *limits))
        run.say(aligned(rows, right=(2, 3, 4)))
    return run.exit_code


def timeouts(
    ctx: typer.Context, drive: device_options.Device = None, library: device_options.Library = None,
    replay: device_options.Replay = None, as_json: options.Json = False,
) -> int:  # fmt: skip
    """How long pytp lets each command take: the device's own figures, else what is known of its kind. Exit 4: somebody
    has the tape open."""
    with Run(ctx, "diag timeouts", as_json=as_json) as run, asked(run, drive, library, replay) as device:
        from pytp_cli.tables import aligned
        from pytp_native.devices.time_limits import known_limits, time_limits_of
        from pytp_native.spec.command_names import command_name

        device.check_free()
        known = known_limits(device.inquiry)
        limits = time_limits_of(device.scsi, device.inquiry)
        if not limits:
            raise NothingHere(device.address, "tells no time limits, and none are known of it", "see pytp diag opcodes")
        told, rows = [], [("CODE", "NAME", "LIMIT", "SOURCE")]
        for (code, action), seconds in sorted(limits.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
            name = command_name(code, action, changer=device.is_changer)
            source = "known of its kind" if known.get((code, action)) == seconds else "the device"
            told.append({"opcode": code, "service_action": action, "name": name, "seconds": seconds, "source": source})
            rows.append(
                (f"{code:02x}h" + ("" if action is None else f"/{action:02x}h"), name, f"{seconds:.0f} s", source)
            )
        run.fields["limits"] = told
        run.say(aligned(rows, right=(2,)))
    return run.exit_code


# -- shared with the other diag commands -------------------------------------------------------------------------------


def chosen_pages(
    words: list[str] | tuple[str, ...] | None, there: dict[tuple[int, int], str], what: str
) -> list[tuple[int, int]]:
    """Return the pages that are meant, all of `there` without words. Raises NotSupported for one that is not there."""
    found: list[tuple[int, int]] = []
    for word in words or ():
        number, _, subpage = word.lower().removeprefix("0x").partition("/")
        try:
            key = (int(number.rstrip("h"), 16), int(subpage.removeprefix("0x").rstrip("h") or "0", 16))
        except ValueError:
            fitting = [key for key, name in there.items() if word.lower() in name.lower()]
        else:
            fitting = [key] if key in there else []
        if not fitting:
            names = ", ".join(page_title(*key) for key in sorted(there))
            raise NotSupported(what, f"{word!r} is none that the device has", f"there are {names}")
        found += [key for key in fitting if key not in found]
    return found if words else sorted(there)


def page_title(page: int, subpage: int = 0) -> str:
    return f"{page:02x}h" + (f"/{subpage:02x}h" if subpage else "")


def _indented(value: object) -> str:
    """One line a field of a record or of named fields; anything else in one line."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return "\n  ".join(f"{name.replace('_', ' ')}: {shown(item)}" for name, item in value.items())
    if isinstance(value, tuple) and value and hasattr(value[0], "_asdict"):
        return "\n  ".join(shown(item) for item in value)
    return shown(value)
