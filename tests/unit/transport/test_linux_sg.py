# SPDX-License-Identifier: WTFPL OR MIT
"""SG_IO: what goes into the header, what comes out, and what counts as not carried."""

from __future__ import annotations

import errno
import os

import pytest

from pytp_native import errors
from pytp_native.ffi import ffi, lib
from pytp_native.transport import linux_sg
from pytp_native.transport.linux_sg import LinuxSg, open_sg


@pytest.fixture
def kernel(monkeypatch):
    """Answer SG_IO; `kernel.seen` holds what was asked."""

    class Kernel:
        answer = {}  # noqa: RUF012
        data = b""
        sense = b""
        error = 0
        seen = None

        limit = 1 << 22
        reserved = 0
        segments = 1 << 30

        def ioctl(self, fd, request, buffer):
            if request in {lib.SG_SET_RESERVED_SIZE, lib.SG_GET_RESERVED_SIZE}:
                self.reserve(request, ffi.from_buffer("int *", buffer))
                return
            assert request == lib.SG_IO
            if self.error:
                raise OSError(self.error, os.strerror(self.error))
            header = ffi.from_buffer("struct sg_io_hdr *", buffer)
            if header.dxfer_len > self.segments:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            self.seen = {
                "id": header.interface_id,
                "direction": header.dxfer_direction,
                "cdb": bytes(ffi.buffer(header.cmdp, header.cmd_len)),
                "length": header.dxfer_len,
                "timeout": header.timeout,
            }
            if header.dxfer_direction == lib.SG_DXFER_TO_DEV:
                self.seen["data"] = bytes(ffi.buffer(header.dxferp, header.dxfer_len))
            ffi.memmove(header.dxferp, self.data, len(self.data))
            ffi.memmove(header.sbp, self.sense, len(self.sense))
            header.sb_len_wr = len(self.sense)
            for name, value in self.answer.items():
                setattr(header, name, value)

        def reserve(self, request, told):
            if self.error:
                raise OSError(self.error, os.strerror(self.error))
            if request == lib.SG_SET_RESERVED_SIZE:
                self.reserved = min(told[0], self.limit)
            told[0] = self.reserved

    kernel = Kernel()
    monkeypatch.setattr(linux_sg.fcntl, "ioctl", kernel.ioctl)
    return kernel


def test_data_in_is_cut_by_the_residual(kernel):
    kernel.data, kernel.answer = b"\x01\x80\x05\x02", {"resid": 32, "duration": 7}
    reply = LinuxSg("/dev/sg3", -1).execute(b"\x12\0\0\0\x24\0", data_in_bytes=36, timeout_s=1.5)
    assert (reply.status, reply.data, reply.residual, reply.duration_ms) == (0, b"\x01\x80\x05\x02", 32, 7)
    assert kernel.seen == {
        "id": ord("S"), "direction": lib.SG_DXFER_FROM_DEV, "cdb": b"\x12\0\0\0\x24\0", "length": 36, "timeout": 1500,
    }  # fmt: skip


def test_data_out(kernel):
    LinuxSg("/dev/sg3", -1).execute(b"\x15\x10\0\0\x04\0", data_out=b"abcd")
    assert kernel.seen["data"] == b"abcd"
    assert kernel.seen["direction"] == lib.SG_DXFER_TO_DEV


def test_no_data(kernel):
    assert LinuxSg("/dev/sg3", -1).execute(bytes(6)).data == b""
    assert (kernel.seen["direction"], kernel.seen["length"]) == (lib.SG_DXFER_NONE, 0)


def test_check_condition_is_a_reply(kernel):
    kernel.sense = b"\x70\0\x05" + bytes(9) + b"\x20\0"
    kernel.answer = {"status": 2, "driver_status": 8}
    reply = LinuxSg("/dev/sg3", -1).execute(b"\xff" + bytes(5))
    assert (reply.status, reply.sense, reply.driver_status) == (2, kernel.sense, 8)


@pytest.mark.parametrize("residual", [-4, 100])
def test_a_nonsense_residual_never_reaches_beyond_the_buffer(kernel, residual):
    kernel.answer = {"resid": residual}
    assert len(LinuxSg("/dev/sg3", -1).execute(bytes(6), data_in_bytes=8).data) == (8 if residual < 0 else 0)


