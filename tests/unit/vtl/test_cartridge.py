# SPDX-License-Identifier: WTFPL OR MIT
"""The files of a virtual cartridge: what was written is read back, and whatever else happened to them is found out."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import BadAddress, HostDiskFull, MediumDamaged, UsageError
from pytp_native.ffi import lib
from pytp_native.units import GIB, KIB, MIB
from pytp_native.vtl import cartridge as module
from pytp_native.vtl.cartridge import Cartridge, Label, create_cartridge, early_warning_bytes

HEADER, RECORD = lib.PYTP_CARTRIDGE_HEADER, lib.PYTP_CARTRIDGE_RECORD


def block(tag: int, length: int = 1000) -> bytes:
    return bytes((tag * 7 + i) & 0xFF for i in range(length))


def get(cartridge: Cartridge, at: int, room: int = 2000) -> bytes:
    into = memoryview(bytearray(room))
    return bytes(into[: cartridge.read(at, into)])


def fill(cartridge: Cartridge, layout: str) -> None:
    """Write a block for every b and a filemark for every f."""
    for number, what in enumerate(layout):
        if what == "b":
            cartridge.append(block(number))
        else:
            cartridge.mark()


def edit(cartridge: Cartridge, name: str, at: int, raw: bytes) -> None:
    with open(os.path.join(cartridge.directory, name), "r+b") as file:
        file.seek(at)
        file.write(raw)


def test_blocks_and_filemarks_come_back_in_order(cartridge, open_cartridge):
    fill(cartridge, "bbfb")
    again = open_cartridge()
    assert [again.look(at)[0] for at in range(5)] == [
        lib.PYTP_AT_BLOCK, lib.PYTP_AT_BLOCK, lib.PYTP_AT_FILEMARK, lib.PYTP_AT_BLOCK, lib.PYTP_AT_END
    ]  # fmt: skip
    assert [get(again, at) for at in (0, 1, 3)] == [block(0), block(1), block(3)]
    assert (again.count, again.filemarks, again.data_bytes) == (4, 1, 3000)


def test_a_hundred_gigabytes_of_half_megabyte_blocks_index_in_a_few_megabytes(cartridge):
    fill(cartridge, "b" * 10 + "f")
    assert os.path.getsize(os.path.join(cartridge.directory, "index")) == HEADER + 11 * RECORD
    assert 100 * GIB // (512 * KIB) * RECORD < 4 * MIB


def test_a_block_longer_than_the_room_is_told_and_not_read(cartridge):
    cartridge.append(block(1, 900))
    into = bytearray(500)
    assert cartridge.read(0, memoryview(into)) == 900
    assert into == bytes(500)


def test_cutting_forgets_what_follows_and_gives_the_space_back(cartridge, open_cartridge):
    fill(cartridge, "bfbfb")
    cartridge.cut(2)
    assert (cartridge.count, cartridge.filemarks, cartridge.data_bytes) == (2, 1, 1000)
    assert os.path.getsize(os.path.join(cartridge.directory, "data")) == 1000
    cartridge.append(block(9))
    again = open_cartridge()
    assert get(again, 2) == block(9)
    assert again.filemarks == 1


def test_a_flipped_bit_is_named(cartridge):
    fill(cartridge, "bbb")
    edit(cartridge, "data", 1500, bytes([get(cartridge, 1)[500] ^ 1]))
    assert get(cartridge, 0) == block(0)
    with pytest.raises(MediumDamaged, match=r'"A00001L9": block 1 is damaged'):
        get(cartridge, 1)
    assert get(cartridge, 2) == block(2)
    assert cartridge.find_damage() == 1


def test_swapped_blocks_are_found_out_though_each_is_whole(cartridge):
    cartridge.append(block(5))
    cartridge.append(block(6))
    edit(cartridge, "data", 0, block(6) + block(5))
    for at in (0, 1):
        with pytest.raises(MediumDamaged):
            get(cartridge, at)


def test_the_same_block_at_another_number_is_found_out(cartridge):
    """Index records swapped too: offset, length and check still fit each other, the number does not."""
    fill(cartridge, "bb")
    path = Path(cartridge.directory) / "index"
    raw = path.read_bytes()
    first, second = raw[HEADER : HEADER + RECORD], raw[HEADER + RECORD : HEADER + 2 * RECORD]
    edit(cartridge, "index", HEADER, second + first)
    with pytest.raises(MediumDamaged):
        get(cartridge, 0)


def test_a_block_of_another_cartridge_is_found_out(cartridge, tmp_path):
    other_path = tmp_path / "B00001L9"
    create_cartridge(str(other_path), Label("B00001L9", "lto9", 64 * MIB))
    other = Cartridge(str(other_path))
    for one in (cartridge, other):
        one.append(block(3))
    record = (other_path / "index").read_bytes()[HEADER:]
    other.close()
    edit(cartridge, "index", HEADER, record)
    with pytest.raises(MediumDamaged):
        get(cartridge, 0)


def test_a_filemark_that_rotted_is_no_filemark(cartridge):
    fill(cartridge, "bf")
    edit(cartridge, "index", HEADER + RECORD + 12, b"\x55\x55\x55\x55")
    with pytest.raises(MediumDamaged, match="filemark 1"):
        cartridge.look(1)
    assert cartridge.find_damage() == 1


def test_data_lost_after_a_sync_is_damage_not_end_of_data(cartridge, open_cartridge):
    fill(cartridge, "bbb")
    cartridge.sync()
    os.truncate(os.path.join(cartridge.directory, "data"), 2500)
    again = open_cartridge()
    assert again.count == 3
    assert get(again, 1) == block(1)
    with pytest.raises(MediumDamaged, match="block 2"):
        get(again, 2)


def test_an_index_shorter_than_what_was_synced_is_damage(cartridge, open_cartridge):
    fill(cartridge, "bbb")
    cartridge.sync()
    os.truncate(os.path.join(cartridge.directory, "index"), HEADER + 2 * RECORD)
    with pytest.raises(MediumDamaged):
        open_cartridge()


@pytest.mark.parametrize("header", [b"", b"PYTPIDX1", b"x" * HEADER])
def test_an_index_that_is_none_is_damage(cartridge, open_cartridge, header):
    (Path(cartridge.directory) / "index").write_bytes(header)
    with pytest.raises(MediumDamaged, match="its index"):
        open_cartridge()


def test_a_missing_file_is_damage(cartridge, open_cartridge):
    os.unlink(os.path.join(cartridge.directory, "data"))
    with pytest.raises(MediumDamaged, match="data cannot be opened"):
        open_cartridge()


@pytest.fixture
def after_power_loss(monkeypatch):
    """The next open happens after another boot of the host."""

    def happen() -> None:
        monkeypatch.setattr(module, "boot_number", lambda: 4711)

    return happen


def test_a_tail_torn_by_power_loss_is_end_of_data(cartridge, open_cartridge, after_power_loss):
    fill(cartridge, "bbf")
    cartridge.sync()
    fill(cartridge, "bbb")
    os.truncate(os.path.join(cartridge.directory, "data"), 3500)
    after_power_loss()
    again = open_cartridge()
    assert (again.count, again.torn) == (4, 2)
    assert get(again, 3) == block(0)
    again.append(block(8))
    assert open_cartridge().count == 5


def test_a_tail_without_its_data_is_torn_off_without_a_reboot_too(cartridge, open_cartridge):
    fill(cartridge, "bbb")
    os.truncate(os.path.join(cartridge.directory, "data"), 2500)
    assert (open_cartridge().count, open_cartridge().torn) == (2, 0)


def test_what_was_torn_off_never_comes_back(cartridge, open_cartridge, after_power_loss):
    """The records behind the first torn one would fit behind a new block of its length."""
    fill(cartridge, "bbb")
    edit(cartridge, "data", 0, bytes(1000))
    after_power_loss()
    again = open_cartridge()
    assert (again.count, again.torn) == (0, 3)
    again.append(block(7))
    assert open_cartridge().count == 1


def test_an_unsynced_block_of_zeros_is_torn_off(cartridge, open_cartridge, after_power_loss):
    """The file system had made the file longer, but the data never got there."""
    fill(cartridge, "bbb")
    edit(cartridge, "data", 1000, bytes(1000))
    after_power_loss()
    assert open_cartridge().count == 1


def test_unsynced_index_records_of_zeros_are_no_filemarks(cartridge, open_cartridge, after_power_loss):
    fill(cartridge, "bb")
    edit(cartridge, "index", HEADER + 2 * RECORD, bytes(3 * RECORD))
    after_power_loss()
    again = open_cartridge()
    assert (again.count, again.filemarks, again.torn) == (2, 0, 3)


def test_half_an_index_record_is_ignored(cartridge, open_cartridge):
    fill(cartridge, "bb")
    edit(cartridge, "index", HEADER + 2 * RECORD, b"\x01" * 7)
    again = open_cartridge()
    assert again.count == 2
    again.mark()
    assert open_cartridge().look(2)[0] == lib.PYTP_AT_FILEMARK


def test_looking_cuts_nothing(cartridge, open_cartridge, after_power_loss):
    fill(cartridge, "bb")
    edit(cartridge, "index", HEADER + 2 * RECORD, bytes(RECORD))
    after_power_loss()
    assert open_cartridge(writable=False).count == 2
    assert os.path.getsize(os.path.join(cartridge.directory, "index")) == HEADER + 3 * RECORD


def test_a_sync_marks_what_is_safe(cartridge):
    fill(cartridge, "bf")
    cartridge.sync()
    raw = (Path(cartridge.directory) / "index").read_bytes()
    assert struct.unpack_from("<Q", raw, 16) == (2,)
    cartridge.cut(1)
    raw = (Path(cartridge.directory) / "index").read_bytes()
    assert struct.unpack_from("<Q", raw, 16) == (1,)


def test_a_full_host_disk_is_no_end_of_tape_and_loses_nothing(cartridge, open_cartridge):
    """A file size limit stands for the full disk; the child writes until it is refused."""
    script = f"""
