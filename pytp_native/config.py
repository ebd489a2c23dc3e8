# SPDX-License-Identifier: WTFPL OR MIT
"""config.json to checked records. The format is the original pytp's; every mistake names file, key and fix.

Searched in this order: an explicit file, $PYTP_CONFIG, $XDG_CONFIG_HOME/pytp/config.json (~/.config), and
/etc/pytp/config.json. Never the current directory: a backup must not change with where it was started.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from pytp_native.errors import BadAddress, ConfigError
from pytp_native.light import NamedTuple
from pytp_native.units import KIB, MIB, parse_size

DEFAULT_BLOCK_BYTES = 512 * KIB
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES, BLOCK_STEP_BYTES = 10 * KIB, 8 * MIB, 512
SYSTEM_FILE = "/etc/pytp/config.json"
_ADDRESS_SCHEMES = ("vtl:", "replay:", "trace:", "faulty:")


class DriveConfig(NamedTuple):
    """One entry of tape_drives."""

    name: str
    address: str
    block_bytes: int = DEFAULT_BLOCK_BYTES


class LibraryConfig(NamedTuple):
    """One entry of tape_libraries; the index in `drives` is the data transfer element's number, from 0."""

    name: str
    address: str | None = None
    slots: int = 0
    drives: tuple[str, ...] = ()


class Config(NamedTuple):
    """What a configuration file says; without a file everything is empty and `path` is None."""

    path: str | None = None
    tar_dir: str | None = None
    snapshot_dir: str | None = None
    drives: tuple[DriveConfig, ...] = ()
    libraries: tuple[LibraryConfig, ...] = ()
    flush_bytes: int | None = None
    """flush_every: how much of a backup may be in doubt when power fails."""
    auto_clean: bool = False
    """A drive that asks for it may be cleaned between two tape files of a backup."""
    warnings: tuple[str, ...] = ()
    """Lines worth printing: keys that nobody reads, names that nothing defines."""

    def drive(self, text: str) -> DriveConfig:
        """Return the configured drive of that name, or `text` taken as a device address. Raises BadAddress."""
        for drive in self.drives:
            if drive.name == text:
                return drive
        if is_address(text):
            known = (drive for drive in self.drives if drive.address == text)
            return next(known, DriveConfig(text, text))
        names = ", ".join(drive.name for drive in self.drives) or "none"
        raise BadAddress(
            f"drive {text!r}",
            f"neither a configured drive ({names}) nor a device address",
            "use a configured name, /dev/nstN or vtl:DIR/drive0",
        )

    def library(self, name: str) -> LibraryConfig:
        """Return the configured library of that name. Raises ConfigError."""
        for library in self.libraries:
            if library.name == name:
                return library
        names = ", ".join(library.name for library in self.libraries) or "none"
        raise ConfigError(f"library '{name}'", f"not configured (there: {names})", "name one of these or add it")


def is_address(text: str) -> bool:
    """Tell whether `text` is written as a device address rather than as a name."""
    return text.startswith(_ADDRESS_SCHEMES) or "/" in text


