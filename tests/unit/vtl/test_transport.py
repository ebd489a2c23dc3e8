# SPDX-License-Identifier: WTFPL OR MIT
"""What a virtual drive says when its host or its script fails it, at the edge."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pytp_native.errors import DeviceBusy, EndOfData, MediumDamaged, MediumError, NoMedium, NotSupported
from pytp_native.ffi import lib

BLOCK = b"0123456789" * 100


def test_a_second_opener_is_told_who_is_first(library, open_tape):
    open_tape()
    with pytest.raises(DeviceBusy, match=rf"^vtl:.*drive0: in use by pid {os.getpid()} \(this process\); ") as caught:
        open_tape(write=False, status_only=True)
    assert caught.value.exit_code == 4


def test_another_process_is_named_with_its_command(library, open_tape):
    script = f"""
import sys
from pytp_native.transport.virtual import open_virtual_tape
tape = open_virtual_tape({str(library.path)!r}, 0)
print("open", flush=True)
sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(DeviceBusy, match=rf"in use by pid {child.pid} \(.+python.*\)") as caught:
            open_tape()
        assert "\n" not in str(caught.value)
    finally:
        child.communicate()
    open_tape()


def test_damage_names_the_cartridge_and_the_block(library, tape):
    for _ in range(3):
        tape.write_block(BLOCK)
    with open(library.path / "cartridges" / "PYT001L9" / "data", "r+b") as file:
        file.seek(1500)
        file.write(b"!")
    tape.operate(lib.MTREW)
    into = memoryview(bytearray(2000))
    assert tape.read_block(into) == 1000
    with pytest.raises(MediumDamaged, match='drive0: cartridge "PYT001L9": block 1 is damaged'):
        tape.read_block(into)
    assert tape.read_block(into) == 1000


def test_a_full_host_disk_is_told_as_that_and_the_tape_goes_on_when_there_is_room(library, open_tape):
    """A file size limit stands for the full disk. Blocks before it are safe; the close still writes its filemark."""
    script = f"""
import resource, signal
from pytp_native.errors import HostDiskFull
from pytp_native.transport.virtual import open_virtual_tape
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tape = open_virtual_tape({str(library.path)!r}, 0, write=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_500, 10_500))
try:
    for n in range(20):
        tape.write_block({BLOCK!r})
except HostDiskFull as exc:
    print(n, exc)
tape.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"10 vtl:{library.path}/drive0: cartridge"), done.stdout + done.stderr
    assert "host" in done.stdout
    tape = open_tape()
    assert (tape.status().mt_blkno, tape.position()) == (0, 11)
    assert tape.write_block(BLOCK) == 1000


def test_a_full_disk_stops_a_bulk_transfer_as_that(library):
    script = f"""
import resource, signal, threading
from pytp_native.stream.ring import Ring
from pytp_native.transport.virtual import open_virtual_tape
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tape = open_virtual_tape({str(library.path)!r}, 0, write=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (105_000, 105_000))
ring = Ring(10240, 10240 * 20)
for n in range(15):
    ring.put(bytes(10240))
ring.finish()
moved = tape.write_from(ring)
print(moved.blocks, moved.stop.name, type(moved.error).__name__)
tape.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "10 ERROR HostDiskFull\n", done.stdout + done.stderr


def test_a_bad_spot_is_a_medium_error_when_writing(library, tape):
    library.add_fault(0, "write 1: medium error")
    tape.write_block(BLOCK)
    with pytest.raises(MediumError) as caught:
        tape.write_block(BLOCK)
    assert not isinstance(caught.value, MediumDamaged)
    assert tape.position() == 1


def test_a_bad_spot_hits_filemarks_too(library, tape):
    library.add_fault(0, "write 1: medium error")
    tape.write_block(BLOCK)
    with pytest.raises(MediumError):
        tape.operate(lib.MTWEOF)


def test_an_ejected_cartridge_leaves_an_empty_drive(library, open_tape):
    tape = open_tape()
    library.add_fault(0, "eject at 2")
    tape.write_block(BLOCK)
    tape.write_block(BLOCK)
    with pytest.raises(NoMedium, match="taken out"):
        tape.write_block(BLOCK)
    with pytest.raises(NoMedium):
        tape.close()
    with pytest.raises(NoMedium):
        open_tape()
    assert library.unload(0) == 1
    library.load(1, 0)
    tape = open_tape()
    into = memoryview(bytearray(2000))
    assert [tape.read_block(into) for _ in range(2)] == [1000, 1000]
    with pytest.raises(EndOfData):
        tape.read_block(into)


def test_an_operators_hand_is_stronger_than_the_lock(library, tape):
    tape.operate(lib.MTLOCK)
    library.add_fault(0, "eject at 0")
    with pytest.raises(NoMedium):
        tape.write_block(BLOCK)
    with pytest.raises(NoMedium):  # as with st, which was writing and cannot write its filemark
        tape.close()
    assert library.unload(0) == 1


def test_a_block_over_the_drives_limit_is_not_supported(tape):
    with pytest.raises(NotSupported, match="block limits"):
        tape.write_block(bytes(8 * 1024 * 1024 + 1))
    assert tape.write_block(bytes(1024 * 1024)) == 1024 * 1024


def test_closing_twice_is_closing_once(tape):
    tape.write_block(BLOCK)
    tape.close()
    tape.close()


def test_sync_puts_everything_on_the_hosts_disk(library, tape):
    tape.write_block(BLOCK)
    index = library.path / "cartridges" / "PYT001L9" / "index"
    before = index.read_bytes()[16:24]
    tape.sync()
    assert (before, index.read_bytes()[16:24]) == (bytes(8), b"\x01" + bytes(7))
    assert tape.position() == 1


def test_sync_of_a_reader_has_nothing_to_do(open_tape):
    open_tape(write=False).sync()


def test_buffers_of_any_item_size_are_bytes(tape):
    from array import array

    assert tape.write_block(memoryview(array("I", range(10)))) == 40
    tape.operate(lib.MTREW)
    into = array("I", [0] * 10)
    assert tape.read_block(memoryview(into)) == 40
    assert into.tolist() == list(range(10))
