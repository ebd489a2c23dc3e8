# SPDX-License-Identifier: WTFPL OR MIT
"""What st of Linux 6.1 answered step by step on an emulated LTO-6, replayed on the virtual drive.

Each row: step, result, MTIOCGET's general status, file and block number, MTIOCPOS. Rows where the emulator broke
SSC (back over blocks into nowhere, setmarks written, density 0 kept) say what a drive that keeps it gives, judged
by st.c.
"""

from __future__ import annotations

import errno

import pytest

from pytp_native.ffi import lib
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from pytp_native.vtl.st import StDriver

BOT, FILE, PLAIN, END = 0x41010000, 0x81010000, 0x01010000, 0x09010000

RECORDING = [
    ("MTNOP", 1, 0, BOT, 0, 0, 0),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("MTSETBLK", 0, 0, BOT, 0, 0, 0),
    ("write", 10000, 10000, PLAIN, 0, 1, 1),
    ("write", 10001, 10001, PLAIN, 0, 2, 2),
    ("write", 10002, 10002, PLAIN, 0, 3, 3),
    ("write", 10003, 10003, PLAIN, 0, 4, 4),
    ("MTWEOF", 1, 0, FILE, 1, 0, 5),
    ("write", 10000, 10000, PLAIN, 1, 1, 6),
    ("write", 10001, 10001, PLAIN, 1, 2, 7),
    ("write", 10002, 10002, PLAIN, 1, 3, 8),
    ("write", 10003, 10003, PLAIN, 1, 4, 9),
    ("MTWEOF", 1, 0, FILE, 2, 0, 10),
    ("write", 10000, 10000, PLAIN, 2, 1, 11),
    ("write", 10001, 10001, PLAIN, 2, 2, 12),
    ("write", 10002, 10002, PLAIN, 2, 3, 13),
    ("write", 10003, 10003, PLAIN, 2, 4, 14),
    ("MTWEOF", 1, 0, FILE, 3, 0, 15),
    ("MTWEOFI", 1, 0, FILE, 4, 0, 16),
    ("MTWEOF", 0, 0, FILE, 4, 0, 16),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
]
MOVING = [
    ("read", 20000, 10000, PLAIN, 0, 1, 1),
    ("read", 5000, errno.ENOMEM, PLAIN, 0, 2, 2),
    ("read", 20000, 10002, PLAIN, 0, 3, 3),
    ("read", 20000, 10003, PLAIN, 0, 4, 4),
    ("read", 20000, 0, FILE, 1, 0, 5),
    ("read", 20000, 10000, PLAIN, 1, 1, 6),
    ("MTFSF", 1, 0, FILE, 2, 0, 10),
    ("MTBSF", 1, 0, PLAIN, 1, -1, 9),
    ("MTBSFM", 1, 0, FILE, 1, 0, 5),
    ("MTFSFM", 1, 0, PLAIN, 1, -1, 9),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("MTFSR", 2, 0, PLAIN, 0, 2, 2),
    ("MTBSR", 1, 0, PLAIN, 0, 1, 1),
    ("MTFSR", 50, errno.EIO, FILE, 1, 0, 5),
    ("MTBSR", 50, errno.EIO, PLAIN, 0, -1, 4),  # SSC: stops on the near side of the filemark it met
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("MTFSF", 50, errno.EIO, END, 4, -1, 16),
    ("MTEOM", 1, 0, END, 4, -1, 16),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("MTEOM", 1, 0, END, 4, -1, 16),
    ("MTBSF", 50, errno.EIO, BOT, 0, 0, 0),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("MTBSF", 1, errno.EIO, BOT, 0, 0, 0),
    ("MTBSR", 1, errno.EIO, BOT, 0, 0, 0),  # SSC: beginning of partition, nowhere else
    ("MTFSF", 0, 0, BOT, 0, 0, 0),
    ("MTFSF", 2, 0, FILE, 2, 0, 10),
    ("MTFSF", -1, 0, FILE, 1, 0, 9),  # a negative count spaces back; st calls the block 0 all the same
    ("MTTELL", 0, errno.ENOSYS, FILE, 1, 0, 9),
    ("MTSEEK", 3, 0, PLAIN, -1, -1, 3),
    ("MTSEEK", 1000000, errno.EIO, PLAIN, -1, -1, 16),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
]
SETTINGS = [
    ("MTSETBLK", 512, 0, BOT, 0, 0, 0),
    ("MTSETBLK", 0, 0, BOT, 0, 0, 0),
    ("MTSETBLK", 0xFFFFFF, errno.EINVAL, BOT, 0, 0, 0),
    ("MTSETDENSITY", 0x58, 0, BOT, 0, 0, 0),
    ("MTSETDENSITY", 0, 0, BOT, 0, 0, 0),
    ("MTSETDENSITY", 0x12, errno.EIO, BOT, 0, 0, 0),
    ("MTSETDRVBUFFER", 1, 0, BOT, 0, 0, 0),
    ("MTCOMPRESSION", 0, 0, BOT, 0, 0, 0),
    ("MTCOMPRESSION", 1, 0, BOT, 0, 0, 0),
    ("MTFSS", 1, errno.EIO, BOT, 0, 0, 0),
    ("MTBSS", 1, errno.EIO, BOT, 0, 0, 0),
    ("MTWSM", 1, errno.EIO, BOT, 0, 0, 0),  # no LTO drive writes setmarks
    ("MTSETPART", 1, errno.EINVAL, BOT, 0, 0, 0),
    ("MTMKPART", 1, errno.EINVAL, BOT, 0, 0, 0),
    ("MTRETEN", 1, 0, BOT, 0, 0, 0),
    ("MTRESET", 1, errno.ENOSYS, BOT, 0, 0, 0),
    ("MTLOCK", 1, 0, BOT, 0, 0, 0),
    ("MTUNLOCK", 1, 0, BOT, 0, 0, 0),
    (99, 1, errno.ENOSYS, BOT, 0, 0, 0),
]
ERASING = [
    ("MTERASE", 0, 0, BOT, 0, 0, 0),
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("write", 1000, 1000, PLAIN, 0, 1, 1),
]
AFTER_CLOSE = [
    (None, 0, 0, FILE, 1, 0, 2),  # the driver's filemark
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("read", 1000, 1000, PLAIN, 0, 1, 1),
    ("read", 1000, 0, FILE, 1, 0, 2),
    ("read", 1000, 0, END, 1, -1, 2),
    ("read", 1000, errno.EIO, END, 1, -1, 2),
]
READ_ONLY = [
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("write", 100, errno.EBADF, BOT, 0, 0, 0),
    ("MTWEOF", 1, errno.EACCES, BOT, 0, 0, 0),
    ("MTERASE", 0, errno.EACCES, BOT, 0, 0, 0),
]
OUT = 0x40050000
OFFLINE = [
    ("MTREW", 1, 0, BOT, 0, 0, 0),
    ("MTOFFL", 1, 0, OUT, 0, 0, errno.EIO),
    ("MTNOP", 1, errno.ENOMEDIUM, OUT, 0, 0, errno.EIO),
    ("read", 100, errno.ENOMEDIUM, OUT, 0, 0, errno.EIO),
    ("MTREW", 1, errno.ENOMEDIUM, OUT, 0, 0, errno.EIO),
    ("MTUNLOAD", 1, errno.ENOMEDIUM, OUT, 0, 0, errno.EIO),
]
EMPTY = [
    (None, 0, 0, 0x50000, -1, -1, errno.EIO),
    ("MTREW", 1, errno.ENOMEDIUM, 0x50000, -1, -1, errno.EIO),
    ("read", 100, errno.ENOMEDIUM, 0x50000, -1, -1, errno.EIO),
    ("MTLOAD", 1, errno.EIO, 0x50000, -1, -1, errno.EIO),
    ("MTUNLOAD", 1, errno.ENOMEDIUM, 0x50000, -1, -1, errno.EIO),
]