def candidates(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that are looked at when none is named, best first."""
    home = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return (os.path.join(home, "pytp", "config.json"), SYSTEM_FILE)


def load(path: str | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration that applies. A file named by `path` or $PYTP_CONFIG must exist. Raises ConfigError."""
    named = path or environ.get("PYTP_CONFIG")
    if named:
        return read(named)
    for candidate in candidates(environ):
        if os.path.exists(candidate):
            return read(candidate)
    return Config()


def read(path: str) -> Config:
    """Read one file. Raises ConfigError with file, key and fix."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as exc:
        fix = "create it or name another with --config or PYTP_CONFIG"
        raise ConfigError(path, f"cannot be read ({exc.strerror})", fix) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(path, f"is not UTF-8 text (byte {exc.start})", "save it as UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise ConfigError(f"{path}:{exc.lineno}:{exc.colno}", f"not JSON: {exc.msg}", "correct that place") from exc
    return _Reader(path).config(data)


_TOP = {"tar_dir", "snapshot_dir", "tape_drives", "tape_libraries", "flush_every", "auto_clean"}


class _Reader:
    """Walks one parsed file; remembers where it stands so that a mistake can say so."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.warnings: list[str] = []

    def config(self, data: object) -> Config:
        top = self._object(data, "the file")
        drives = tuple(self._drive(item, key) for item, key in self._items(top, "tape_drives"))
        libraries = tuple(self._library(item, key) for item, key in self._items(top, "tape_libraries"))
        self._unique("tape_drives", [drive.name for drive in drives])
        self._unique("tape_libraries", [library.name for library in libraries])
        self._known_drives(drives, libraries)
        self._unknown_keys(top, "", _TOP)
        tar_dir, snapshot_dir = self._directory(top, "tar_dir"), self._directory(top, "snapshot_dir")
        flush, clean = self._flush(top), self._switch(top, "auto_clean")
        return Config(self.path, tar_dir, snapshot_dir, drives, libraries, flush, clean, tuple(self.warnings))

    def _drive(self, item: object, key: str) -> DriveConfig:
        entry = self._object(item, key)
        self._unknown_keys(entry, key, {"name", "device_path", "block_size"})
        name = self._text(entry, key, "name")
        address = self._text(entry, key, "device_path")
        if not is_address(address):
            raise self._wrong(
                f"{key}.device_path", f"{address!r} is no device address", "write /dev/nst0 or vtl:DIR/drive0"
            )
        return DriveConfig(name, address, self._block_bytes(entry, key))

    def _library(self, item: object, key: str) -> LibraryConfig:
        entry = self._object(item, key)
        self._unknown_keys(entry, key, {"name", "device_path", "slots", "drives"})
        name = self._text(entry, key, "name")
        address = self._text(entry, key, "device_path") if "device_path" in entry else None
        names = tuple(self._name(item, key) for item, key in self._items(entry, "drives", key))
        return LibraryConfig(name, address, self._count(entry, key, "slots"), names)

    def _block_bytes(self, entry: Mapping[str, Any], key: str) -> int:
        size = entry.get("block_size", DEFAULT_BLOCK_BYTES)
        whole = isinstance(size, int) and not isinstance(size, bool)
        if not whole or not MIN_BLOCK_BYTES <= size <= MAX_BLOCK_BYTES or size % BLOCK_STEP_BYTES:
            fact = f"{size!r} is no block size"
            limits = f"a multiple of {BLOCK_STEP_BYTES} from {MIN_BLOCK_BYTES} to {MAX_BLOCK_BYTES}"
            raise self._wrong(f"{key}.block_size", fact, f"write {limits} (usual: {DEFAULT_BLOCK_BYTES})")
        return int(size)

    def _flush(self, top: Mapping[str, Any]) -> int | None:
        if "flush_every" not in top:
            return None
        try:
            size = parse_size(str(top["flush_every"]))
        except ValueError as exc:
            raise self._wrong("flush_every", str(exc), 'write "64G"') from exc
        if size <= 0:
            raise self._wrong("flush_every", f"{top['flush_every']!r} is nothing", 'write "64G"')
        return size

    def _switch(self, top: Mapping[str, Any], name: str) -> bool:
        value = top.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, f"{value!r} is neither true nor false", "write true or false")
        return value

    def _count(self, entry: Mapping[str, Any], key: str, name: str) -> int:
        count = entry.get(name, 0)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise self._wrong(f"{key}.{name}", f"{count!r} is no count", "write a number from 0")
        return int(count)

    def _items(self, entry: Mapping[str, Any], name: str, key: str = "") -> list[tuple[object, str]]:
        where = f"{key}.{name}" if key else name
        items = entry.get(name, [])
        if not isinstance(items, list):
            raise self._wrong(where, "must be a list", "put the entries in [ ]")
        return [(item, f"{where}[{index}]") for index, item in enumerate(items)]

    def _object(self, item: object, key: str) -> Mapping[str, Any]:
        if not isinstance(item, dict):
            raise self._wrong(key, "must be an object", 'write {"key": value, ...}')
        return item

    def _text(self, entry: Mapping[str, Any], key: str, name: str) -> str:
        if name not in entry:
            raise self._wrong(f"{key}.{name}", "is missing", "add it")
        return self._name(entry[name], f"{key}.{name}")

    def _name(self, value: object, key: str) -> str:
        if not isinstance(value, str) or not value:
            raise self._wrong(key, f"{value!r} is no text", 'write "text"')
        return str(value)

    def _directory(self, top: Mapping[str, Any], name: str) -> str | None:
        return os.path.expanduser(self._name(top[name], name)) if name in top else None

    def _unique(self, key: str, names: list[str]) -> None:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise self._wrong(key, f"two entries are named {twice[0]!r}", "rename one")

    def _known_drives(self, drives: tuple[DriveConfig, ...], libraries: tuple[LibraryConfig, ...]) -> None:
        names = {drive.name for drive in drives}
        for index, library in enumerate(libraries):
            for number, name in enumerate(library.drives):
                if name not in names:
                    key = f"tape_libraries[{index}].drives[{number}]"
                    self.warnings.append(f"{self.path}: {key}: no entry of tape_drives is named {name!r}")

    def _unknown_keys(self, entry: Mapping[str, Any], key: str, known: set[str]) -> None:
        for name in entry:
            if name not in known:
                where = f"{key}.{name}" if key else name
                self.warnings.append(f"{self.path}: {where}: unknown key, ignored (known: {', '.join(sorted(known))})")

    def _wrong(self, key: str, fact: str, fix: str) -> ConfigError:
        return ConfigError(f"{self.path}: {key}", fact, fix)
