# SPDX-License-Identifier: WTFPL OR MIT
"""How a running job is asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Interrupt:
    """A one-way switch that a signal handler may throw; the job registers what has to happen then.

    `trigger` only sets flags and calls `ring.stop()`-like things that take a moment and never raise.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._actions: list[Callable[[], None]] = []

    @property
    def triggered(self) -> bool:
        return self._event.is_set()

    def on_trigger(self, action: Callable[[], None]) -> None:
        """Call `action` when the switch is thrown; at once if it already is."""
        self._actions.append(action)
        if self.triggered:
            action()

    def trigger(self) -> None:
        if not self._event.is_set():
            self._event.set()
            for action in self._actions:
                action()