@pytest.fixture
def path(tmp_path):
    Library.create(tmp_path / "vtl", generation="lto6", capacity_bytes=8 * MIB)
    return str(tmp_path / "vtl")


def step(st: StDriver, what: object, count: int) -> int:
    """Do one step; return its length, 0, or the errno."""
    try:
        if what == "write":
            return st.write(memoryview(b"x" * count))
        if what == "read":
            return st.read(memoryview(bytearray(count)))
        if what is not None:
            st.operate(getattr(lib, what) if isinstance(what, str) else what, count)
    except OSError as exc:
        return exc.errno
    return 0


def told_position(st: StDriver) -> int:
    try:
        return st.position()
    except OSError as exc:
        return exc.errno


def follow(st: StDriver, *sequences: list) -> None:
    for what, count, result, gstat, file, block, position in [row for rows in sequences for row in rows]:
        got = step(st, what, count)
        status = st.status()
        seen = (got, status.gstat, status.fileno, status.blkno, told_position(st))
        assert seen == (result, gstat, file, block, position), f"{what} {count}: {seen}"


def test_the_first_open_after_a_load_is_at_the_beginning(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    follow(st, [(None, 0, 0, BOT, 0, 0, 0)])
    assert st.status().type == 0x72
    assert st.status().dsreg == 0x5A000000
    st.close()


def test_the_recorded_sequence(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    follow(st, RECORDING, MOVING, SETTINGS)
    st.close()
    st = StDriver(path, 0, write=False, nonblock=False)
    follow(st, READ_ONLY)
    st.close()
    st = StDriver(path, 0, write=True, nonblock=False)
    follow(st, ERASING)
    st.close()
    st = StDriver(path, 0, write=False, nonblock=False)
    follow(st, AFTER_CLOSE)
    st.close()
    st = StDriver(path, 0, write=True, nonblock=False)
    follow(st, OFFLINE)
    st.close()


def test_an_empty_drive_opened_to_look(path):
    st = StDriver(path, 1, write=False, nonblock=True)
    follow(st, EMPTY)
    st.close()
    with pytest.raises(OSError, match="medium") as caught:
        StDriver(path, 1, write=False, nonblock=False)
    assert caught.value.errno == errno.ENOMEDIUM


def test_the_density_that_was_set_is_shown_until_the_next_open(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTSETDENSITY, 0x58)
    assert st.status().dsreg >> 24 == 0x58
    st.close()
    st = StDriver(path, 0, write=True, nonblock=False)
    assert st.status().dsreg >> 24 == 0x5A
    st.close()


def test_forward_file_right_after_a_short_fixed_read_counts_the_filemark_twice(path):
    """As Linux 6.1 does (seen on it): st_ioctl counts the filemark it met, and so does flush_buffer. Position is
    right."""
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTSETBLK, 512)
    for _ in range(3):
        st.write(memoryview(bytes(2560)))
        st.operate(lib.MTWEOF, 1)
    st.operate(lib.MTREW, 1)
    assert st.read(memoryview(bytearray(4096))) == 2560
    st.operate(lib.MTFSF, 1)
    assert (st.status().fileno, st.status().blkno, st.position()) == (2, 0, 6)
    st.close()


def test_asking_in_between_steps_back_over_the_filemark_met(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTSETBLK, 512)
    for _ in range(2):
        st.write(memoryview(bytes(2560)))
        st.operate(lib.MTWEOF, 1)
    st.operate(lib.MTREW, 1)
    st.read(memoryview(bytearray(4096)))
    follow(st, [(None, 0, 0, PLAIN, 0, 5, 5), ("MTFSF", 1, 0, FILE, 1, 0, 6)])
    st.close()


@pytest.mark.parametrize(
    ("option", "effect"),
    [
        (lib.MT_ST_CLEARBOOLEANS | lib.MT_ST_ASYNC_WRITES | lib.MT_ST_BUFFER_WRITES, 0x41000000),
        (lib.MT_ST_BOOLEANS, 0x41000000),
    ],
)
def test_driver_options_outlive_the_opener(path, option, effect):
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTSETDRVBUFFER, 0)
    st.operate(lib.MTSETDRVBUFFER, option)
    st.close()
    st = StDriver(path, 0, write=True, nonblock=False)
    assert st.status().gstat == effect
    st.close()