import resource, signal
from pytp_native.errors import HostDiskFull
from pytp_native.vtl.cartridge import Cartridge
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tape = Cartridge({cartridge.directory!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (10_500, 10_500))
try:
    while True:
        tape.append(bytes(1000))
except HostDiskFull as exc:
    print(tape.count, tape.data_bytes, exc)
tape.mark()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("10 10000 ")
    assert "host" in done.stdout
    assert HostDiskFull.exit_code == 6
    again = open_cartridge()
    assert (again.count, again.filemarks) == (11, 1)
    assert again.find_damage() is None
    assert os.path.getsize(os.path.join(cartridge.directory, "data")) == 10_000


@settings(max_examples=60, deadline=None)
@given(layout=st.text("bf", max_size=30), data=st.data())
def test_spacing_agrees_with_counting_by_hand(tmp_path_factory, layout, data):
    directory = str(tmp_path_factory.mktemp("space") / "A00001L9")
    create_cartridge(directory, Label("A00001L9", "lto9", 64 * MIB))
    cartridge = Cartridge(directory)
    try:
        fill(cartridge, layout)
        at = data.draw(st.integers(0, len(layout)))
        count = data.draw(st.integers(-8, 8))
        assert cartridge.space_filemarks(at, count) == filemarks_by_hand(layout, at, count)
        assert cartridge.space_blocks(at, count) == blocks_by_hand(layout, at, count)
        marks = layout[:at].count("f")
        assert cartridge.place_of(at) == (marks, at - (layout[:at].rfind("f") + 1))
    finally:
        cartridge.close()


def filemarks_by_hand(layout: str, at: int, count: int) -> tuple[int, int]:
    done = 0
    while done < abs(count) and (at < len(layout) if count > 0 else at > 0):
        at += 1 if count > 0 else -1
        done += layout[at - 1 if count > 0 else at] == "f"
    return at, done


def blocks_by_hand(layout: str, at: int, count: int) -> tuple[int, int, bool]:
    done = 0
    while done < abs(count) and (at < len(layout) if count > 0 else at > 0):
        at += 1 if count > 0 else -1
        if layout[at - 1 if count > 0 else at] == "f":
            return at, done, True
        done += 1
    return at, done, False


@pytest.mark.parametrize("barcode", ["", "L", "ABCDEFGL99", "A/001L9", "../../L9", "A B01L9"])
def test_a_barcode_that_no_label_could_bear_is_refused(barcode):
    with pytest.raises(UsageError, match="barcode"):
        module.check_barcode(barcode)


def test_a_cartridge_too_small_to_use_is_refused(tmp_path):
    with pytest.raises(UsageError, match="too small"):
        create_cartridge(str(tmp_path / "A00001L9"), Label("A00001L9", "lto9", 1000))


def test_a_directory_that_holds_no_cartridge_is_damage_not_a_missing_library(tmp_path):
    with pytest.raises(MediumDamaged) as caught:
        Cartridge(str(tmp_path))
    assert not isinstance(caught.value, BadAddress)


def test_early_warning_scales_with_the_capacity():
    assert early_warning_bytes(64 * MIB) == 62 * MIB
    assert early_warning_bytes(2 * MIB) == 2 * MIB - 256 * KIB
    assert early_warning_bytes(18 * 10**12) == 18 * 10**12 - 4 * GIB
