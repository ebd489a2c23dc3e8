# SPDX-License-Identifier: WTFPL OR MIT
"""A cartridge's data in two files: one run of bytes, whatever the blocks' lengths, and two threads that fill it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import MediumDamaged
from pytp_native.units import KIB, MIB
from pytp_native.vtl.cartridge import Cartridge, Label, create_cartridge
from pytp_native.vtl.library import Library

UNIT = 512 * KIB
NEAR_UNITS = st.sampled_from([1, 1000, UNIT - 1, UNIT, UNIT + 1, 2 * UNIT, 2 * UNIT + 77, 3 * UNIT - 1])
STEPS = st.lists(
    st.one_of(NEAR_UNITS.map(lambda n: ("append", n)), st.integers(0, 12).map(lambda n: ("cut", n))), max_size=12
)


def content(tag: int, length: int) -> bytes:
    return (struct.pack("<Q", tag) * (length // 8 + 1))[:length]


def sizes(cartridge: Cartridge) -> list[int]:
    return [os.path.getsize(os.path.join(cartridge.directory, name)) for name in ("data", "data.odd")]


@settings(max_examples=30)
@given(steps=STEPS)
def test_blocks_of_any_length_come_back_and_no_byte_is_kept_for_nothing(tmp_path_factory, steps):
    directory, model = str(tmp_path_factory.mktemp("striped") / "A00001L9"), []
    create_cartridge(directory, Label("A00001L9", "lto9", 64 * MIB))
    cartridge = Cartridge(directory)
    for tag, (step, number) in enumerate(steps):
        if step == "append":
            model.append(content(tag, number))
            cartridge.append(model[-1])
        elif number <= len(model):
            del model[number:]
            cartridge.cut(number)
    again = Cartridge(cartridge.directory)
    for at, expected in enumerate(model):
        into = bytearray(4 * UNIT)
        assert into[: again.read(at, memoryview(into))] == expected
    assert again.count == len(model)
    assert again.find_damage() is None
    assert sum(sizes(cartridge)) == sum(map(len, model))
    cartridge.close()
    again.close()


@pytest.mark.parametrize(("lost", "kept"), [("data", 2), ("data.odd", 1)])
def test_a_tail_lost_in_either_file_is_cut_off_at_its_first_block(cartridge, lost, kept):
    """Before a sync: what the host's power cut took."""
    for tag in range(5):
        cartridge.append(content(tag, UNIT))
    cartridge.close()
    os.truncate(os.path.join(cartridge.directory, lost), UNIT * (kept // 2) + 5)
    again = Cartridge(cartridge.directory)
    assert (again.count, again.torn) == (kept, 5 - kept)
    assert sum(sizes(again)) == kept * UNIT


def test_a_cartridge_made_before_there_were_two_files_is_used_as_it_is(cartridge):
    cartridge.close()
    os.unlink(os.path.join(cartridge.directory, "data.odd"))
    with open(os.path.join(cartridge.directory, "index"), "r+b") as index:
        index.seek(32)
        index.write(bytes(8))
    old = Cartridge(cartridge.directory)
    for tag in range(3):
        old.append(content(tag, UNIT + 1))
    old.sync()
    old.close()
    assert os.path.getsize(os.path.join(cartridge.directory, "data")) == 3 * (UNIT + 1)
    again = Cartridge(cartridge.directory)
    assert (again.count, again.find_damage()) == (3, None)
    again.cut(1)
    assert os.path.getsize(os.path.join(cartridge.directory, "data")) == UNIT + 1


def test_a_cartridge_without_its_second_file_is_damaged(cartridge):
    cartridge.close()
    os.unlink(os.path.join(cartridge.directory, "data.odd"))
    with pytest.raises(MediumDamaged):
        Cartridge(cartridge.directory)


FULL_DISK = f"""
import resource, sys, threading
from pytp_native.stream.ring import Ring
from pytp_native.transport.virtual import open_virtual_tape

tape = open_virtual_tape(sys.argv[1], 0, write=True)
ring = Ring({UNIT}, {UNIT} * int(sys.argv[2]))

def produce():
    for tag in range(9):
        if not ring.put(bytes([tag]) * {UNIT}):
            return

producer = threading.Thread(target=produce)
producer.start()
resource.setrlimit(resource.RLIMIT_FSIZE, ({2 * MIB}, {2 * MIB}))
moved = tape.write_from(ring)
ring.stop()
producer.join()
print(moved.blocks, type(moved.error).__name__)
tape.close()
"""


@pytest.mark.parametrize("slots", [2, 16])
def test_a_full_host_disk_stops_both_writers_behind_the_last_whole_block(tmp_path, slots: int):
    """Each file may grow to 2 MiB: 8 blocks. The other writer may be waiting for a tenth block, which never comes."""
    library = Library.create(tmp_path / "vtl", capacity_bytes=64 * MIB)
    words = [sys.executable, "-c", FULL_DISK, str(library.path), str(slots)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["8", "HostDiskFull"], done.stderr
    cartridge = Cartridge(str(library.path / "cartridges" / "PYT001L9"))
    into = bytearray(UNIT)
    for tag in range(8):
        assert into[: cartridge.read(tag, memoryview(into))] == bytes([tag]) * UNIT
    assert sum(sizes(cartridge)) == 8 * UNIT
