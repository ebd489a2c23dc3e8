# SPDX-License-Identifier: WTFPL OR MIT
"""A device that answers from a trace (trace.py): the same calls in the same order, or it fails."""

from __future__ import annotations

import json
from typing import Any

from pytp_native import errors
from pytp_native.errors import BadAddress, DeviceError, PytpError
from pytp_native.transport.blockwise import Blockwise
from pytp_native.transport.operations import describe
from pytp_native.transport.records import MtStatus, ScsiReply
from pytp_native.transport.trace import VERSION, digest, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport


class ReplayMismatch(PytpError):
    """The program did something else than what the trace holds."""

    next_step = "record a new trace if the program is right"


class Script:
    """The lines of a trace, handed out strictly in order. After a mismatch everything fails."""

    def __init__(self, path: str, kind: str) -> None:
        self.path = path
        self.address = f"replay:{path}"
        self._lines = _read(path, self.address)
        header = self._lines.pop(0)[1] if self._lines else {}
        if header.get("pytp_trace") != VERSION or header.get("kind") != kind:
            raise BadAddress(
                self.address, f"is no {kind} trace of version {VERSION}", "record one with trace:FILE:ADDRESS"
            )
        self._mismatch: ReplayMismatch | None = None

    def answer(self, name: str, arguments: dict[str, Any]) -> Any:
        """Return the recorded result of this call, or raise its recorded error."""
        if self._mismatch is not None:
            raise self._mismatch
        number, record = self._lines.pop(0) if self._lines else (0, {})
        expected = {"call": record.get("call"), **{key: record.get(key) for key in arguments}}
        asked = {"call": name, **arguments}
        if expected != asked:
            where = f"line {number} holds {_text(record)}" if record else "the trace ends there"
            self._fail(f"{_text(asked)} was called, but {where}")
        if "error" in record:
            raise _error(record["error"])
        return record.get("result")

    def close(self) -> None:
        """Fail if recorded calls are left, or if an earlier call did not match."""
        if self._mismatch is not None:
            raise self._mismatch
        if self._lines and self._lines[0][1].get("call") == "close":
            self.answer("close", {})
        if self._lines:
            left = len(self._lines)
            self._fail(f"{left} recorded calls were not made, the first is {_text(self._lines[0][1])}")

    def _fail(self, fact: str) -> None:
        self._mismatch = ReplayMismatch(self.address, fact)
        raise self._mismatch


def _read(path: str, address: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        with open(path, encoding="utf-8") as file:
            records = [(number, json.loads(line)) for number, line in enumerate(file, 1) if line.strip()]
    except OSError as error:
        raise BadAddress(address, (error.strerror or "cannot read").lower(), "name a trace file") from error
    except ValueError as error:
        raise BadAddress(address, f"is no trace: {error}", "record one with trace:FILE:ADDRESS") from error
    if not all(isinstance(record, dict) for _number, record in records):
        raise BadAddress(address, "is no trace", "record one with trace:FILE:ADDRESS")
    return records


def _text(record: dict[str, Any]) -> str:
    shown = {key: value for key, value in record.items() if key not in {"call", "result", "error", "zlib64"}}
    return f"{record.get('call')}({', '.join(f'{key}={value}' for key, value in shown.items())})"


def _error(told: dict[str, Any]) -> PytpError:
    kind = getattr(errors, told["class"], PytpError)
    error: PytpError = kind(told["subject"], told["fact"], told["next_step"])
    if isinstance(error, DeviceError):
        error.sense = bytes.fromhex(told.get("sense", ""))
    return error


def open_replayed_tape(path: str) -> ReplayedTape:
    return ReplayedTape(Script(path, "tape"))


def open_replayed_scsi(path: str) -> ScsiTransport:
    """Open a trace, which answers the same calls in the same order, or a capture (capture.py), which answers any."""
    from pytp_native.transport.capture import is_capture, open_captured  # noqa: PLC0415 - only where one is named

    if is_capture(path):
        return open_captured(path)
    return ReplayedScsi(Script(path, "scsi"))


class ReplayedTape(Blockwise):
    """A tape that answers from a script; bulk calls go block by block, as they were recorded."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.address = script.address
        self._closed = False

    def read_block(self, into: memoryview) -> int:
        result = self._script.answer("read_block", {"room": len(into)})
        data = unpack(result["zlib64"])
        into[: len(data)] = data
        return int(result["bytes"])

    def write_block(self, data: bytes | memoryview) -> int:
        return int(self._script.answer("write_block", digest(data)))

    def operate(self, operation: int, count: int = 1) -> None:
        arguments = {"operation": operation, "count": count, "name": describe(operation, count)}
        self._script.answer("operate", arguments)

    def status(self) -> MtStatus:
        return MtStatus(*self._script.answer("status", {}))

    def position(self) -> int:
        return int(self._script.answer("position", {}))

    def sync(self) -> None:
        self._script.answer("sync", {})

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._script.close()


class ReplayedScsi:
    def __init__(self, script: Script) -> None:
        self._script = script
        self.address = script.address
        self._closed = False

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        del timeout_s  # how long a caller would wait is not what it does
        arguments = {"cdb": cdb.hex(), "data_out": data_out.hex(), "data_in_bytes": data_in_bytes}
        reply = self._script.answer("execute", arguments)
        return ScsiReply(**{**reply, "sense": bytes.fromhex(reply["sense"]), "data": bytes.fromhex(reply["data"])})

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._script.close()
