# SPDX-License-Identifier: WTFPL OR MIT
"""CDBs as the standards lay them out, for tests that look at bytes."""

from __future__ import annotations


def sense_of(reply) -> tuple[int, int]:
    """Key and ASC << 8 | ASCQ of fixed sense data."""
    assert reply.status == 2, reply
    return reply.sense[2] & 0xF, int.from_bytes(reply.sense[12:14], "big")


def information(reply) -> int | None:
    if not reply.sense[0] & 0x80:
        return None
    return int.from_bytes(reply.sense[3:7], "big", signed=True)


def settle(scsi):
    """Take the unit attention of a load."""
    scsi.execute(bytes(6))
    return scsi


def good(reply):
    assert reply.status == 0, reply
    return reply.data


def write(scsi, data: bytes, *, fixed: int = 0):
    count = len(data) // fixed if fixed else len(data)
    return scsi.execute(bytes([0x0A, bool(fixed)]) + count.to_bytes(3, "big") + b"\0", data_out=data)


def read(scsi, length: int, *, fixed: int = 0, silent: bool = False):
    cdb = bytes([0x08, bool(fixed) | silent << 1]) + length.to_bytes(3, "big") + b"\0"
    return scsi.execute(cdb, data_in_bytes=length * (fixed or 1))


def marks(scsi, count: int):
    return scsi.execute(bytes([0x10, 0]) + count.to_bytes(3, "big") + b"\0")


def space(scsi, code: int, count: int):
    return scsi.execute(bytes([0x11, code]) + count.to_bytes(3, "big", signed=True) + b"\0")


def rewind(scsi):
    return scsi.execute(bytes([1, 0, 0, 0, 0, 0]))


def locate(scsi, block: int, partition: int | None = None):
    flags = 0 if partition is None else 2
    return scsi.execute(bytes([0x2B, flags, 0]) + block.to_bytes(4, "big") + bytes([0, partition or 0, 0]))


def position(scsi) -> tuple[int, int]:
    """Partition and logical object number."""
    data = good(scsi.execute(bytes([0x34]) + bytes(9), data_in_bytes=20))
    return data[1], int.from_bytes(data[4:8], "big")


def mode(scsi, page: int, *, subpage: int = 0, room: int = 255, flags: int = 8):
    return scsi.execute(bytes([0x1A, flags, page, subpage, room, 0]), data_in_bytes=room)


def mode_select(scsi, data: bytes, *, flags: int = 0x10):
    return scsi.execute(bytes([0x15, flags, 0, 0, len(data), 0]), data_out=data)


def log(scsi, page: int, *, first: int = 0, room: int = 16384) -> bytes:
    cdb = bytes([0x4D, 0, 0x40 | page, 0, 0]) + first.to_bytes(2, "big") + room.to_bytes(2, "big") + b"\0"
    return good(scsi.execute(cdb, data_in_bytes=room))


def parameters(data: bytes) -> dict[int, bytes]:
    """Log parameters by code."""
    found, at = {}, 4
    assert int.from_bytes(data[2:4], "big") == len(data) - 4
    while at < len(data):
        found[int.from_bytes(data[at : at + 2], "big")] = data[at + 4 : at + 4 + data[at + 3]]
        at += 4 + data[at + 3]
    return found


def counters(scsi, page: int) -> dict[int, int]:
    return {code: int.from_bytes(value, "big") for code, value in parameters(log(scsi, page)).items()}


def attributes(scsi, *, partition: int = 0, first: int = 0) -> dict[int, bytes]:
    """READ ATTRIBUTE, values: identifier to value."""
    cdb = bytes([0x8C, 0, 0, 0, 0, 0, 0, partition]) + first.to_bytes(2, "big") + bytes([0, 0, 0xFF, 0xFF, 0, 0])
    data = good(scsi.execute(cdb, data_in_bytes=0xFFFF))
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    found, at = {}, 4
    while at < len(data):
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        found[int.from_bytes(data[at : at + 2], "big")] = data[at + 5 : at + 5 + size]
        at += 5 + size
    return found


def write_attribute(scsi, identifier: int, code: int, value: bytes, *, partition: int = 0, extra: int = 0):
    one = identifier.to_bytes(2, "big") + bytes([code]) + len(value).to_bytes(2, "big") + value
    data = (len(one) + extra).to_bytes(4, "big") + one
    cdb = bytes([0x8D, 0, 0, 0, 0, 0, 0, partition, 0, 0]) + len(data).to_bytes(4, "big") + bytes(2)
    return scsi.execute(cdb, data_out=data)