def test_two_filemarks_at_close_leave_the_tape_between_them(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTSETDRVBUFFER, lib.MT_ST_SETBOOLEANS | lib.MT_ST_TWO_FM)
    st.write(memoryview(b"x" * 100))
    st.close()
    st = StDriver(path, 0, write=False, nonblock=False)
    assert (st.position(), st.status().fileno) == (2, 1)
    st.operate(lib.MTEOM, 1)
    assert st.position() == 3
    st.close()


def test_fast_mteom_gives_up_the_file_number(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    st.write(memoryview(b"x" * 100))
    st.operate(lib.MTWEOF, 1)
    st.operate(lib.MTREW, 1)
    st.operate(lib.MTSETDRVBUFFER, lib.MT_ST_SETBOOLEANS | lib.MT_ST_FAST_MTEOM)
    follow(st, [("MTEOM", 1, 0, END, -1, -1, 2)])
    st.close()


def test_a_default_block_size_comes_back_with_every_cartridge(path):
    library = Library.open(path)
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTSETDRVBUFFER, lib.MT_ST_DEF_BLKSIZE | 4096)
    assert st.status().dsreg & 0xFFFFFF == 4096
    st.operate(lib.MTSETBLK, 0)
    st.close()
    library.unload(0)
    library.load(2, 0)
    st = StDriver(path, 0, write=True, nonblock=False)
    assert st.status().dsreg & 0xFFFFFF == 4096
    st.close()


def test_an_option_that_st_does_not_know_is_an_error(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    follow(st, [("MTSETDRVBUFFER", 0x90000000 | 1, errno.EIO, BOT, 0, 0, 0)])
    st.close()


def test_a_locked_drive_keeps_its_cartridge_until_offline(path):
    st = StDriver(path, 0, write=True, nonblock=False)
    st.operate(lib.MTLOCK, 1)
    assert step(st, "MTUNLOAD", 1) == errno.EIO
    assert (st.status().fileno, st.status().blkno) == (-1, -1)
    assert step(st, "MTOFFL", 1) == 0
    assert step(st, "MTLOAD", 1) == 0
    follow(st, [(None, 0, 0, BOT, 0, 0, 0)])
    st.close()
