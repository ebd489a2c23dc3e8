# SPDX-License-Identifier: WTFPL OR MIT
"""driveN/host.json: what hosts have told a drive that has nothing to do with its tape: registration and reservation,
the time, and whether its cartridge is held."""

from __future__ import annotations

import os

from pytp_native.light_json import loads
from pytp_native.vtl.files import Lock, store_json


class HostState:
    """Plain, because `pytp-mt` on a virtual drive reads it, and dataclasses take a third of the time that it may."""

    def __init__(
        self,
        generation: int = 0,
        key: int = 0,
        reserved: int = 0,
        clock_ms: int | None = None,
        held_load: int | None = None,
    ) -> None:
        self.generation = generation
        """PRGENERATION (SPC-5 6.16): counts changes of registrations."""
        self.key = key
        """Of the one I_T nexus that there is: all programs of this host. 0: not registered."""
        self.reserved = reserved
        """Type of the persistent reservation that it holds; 0: none."""
        self.clock_ms = clock_ms
        """What SET TIMESTAMP has put the clock forward by; None: it is the host's."""
        self.held_load = held_load
        """The load (DriveBay.loads) whose cartridge is held in the drive without being threaded."""


def read_state(directory: str) -> HostState:
    try:
        with open(os.path.join(directory, "host.json"), encoding="utf-8") as file:
            return HostState(**loads(file.read()))
    except (FileNotFoundError, ValueError, TypeError):
        return HostState()


def is_held(directory: str, loads: int) -> bool:
    """Tell whether the cartridge of this load was left in the drive on purpose (LOAD UNLOAD with HOLD)."""
    return read_state(directory).held_load == loads


class changed_state:
    """Give the state to be changed; it is kept unless the block raises."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def __enter__(self) -> HostState:
        self._lock = Lock(os.path.join(self._directory, "host.lock"), wait=True)
        self._state = read_state(self._directory)
        self._before = dict(vars(self._state))
        return self._state

    def __exit__(self, kind: object, *_more: object) -> None:
        with self._lock:
            if kind is None and vars(self._state) != self._before:
                store_json(os.path.join(self._directory, "host.json"), vars(self._state))
