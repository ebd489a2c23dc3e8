# SPDX-License-Identifier: WTFPL OR MIT
"""linux_st against an in-memory st: what becomes of every errno, and where the tape stands then."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from pytp_native import errors
from pytp_native.ffi import lib
from pytp_native.stream.ring import Ring
from pytp_native.transport import linux_st
from pytp_native.transport.linux_st import LinuxSt, open_st
from pytp_native.transport.records import Stop
from pytp_native.transport.st_node import StNode, to_int32
from tests.unit.transport.memory_node import MemoryNode

A, B = b"a" * 1000, b"b" * 2000
BLOCK = 10240


def tape_of(*objects, **options):
    node = MemoryNode(objects, **options)
    return LinuxSt("/dev/nst7", node), node


def room(size=4096):
    return memoryview(bytearray(size))


def test_reads_a_block_and_a_filemark():
    tape, _node = tape_of(A, None, B)
    into = room()
    assert tape.read_block(into) == 1000
    assert into[:1000] == A
    assert tape.read_block(into) == 0
    assert tape.status().file_number == 1
    assert tape.read_block(into) == 2000


def test_end_of_data_behind_a_filemark_is_zero_once_then_an_error():
    tape, _node = tape_of(A, None)
    tape.operate(lib.MTFSF)
    assert tape.read_block(room()) == 0
    with pytest.raises(errors.EndOfData, match="/dev/nst7: end of data at file 1"):
        tape.read_block(room())


def test_end_of_data_behind_data_is_told_apart_from_a_medium_error():
    tape, node = tape_of(A)
    tape.read_block(room())
    with pytest.raises(errors.EndOfData):
        tape.read_block(room())
    assert node.at == 1


def test_medium_error_leaves_the_tape_before_the_bad_block():
    tape, node = tape_of(A, OSError(), B)
    tape.read_block(room())
    with pytest.raises(errors.MediumError, match="read of 4096 bytes failed"):
        tape.read_block(room())
    assert node.at == 1


def test_a_read_error_before_a_filemark_does_not_cross_it():
    tape, node = tape_of(A, None)
    tape.read_block(room())
    node.read = lambda into: (_ for _ in ()).throw(OSError(errno.EIO, ""))
    node.block = -1
    with pytest.raises(errors.MediumError):
        tape.read_block(room())
    assert node.at == 1
    assert node.file == 0


def test_block_longer_than_the_buffer():
    tape, node = tape_of(A, B)
    with pytest.raises(errors.BlockTooLarge, match="longer than 512 bytes"):
        tape.read_block(room(512))
    assert node.at == 1


def test_fixed_mode_names_the_block_size_mismatch():
    tape, _node = tape_of(A)
    tape.operate(lib.MTSETBLK, 512)
    with pytest.raises(errors.BlockSizeMismatch, match="at file 0 block 0 is not 512 bytes"):
        tape.read_block(room(512))


def test_fixed_mode_with_an_unknown_block_number_names_both_reasons():
    tape, node = tape_of(A, A)
    tape.operate(lib.MTSETBLK, 512)
    tape.operate(lib.MTSEEK, 1)
    with pytest.raises(errors.MediumError, match="medium error, or a block that is not 512 bytes long"):
        tape.read_block(room(512))
    assert node.at == 1


def test_fixed_mode_refuses_a_part_of_a_block():
    tape, _node = tape_of(A)
    tape.operate(lib.MTSETBLK, 512)
    with pytest.raises(errors.NotSupported, match="no multiple of the fixed block size 512"):
        tape.read_block(room(700))


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EOVERFLOW])
def test_a_transfer_beyond_the_host_adapter_is_not_busy(code):
    tape, node = tape_of(A)
    node.read = node.write = lambda data: (_ for _ in ()).throw(OSError(code, ""))
    with pytest.raises(errors.NotSupported, match="host adapter"):
        tape.read_block(room())
    with pytest.raises(errors.NotSupported, match="host adapter"):
        tape.write_block(A)


def test_no_cartridge():
    tape, _node = tape_of(loaded=False)
    with pytest.raises(errors.NoMedium):
        tape.read_block(room())
    with pytest.raises(errors.NoMedium):
        tape.write_block(A)
    with pytest.raises(errors.NoMedium):
        tape.operate(lib.MTREW)
    with pytest.raises(errors.NoMedium):
        tape.position()


def test_reset_of_the_bus_asks_for_a_rewind():
    tape, node = tape_of(A)
    node.was_reset = True
    for call in (lambda: tape.read_block(room()), lambda: tape.operate(lib.MTFSF), tape.status):
        with pytest.raises(errors.DeviceError, match="position is lost; rewind") as caught:
            call()
        assert not isinstance(caught.value, errors.MediumError)


def test_write_errors_by_name():
    tape, node = tape_of(protected=True)
    with pytest.raises(errors.WriteProtected):
        tape.write_block(A)
    with pytest.raises(errors.WriteProtected):
        tape.operate(lib.MTWEOF)
    node.protected, node.capacity = False, 1
    assert tape.write_block(A) == 1000
    with pytest.raises(errors.CartridgeNeeded, match="full at file 0 block 1"):
        tape.write_block(A)
    node.write = lambda data: (_ for _ in ()).throw(OSError(errno.EIO, ""))
    with pytest.raises(errors.MediumError, match="write of 1000 bytes failed at file 0 block 1"):
        tape.write_block(A)


def test_a_descriptor_opened_for_reading_says_so():
    tape, node = tape_of(A)
    node.write = lambda data: (_ for _ in ()).throw(OSError(errno.EBADF, ""))
    with pytest.raises(errors.WriteProtected, match="opened for reading only; open it for writing"):
        tape.write_block(A)


@pytest.mark.parametrize(
    ("objects", "start", "operation", "count", "expected", "stands"),
    [
        ((A, None, B, None), 0, lib.MTFSF, 3, errors.EndOfData, 4),
        ((A, None, B, None), 0, lib.MTFSR, 5, errors.FilemarkMet, 2),
        ((A, None, B), 2, lib.MTFSR, 5, errors.EndOfData, 3),
        ((A, None, B, None), 4, lib.MTBSF, 3, errors.BeginningOfTape, 0),
        ((A, None, B, None), 4, lib.MTBSFM, 3, errors.BeginningOfTape, 0),
        ((A, None, B, None), 3, lib.MTBSR, 5, errors.FilemarkMet, 1),
        ((A, B, None), 2, lib.MTBSR, 5, errors.BeginningOfTape, 0),
        ((A, B), 0, lib.MTSEEK, 10, errors.EndOfData, 2),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_spacing_says_what_stopped_it(objects, start, operation, count, expected, stands, known):
    tape, node = tape_of(*objects)
    if known:
        marks = [index for index in range(start) if objects[index] is None]
        node.at, node.file, node.block = start, len(marks), start - (marks[-1] + 1 if marks else 0)
    else:
        node.operate(lib.MTSEEK, start)
        node.file = node.block = -1
    with pytest.raises(expected):
        tape.operate(operation, count)
    assert node.at == stands


@pytest.mark.parametrize("known", [True, False])
def test_beginning_is_known_also_when_the_drive_does_not_tell(known):
    tape, node = tape_of(A, None, tells=False)
    node.operate(lib.MTFSF, 1)
    if not known:
        node.file = -1
    with pytest.raises(errors.BeginningOfTape):
        tape.operate(lib.MTBSF, 2)


def test_backwards_over_an_empty_first_file_meets_its_filemark():
    tape, node = tape_of(None, A)
    node.at, node.file, node.block = 1, 1, 0
    with pytest.raises(errors.FilemarkMet):
        tape.operate(lib.MTBSR)


@pytest.mark.parametrize("operation", [99, lib.MTRESET, lib.MTTELL, lib.MTCOMPRESSION])
def test_what_the_drive_has_not_got(operation):
    tape, _node = tape_of(A)
    with pytest.raises(errors.NotSupported):
        tape.operate(operation)


def test_other_failures_keep_the_words_of_the_system():
    tape, node = tape_of(A)
    node.operate = lambda operation, count: (_ for _ in ()).throw(OSError(errno.EPERM, ""))
    with pytest.raises(errors.NotSupported, match="drvbuffer 1: only root"):
        tape.operate(lib.MTSETDRVBUFFER, 1)
    node.operate = lambda operation, count: (_ for _ in ()).throw(OSError(errno.ENXIO, ""))
    with pytest.raises(errors.DeviceError, match="gone or offline"):
        tape.operate(lib.MTREW)
    node.operate = lambda operation, count: (_ for _ in ()).throw(OSError(errno.EFAULT, ""))
    with pytest.raises(errors.DeviceError, match="rewind failed at file 0 block 0: Bad address"):
        tape.operate(lib.MTREW)
    node.operate = lambda operation, count: (_ for _ in ()).throw(OSError(errno.EIO, ""))
    with pytest.raises(errors.DeviceError, match="load 0 failed"):
        tape.operate(lib.MTLOAD, 0)


def test_errors_keep_their_cause():
    tape, _node = tape_of(loaded=False)
    with pytest.raises(errors.NoMedium) as caught:
        tape.operate(lib.MTREW)
    assert caught.value.__cause__.errno == errno.ENOMEDIUM


def test_position_that_the_drive_does_not_tell():
    tape, _node = tape_of(A, tells=False)
    with pytest.raises(errors.DeviceError, match="does not tell"):
        tape.position()


def test_sync_without_write_access_is_nothing_to_do():
    tape, node = tape_of(A, protected=True)
    with pytest.raises(errors.WriteProtected):
        tape.sync()
    os.close(node.fd)
    node.fd = os.open("/dev/null", os.O_RDONLY)
    tape.sync()


def test_close_reports_the_filemark_that_failed_and_happens_once():
    tape, node = tape_of()
    node.close = lambda: (_ for _ in ()).throw(OSError(errno.EIO, ""))
    with pytest.raises(errors.MediumError, match="filemark"):
        tape.close()


def test_counts_beyond_31_bits_keep_their_bits():
    assert to_int32(0xA0200001) == 0xA0200001 - (1 << 32)
    assert to_int32(0x7FFFFFFF) == 0x7FFFFFFF
    assert to_int32(-1) == -1


# -- bulk calls, on descriptors that answer like a tape


def real(path_or_fd, flags=os.O_WRONLY):
    fd = path_or_fd if isinstance(path_or_fd, int) else os.open(path_or_fd, flags)
    node = StNode(fd)
    node.get = MemoryNode().get  # MTIOCGET is nothing for /dev/full
    return LinuxSt("/dev/nst7", node)


def ring_with(blocks):
    ring = Ring(BLOCK, 16 * BLOCK)
    for number in range(blocks):
        assert ring.put(bytes([number]) * BLOCK)
    ring.finish()
    return ring


def test_write_from_writes_one_block_per_call(tmp_path):
    tape = real(os.open(tmp_path / "out", os.O_CREAT | os.O_RDWR))
    assert tape.write_from(ring_with(3)) == (3, 3 * BLOCK, Stop.END_OF_STREAM, None)
    tape.close()
    assert (tmp_path / "out").read_bytes() == b"".join(bytes([number]) * BLOCK for number in range(3))


def test_write_from_stops_at_its_limit_and_goes_on():
    tape, ring = real("/dev/null"), ring_with(3)
    assert tape.write_from(ring, limit=2)[:3] == (2, 2 * BLOCK, Stop.LIMIT)
    assert tape.write_from(ring)[:3] == (1, BLOCK, Stop.END_OF_STREAM)


def test_no_space_is_early_warning_first_and_the_end_when_repeated():
    tape, ring = real("/dev/full"), ring_with(2)
    assert tape.write_from(ring)[:3] == (0, 0, Stop.EARLY_WARNING)
    assert tape.write_from(ring)[:3] == (0, 0, Stop.END_OF_MEDIUM)
    assert ring.stats().filled == 2


def test_no_space_after_a_written_block_is_early_warning_again():
    tape, ring = real("/dev/full"), ring_with(3)
    assert tape.write_from(ring).stop is Stop.EARLY_WARNING
    full, null = tape._node.fd, os.open("/dev/null", os.O_WRONLY)
    tape._node.fd = null
    assert tape.write_from(ring, limit=1).stop is Stop.LIMIT
    tape._node.fd = full
    assert tape.write_from(ring).stop is Stop.EARLY_WARNING
    os.close(null)


def test_no_space_behind_blocks_of_the_same_call_is_early_warning():
    tape, node = tape_of()
    node.write_from = lambda ring, limit: (0, 0, "no space", errno.ENOSPC)
    tape.write_from(ring_with(1))
    node.write_from = lambda ring, limit: (1, BLOCK, "no space", errno.ENOSPC)
    assert tape.write_from(ring_with(1)).stop is Stop.EARLY_WARNING


def test_write_from_reports_an_error_with_the_count():
    tape = real("/dev/null", os.O_RDONLY)
    moved = tape.write_from(ring_with(2))
    assert moved[:3] == (0, 0, Stop.ERROR)
    assert isinstance(moved.error, errors.WriteProtected)


def test_cancelled_ring_ends_both_ways():
    ring = ring_with(1)
    ring.stop()
    assert real("/dev/null").write_from(ring).stop is Stop.CANCELLED
    assert real("/dev/zero", os.O_RDONLY).read_into(ring).stop is Stop.CANCELLED


def test_read_into_stops_at_a_filemark_and_at_the_end_of_data(tmp_path):
    (tmp_path / "in").write_bytes(b"x" * BLOCK * 2)
    tape = real(tmp_path / "in", os.O_RDONLY)
    assert tape.read_into(Ring(BLOCK, 8 * BLOCK))[:3] == (2, 2 * BLOCK, Stop.FILEMARK)
    behind = MemoryNode([None])
    behind.operate(lib.MTEOM, 1)
    tape._node.get = behind.get
    assert tape.read_into(Ring(BLOCK, 8 * BLOCK)).stop is Stop.END_OF_DATA


def test_read_into_at_a_failing_end_of_data():
    node = MemoryNode([A])
    tape = LinuxSt("/dev/nst7", node)
    tape.read_block(room())
    node.read_into = lambda ring, limit: (1, 1000, "failed", errno.EIO)
    assert tape.read_into(Ring(BLOCK, 8 * BLOCK)) == (1, 1000, Stop.END_OF_DATA, None)
    node.tape.append(OSError())
    node.eof = 0
    moved = tape.read_into(Ring(BLOCK, 8 * BLOCK))
    assert (moved.blocks, moved.stop, type(moved.error)) == (1, Stop.ERROR, errors.MediumError)


# -- opening


@pytest.fixture
def opened(monkeypatch):
    """Open MemoryNodes instead of files; yields the list of flags of every open(2)."""
    seen = []

    def install(*nodes_or_codes):
        queue = list(nodes_or_codes)

        def fake_open(path, flags):
            seen.append(flags)
            if isinstance(queue[0], int):
                raise OSError(queue.pop(0), "")
            return queue.pop(0)

        monkeypatch.setattr(linux_st, "os", SimpleNamespace(**{**vars(os), "open": fake_open}))
        monkeypatch.setattr(linux_st, "StNode", lambda node: node)
        return seen

    return install


def test_first_open_never_waits_and_later_calls_do(opened):
    node = MemoryNode([A])
    flags = opened(node)
    tape = open_st("/dev/nst7", write=True)
    assert flags == [os.O_CLOEXEC | os.O_RDWR | os.O_NONBLOCK]
    assert tape.fileno() == node.fd


def test_an_empty_drive_is_told_at_once_unless_only_its_status_is_wanted(opened):
    node = MemoryNode(loaded=False)
    opened(node)
    with pytest.raises(errors.NoMedium):
        open_st("/dev/nst7")
    assert node.fd == -1
    opened(MemoryNode(loaded=False))
    assert open_st("/dev/nst7", status_only=True).status().file_number == 0


def test_a_drive_that_is_loading_is_waited_for(opened):
    loading = MemoryNode([A])
    ready = loading.get()
    loading.get = lambda: ready._replace(mt_gstat=0)
    flags = opened(loading, MemoryNode([A]))
    open_st("/dev/nst7")
    assert flags[1] == os.O_CLOEXEC
    assert loading.fd == -1


def test_after_a_bus_reset_it_can_be_opened_and_rewound(opened):
    node = MemoryNode([A])
    node.was_reset = True
    opened(node)
    tape = open_st("/dev/nst7", write=True)
    node.was_reset = False
    tape.operate(lib.MTREW)


def test_write_protected_cartridge_is_refused_for_writing_only(opened):
    node = MemoryNode([A], protected=True)
    opened(node)
    with pytest.raises(errors.WriteProtected):
        open_st("/dev/nst7", write=True)
    assert node.fd == -1
    opened(MemoryNode([A], protected=True))
    open_st("/dev/nst7").close()


@pytest.mark.parametrize(
    ("code", "expected", "text"),
    [
        (errno.EBUSY, errors.DeviceBusy, "in use by"),
        (errno.ENOENT, errors.BadAddress, "no such device"),
        (errno.ENXIO, errors.BadAddress, "no such device"),
        (errno.EROFS, errors.WriteProtected, "write-protected"),
        (errno.ENOMEDIUM, errors.NoMedium, "no cartridge"),
        (errno.EACCES, errors.DeviceError, "permission denied"),
        (errno.EIO, errors.NotReady, "did not become ready"),
        (errno.EMFILE, errors.DeviceError, "cannot open"),
    ],
)
def test_what_can_go_wrong_at_open(opened, code, expected, text):
    opened(code)
    with pytest.raises(expected, match=f"/dev/nst7: .*{text}"):
        open_st("/dev/nst7", write=True)
