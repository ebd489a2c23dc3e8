# SPDX-License-Identifier: WTFPL OR MIT
"""Which drive and which library a command works on: option, environment, configuration, default VTL."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from pytp_native.config import Config, DriveConfig, LibraryConfig

_VIRTUAL = re.compile(r"vtl:(?P<path>.+)/drive(?P<number>[0-9]{1,3})/?\Z", re.DOTALL)


def choose_drive(
    flag: str | None, config: Config, say: Callable[[str], None], environ: Mapping[str, str] = os.environ
) -> DriveConfig:
    """Return the drive to use; a choice that nobody made aloud is told to `say`. Raises BadAddress."""
    named = flag or environ.get("PYTP_DEV")
    if named:
        return config.drive(named)
    if config.drives:
        first = config.drives[0]
        say(f"no drive named: using {first.name} ({first.address}), the first in {config.path}")
        return first
    return _default_virtual(say)


def choose_library(flag: str | None, config: Config, environ: Mapping[str, str] = os.environ) -> LibraryConfig | None:
    """Return the library to use, or None if there is none. Raises ConfigError for a name that is not configured."""
    named = flag or environ.get("PYTP_LIB")
    if named:
        return config.library(named)
    return config.libraries[0] if config.libraries else None


def virtual_drive(address: str) -> tuple[str, int] | None:
    """Return directory and number of vtl:DIR/driveN, or None for any other address."""
    match = _VIRTUAL.match(address)
    return (match["path"], int(match["number"])) if match else None


def _default_virtual(say: Callable[[str], None]) -> DriveConfig:
    from pytp_native.vtl.library import open_or_create_default

    library, new = open_or_create_default()
    address = f"vtl:{library.path}/drive0"
    say(f"no drive configured: using the virtual drive {address}{', created now' if new else ''}")
    return DriveConfig(address, address)


def default_address() -> str:
    """Return the address used when nothing is configured; creates nothing."""
    from pytp_native.vtl.library import default_path

    return f"vtl:{default_path()}/drive0"


def barcode(address: str) -> str | None:
    """Return the barcode of the cartridge in a virtual drive, None for any other device. Raises LibraryError."""
    place = virtual_drive(address)
    if place is None:
        return None
    from pytp_native.vtl.inventory import Inventory

    return Inventory(place[0]).drive(place[1]).barcode
