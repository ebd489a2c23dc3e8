# SPDX-License-Identifier: WTFPL OR MIT
"""A device that answers from a list, and sense data laid out by hand."""

from __future__ import annotations

from pytp_native.transport.records import ScsiReply

GOOD, CHECK_CONDITION, BUSY, RESERVATION_CONFLICT = 0x00, 0x02, 0x08, 0x18


def fixed(key: int, code: int = 0, *, flags: int = 0, information: int | None = None, specific: bytes = b"\0\0\0",
          deferred: bool = False) -> bytes:  # fmt: skip
    """Fixed format sense data of 18 bytes (SPC-6). `flags`: FM 80h, EOM 40h, ILI 20h."""
    valid = 0x80 if information is not None else 0
    told = ((information or 0) & 0xFFFFFFFF).to_bytes(4, "big")
    head = bytes((valid | 0x70 | deferred, 0, flags | key)) + told + b"\x0a" + bytes(4)
    return head + code.to_bytes(2, "big") + b"\0" + specific


def check(key: int, code: int = 0, **more: object) -> ScsiReply:
    return ScsiReply(CHECK_CONDITION, fixed(key, code, **more), b"")  # type: ignore[arg-type]


class Answers:
    """A ScsiTransport: bytes in the list are data-in of a GOOD answer."""

    address = "/dev/test"

    def __init__(self, answers: list[ScsiReply | bytes]) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[bytes, bytes, int, float]] = []

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        self.sent.append((cdb, data_out, data_in_bytes, timeout_s))
        answer = self._answers.pop(0)
        if isinstance(answer, ScsiReply):
            return answer
        data = answer[:data_in_bytes]
        return ScsiReply(GOOD, b"", data, residual=data_in_bytes - len(data))

    def close(self) -> None:
        """Nothing is open."""
