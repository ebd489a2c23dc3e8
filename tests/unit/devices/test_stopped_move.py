# SPDX-License-Identifier: WTFPL OR MIT
"""Ctrl-C while a cartridge is on its way: the robot cannot be called back, and it is said where the cartridge is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytp_native.devices.changer import Changer, Step
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.inventory import Place
from pytp_native.devices.library import TapeLibrary
from pytp_native.devices.robot_order import see_through
from pytp_native.errors import (
    Interrupted,
)
from pytp_native.scsi.mode_pages import STORAGE
from pytp_native.transport.records import ScsiReply
from tests.unit.devices.injected import Injected

MOVE = 0xA5
SLOT_2, SLOT_4 = Place(STORAGE, 2), Place(STORAGE, 4)


def interrupted_move(device: Injected, changer: Changer, *, times: int) -> None:
    """Ctrl-C while the robot is at it: `times` times, then let it come to its end."""
    original = device.execute

    def execute(cdb: bytes, **more: object) -> ScsiReply:
        if cdb[0] == MOVE:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
                waiting.acquire(timeout=30)
            done.wait(timeout=30)
        return original(cdb, **more)  # type: ignore[arg-type]

    waiting, done = threading.Semaphore(0), threading.Event()

    def tell(step: Step) -> None:
        told.append(step.text)
        if "cannot be called back" in step.text:
            waiting.release()
            if times == 1:
                done.set()

    told: list[str] = []
    device.execute = execute  # type: ignore[method-assign, assignment]
    changer._tell = tell
    try:
        with pytest.raises(Interrupted) as caught:
            changer.move(SLOT_2, SLOT_4)
    finally:
        done.set()
    assert caught.value.exit_code == 130
    assert any("cannot be called back" in text for text in told)
    raise caught.value


@pytest.fixture
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handler")
def test_ctrl_c_during_a_move_waits_for_the_robot_and_says_where_the_cartridge_is(
    device: Injected, changer: Changer
) -> None:
    with pytest.raises(Interrupted, match=r"^shelf: interrupted; PYT002L9 is now in slot 4$"):
        interrupted_move(device, changer, times=1)
    assert changer.inventory().find("PYT002L9") == (SLOT_4,)


@pytest.mark.usefixtures("handler")
def test_ctrl_c_a_second_time_does_not_wait(device: Injected, changer: Changer) -> None:
    with pytest.raises(Interrupted, match="which was moving PYT002L9 from slot 2 to slot 4; see where it is once"):
        interrupted_move(device, changer, times=2)


@pytest.mark.usefixtures("handler")
def test_ctrl_c_before_the_order_says_that_nothing_moved(path: Path, device: Injected, changer: Changer) -> None:
    class Port(DrivePort):
        def serial(self) -> str:
            raise KeyboardInterrupt

    library = TapeLibrary(changer, lambda number: Port(f"vtl:{path}/drive{number}"))
    with pytest.raises(Interrupted, match="before the robot had its order; PYT001L9 is still in drive 0"):
        library.unload(0)
    assert MOVE not in device.sent


@pytest.mark.usefixtures("handler")
def test_ctrl_c_while_the_drive_gets_ready_says_where_the_cartridge_is(path: Path, changer: Changer) -> None:
    class Port(DrivePort):
        def wait_ready(self, *, delivered: bool = True) -> None:
            raise KeyboardInterrupt

    library = TapeLibrary(changer, lambda number: Port(f"vtl:{path}/drive{number}"))
    with pytest.raises(Interrupted, match="PYT002L9 is in drive 1, which is not ready yet"):
        library.load("2", 1)


def test_a_long_move_is_told_of_every_half_minute(device: Injected, changer: Changer, steps: list[Step]) -> None:
    ended, told = threading.Event(), []
    assert not see_through(
        lambda: ended.wait(timeout=30),
        still_waiting=lambda elapsed_s: told.append(elapsed_s) or ended.set(),  # type: ignore[func-returns-value]
        stopping=lambda: None, every_s=0.001,
    )  # fmt: skip
    assert told
