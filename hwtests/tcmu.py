# SPDX-License-Identifier: WTFPL OR MIT
"""A SCSI device in user space for the kernel's own drivers: target_core_user's command ring, seen on a loopback host.

Layout: linux/target_core_user.h, mailbox version 2 (x86-64). One command at a time, in order.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import NamedTuple

CONFIG = Path("/sys/kernel/config/target")
TAIL = 64
READ_LEN_CAPABLE, READ_LEN_GIVEN, UNKNOWN_OPERATION = 0x2, 0x2, 0x1
OP_COMMAND = 1
CDB_BYTES = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}
SENSE_BYTES = 96


class Answer(NamedTuple):
    status: int
    sense: bytes = b""
    data: bytes = b""


Execute = Callable[[bytes, bytes, int], Answer]
"""CDB, data-out, room for data-in; for a command without data-in the room is what data-out takes."""


def write(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def add_device(number: int, name: str, execute: Execute) -> None:
    """Make device `number` (from 0), called `name`, appear on a SCSI host of its own, answered by `execute` in a
    thread."""
    unit = CONFIG / "core/user_0" / name
    unit.mkdir(parents=True)
    write(unit / "control", f"dev_config=pytp/{name},dev_size=1048576,hw_block_size=512,nl_reply_supported=-1")
    write(unit / "enable", "1")
    Thread(target=CommandRing(find_uio(name)).serve, args=(execute,), daemon=True).start()
    group = CONFIG / "loopback" / f"naa.60014050000000{number:02x}" / "tpgt_1"
    group.mkdir(parents=True)
    write(group / "nexus", f"naa.60014051000000{number:02x}")
    lun = group / "lun/lun_0"
    lun.mkdir()
    (lun / name).symlink_to(unit)  # the host scans its new unit here


def find_uio(name: str) -> Path:
    for _ in range(100):
        for entry in Path("/sys/class/uio").glob("uio*/name"):
            if entry.read_text().strip().endswith(f"pytp/{name}") and Path("/dev", entry.parent.name).exists():
                return Path("/dev", entry.parent.name)
        time.sleep(0.1)
    raise RuntimeError(f"no uio device for {name}")


class CommandRing:
    def __init__(self, device: Path) -> None:
        size = int(Path("/sys/class/uio", device.name, "maps/map0/size").read_text(), 16)
        self.fd = os.open(device, os.O_RDWR)
        self.map = mmap.mmap(self.fd, size)
        _, flags, self.offset, self.size = struct.unpack_from("<HHII", self.map, 0)
        self.tells_length = bool(flags & READ_LEN_CAPABLE)

    def serve(self, execute: Execute) -> None:
        while True:
            os.read(self.fd, 4)
            while self.tail != struct.unpack_from("<I", self.map, 12)[0]:
                self.do_one(execute)
                os.write(self.fd, bytes(4))

    @property
    def tail(self) -> int:
        return int(struct.unpack_from("<I", self.map, TAIL)[0])

    def do_one(self, execute: Execute) -> None:
        at = self.offset + self.tail
        length_and_operation = struct.unpack_from("<I", self.map, at)[0]
        operation, length = length_and_operation & 7, length_and_operation & ~7
        if operation == OP_COMMAND:
            self.command(at, execute)
        elif operation:
            self.map[at + 7] |= UNKNOWN_OPERATION
        struct.pack_into("<I", self.map, TAIL, (self.tail + length) % self.size)

    def command(self, at: int, execute: Execute) -> None:
        pieces, _, _, cdb_at = struct.unpack_from("<III4xQ", self.map, at + 8)
        areas = [struct.unpack_from("<QQ", self.map, at + 48 + 16 * n) for n in range(pieces)]
        cdb = self.map[cdb_at : cdb_at + CDB_BYTES.get(self.map[cdb_at] >> 5, 6)]
        # The same areas carry data out and data in; which one it is, only the command knows.
        out = b"".join(self.map[start : start + size] for start, size in areas)
        answer = execute(cdb, out, len(out))
        rest = answer.data[: len(out)]
        for start, size in areas:
            self.map[start : start + len(rest[:size])] = rest[:size]
            rest = rest[size:]
        self.reply(at, answer, min(len(answer.data), len(out)))

    def reply(self, at: int, answer: Answer, read_bytes: int) -> None:
        if self.tells_length:
            self.map[at + 7] |= READ_LEN_GIVEN
        struct.pack_into("<BBHI", self.map, at + 8, answer.status, 0, 0, read_bytes)
        self.map[at + 16 : at + 16 + SENSE_BYTES] = answer.sense.ljust(SENSE_BYTES, b"\0")
