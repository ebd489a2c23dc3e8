# SPDX-License-Identifier: WTFPL OR MIT
"""Which library a command works on, and which of its drives: options, the drive's own library, environment,
configuration, default VTL."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache

from pytp_cli.selection import choose_drive, virtual_drive
from pytp_native.config import Config, DriveConfig, LibraryConfig, is_address
from pytp_native.errors import ConfigError
from pytp_native.light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.changer import Tell
    from pytp_native.devices.discovery import Found
    from pytp_native.devices.drive_port import DrivePort
    from pytp_native.devices.inventory import Inventory
    from pytp_native.devices.library import TapeLibrary
    from pytp_native.devices.nodes import Nodes


class LibraryChoice(NamedTuple):
    """A library with an address, and what is known of its drives."""

    name: str
    address: str
    drives: tuple[DriveConfig, ...] = ()
    """By number; empty: not configured."""
    virtual: str | None = None
    """Directory of a virtual library: its drives need no configuration."""
    implied: DriveConfig | None = None
    """The drive by which the library was found."""

    def drive(self, number: int) -> DriveConfig | None:
        """Return the drive with that number as this host reaches it: as configured, else by its serial number; None:
        nobody can tell."""
        if number < len(self.drives) and self.drives[number].address:
            return self.drives[number]
        if self.virtual is not None:
            address = f"vtl:{self.virtual}/drive{number}"
        else:
            address = next(iter(attached(self.address).get(number, ())), "")
        return DriveConfig(address, address) if address else None

    def number_of(self, drive: DriveConfig) -> int | None:
        """Return the number of a drive in this library, as far as configuration or address tell."""
        place = virtual_drive(drive.address)
        if place is not None and self.virtual is not None and _same(place[0], self.virtual):
            return place[1]
        numbers = [
            number for number, one in enumerate(self.drives) if drive.name == one.name or drive.address == one.address
        ]
        if not numbers and not self.drives and self.virtual is None and place is None:
            mine = real_address(drive.address)
            numbers = [number for number, one in attached(self.address).items() if mine in map(real_address, one)]
        return numbers[0] if numbers else None

    def open(self, tell: Tell, *, takes_unseen: bool = False) -> TapeLibrary:
        """Open the changer. Close it: `library.changer.close`."""
        from pytp_native.devices.changer import Changer
        from pytp_native.devices.library import TapeLibrary

        changer = Changer.open(self.address, name=self.name, tell=tell)
        return TapeLibrary(changer, lambda number: self._port(number, tell), tell=tell, takes_unseen=takes_unseen)

    def _port(self, number: int, tell: Tell) -> DrivePort | None:
        from pytp_native.devices.drive_port import DrivePort

        drive = self.drive(number)
        return DrivePort(drive.address, name=drive.name, tell=tell) if drive is not None else None


def choose(
    library: str | None, drive: str | None, config: Config, say: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
) -> LibraryChoice:  # fmt: skip
    """Return the library: --library, that of --drive, $PYTP_LIB, that of $PYTP_DEV, the first configured one, that of
    the first configured drive, the default virtual one. Raises ConfigError, BadAddress."""
    ways = ((library, drive), (environ.get("PYTP_LIB"), environ.get("PYTP_DEV")))
    for named, unit in ways:
        if named:
            return named_library(named, config)
        served = serving(config.drive(unit), config) if unit else None
        if served is not None:
            return served
    if config.libraries:
        first = named_library(config.libraries[0].name, config)
        if len(config.libraries) > 1:
            say(f"no library named: using {first.name} ({first.address}), the first in {config.path}")
        return first
    unnamed = drive or environ.get("PYTP_DEV")
    if not unnamed:
        first_drive = choose_drive(None, config, say, environ)
        found = serving(first_drive, config)
        if found is not None:
            return found._replace(implied=first_drive)
    raise ConfigError(
        "library", f"none is configured{f' for drive {unnamed}' if unnamed else ''}",
        "add it to tape_libraries in config.json, or name its changer: --library /dev/sgN",
    )  # fmt: skip


@lru_cache(maxsize=1)
def _found() -> Found:
    """What this host reaches; nothing moves, and nobody is disturbed."""
    from pytp_native.devices.discovery import discover

    return discover()


@lru_cache(maxsize=4)
def attached(changer: str) -> dict[int, tuple[str, ...]]:
    """Return the names of a library's drives by number, the best first, as far as serial numbers tell which device is
    which."""
    nodes = {one.address: one.nodes for one in _found().drives}
    for library in _found().libraries:
        paths = (library.address, *(library.nodes.paths if library.nodes is not None else ()))
        if real_address(changer) in map(real_address, paths):
            return {one.number: _names(one.drive, nodes) for one in library.elements if one.drive is not None}
    return {}


def _names(address: str, nodes: Mapping[str, Nodes | None]) -> tuple[str, ...]:
    found = nodes.get(address)
    return (address, *(found.paths if found is not None else ()))


def _library_around(address: str) -> LibraryChoice | None:
    """Return the library in which a drive of the kernel stands, by serial numbers."""
    mine = real_address(address)
    for drive in _found().drives:
        paths = (drive.address, *(drive.nodes.paths if drive.nodes is not None else ()))
        if drive.place is not None and mine in map(real_address, paths):
            return _at(drive.place.library, drive.place.library, ())
    return None


def named_drive(flag: str | None, config: Config, environ: Mapping[str, str] = os.environ) -> DriveConfig | None:
    """Return the drive that was named by option or $PYTP_DEV, None if nobody named one. Raises BadAddress."""
    named = flag or environ.get("PYTP_DEV")
    return config.drive(named) if named else None


def serving(drive: DriveConfig, config: Config) -> LibraryChoice | None:
    """Return the library in which a drive stands: the configured one, a virtual drive's own, the one that has its
    serial number, or None."""
    for library in config.libraries:
        choice = _choice(library, config) if library.address else None
        if choice is not None and choice.number_of(drive) is not None:
            return choice
    place = virtual_drive(drive.address)
    if place is not None:
        return _virtual(place[0])
    return _library_around(drive.address) if drive.address.startswith("/") else None


def named_library(text: str, config: Config) -> LibraryChoice:
    """Return a library by its configured name or its changer's address. Raises ConfigError."""
    for library in config.libraries:
        if text in {library.name, library.address}:
            if not library.address:
                raise ConfigError(f"library {text!r}", "has no device_path", f"add it in {config.path}")
            return _choice(library, config)
    if is_address(text):
        place = virtual_drive(text)
        return _virtual(place[0]) if place is not None else _at(text, text, ())
    config.library(text)  # says which there are
    raise AssertionError(text)


