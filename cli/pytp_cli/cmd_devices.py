# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp devices`: what is attached, and where in which library it is."""

from __future__ import annotations

import os

import typer

from pytp_cli import options
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_cli.tables import aligned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.config import Config
    from pytp_native.devices.discovery import Found, FoundDrive, FoundLibrary

    Device = FoundDrive | FoundLibrary


def devices(ctx: typer.Context, as_json: options.Json = False) -> int:
    """Drives and libraries of the kernel (st, ch, sg) and virtual ones that are configured or the default. A drive's
    number and element are known when the library or the drive tells the other's serial number; nothing is guessed.

    Nothing moves and nobody is disturbed, whoever uses the devices. `pytp config --write` makes a configuration of it.
    """
    with Run(ctx, "devices", as_json=as_json) as run:
        found = look(run.config)
        run.fields.update(devices_object(found, run.config))
        run.say(_text(found, run.config))
        for line in _notes(found):
            run.note(line)
    return run.exit_code


def look(config: Config, *, default: bool = True) -> Found:
    """Find everything: the devices of the kernel, the virtual libraries of the configuration and of PYTP_DEV, and with
    `default` the default one, if it was ever made."""
    from pytp_native.devices.discovery import discover
    from pytp_native.vtl.library import default_path

    addresses = [os.environ.get("PYTP_DEV") or "", *(drive.address for drive in config.drives)]
    addresses += [library.address or "" for library in config.libraries]
    virtual = [address[4:].rpartition("/")[0] for address in addresses if address.startswith("vtl:")]
    if default and os.path.isdir(default_path()):
        virtual.append(str(default_path()))
    return discover(virtual=_distinct(virtual))


def _distinct(paths: list[str]) -> list[str]:
    """Return each directory once, under the name that came first, from the root on."""
    return list({os.path.realpath(path): os.path.abspath(path) for path in reversed(paths)}.values())[::-1]


def devices_object(found: Found, config: Config) -> dict[str, object]:
    """Return the fields of --json."""
    return {
        "drives": [
            {
                "name": _name(drive, config),
                **_device_object(drive),
                "library": drive.place and drive.place.library,
                "number": drive.place and drive.place.number,
                "element": drive.place and drive.place.element,
                "problem": drive.problem,
            }
            for drive in found.drives
        ],
        "libraries": [
            {
                "name": _name(library, config),
                **_device_object(library),
                "slots": library.slots,
                "import_export": library.import_export,
                "elements": [
                    {"number": one.number, "element": one.element, "serial": one.serial or None, "drive": one.drive}
                    for one in library.elements
                ],
                "problem": library.problem,
            }
            for library in found.libraries
        ],
    }


def _device_object(device: Device) -> dict[str, object]:
    nodes = device.nodes
    return {
        "address": device.address,
        "tape": nodes and nodes.tape,
        "rewinding": nodes and nodes.rewinding,
        "changer": nodes and nodes.changer,
        "generic": nodes and nodes.generic,
        "by_id": list(nodes.by_id) if nodes else [],
        "vendor": device.vendor or None,
        "product": device.product or None,
        "firmware": device.revision or None,
        "serial": device.serial or None,
    }


def _name(device: Device, config: Config) -> str | None:
    """Return the name under which a device is configured, whichever of its nodes the configuration names."""
    from pytp_native.devices.nodes import real_address

    own = {real_address(name) for name in (device.address, *(device.nodes.paths if device.nodes else ()))}
    known = [(drive.name, drive.address) for drive in config.drives]
    known += [(library.name, library.address or "") for library in config.libraries]
    return next((name for name, address in known if address and real_address(address) in own), None)


def _text(found: Found, config: Config) -> str:
    if not found.drives and not found.libraries:
        return "No tape drives and no libraries"
    blocks = []
    if found.drives:
        head = ("DRIVE", "NAME", "SG", "MODEL", "SERIAL", "FIRMWARE", "LIBRARY", "NUMBER", "ELEMENT", "STABLE NAME")
        blocks.append(aligned([head, *(_drive_row(drive, found, config) for drive in found.drives)], right=(7, 8)))
    if found.libraries:
        head_2 = (
            "LIBRARY",
            "NAME",
            "SG",
            "MODEL",
            "SERIAL",
            "FIRMWARE",
            "SLOTS",
            "MAIL SLOTS",
            "DRIVES",
            "STABLE NAME",
        )
        rows = [_library_row(library, config) for library in found.libraries]
        blocks.append(aligned([head_2, *rows], right=(6, 7, 8)))
    return "\n\n".join(blocks)


def _drive_row(drive: FoundDrive, found: Found, config: Config) -> tuple[str, ...]:
    place = drive.place
    if place is None:
        return (*_cells(drive, config), "-", "-", "-", _stable(drive))
    library = next(one for one in found.libraries if one.address == place.library)
    return (*_cells(drive, config), _shown(library), str(place.number), str(place.element), _stable(drive))


def _library_row(library: FoundLibrary, config: Config) -> tuple[str, ...]:
    counts = (library.slots, library.import_export, len(library.elements))
    return (*_cells(library, config), *map(str, counts), _stable(library))


def _cells(device: Device, config: Config) -> tuple[str, ...]:
    """The columns that drives and libraries have in common."""
    generic = device.nodes.generic if device.nodes else None
    model = f"{device.vendor} {device.product}".strip()
    cells = (_shown(device), _name(device, config), generic, model, device.serial, device.revision)
    return tuple(printable(cell) if cell else "-" for cell in cells)


def _shown(device: Device) -> str:
    return device.nodes.node if device.nodes else device.address


def _stable(device: Device) -> str:
    stable = device.nodes.stable if device.nodes else None
    return printable(stable) if stable else "-"


def _notes(found: Found) -> list[str]:
    """What could not be found out, and what helps."""
    every: list[Device] = [*found.drives, *found.libraries]
    notes = [device.problem for device in every if device.problem]
    for library in found.libraries:
        for one in library.elements:
            if one.drive is None:
                serial = f", serial {one.serial}" if one.serial else ""
                notes.append(
                    f"{_shown(library)}: its drive {one.number} (element {one.element}{serial}) is none of these"
                )
    if not any(device.nodes for device in every):
        notes.append("the kernel shows no tape devices; are they on, and the modules st, ch and sg loaded?")
    return notes
