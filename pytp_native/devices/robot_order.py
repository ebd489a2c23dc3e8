# SPDX-License-Identifier: WTFPL OR MIT
"""An order that a robot is carrying out. It cannot be called back: who wants to stop has to wait for its end, or does
not learn where the cartridge is."""

from __future__ import annotations

import signal
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress

TELL_EVERY_S = 30.0


def see_through(
    order: Callable[[], object], *, still_waiting: Callable[[float], None], stopping: Callable[[], None],
    now: Callable[[], float] = time.monotonic, every_s: float = TELL_EVERY_S,
) -> bool:  # fmt: skip
    """Carry out `order` to its end and return whether somebody wanted to stop meanwhile (KeyboardInterrupt).

    It runs in a thread of its own: a signal would break off an ioctl on an sg node (ERESTARTSYS, sg.c) though the robot
    goes on. The first KeyboardInterrupt calls `stopping`, the second one comes through, and the order goes on without
    us. `still_waiting` gets the seconds so far, every `every_s`. Raises what `order` raises.
    """
    under_way = _UnderWay(order)
    began, is_stopped = now(), False
    while True:
        try:
            under_way.start()
            if under_way.ended.wait(every_s):
                break
            still_waiting(now() - began)
        except KeyboardInterrupt:
            if is_stopped:
                raise
            is_stopped = True
            stopping()
    if under_way.error is not None:
        raise under_way.error
    return is_stopped


class _UnderWay:
    """An order in its thread, which no signal disturbs and no interpreter waits for at its end."""

    def __init__(self, order: Callable[[], object]) -> None:
        self._order = order
        self._once = threading.Lock()
        self._is_started = False
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start it, if it is not. A KeyboardInterrupt can come between any two steps; the order is given once."""
        if not self._is_started:
            start_new_thread(self._run, ())
            self._is_started = True

    def _run(self) -> None:
        if not self._once.acquire(blocking=False):
            return
        with suppress(OSError, ValueError):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._order()
        except BaseException as exc:  # carried over to the thread that waits
            self.error = exc
        finally:
            self.ended.set()