def drive_number(choice: LibraryChoice, drive: DriveConfig, inventory: Inventory, serial: Callable[[], str]) -> int:
    """Return which drive of the library `drive` is: by configuration or, where that says nothing, by serial number.

    Raises ConfigError if nobody can tell, or if configuration and library contradict each other.
    """
    told = choice.number_of(drive)
    known = {element.serial: number for number, element in enumerate(inventory.drives) if element.serial}
    found = known.get(serial()) if known and choice.virtual is None else None
    if told is None and found is None:
        names = ", ".join(one.name for one in choice.drives) or "none"
        raise ConfigError(
            f"drive {drive.name}", f"is not among the drives of library {choice.name} (configured: {names})",
            "list it in tape_libraries[].drives, in the order of the library's drives",
        )  # fmt: skip
    if told is not None and found is not None and told != found:
        raise ConfigError(
            f"drive {drive.name}", f"is drive {told} of {choice.name} by configuration, but drive {found} by its serial"
            " number", "put the names in tape_libraries[].drives into the order of the library's drives",
        )  # fmt: skip
    return told if told is not None else found if found is not None else 0


def _choice(library: LibraryConfig, config: Config) -> LibraryChoice:
    known = {drive.name: drive for drive in config.drives}
    drives = tuple(known.get(name, DriveConfig(name, "")) for name in library.drives)
    return _at(library.name, library.address or "", drives)


def _at(name: str, address: str, drives: tuple[DriveConfig, ...]) -> LibraryChoice:
    rest = address.removeprefix("vtl:").rstrip("/")
    virtual = rest.removesuffix("/changer") if address.startswith("vtl:") and rest.endswith("/changer") else None
    return LibraryChoice(name, address, drives, virtual)


def _virtual(directory: str) -> LibraryChoice:
    address = f"vtl:{directory}/changer"
    return LibraryChoice(address, address, virtual=directory)


def real_address(address: str) -> str:
    from pytp_native.devices.nodes import real_address as real

    return real(address)


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
