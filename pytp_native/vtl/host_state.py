# SPDX-License-Identifier: WTFPL OR MIT
"""driveN/host.json: what hosts have told a drive that has nothing to do with its tape: registration and reservation,
the time, and whether its cartridge is held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from json import JSONDecodeError, load

from pytp_native.vtl.files import Lock, store_json


@dataclass
class HostState:
    generation: int = 0
    """PRGENERATION (SPC-5 6.16): counts changes of registrations."""
    key: int = 0
    """Of the one I_T nexus that there is: all programs of this host. 0: not registered."""
    reserved: int = 0
    """Type of the persistent reservation that it holds; 0: none."""
    clock_ms: int | None = None
    """What SET TIMESTAMP has put the clock forward by; None: it is the host's."""
    held_load: int | None = None
    """The load (DriveBay.loads) whose cartridge is held in the drive without being threaded."""


def read_state(directory: str) -> HostState:
    try:
        with open(os.path.join(directory, "host.json"), encoding="utf-8") as file:
            return HostState(**load(file))
    except (FileNotFoundError, JSONDecodeError, TypeError):
        return HostState()


def is_held(directory: str, loads: int) -> bool:
    """Tell whether the cartridge of this load was left in the drive on purpose (LOAD UNLOAD with HOLD)."""
    return read_state(directory).held_load == loads


@contextmanager
def changed_state(directory: str) -> Iterator[HostState]:
    """Give the state to be changed; it is kept unless the block raises."""
    with Lock(os.path.join(directory, "host.lock"), wait=True):
        state = read_state(directory)
        before = asdict(state)
        yield state
        if asdict(state) != before:
            store_json(os.path.join(directory, "host.json"), asdict(state))
