# SPDX-License-Identifier: WTFPL OR MIT
"""changer/state.json: what the changer remembers between commands. It need not outlive the host's power."""

from __future__ import annotations

import os
import time

from pytp_native.errors import BadAddress
from pytp_native.light import suppress
from pytp_native.vtl.files import read_json, store_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_INCIDENTS = 16


def changer_directory(path: str) -> str:
    return os.path.join(path, "changer")


class ChangerState:
    """Read whole, kept whole. Changed under the library's lock."""

    def __init__(self, path: str) -> None:
        self._directory = changer_directory(path)
        self._path = os.path.join(self._directory, "state.json")
        raw: dict[str, Any] = {}
        self.known = False
        """Somebody has sent a command to the changer."""
        with suppress(BadAddress):
            raw = read_json(self._path, what="state of a virtual changer")
            self.known = True
        self.attention = int(raw.get("attention", 0))
        """Pending unit attention, ASC << 8 | ASCQ; 0: none."""
        self.prevented = bool(raw.get("prevented", False))
        """PREVENT: the operator's doors are locked."""
        self.position = int(raw.get("position", 0))
        """Element address before which the robot stands; 0: home."""
        self.alerts = int(raw.get("alerts", 0))
        """TapeAlert flags, flag N is bit N - 1."""
        self.moves = int(raw.get("moves", 0))
        self.failed_moves = int(raw.get("failed_moves", 0))
        self.elements: dict[str, list[int]] = dict(raw.get("elements", {}))
        """By address: places, place retries, picks, pick retries."""
        self.incidents: list[list[int]] = list(raw.get("incidents", ()))
        """The newest first: ASC << 8 | ASCQ, operation code, source, destination, milliseconds since 1970, moves,
        and the totals until then."""

    def save(self) -> None:
        os.makedirs(self._directory, exist_ok=True)
        store_json(
            self._path,
            {
                "attention": self.attention, "prevented": self.prevented, "position": self.position,
                "alerts": self.alerts, "moves": self.moves, "failed_moves": self.failed_moves,
                "elements": self.elements, "incidents": self.incidents,
            },
        )  # fmt: skip
        self.known = True

    def count(self, address: int, *, place: bool, retries: int, done: bool = True) -> None:
        """Count a pick or a place at an element, and how often it had to be tried again."""
        counts = list(self.elements.get(str(address), (0, 0, 0, 0)))
        at = 0 if place else 2
        counts[at] += done
        counts[at + 1] += retries
        self.elements = {**self.elements, str(address): counts}

    def totals(self) -> list[int]:
        """Places, place retries, picks, pick retries of all elements."""
        return [sum(counts[at] for counts in self.elements.values()) for at in range(4)]

    def note(self, code: int, opcode: int, source: int, destination: int) -> None:
        """Keep an incident; the oldest goes."""
        new = [code, opcode, source, destination, int(time.time() * 1000), self.moves, *self.totals()]
        self.incidents = [new, *self.incidents][:_MOST_INCIDENTS]

    def raise_alert(self, flag: int) -> None:
        self.alerts |= 1 << (flag - 1)


def announce(path: str, code: int) -> None:
    """Raise a unit attention, if there is anybody who was told of another state before."""
    state = ChangerState(path)
    if state.known:
        state.attention = code
        state.save()
