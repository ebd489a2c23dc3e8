# SPDX-License-Identifier: WTFPL OR MIT
"""A SCSI device with answers of ours in between, and a clock that passes only where somebody sleeps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from pytp_native.scsi.executor import Clock
from pytp_native.transport.records import ScsiReply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport


class Injected:
    """Passes commands on; what is planned for an operation code comes first, one plan per command."""

    def __init__(self, scsi: ScsiTransport) -> None:
        self._scsi = scsi
        self.plans: dict[int, list[ScsiReply | Exception | None]] = defaultdict(list)
        """None passes the command on."""
        self.edit: dict[int, Callable[[ScsiReply], ScsiReply]] = {}
        self.sent: list[int] = []
        self.limits: dict[int, list[float]] = defaultdict(list)
        """Time limits in seconds, by operation code."""

    @property
    def address(self) -> str:
        return self._scsi.address

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        self.sent.append(cdb[0])
        self.limits[cdb[0]].append(timeout_s)
        planned = self.plans[cdb[0]].pop(0) if self.plans[cdb[0]] else None
        if isinstance(planned, Exception):
            raise planned
        if planned is not None:
            return planned
        reply = self._scsi.execute(cdb, data_out=data_out, data_in_bytes=data_in_bytes, timeout_s=timeout_s)
        return self.edit[cdb[0]](reply) if cdb[0] in self.edit else reply

    def close(self) -> None:
        self._scsi.close()


class FakeTime:
    def __init__(self) -> None:
        self.now_s = 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now_s, self.sleep)
