# SPDX-License-Identifier: WTFPL OR MIT
"""The SCSI drop-ins in this process, and a library that answers as mhvtl's IBM 03584L32 does."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest

from pytp_cli.generic_device import GenericDevice, NotOpened
from pytp_native.errors import BadAddress, PytpError
from pytp_native.transport.records import ScsiReply
from tests.golden import golden

GOOD = ScsiReply(0, b"", b"")
EMPTY = ""


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Of stderr."""
        return self.err.splitlines()


def check(key: int, asc: int, ascq: int, *, specific: bytes = b"", valid: bool = True) -> ScsiReply:
    """CHECK CONDITION with fixed sense data; mhvtl always sets VALID."""
    sense = bytearray(18)
    sense[0], sense[2], sense[7], sense[12], sense[13] = 0x70 | valid << 7, key, 10, asc, ascq
    sense[15:18] = specific.ljust(3, b"\0")
    return ScsiReply(2, bytes(sense), b"")


class FakeUnit:
    """A logical unit. `planned` answers come first, by operation code; then the device's own."""

    address = "/dev/sg0"

    def __init__(self) -> None:
        self.cdbs: list[bytes] = []
        self.data_out: list[bytes] = []
        self.timeouts: list[float] = []
        self.planned: dict[int, list[ScsiReply | PytpError]] = {}
        self.closed = 0

    def plan(self, opcode: int, *replies: ScsiReply | PytpError) -> None:
        self.planned.setdefault(opcode, []).extend(replies)

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        self.cdbs.append(cdb)
        self.data_out.append(data_out)
        self.timeouts.append(timeout_s)
        planned = self.planned.get(cdb[0])
        reply = planned.pop(0) if planned else self.own(cdb)
        if isinstance(reply, PytpError):
            raise reply
        return reply._replace(data=reply.data[:data_in_bytes])

    def own(self, cdb: bytes) -> ScsiReply:
        del cdb
        return GOOD

    def close(self) -> None:
        self.closed += 1

    def sent(self, opcode: int) -> list[bytes]:
        return [cdb for cdb in self.cdbs if cdb[0] == opcode]


class FakeLibrary(FakeUnit):
    """Elements with barcodes ("" is empty), moved by MOVE MEDIUM; answers are built as mhvtl builds them."""

    def __init__(self) -> None:
        super().__init__()
        barcodes = ["VT0001L6", "VT0002L6", "VT0003L6", "WORM04LW", "VT0005L5", EMPTY, EMPTY, "CLN001L1"]
        self.slots = dict(enumerate(barcodes, 1024))
        self.mail = {768: EMPTY, 769: EMPTY}
        self.drives = {257: EMPTY, 258: EMPTY}
        self.sources: dict[int, int] = {}
        self.source_flags = 0x80
        self.page = golden("mhvtl-mode-1d")
        self.short = False
        """Descriptors without tags."""
        self.reads_labels = True

    def own(self, cdb: bytes) -> ScsiReply:
        opcode = cdb[0]
        if opcode == 0x12:
            return ScsiReply(0, b"", golden("mhvtl-inquiry-changer"))
        if opcode == 0x1A:
            return ScsiReply(0, b"", self.page)
        if opcode in {0xB8, 0xB4}:
            return self._elements(cdb)
        if opcode in {0xA5, 0xA7}:
            return self._move(int.from_bytes(cdb[4:6], "big"), int.from_bytes(cdb[6:8], "big"))
        if opcode in {0x00, 0x07}:
            return GOOD
        if opcode == 0x1B:
            return check(5, 0x21, 0x01)
        return check(5, 0x20, 0, specific=bytes((0xC0, 0, 0)))

    def _elements(self, cdb: bytes) -> ScsiReply:
        if cdb[1] & 0x10 and not self.reads_labels:
            return check(5, 0x24, 0)
        if not cdb[1] & 0xF:
            return check(5, 0x24, 0, specific=bytes((0xCF, 0, 0)))
        kinds = {1: {1: EMPTY}, 2: self.slots, 3: self.mail, 4: self.drives}
        kind, first, most = cdb[1] & 0xF, int.from_bytes(cdb[2:4], "big"), int.from_bytes(cdb[4:6], "big")
        chosen = [(at, tag) for at, tag in kinds[kind].items() if at >= first][:most]
        tagged = bool(cdb[1] & 0x10)
        body = b"".join(self._descriptor(at, tag, tagged=tagged) for at, tag in chosen)
        width = len(body) // len(chosen) if chosen else 52
        page = bytes((kind, tagged << 7)) + width.to_bytes(2, "big") + len(body).to_bytes(4, "big") + body
        head = chosen[0][0].to_bytes(2, "big") + len(chosen).to_bytes(2, "big") if chosen else bytes(4)
        return ScsiReply(0, b"", head + len(page).to_bytes(4, "big") + page)

    def _descriptor(self, address: int, tag: str, *, tagged: bool) -> bytes:
        source = self.sources.get(address, 0) if tag else 0
        flags = 0x08 | bool(tag)
        plain = address.to_bytes(2, "big") + bytes((flags, 0, 0, 0, 0, 0, 0))
        plain += bytes((self.source_flags if source else 0,)) + source.to_bytes(2, "big")
        if self.short:
            return plain
        return plain + (tag.encode().ljust(36) if tag else bytes(36)) * tagged + bytes(4)

    def _move(self, source: int, destination: int) -> ScsiReply:
        begin, end = self._place(source), self._place(destination)
        if not begin[source]:
            return check(5, 0x3B, 0x0E)
        if end[destination]:
            return check(5, 0x3B, 0x0D)
        if begin[source].startswith("CLN"):
            return check(4, 0x04, 0x03)
        begin[source], end[destination] = EMPTY, begin[source]
        self.sources[destination] = source
        return GOOD

    def _place(self, address: int) -> dict[int, str]:
        return next(one for one in (self.slots, self.mail, self.drives) if address in one)


Open = Callable[[str], GenericDevice]
PROGRAMS = ("mtx_run", "info_program", "scsitape")


def put_in_place(monkeypatch: pytest.MonkeyPatch, unit: FakeUnit, name: str = "/dev/sg0") -> None:
    """Have every program find `unit` under `name`, and nothing under other names."""

    def open_device(wanted: str) -> GenericDevice:
        if wanted != name:
            raise NotOpened(
                f"cannot open SCSI device '{wanted}' - No such file or directory\n", BadAddress(wanted, "no")
            )
        return GenericDevice(name, unit)

    for program in PROGRAMS:
        monkeypatch.setattr(f"pytp_cli.{program}.open_device", open_device)
    for variable in ("CHANGER", "TAPE", "STAPE"):
        monkeypatch.delenv(variable, raising=False)


def run(capfd: pytest.CaptureFixture[str], main: Callable[[list[str]], int], *words: str) -> Ended:
    capfd.readouterr()
    code = main([main.__module__.rpartition(".")[2], *words])
    out, err = capfd.readouterr()
    return Ended(code, out, err)


def run_merged(main: Callable[[list[str]], int], words: list[str], path: str) -> tuple[int, str]:
    """Run with both streams in one file, in the order of writing."""
    kept = os.dup(1), os.dup(2)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        os.dup2(file, 1)
        os.dup2(file, 2)
        code = main([main.__module__.rpartition(".")[2], *words])
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for fd in (*kept, file):
            os.close(fd)
    with open(path, "rb") as text:
        return code, text.read().decode()
