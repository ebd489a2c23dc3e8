# SPDX-License-Identifier: WTFPL OR MIT
"""Which device of a capture a command asks (`--replay FILE`): by --drive or --library as it was captured."""

from __future__ import annotations

import os

from pytp_native.errors import BadAddress, UsageError
from pytp_native.transport.capture import Captured, Missing, contents, is_capture, listed, split


def choose_captured(replay: str, drive: str | None, library: str | None, *, drive_only: bool = False) -> str:
    """Return the address of the device that is meant: by its address, serial number or number in the capture, or
    because it is the only one (`drive_only`: the only drive). Raises UsageError, BadAddress."""
    file, number = split(replay)
    named = drive if drive is not None else library
    if named is None and (number is not None or not is_capture(file)):
        return f"replay:{replay}"
    if number is not None or (os.path.exists(file) and not is_capture(file)):
        raise UsageError("--replay", "means one device already", "leave --drive and --library out")
    devices, missing = contents(file)
    if named is None:
        found = _only(devices, drive_only=drive_only)
    else:
        found = _named(named, [one for one in devices if drive is not None or one.changer], missing, file, devices)
    if len(found) == 1:
        return f"replay:{file}" if len(devices) == 1 else f"replay:{file}#{found[0].number}"
    if not devices:
        raise BadAddress(f"replay:{file}", "there is no device in it", "capture again")
    fact = "several devices are in it" if named is None else f"{named!r} is several devices in it"
    raise UsageError(file, fact, f"name one with --drive or --library: {listed(found)}")


def _only(devices: list[Captured], *, drive_only: bool) -> list[Captured]:
    drives = [one for one in devices if not one.changer] if drive_only else []
    return drives or devices


def _named(
    name: str, pool: list[Captured], missing: list[Missing], file: str, devices: list[Captured]
) -> list[Captured]:
    ways = (lambda one: one.address, lambda one: one.serial, lambda one: str(one.number))
    for way in ways:
        found = [one for one in pool if way(one) == name]
        if found:
            return found
    for one in missing:
        if one.address == name:
            raise BadAddress(name, f"did not answer when {file} was captured ({one.reason})", "name another device")
    raise BadAddress(name, f"is not in {file}", f"it has {listed(devices) or 'no device'}")


def all_captured(replay: str) -> tuple[list[str], list[Missing]]:
    """Return the addresses of all devices of a capture, and those that did not answer then. Raises UsageError,
    BadAddress."""
    file, number = split(replay)
    if number is not None:
        raise UsageError("--replay", f"{replay} is one device", f"name {file}")
    if os.path.exists(file) and not is_capture(file):
        return [f"replay:{file}"], []  # a trace
    devices, missing = contents(file)
    return [f"replay:{file}#{one.number}" for one in devices], missing
