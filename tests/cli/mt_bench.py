# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mt in this process, and a tape that remembers what it was asked."""

from __future__ import annotations

import fcntl
import os
from typing import NamedTuple

import pytest

from pytp_cli import mt
from pytp_native.transport.records import GMT_BOT, GMT_IM_REP_EN, GMT_ONLINE, MtStatus

READY = MtStatus(0x72, 0, 0x5A << 24, GMT_BOT | GMT_ONLINE | GMT_IM_REP_EN, 0, 0, 0)
NODE = "/dev/null"
"""What is opened: the descriptor is real, the tape behind it is FakeNode's."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Of stderr."""
        return self.err.splitlines()


class FakeNode:
    """StNode's calls; `status` and `errors` (by call: "operate", "get", "pos") decide the answers."""

    status: MtStatus = READY
    errors: dict[str, int]
    calls: list[tuple[object, ...]]
    flags: list[int]

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def operate(self, operation: int, count: int) -> None:
        type(self).calls.append((operation, count))
        type(self).flags.append(fcntl.fcntl(self.fd, fcntl.F_GETFL))
        self._maybe("operate")

    def get(self) -> MtStatus:
        type(self).calls.append(("get",))
        type(self).flags.append(fcntl.fcntl(self.fd, fcntl.F_GETFL))
        self._maybe("get")
        return type(self).status

    def pos(self) -> int:
        type(self).calls.append(("pos",))
        type(self).flags.append(fcntl.fcntl(self.fd, fcntl.F_GETFL))
        self._maybe("pos")
        return 12345

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        os.close(fd)
        type(self).calls.append(("close",))
        self._maybe("close")

    def _maybe(self, call: str) -> None:
        number = type(self).errors.get(call, 0)
        if number:
            raise OSError(number, os.strerror(number))


def make_fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeNode]:
    """A fresh FakeNode in the place of StNode."""
    fake = type("FreshNode", (FakeNode,), {"errors": {}, "calls": [], "flags": [], "status": READY})
    monkeypatch.setattr("pytp_native.transport.st_node.StNode", fake)
    return fake


def run(capfd: pytest.CaptureFixture[str], *words: str, name: str = "mt") -> Ended:
    capfd.readouterr()
    code = mt.main([name, *words])
    out, err = capfd.readouterr()
    return Ended(code, out, err)
