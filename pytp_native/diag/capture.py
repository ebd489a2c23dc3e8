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
from pytp_native.devices.look import DriveLook, LibraryLook, look
from pytp_native.devices.quiet import Quiet, opened
from pytp_native.diag.everything import everything
from pytp_native.diag.scrub import Exchange, Scrubber, names_in, names_in_address, without_keys
from pytp_native.errors import PytpError
from pytp_native.light import NamedTuple
from pytp_native.scsi.inquiry import CHANGER, Inquiry
from pytp_native.spec.log_vendors import family_of
from pytp_native.transport.capture import INDEX, VERSION, CapturedReplies, write_capture
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
        self.kept: list[Exchange] = []

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


class _Answers(NamedTuple):
    """What one device said."""

    told: dict[str, Any]
    """Who it is, for the index."""
    kept: list[Exchange]
    values: object
    inquiry: Inquiry
    names: set[bytes]

    def cleaned(self, cleaner: Scrubber) -> _Answers:
        """Return it without names; decoded anew, so that nothing is in the values that is not in the bytes."""
        family, changer = family_of(self.inquiry.vendor, self.inquiry.product), self.inquiry.device_type == CHANGER
        kept = [cleaner.clean_exchange(one, family=family, changer=changer) for one in self.kept]
        told = {name: _cleaned(cleaner, one) if isinstance(one, str) else one for name, one in self.told.items()}
        scsi = CapturedReplies(told["address"], [(cdb, reply) for cdb, _room, reply in kept])
        values = everything(Quiet(scsi.address, scsi, self.inquiry, told["busy"]), lambda _flags: None)
        return self._replace(told=told, kept=kept, values=values)


def capture(
    addresses: Iterable[str], path: str, keep: Keep, *, scrub: bool, kernel: str = "", only: bool = True
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ask the devices everything and write the archive; return the devices in it, and those that did not answer.

    Raises OSError for an archive that cannot be written, and what opening a device raises if it is the `only` one, or
    if none answers.
    """
    answers, missing = _ask_all(addresses, keep, only=only)
    if scrub:
        cleaner = Scrubber(_names(answers, missing))
        answers = [one.cleaned(cleaner) for one in answers]
        missing = [{name: _cleaned(cleaner, text) for name, text in one.items()} for one in missing]
        kernel = _cleaned(cleaner, kernel)
    devices = [
        {**one.told, "trace": f"devices/{number}.jsonl", "decoded": f"devices/{number}.json"}
        for number, one in enumerate(answers)
    ]
    index = {
        "pytp_capture": VERSION, "pytp": __version__, "python": platform.python_version(), "kernel": platform.release(),
        "taken": int(time.time()), "scrubbed": scrub, "devices": devices, "missing": missing,
    }  # fmt: skip
    files = {INDEX: json.dumps(index, indent=1).encode(), "kernel.txt": kernel.encode()}
    for device, one in zip(devices, answers, strict=True):
        files[device["trace"]] = _lines(device["address"], one.kept)
        files[device["decoded"]] = json.dumps(one.values, indent=1).encode()
    write_capture(path, files)
    return devices, missing


def _ask_all(addresses: Iterable[str], keep: Keep, *, only: bool) -> tuple[list[_Answers], list[dict[str, Any]]]:
    answers, missing, failures = [], [], []
    for address in addresses:
        try:
            answers.append(_device(address, keep))
        except PytpError as exc:  # noqa: PERF203 - devices are few
            failures.append(exc)
            missing.append({"address": address, "reason": exc.fact})
            if only:
                break
    if failures and not answers:
        raise failures[0]
    return answers, missing


def _names(answers: list[_Answers], missing: list[dict[str, Any]]) -> set[bytes]:
    """Return what is to be replaced. A device that did not answer may be named in its path."""
    models = " ".join(f"{one.inquiry.vendor} {one.inquiry.product}" for one in answers).encode()
    paths = {name for one in missing for name in names_in_address(one["address"]) if name not in models}
    return paths.union(*(one.names for one in answers))


def _cleaned(cleaner: Scrubber, text: str) -> str:
    """The user's directory may be named in the address of a virtual device."""
    home = os.path.expanduser("~")
    return cleaner.clean_text(text.replace(home, "~") if len(home) > 1 else text)


def _device(address: str, keep: Keep) -> _Answers:
    with opened(address) as plain:
        recorder = Recorder(plain.scsi)
        device = plain._replace(scsi=recorder)
        seen = look(device if plain.busy else plain)  # beside somebody it is all that is asked of the tape
        values = everything(device, lambda flags: keep(seen._replace(alerts=flags)))
        who = plain.inquiry
        told = {"address": address, "vendor": who.vendor, "product": who.product, "firmware": who.revision,
                "serial": seen.serial, "changer": plain.is_changer, "busy": plain.busy}  # fmt: skip
        names = names_in(recorder.kept, family=plain.family, changer=plain.is_changer, common=(who.vendor, who.product))
        return _Answers(told, recorder.kept, values, who, names)


def _lines(address: str, kept: list[Exchange]) -> bytes:
    lines: list[dict[str, Any]] = [{"pytp_trace": TRACE_VERSION, "kind": "scsi", "address": address}]
    for cdb, room, reply in kept:
        result = {**reply._asdict(), "sense": reply.sense.hex(), "data": reply.data.hex()}
        lines.append({"call": "execute", "cdb": cdb.hex(), "data_out": "", "data_in_bytes": room, "result": result})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


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
