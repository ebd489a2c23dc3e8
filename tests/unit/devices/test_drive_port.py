# SPDX-License-Identifier: WTFPL OR MIT
"""A drive's port when devices answer what the virtual library never would."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from pytp_native.devices import drive_port
from pytp_native.devices.changer import Changer, Step
from pytp_native.devices.drive_port import DrivePort
from pytp_native.devices.library import TapeLibrary
from pytp_native.errors import (
    DeviceBusy,
    NoMedium,
    NotReady,
    PytpError,
)
from pytp_native.scsi.mode_pages import DRIVE
from pytp_native.transport import holders, open_scsi, open_tape
from pytp_native.transport.records import ScsiReply
from pytp_native.vtl.library import Library
from tests.unit.devices.injected import FakeTime, Injected
from tests.unit.scsi.answers import check

LOAD_UNLOAD, MAINTENANCE_IN, MOVE, TEST_UNIT_READY = 0x1B, 0xA3, 0xA5, 0x00
NOT_READY, HARDWARE, ATTENTION = 2, 4, 6


def test_a_drive_that_loads_is_waited_for_with_its_progress(
    drive: Injected, port: DrivePort, steps: list[Step]
) -> None:
    plan = [check(NOT_READY, 0x3A00)] * 5 + [check(NOT_READY, 0x0401, specific=b"\x80\x80\x00")] * 2
    drive.plans[TEST_UNIT_READY] = [*plan, check(ATTENTION, 0x2800)]
    port.wait_ready()
    assert [step.text for step in steps[::5]] == [
        "lto9: waiting for the cartridge to be seated", "lto9: becoming ready",
    ]  # fmt: skip
    assert steps[-1] == Step("lto9: becoming ready", 0.5, 12.0)
    assert drive.plans[TEST_UNIT_READY] == []


def test_a_virtual_drive_that_takes_its_time_over_a_load_is_waited_for(
    path: Path, changer: Changer, steps: list[Step]
) -> None:
    Library.open(path).add_fault(1, "slow load 4")
    time = FakeTime()
    port = DrivePort(f"vtl:{path}/drive1", name="lto9", tell=steps.append, clock=time.clock)
    TapeLibrary(changer, lambda _number: port).load("2", 1)
    waits = [step for step in steps if step.text == "lto9: becoming ready"]
    assert [step.elapsed_s for step in waits] == [0.0, 2.0, 4.0, 6.0]
    progress = [step.progress for step in waits if step.progress is not None]
    assert progress == sorted(progress)
    assert len(progress) == 4
    assert time.now_s == 8.0


def test_a_drive_that_is_still_threading_its_cartridge_is_waited_for_before_it_is_emptied(
    path: Path, changer: Changer, steps: list[Step]
) -> None:
    Library.open(path).add_fault(0, "slow load 4")
    port = DrivePort(f"vtl:{path}/drive0", name="lto9", tell=steps.append, clock=FakeTime().clock)
    assert TapeLibrary(changer, lambda _number: port).unload(0).barcode == "PYT001L9"
    assert [step.text for step in steps].count("lto9: becoming ready") == 3
    assert "lto9: unloading" in [step.text for step in steps]


def test_the_first_load_of_a_new_cartridge_may_take_two_hours(drive: Injected, port: DrivePort) -> None:
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x0401)] * 3590
    port.wait_ready()


def test_behind_that_and_the_drives_own_figure_it_is_given_up(drive: Injected, port: DrivePort) -> None:
    """960 s for a load by its table, two hours for the measuring, and a tenth."""
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x0401)] * 4500
    with pytest.raises(NotReady, match="becoming ready"):
        port.wait_ready()
    assert 8970 <= 2 * drive.sent.count(TEST_UNIT_READY) <= 8980


def table(*entries: tuple[int, int]) -> ScsiReply:
    """REPORT SUPPORTED OPERATION CODES with timeouts: operation code and seconds."""
    body = b"".join(
        bytes((code, 0, 0, 0, 0, 2, 0, 6)) + bytes((0, 10, 0, 0)) + bytes(4) + seconds.to_bytes(4, "big")
        for code, seconds in entries
    )
    return ScsiReply(0, b"", len(body).to_bytes(4, "big") + body)


def test_a_drive_that_tells_a_longer_time_for_a_load_gets_it(drive: Injected, port: DrivePort) -> None:
    drive.plans[MAINTENANCE_IN] = [table((LOAD_UNLOAD, 10000))]
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x0401)] * 9400  # 10000 and 7200 s, and a tenth
    port.wait_ready()


def test_the_order_to_load_has_the_drives_own_time_limit(drive: Injected, port: DrivePort) -> None:
    drive.plans[MAINTENANCE_IN] = [table((LOAD_UNLOAD, 300))]
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x0402)]
    port.wait_ready()
    assert set(drive.limits[LOAD_UNLOAD]) == {(300 + 7200) * 1.1}


def test_a_cartridge_that_never_arrives_is_given_up_early(drive: Injected, port: DrivePort, steps: list[Step]) -> None:
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x3A00)] * 50
    with pytest.raises(NoMedium):
        port.wait_ready()
    assert steps[-1].elapsed_s <= drive_port.SEATING_S


def test_a_drive_that_does_not_load_by_itself_is_told_to(drive: Injected, port: DrivePort) -> None:
    drive.plans[TEST_UNIT_READY] = [check(NOT_READY, 0x0402), check(NOT_READY, 0x0401)]
    port.wait_ready()
    told = [code for code in drive.sent if code in {LOAD_UNLOAD, TEST_UNIT_READY}]
    assert told == [TEST_UNIT_READY, LOAD_UNLOAD, TEST_UNIT_READY, TEST_UNIT_READY]


@pytest.mark.parametrize(
    ("key", "code", "kind"), [(3, 0x3000, PytpError), (4, 0x5300, PytpError), (2, 0x0403, NotReady)]
)
def test_what_makes_no_cartridge_ready_ends_the_wait_at_once(
    drive: Injected, port: DrivePort, key: int, code: int, kind: type[PytpError]
) -> None:
    drive.plans[TEST_UNIT_READY] = [check(key, code)]
    with pytest.raises(kind):
        port.wait_ready()
    assert drive.sent.count(TEST_UNIT_READY) == 1


def test_a_cleaning_cartridge_is_not_waited_for(path: Path, changer: Changer, steps: list[Step]) -> None:
    Library.open(path).add("CLN001L9", slot=4)
    waits: list[int] = []

    class Port(DrivePort):
        def wait_ready(self, *, delivered: bool = True) -> None:
            waits.append(1)

    library = TapeLibrary(changer, lambda number: Port(f"vtl:{path}/drive{number}"), tell=steps.append)
    library.load("CLN001L9", 1)
    assert not waits
    assert "cleaning has begun" in steps[-1].text
    library.load("2", 0)
    assert waits


def test_the_serial_number_of_a_drive_is_that_of_its_element(path: Path, changer: Changer) -> None:
    serials = [element.serial for element in changer.inventory((DRIVE,)).drives]
    assert serials == [DrivePort(f"vtl:{path}/drive{number}").serial() for number in range(2)]
    assert DrivePort("/dev/nst9999").serial() == ""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plain file stands for the drive's sg node."""
    node = tmp_path / "sg7"
    node.touch()
    real = drive_port.resolve
    monkeypatch.setattr(drive_port, "resolve", lambda text: real(text)._replace(kind="st"))
    monkeypatch.setattr(drive_port, "generic_node", lambda _path: str(node))
    return node


