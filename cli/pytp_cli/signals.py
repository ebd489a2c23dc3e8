# SPDX-License-Identifier: WTFPL OR MIT
"""SIGINT, SIGTERM and SIGHUP throw a job's Interrupt at once, even while the main thread is inside C code.

Python runs signal handlers only between byte codes of the main thread, which may be packing 100 GB in C at that
moment. The wakeup descriptor is written by the C-level handler itself; a thread reads it and throws the switch.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pytp_native.jobs.interrupt import Interrupt

_STOPPERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_END = b"\0"
received: list[int] = []
"""Signals that a job of this process was stopped by, or that came when it had nothing left to stop."""
_STOPPING = "pytp: stopping: finishing the block and leaving the tape consistent"


@contextmanager
def stopping(interrupt: Interrupt) -> Iterator[None]:
    """Let the signals trigger `interrupt` while the block runs. Outside the main thread: do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    previous_fd = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    # A signal that was ignored on entry (nohup) stays ignored.
    caught = [number for number in _STOPPERS if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, _note) for number in caught}
    watcher = threading.Thread(target=_watch, args=(reader, interrupt), name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_fd)
        os.write(writer, _END)
        watcher.join()
        os.close(reader)
        os.close(writer)


def _watch(reader: int, interrupt: Interrupt) -> None:
    while (received := os.read(reader, 64)) and _END not in received:
        if any(number in _STOPPERS for number in received) and not interrupt.triggered:
            interrupt.trigger()
            with suppress(OSError):  # the terminal that hung up is gone
                print(_STOPPING, file=sys.stderr, flush=True)


def _note(number: int, _frame: object) -> None:
    """Remember it. That the signal reaches the wakeup descriptor and kills nobody needs no more than a handler."""
    received.append(number)