@pytest.mark.parametrize(
    ("answer", "text"),
    [({"host_status": 1}, "no connection"), ({"host_status": 3}, "timed out"), ({"host_status": 0x77}, "77h"),
     ({"driver_status": 0x06}, "timed out"), ({"driver_status": 0x05}, "the driver refused it"),
     ({"driver_status": 0x0C}, "the driver's error"), ({"status": 2, "host_status": 7}, "host adapter")],
)  # fmt: skip
def test_what_was_not_carried_raises(kernel, answer, text):
    kernel.answer = answer
    with pytest.raises(errors.DeviceError, match=f"command 00h was not carried: .*{text}"):
        LinuxSg("/dev/sg3", -1).execute(bytes(6))


def test_a_reservation_conflict_is_the_devices_word_whatever_old_kernels_put_beside_it(kernel):
    kernel.answer = {"status": 0x18, "host_status": 0x11}
    reply = LinuxSg("/dev/sg3", -1).execute(bytes(6))
    assert (reply.status, reply.host_status) == (0x18, 0)
    kernel.answer = {"status": 0, "host_status": 0x11}
    with pytest.raises(errors.DeviceError, match="reservation conflict"):
        LinuxSg("/dev/sg3", -1).execute(bytes(6))


@pytest.mark.parametrize(
    ("code", "expected"),
    [(errno.EPERM, errors.NotSupported), (errno.ENODEV, errors.DeviceError), (errno.ENOMEM, errors.DeviceError)],
)
def test_errno_of_the_ioctl(kernel, code, expected):
    kernel.error = code
    with pytest.raises(expected, match="/dev/sg3: command 12h"):
        LinuxSg("/dev/sg3", -1).execute(b"\x12" + bytes(5))


@pytest.mark.parametrize(
    ("limit", "segments", "most"),
    [(1 << 22, 1 << 30, 1 << 20), (1 << 19, 1 << 30, 1 << 19), (1 << 22, 200_000, 1 << 17), (1 << 22, 4096, 65536)],
)
def test_what_the_host_adapter_can_move_is_tried(kernel, limit, segments, most):
    kernel.limit, kernel.segments = limit, segments
    scsi = LinuxSg("/dev/sg3", -1)
    assert scsi.most_transfer_bytes == most
    assert kernel.reserved == 32768
    kernel.segments = 1
    assert scsi.most_transfer_bytes == most  # once


@pytest.mark.parametrize(("error", "limit"), [(errno.ENOTTY, 1 << 20), (0, 0)])
def test_an_adapter_that_does_not_tell_is_taken_for_a_small_one(kernel, error, limit):
    kernel.error, kernel.limit = error, limit
    assert LinuxSg("/dev/sg3", -1).most_transfer_bytes == 65536


def test_a_device_that_fails_otherwise_is_not_asked_for_less_and_less(kernel):
    kernel.answer = {"host_status": 3}
    assert LinuxSg("/dev/sg3", -1).most_transfer_bytes == 1 << 20


def test_both_directions_at_once_are_refused():
    with pytest.raises(errors.UsageError):
        LinuxSg("/dev/sg3", -1).execute(bytes(6), data_out=b"x", data_in_bytes=1)


def test_a_node_that_takes_no_scsi_commands_is_reported():
    scsi = open_sg("/dev/sg3", "/dev/null")
    with pytest.raises(errors.DeviceError, match="was not carried"):
        scsi.execute(bytes(6))
    scsi.close()
    scsi.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [(errno.EBUSY, errors.DeviceBusy), (errno.ENOENT, errors.BadAddress), (errno.EACCES, errors.DeviceError),
     (errno.EMFILE, errors.DeviceError)],
)  # fmt: skip
def test_errno_of_the_open(monkeypatch, code, expected):
    def refuse(path, flags):
        raise OSError(code, "")

    monkeypatch.setattr(linux_sg.os, "open", refuse)
    with pytest.raises(expected, match="/dev/sch0: "):
        open_sg("/dev/sch0", "/dev/sg9")


def test_without_write_permission_it_is_opened_for_reading(monkeypatch):
    seen = []

    def choosy(path, flags):
        seen.append(flags & os.O_ACCMODE)
        if flags & os.O_ACCMODE == os.O_RDWR:
            raise PermissionError(errno.EACCES, "")
        return -1

    monkeypatch.setattr(linux_sg.os, "open", choosy)
    open_sg("/dev/sg3", "/dev/sg3")
    assert seen == [os.O_RDWR, os.O_RDONLY]
