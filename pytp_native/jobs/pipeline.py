# SPDX-License-Identifier: WTFPL OR MIT
"""A producer and the tape at the two ends of a ring, each in a thread of its own; the caller stays free for signals."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pytp_native.errors import PytpError
from pytp_native.jobs.packing import Flow
from pytp_native.light import NamedTuple
from pytp_native.stream.pack import PackCancelled
from pytp_native.transport.records import Moved, Stop


class Outcome(NamedTuple):
    """How both ends came out."""

    moved: Moved
    producer_error: PytpError | None


class Pipeline:
    """Runs `produce` (into the ring) and `consume` (out of it, to tape) until both have ended.

    Whichever fails or is refused stops the ring, and with it the other.
    """

    def __init__(
        self, ring: Flow, produce: Callable[[], None], consume: Callable[[], Moved], *, pauses: bool = False,
        done: int = 0,
    ) -> None:  # fmt: skip
        """`pauses`: early warning does not stop the ring; see `paused`. `done`: blocks that were moved before."""
        self._pauses = pauses
        self.paused = False
        """The consumer met early warning: `resume` it, on this cartridge or another, or `stop`. Known after `wait`."""
        self._ring = ring
        self._produce = produce
        self._consume = consume
        self._moved = Moved(done, 0, Stop.CANCELLED)
        self._producer_error: PytpError | None = None
        self._done = threading.Event()
        self._producer = threading.Thread(target=self._run_producer, name="pytp-source", daemon=True)
        self._consumer = self._new_consumer()

    def _new_consumer(self) -> threading.Thread:
        return threading.Thread(target=self._run_consumer, name="pytp-tape", daemon=True)

    def start(self) -> None:
        self._producer.start()
        self._consumer.start()

    @property
    def moved(self) -> Moved:
        """What the consumer has done so far; while it is paused or has ended."""
        return self._moved

    def count(self, blocks: int, data_bytes: int) -> None:
        """In a pause, so many blocks were taken out of the ring and written by the caller."""
        self._moved = self._moved._replace(
            blocks=self._moved.blocks + blocks, data_bytes=self._moved.data_bytes + data_bytes
        )

    def resume(self) -> None:
        """Go on after a pause."""
        self._consumer.join()
        self.paused = False
        self._done.clear()
        self._consumer = self._new_consumer()
        self._consumer.start()

    def stop(self) -> None:
        """End in a pause; the outcome is what was moved before it."""
        self.paused = False
        self._ring.stop()

    def wait(self, seconds: float) -> bool:
        """Return whether both ends are done, after at most `seconds`."""
        return self._done.wait(seconds)

    def outcome(self) -> Outcome:
        self._consumer.join()
        self._producer.join()
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
        before = self._moved
        moved = self._consumed()
        self._moved = moved._replace(
            blocks=before.blocks + moved.blocks, data_bytes=before.data_bytes + moved.data_bytes
        )
        if self._pauses and moved.stop is Stop.EARLY_WARNING:
            self.paused = True
        else:
            if moved.stop is not Stop.END_OF_STREAM:
                self._ring.stop()
            self._producer.join()
        self._done.set()

    def _consumed(self) -> Moved:
        try:
            return self._consume()
        except PytpError as exc:
            return Moved(0, 0, Stop.ERROR, exc)
        except BaseException as exc:
            return Moved(0, 0, Stop.ERROR, PytpError("tape", f"{type(exc).__name__}: {exc}"))
