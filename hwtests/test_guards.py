# SPDX-License-Identifier: WTFPL OR MIT
"""The guards of `pytest hwtests --drive --changer --scratch`: what they refuse, on the guest's devices, and that
nothing is written then. They are what stands between a mistyped barcode and somebody's backup."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hwtests import changer
from hwtests.benches import REFUSED, named_bench
from hwtests.virtual_unit import CHANGER_NODE, CHANGER_SG_NODE, DRIVE_NODES, ask_to_let_go, restore
from pytp_native.ffi import lib
from pytp_native.scsi import executor, mam
from pytp_native.scsi.policy import Policy, Rule
from pytp_native.transport import open_scsi, open_tape

GUEST = os.environ.get("PYTP_GUEST")
pytestmark = pytest.mark.skipif(GUEST != "vtl", reason="needs our library behind the kernel: python -m hwtests.guest")
DRIVE, EMPTY_DRIVE = DRIVE_NODES
BARCODE = "PYT001L6"
DATA = b"somebody's backup" * 100
AGAIN = Policy((Rule("unit attention", keys=frozenset({6}), attempts=4),))


@pytest.fixture
def library():
    """PYT001L6 is in drive 0, its barcode in its memory, and data on it."""
    library = restore()
    mark(BARCODE)
    tape = open_tape(DRIVE, write=True)
    tape.operate(lib.MTREW)
    tape.operate(lib.MTSETBLK, 0)
    tape.write_block(DATA)
    tape.operate(lib.MTREW)
    tape.close()
    yield library
    assert recorded(library) == DATA, "the guards let something be written"
    restore()


def recorded(library) -> bytes:
    ask_to_let_go()
    if library.describe().drives[0].barcode != BARCODE:
        restore()
    tape = open_tape(DRIVE)
    try:
        tape.operate(lib.MTREW)
        room = bytearray(64 * 1024)
        return bytes(room[: tape.read_block(memoryview(room))])
    finally:
        tape.close()


def mark(barcode: str) -> None:
    """Write the barcode into the cartridge's memory, as a library does; "" takes it out."""
    scsi = open_scsi(DRIVE)
    try:
        executor.run(scsi, mam.write_attributes([mam.attribute(0x0806, barcode)])._replace(repeatable=True), AGAIN)
    finally:
        scsi.close()


def refusal(scratch: str = BARCODE, *, drive: str = DRIVE, library: str | None = None) -> str:
    with pytest.raises(pytest.exit.Exception) as caught:
        named_bench(drive, library, scratch)
    assert caught.value.returncode == REFUSED
    return str(caught.value.msg)


def test_what_is_named_rightly_is_taken(library):
    bench = named_bench(DRIVE, CHANGER_SG_NODE, BARCODE)
    assert (bench.barcode, bench.density) == (BARCODE, 0x5A)
    assert bench.drive_element == changer.elements(CHANGER_SG_NODE)[-2].address
    bench.confirm()


def test_another_cartridge_is_refused(library):
    assert refusal("A00099L6") == f"{DRIVE} holds {BARCODE}, not A00099L6"


def test_a_cartridge_without_a_barcode_in_its_memory_is_refused(library):
    mark("")
    assert "without a barcode" in refusal()


def test_an_empty_drive_is_refused(library):
    assert refusal(drive=EMPTY_DRIVE) == f"{EMPTY_DRIVE} is empty; load {BARCODE} first"


def test_a_drive_in_use_is_refused(library):
    fd = os.open(DRIVE, os.O_RDONLY)
    try:
        assert str(os.getpid()) in refusal()
    finally:
        os.close(fd)


def test_a_node_that_rewinds_is_refused(library):
    assert refusal(drive="/dev/st0").endswith("name /dev/nst0")


def test_what_is_no_tape_is_refused(library):
    assert "not a tape" in refusal(drive="/dev/null")
    assert "no such" in refusal(drive="/dev/nst77")


@pytest.mark.parametrize("node", [CHANGER_SG_NODE, CHANGER_NODE])
def test_a_library_that_has_the_cartridge_elsewhere_is_refused(library, node):
    """The names are of one cartridge, the drive is of another."""
    assert refusal("PYT002L6", library=node) == f"no drive of {node} holds PYT002L6; load it first"


def test_a_cartridge_that_somebody_changed_meanwhile_is_noticed(library):
    bench = named_bench(DRIVE, CHANGER_SG_NODE, BARCODE)
    ask_to_let_go()
    library.eject(0)
    library.load(2, 0)
    with pytest.raises(pytest.exit.Exception, match="not PYT001L6"):
        bench.confirm()


def test_a_refused_run_ends_at_once_and_writes_nothing(library):
    environ = {name: value for name, value in os.environ.items() if name != "PYTP_GUEST"}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "hwtests/test_kernel.py", "--drive", DRIVE,
         "--scratch", "A00099L6"],
        env=environ, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert ended.returncode == REFUSED, ended.stdout
    assert f"{DRIVE} holds {BARCODE}, not A00099L6" in ended.stdout
    assert "passed" not in ended.stdout
