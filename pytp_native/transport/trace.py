# SPDX-License-Identifier: WTFPL OR MIT
"""Write down every call on a device, so that it can be read, sent in a bug report, and replayed (replay.py).

A trace is text: one JSON object a line, a header first. Written data are kept as length and digest, read data whole
(zlib, base64): a trace of a restore is as large as what was restored.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from typing import Any

from pytp_native.errors import DeviceError, PytpError, Refused
from pytp_native.transport.blockwise import Blockwise
from pytp_native.transport.operations import describe
from pytp_native.transport.records import MtStatus, ScsiReply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, TypeVar

    from pytp_native.transport.base import ScsiTransport, TapeTransport

    Result = TypeVar("Result")

VERSION = 1


def start_trace(path: str, kind: str, address: str) -> Trace:
    """Create the trace file. An existing file is refused, so that no mistyped address can be overwritten."""
    try:
        file = open(path, "xb", buffering=0)  # noqa: SIM115 - closed by the trace
    except FileExistsError as error:
        raise Refused(path, "exists already", "name a new file for the trace") from error
    except OSError as error:
        raise Refused(path, f"cannot write the trace: {os.strerror(error.errno or 0)}", "name another file") from error
    trace = Trace(file)
    trace.put({"pytp_trace": VERSION, "kind": kind, "address": address})
    return trace


def digest(data: bytes | memoryview) -> dict[str, Any]:
    """Return what stands for written data: enough to know them again."""
    return {"bytes": len(data), "blake2b": hashlib.blake2b(data, digest_size=16).hexdigest()}


def pack(data: bytes | memoryview) -> str:
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpack(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


class Trace:
    """An open trace file; each line is on disk's way when its call returns."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def put(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record).encode() + b"\n")

    def call(
        self, name: str, arguments: dict[str, Any], do: Callable[[], Result], encode: Callable[[Result], Any]
    ) -> Result:
        """Do it, write down the call and its result or error, and pass both on."""
        record: dict[str, Any] = {"call": name, **arguments}
        try:
            result = do()
        except PytpError as error:
            self.put({**record, "error": _error(error)})
            raise
        self.put({**record, "result": encode(result)})
        return result

    def close(self) -> None:
        self._file.close()


def _error(error: PytpError) -> dict[str, Any]:
    told = {"class": type(error).__name__, "subject": error.subject, "fact": error.fact, "next_step": error.next_step}
    if isinstance(error, DeviceError) and error.sense:
        told["sense"] = error.sense.hex()
    return told


class TracedTape(Blockwise):
    """Records every call on a tape. Bulk calls go block by block, so that a trace is the same for both."""

    def __init__(self, tape: TapeTransport, trace: Trace) -> None:
        self._tape = tape
        self._trace = trace
        self._closed = False

    @property
    def address(self) -> str:
        return self._tape.address

    def read_block(self, into: memoryview) -> int:
        def encode(length: int) -> dict[str, Any]:
            return {"bytes": length, "zlib64": pack(into[:length])}

        return self._trace.call("read_block", {"room": len(into)}, lambda: self._tape.read_block(into), encode)

    def write_block(self, data: bytes | memoryview) -> int:
        return self._trace.call("write_block", digest(data), lambda: self._tape.write_block(data), int)

    def operate(self, operation: int, count: int = 1) -> None:
        arguments = {"operation": operation, "count": count, "name": describe(operation, count)}
        self._trace.call("operate", arguments, lambda: self._tape.operate(operation, count), _nothing)

    def status(self) -> MtStatus:
        return self._trace.call("status", {}, self._tape.status, list)

    def position(self) -> int:
        return self._trace.call("position", {}, self._tape.position, int)

    def sync(self) -> None:
        self._trace.call("sync", {}, self._tape.sync, _nothing)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._trace.call("close", {}, self._tape.close, _nothing)
        finally:
            self._trace.close()


def _nothing(_result: None) -> None:
    return None


class TracedScsi:
    """Records every command and its reply, bytes in hex."""

    def __init__(self, scsi: ScsiTransport, trace: Trace) -> None:
        self._scsi = scsi
        self._trace = trace

    @property
    def address(self) -> str:
        return self._scsi.address

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        arguments = {"cdb": cdb.hex(), "data_out": data_out.hex(), "data_in_bytes": data_in_bytes}

        def do() -> ScsiReply:
            return self._scsi.execute(cdb, data_out=data_out, data_in_bytes=data_in_bytes, timeout_s=timeout_s)

        def encode(reply: ScsiReply) -> dict[str, Any]:
            return {**reply._asdict(), "sense": reply.sense.hex(), "data": reply.data.hex()}

        return self._trace.call("execute", arguments, do, encode)

    def close(self) -> None:
        self._scsi.close()
        self._trace.close()
