# SPDX-License-Identifier: WTFPL OR MIT
"""Signals reach a job even while the main thread does not run Python."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from pytp_cli.signals import stopping
from pytp_native.jobs.interrupt import Interrupt


@pytest.fixture(autouse=True)
def _hang_ups_count() -> Iterator[None]:
    """Also when the tests themselves were started with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_triggers_the_interrupt_and_says_so(number: int, capfd: pytest.CaptureFixture[str]) -> None:
    interrupt, done = Interrupt(), threading.Event()
    interrupt.on_trigger(done.set)
    with stopping(interrupt):
        os.kill(os.getpid(), number)
        assert done.wait(10)
        os.kill(os.getpid(), number)
    assert capfd.readouterr().err.count("stopping") == 1


def test_a_terminal_that_hung_up_does_not_keep_the_signal_from_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt, done = Interrupt(), threading.Event()
    interrupt.on_trigger(done.set)
    with suppress(OSError), open("/dev/full", "w") as gone:  # whose closing fails as well
        monkeypatch.setattr("sys.stderr", gone)
        with stopping(interrupt):
            os.kill(os.getpid(), signal.SIGHUP)
            done.wait(10)
    assert interrupt.triggered


def test_handlers_and_wakeup_descriptor_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with stopping(Interrupt()):
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_a_signal_ignored_on_entry_stays_ignored() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupt = Interrupt()
        with stopping(interrupt):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert not interrupt.triggered
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_outside_the_main_thread_nothing_is_installed() -> None:
    seen: list[object] = []

    def work() -> None:
        with stopping(Interrupt()):
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
