# SPDX-License-Identifier: WTFPL OR MIT
"""Questions to a drive that somebody else is using: a unit attention that comes with an answer is kept, because the one
who uses the drive will not be told of it any more (SAM-5 5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.errors import UnitAttention
from pytp_native.scsi import judge
from pytp_native.spec.sense import UNIT_ATTENTION

if TYPE_CHECKING:
    from pytp_native.scsi.sense import Sense
    from pytp_native.transport.base import ScsiTransport
    from pytp_native.transport.records import ScsiReply


class AttentionWatch:
    """A ScsiTransport that passes everything on."""

    def __init__(self, inner: ScsiTransport) -> None:
        self._inner = inner
        self._seen: Sense | None = None

    @property
    def address(self) -> str:
        return self._inner.address

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        """As the contract."""
        reply = self._inner.execute(cdb, data_out=data_out, data_in_bytes=data_in_bytes, timeout_s=timeout_s)
        told = judge.sense_of(reply)
        if told is not None and told.key == UNIT_ATTENTION:
            self._seen = told
        return reply

    def close(self) -> None:
        self._inner.close()

    def check(self) -> None:
        """Raise UnitAttention if there was one."""
        if self._seen is not None:
            fact = f"{judge.describe(self._seen)}: whoever is using the tape has not been told"
            raise UnitAttention(self.address, fact, "stop that program, and look where the tape stands")
