# SPDX-License-Identifier: WTFPL OR MIT
"""A tape whose faults happen at chosen places: wraps any other and keeps the whole contract."""

from __future__ import annotations

from pytp_native.errors import (
    CartridgeNeeded,
    DeviceError,
    MediumError,
    NoMedium,
    PytpError,
    UsageError,
    WriteProtected,
)
from pytp_native.transport.blockwise import Blockwise
from pytp_native.transport.records import MtStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport

_FAULTS: dict[str, tuple[type[PytpError], str]] = {
    "M": (MediumError, "medium error"),
    "H": (DeviceError, "hardware error"),
    "E": (CartridgeNeeded, "the cartridge is full"),
    "P": (WriteProtected, "the cartridge is write-protected"),
    "N": (NoMedium, "no cartridge is loaded"),
}


class Faulty(Blockwise):
    """`writes="...M.H"`: the fourth write call is a medium error, the sixth a hardware error; "." is a call that
    goes through, and so is every call behind the string. `reads` and `operations` likewise.

    Letters: M medium error, H hardware error, E ENOSPC, P write-protected, N no cartridge. A call that fails does
    not reach the wrapped tape, so the position does not change. Bulk calls count each block as one call.
    """

    def __init__(self, tape: TapeTransport, *, writes: str = "", reads: str = "", operations: str = "") -> None:
        for plan in (writes, reads, operations):
            wrong = set(plan) - set(_FAULTS) - {"."}
            if wrong:
                raise UsageError("fault", f"{''.join(sorted(wrong))!r} is no fault", f"use . and {''.join(_FAULTS)}")
        self._tape = tape
        self._plans = {"write": iter(writes), "read": iter(reads), "operation": iter(operations)}

    @property
    def address(self) -> str:
        return self._tape.address

    def _step(self, kind: str) -> None:
        fault = _FAULTS.get(next(self._plans[kind], "."))
        if fault is not None:
            raise fault[0](self.address, f"{kind}: {fault[1]} (injected)")

    def read_block(self, into: memoryview) -> int:
        self._step("read")
        return self._tape.read_block(into)

    def write_block(self, data: bytes | memoryview) -> int:
        self._step("write")
        return self._tape.write_block(data)

    def operate(self, operation: int, count: int = 1) -> None:
        self._step("operation")
        self._tape.operate(operation, count)

    def status(self) -> MtStatus:
        return self._tape.status()

    def position(self) -> int:
        return self._tape.position()

    def sync(self) -> None:
        self._step("operation")
        self._tape.sync()

    def close(self) -> None:
        self._tape.close()