class SgOpen:
    """os.open as sg has it: a node that somebody else has open is not given exclusively."""

    def __init__(self, node: Path) -> None:
        self._node, self._open = str(node), os.open
        self.flags: list[int] = []
        self.is_busy = False

    def __call__(self, file: object, flags: int, *more: int, **named: int) -> int:
        if file == self._node:
            self.flags.append(flags)
            if self.is_busy and flags & os.O_EXCL:
                raise OSError(errno.EBUSY, "busy")
        return self._open(file, flags, *more, **named)  # type: ignore[arg-type]


@pytest.fixture
def sg_open(node: Path, monkeypatch: pytest.MonkeyPatch) -> SgOpen:
    opened = SgOpen(node)
    monkeypatch.setattr(os, "open", opened)
    return opened


def test_a_process_that_uses_the_generic_node_only_keeps_its_cartridge(
    node: Path, sg_open: SgOpen, port: DrivePort
) -> None:
    """LTFS does not open the tape node."""
    with node.open() as mine, subprocess.Popen(["sleep", "60"], stdin=mine) as holder:
        sg_open.is_busy = True
        try:
            with pytest.raises(DeviceBusy, match=rf"sg7 is in use by pid {holder.pid} "), port.held(unload=True):
                pass
            assert is_loaded(port)
        finally:
            holder.kill()
    sg_open.is_busy = False
    with port.held(unload=True):
        assert not is_loaded(port)


def is_loaded(port: DrivePort) -> bool:
    scsi = open_scsi(port.address)
    try:
        return scsi.execute(bytes(6)).status == 0
    finally:
        scsi.close()


def test_nobody_can_begin_to_use_a_drive_while_the_robot_takes_its_cartridge(
    path: Path, device: Injected, changer: Changer
) -> None:
    """The look whether it is in use and the order to the robot are one: a backup that starts between them would lose
    its cartridge."""
    library = TapeLibrary(changer, lambda number: DrivePort(f"vtl:{path}/drive{number}"))
    tried: list[str] = []
    original = device.execute

    def execute(cdb: bytes, **more: object) -> ScsiReply:
        if cdb[0] == MOVE:
            with pytest.raises(DeviceBusy):
                open_tape(f"vtl:{path}/drive0", status_only=True)
            tried.append("open")
        return original(cdb, **more)  # type: ignore[arg-type]

    device.execute = execute  # type: ignore[method-assign, assignment]
    assert library.unload(0).barcode == "PYT001L9"
    assert tried == ["open"]
    open_tape(f"vtl:{path}/drive0", status_only=True).close()


def test_the_generic_node_is_open_exclusively_meanwhile(node: Path, sg_open: SgOpen, port: DrivePort) -> None:
    with port.held(unload=False):
        assert [holder.pid for holder in holders.find(str(node))] == [os.getpid()]
    assert sg_open.flags == [os.O_RDWR | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC]
    assert not holders.find(str(node))


@pytest.mark.usefixtures("node")
def test_a_generic_node_that_the_kernel_calls_busy_is_in_use_whoever_it_is(sg_open: SgOpen, port: DrivePort) -> None:
    """Only root sees the descriptors of other users in /proc; sg knows all of them."""
    sg_open.is_busy = True
    with pytest.raises(DeviceBusy, match="sg7 is in use by"), port.held(unload=True):
        pass
    assert is_loaded(port)


def test_a_changer_that_answers_through_the_drives_own_node_is_no_stranger(
    node: Path, sg_open: SgOpen, port: DrivePort
) -> None:
    sg_open.is_busy = True
    with node.open(), port.held(unload=True):
        assert not is_loaded(port)
