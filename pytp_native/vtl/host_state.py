# SPDX-License-Identifier: WTFPL OR MIT
"""driveN/host.json: what hosts have told a drive that has nothing to do with its tape: registration and reservation,
the time, and whether its cartridge is held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError, load

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
        before = dict(vars(state))
        yield state
        if vars(state) != before:
            store_json(os.path.join(directory, "host.json"), vars(state))
