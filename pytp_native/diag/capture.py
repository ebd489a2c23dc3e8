# SPDX-License-Identifier: WTFPL OR MIT
"""Make a capture: every reply of one or more devices, raw as a trace and decoded, in one archive."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytp_native import __version__
from pytp_native.devices import asking
from pytp_native.devices.identity import identify
from pytp_native.devices.look import DriveLook, LibraryLook, look
from pytp_native.devices.quiet import Quiet, opened
from pytp_native.diag.everything import everything
from pytp_native.diag.scrub import Scrubber, names_in, without_keys
from pytp_native.errors import PytpError
from pytp_native.scsi.log import LogPage, parse_log_page
from pytp_native.spec import opcodes
from pytp_native.transport.capture import INDEX, VERSION, write_capture
from pytp_native.transport.trace import VERSION as TRACE_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytp_native.transport.base import ScsiTransport
    from pytp_native.transport.records import ScsiReply

_KERNEL = ("st ", "st0", "st1", "sg", "ch ", "scsi", "tape", "sas", "mpt", "fc_host", "qla", "lpfc", "tcm")


class Recorder:
    """A ScsiTransport that keeps every command and its reply."""

    def __init__(self, scsi: ScsiTransport) -> None:
        self._scsi = scsi
        self.kept: list[tuple[bytes, int, ScsiReply]] = []

    @property
    def address(self) -> str:
        return self._scsi.address

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        reply = self._scsi.execute(cdb, data_out=data_out, data_in_bytes=data_in_bytes, timeout_s=timeout_s)
        if not data_out:
            self.kept.append((cdb, data_in_bytes, reply._replace(data=without_keys(cdb, reply.data))))
        return reply

    def close(self) -> None:
        self._scsi.close()


Keep = Callable[[DriveLook | LibraryLook], None]
"""Takes a look whose TapeAlert flags the device has forgotten by being asked."""


def capture(addresses: Iterable[str], path: str, keep: Keep, *, scrub: bool, kernel: str = "") -> list[dict[str, Any]]:
    """Ask the devices everything and write the archive; return what is in it, device by device.

    Raises OSError for an archive that cannot be written, and what opening a device raises.
    """
    devices: list[dict[str, Any]] = []
    traces, decoded = [], []
    for address in addresses:
        told, records, values, names = _device(address, keep)
        cleaner = Scrubber(names if scrub else ())
        devices.append({**told, "trace": f"devices/{len(devices)}.jsonl", "decoded": f"devices/{len(devices)}.json"})
        traces.append(_lines(told["address"], records, cleaner))
        decoded.append(cleaner.clean(json.dumps(values, indent=1).encode()))
        devices[-1] = json.loads(cleaner.clean(json.dumps(devices[-1]).encode()))
        kernel = cleaner.clean(kernel.encode()).decode()
    index = {
        "pytp_capture": VERSION, "pytp": __version__, "python": platform.python_version(), "kernel": platform.release(),
        "taken": int(time.time()), "scrubbed": scrub, "devices": devices,
    }  # fmt: skip
    files = {INDEX: json.dumps(index, indent=1).encode(), "kernel.txt": kernel.encode()}
    for one, trace, values in zip(devices, traces, decoded, strict=True):
        files |= {one["trace"]: trace, one["decoded"]: values}
    write_capture(path, files)
    return devices


def _device(
    address: str, keep: Keep
) -> tuple[dict[str, Any], list[tuple[bytes, int, ScsiReply]], object, tuple[bytes, ...]]:
    with opened(address) as plain:
        recorder = Recorder(plain.scsi)
        device = Quiet(plain.address, recorder, plain.inquiry, plain.busy)
        seen = look(plain)
        values = everything(device, lambda flags: keep(seen._replace(alerts=flags)))
        who = plain.inquiry
        told = {"address": address, "vendor": who.vendor, "product": who.product, "firmware": who.revision,
                "changer": plain.is_changer, "busy": plain.busy}  # fmt: skip
        return told, recorder.kept, values, _names(device, recorder.kept)


def _names(device: Quiet, kept: list[tuple[bytes, int, ScsiReply]]) -> tuple[bytes, ...]:
    who = identify(device.scsi)
    serials = [who.serial, who.manufacturer_serial, who.library_serial, *who.designators]
    try:
        memory = asking.memory(device.scsi) if not device.is_changer and not device.busy else ()
    except PytpError:
        memory = ()
    pages: list[LogPage] = []
    for cdb, _room, reply in kept:
        if cdb[0] == opcodes.LOG_SENSE and reply.status == 0 and cdb[2] & 0x3F:
            pages.append(parse_log_page(reply.data))
    return names_in(serials, memory, pages)


def _lines(address: str, kept: list[tuple[bytes, int, ScsiReply]], cleaner: Scrubber) -> bytes:
    lines: list[dict[str, Any]] = [{"pytp_trace": TRACE_VERSION, "kind": "scsi", "address": address}]
    for cdb, room, reply in kept:
        result = {**reply._asdict(), "sense": reply.sense.hex(), "data": cleaner.clean(reply.data).hex()}
        lines.append({"call": "execute", "cdb": cdb.hex(), "data_out": "", "data_in_bytes": room, "result": result})
    return cleaner.clean("".join(json.dumps(line) + "\n" for line in lines).encode())


def kernel_messages(path: str = "/dev/kmsg") -> str:
    """Return what the kernel's log says about SCSI devices; "" where it may not be read."""
    try:
        log = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    lines = []
    try:
        while True:
            try:
                record = os.read(log, 8192)
            except BrokenPipeError:
                continue  # it was overwritten meanwhile
            except OSError:
                break
            text = record.decode(errors="backslashreplace").splitlines()[:1] if record else []
            if not text:
                break
            lines += [line.partition(";")[2] for line in text if any(word in line for word in _KERNEL)]
    finally:
        os.close(log)
    return "".join(f"{line}\n" for line in lines)
