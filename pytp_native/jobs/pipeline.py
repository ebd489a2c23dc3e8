# SPDX-License-Identifier: WTFPL OR MIT
"""A producer and the tape at the two ends of a ring, each in a thread of its own; the caller stays free for signals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from pytp_native.errors import PytpError
from pytp_native.stream.pack import PackCancelled
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved, Stop


class Outcome(NamedTuple):
    """How both ends came out."""

    moved: Moved
    producer_error: PytpError | None


class Pipeline:
    """Runs `produce` (into the ring) and `consume` (out of it, to tape) until both have ended.

    Whichever fails or is refused stops the ring, and with it the other.
    """

    def __init__(self, ring: Ring, produce: Callable[[], None], consume: Callable[[], Moved]) -> None:
        self._ring = ring
        self._produce = produce
        self._consume = consume
        self._moved = Moved(0, 0, Stop.CANCELLED)
        self._producer_error: PytpError | None = None
        self._done = threading.Event()
        self._threads = (
            threading.Thread(target=self._run_producer, name="pytp-source", daemon=True),
            threading.Thread(target=self._run_consumer, name="pytp-tape", daemon=True),
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Return whether both ends are done, after at most `seconds`."""
        return self._done.wait(seconds)

    def outcome(self) -> Outcome:
        for thread in self._threads:
            thread.join()
        return Outcome(self._moved, self._producer_error)

    def _run_producer(self) -> None:
        try:
            self._produce()
        except PackCancelled:
            pass
        except PytpError as exc:
            self._producer_error = exc
            self._ring.stop()
        except BaseException as exc:
            self._producer_error = PytpError("source", f"{type(exc).__name__}: {exc}")
            self._ring.stop()

    def _run_consumer(self) -> None:
        try:
            self._moved = self._consume()
        except PytpError as exc:
            self._moved = Moved(0, 0, Stop.ERROR, exc)
        except BaseException as exc:
            self._moved = Moved(0, 0, Stop.ERROR, PytpError("tape", f"{type(exc).__name__}: {exc}"))
        finally:
            if self._moved.stop is not Stop.END_OF_STREAM:
                self._ring.stop()
            self._threads[0].join()
            self._done.set()
