# SPDX-License-Identifier: WTFPL OR MIT
"""Faults come exactly where the string says."""

from __future__ import annotations

import pytest

from pytp_native import errors
from pytp_native.ffi import lib
from pytp_native.stream.ring import Ring
from pytp_native.transport.faulty import Faulty
from pytp_native.transport.linux_st import LinuxSt
from pytp_native.transport.records import Stop
from tests.unit.transport.memory_node import MemoryNode

BLOCK = 10240


def faulty(**plans):
    node = MemoryNode()
    return Faulty(LinuxSt("/dev/nst7", node), **plans), node


def attempt(call):
    """Return its result, or the class of its error."""
    try:
        return call()
    except errors.PytpError as error:
        return type(error)


def test_faults_by_position():
    tape, node = faulty(writes="..M.H")
    outcomes = [attempt(lambda number=number: tape.write_block(bytes([number]) * 512)) for number in range(7)]
    assert outcomes == [512, 512, errors.MediumError, 512, errors.DeviceError, 512, 512]
    assert [block[0] for block in node.tape] == [0, 1, 3, 5, 6]


@pytest.mark.parametrize(
    ("letter", "expected"),
    [("M", errors.MediumError), ("H", errors.DeviceError), ("E", errors.CartridgeNeeded), ("P", errors.WriteProtected),
     ("N", errors.NoMedium)],
)  # fmt: skip
def test_letters(letter, expected):
    tape, _node = faulty(reads=letter, operations="." + letter)
    with pytest.raises(expected, match=r"/dev/nst7: read: .*injected"):
        tape.read_block(memoryview(bytearray(512)))
    tape.operate(lib.MTREW)
    with pytest.raises(expected):
        tape.sync()


def test_bulk_calls_meet_the_same_faults():
    tape, node = faulty(writes=".E.EEM.")
    ring = Ring(BLOCK, 16 * BLOCK)
    for number in range(4):
        ring.put(bytes([number]) * BLOCK)
    ring.finish()
    moves = [tape.write_from(ring) for _ in range(5)]
    assert [(move.blocks, move.stop) for move in moves] == [
        (1, Stop.EARLY_WARNING), (1, Stop.EARLY_WARNING), (0, Stop.END_OF_MEDIUM), (0, Stop.ERROR),
        (2, Stop.END_OF_STREAM),
    ]  # fmt: skip
    assert isinstance(moves[3].error, errors.MediumError)
    assert [block[0] for block in node.tape] == [0, 1, 2, 3]


def test_everything_else_passes_through():
    tape, node = faulty()
    tape.write_block(b"x" * 512)
    assert (tape.address, tape.position(), tape.status().block_number) == ("/dev/nst7", 1, 1)
    tape.close()
    assert node.tape == [b"x" * 512, None]


def test_unknown_letters_are_refused():
    with pytest.raises(errors.UsageError, match="'Q' is no fault"):
        faulty(writes="..Q")
