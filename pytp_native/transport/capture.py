# SPDX-License-Identifier: WTFPL OR MIT
"""A device that answers from a capture (`pytp diag capture`): any command that was sent then, in any order.

A capture is a tar archive, compressed with gzip: capture.json, and for each device a trace (trace.py). `FILE#1` names
its second device; a file with one device needs no number.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any

from pytp_native.errors import BadAddress, NotSupported
from pytp_native.light import NamedTuple
from pytp_native.transport.records import ScsiReply

INDEX = "capture.json"
VERSION = 1
_GZIP = b"\x1f\x8b"
_NUMBERED = re.compile(r"(?P<path>.+)#(?P<number>\d{1,4})\Z", re.DOTALL)

# Where the allocation length is in a CDB: another room for the same answer is the same question.
_ROOM = {
    0x03: (4, 1), 0x12: (3, 2), 0x1A: (4, 1), 0x34: (7, 2), 0x44: (7, 2), 0x4D: (7, 2), 0x5A: (7, 2), 0x5E: (7, 2),
    0x8C: (10, 4), 0xA0: (6, 4), 0xA2: (6, 4), 0xA3: (6, 4), 0xB8: (7, 3),
}  # fmt: skip


def is_capture(path: str) -> bool:
    """Tell whether a file, or the file of FILE#N, is a capture."""
    try:
        with open(split(path)[0], "rb") as file:
            return file.read(2) == _GZIP
    except OSError:
        return False


def read_capture(path: str) -> dict[str, bytes]:
    """Return the files of a capture by name. Raises BadAddress."""
    address = f"replay:{path}"
    try:
        with tarfile.open(path, "r:gz") as archive:
            found = {one.name: _content(archive, one) for one in archive.getmembers() if one.isfile()}
    except (OSError, tarfile.TarError, EOFError) as exc:
        raise BadAddress(address, f"cannot be read ({exc})", "name a file of pytp diag capture") from exc
    if INDEX not in found:
        raise BadAddress(address, "is no capture", "name a file of pytp diag capture")
    return found


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file is not None else b""


def write_capture(path: str, files: dict[str, bytes]) -> None:
    """Write a new archive with these files. Raises OSError, FileExistsError among them."""
    with open(path, "xb") as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))


class Captured(NamedTuple):
    """A device in a capture."""

    number: int
    address: str
    """Where it was."""
    vendor: str
    product: str
    serial: str
    changer: bool
    busy: str
    """Who had its tape open; "" if nobody had."""

    def __str__(self) -> str:
        kind = "library" if self.changer else "drive"
        serial = f", serial {self.serial}" if self.serial else ""
        return f"{self.number} {kind} {self.vendor} {self.product} ({self.address}{serial})"


class Missing(NamedTuple):
    """A device that did not answer when the capture was made."""

    address: str
    reason: str


def contents(path: str) -> tuple[list[Captured], list[Missing]]:
    """Return the devices of a capture, and those that did not answer then. Raises BadAddress."""
    return _contents(path, read_capture(path))


def _contents(path: str, files: dict[str, bytes]) -> tuple[list[Captured], list[Missing]]:
    try:
        index = json.loads(files[INDEX])
        devices = [
            Captured(number, one["address"], one["vendor"], one["product"], _serial(one, files), bool(one["changer"]),
                     one.get("busy", ""))
            for number, one in enumerate(index["devices"])
        ]  # fmt: skip
        return devices, [Missing(one["address"], one["reason"]) for one in index.get("missing", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise BadAddress(f"replay:{path}", f"is damaged ({exc})", "capture again") from exc


def _serial(device: dict[str, Any], files: dict[str, bytes]) -> str:
    """The first captures had it among the decoded values only."""
    if "serial" in device:
        return str(device["serial"])
    told = json.loads(files.get(device.get("decoded", ""), b"{}")).get("inquiry", {})
    return str(told.get("serial") or told.get("manufacturer_serial") or "")


class CapturedReplies:
    """Replies to commands as a ScsiTransport. What was not asked then is NotSupported now."""

    def __init__(
        self, address: str, exchanges: Iterable[tuple[bytes, ScsiReply]], *, busy: str = "", taken: int = 0
    ) -> None:
        self.address = address
        self.busy = busy
        """Who had the tape open then."""
        self.taken = taken
        """Seconds since 1970; 0: nobody knows."""
        self._replies = _by_command(exchanges)

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        del timeout_s
        key = _key(cdb)
        told = self._replies.get(key) if not data_out else None
        if told is None:
            fact = f"command {cdb.hex(' ')} is not in the capture"
            raise NotSupported(self.address, fact, "capture again with this pytp")
        data = told.data[:data_in_bytes]
        return told._replace(data=data, residual=data_in_bytes - len(data))

    def close(self) -> None:
        """Nothing is open."""


def open_captured(path: str) -> CapturedReplies:
    """Open one device of a capture: FILE#N, or the only one of FILE.

    Raises BadAddress for a file that is no capture, has no such device, or has several and none is named.
    """
    address = f"replay:{path}"
    name, number = split(path)
    files = read_capture(name)
    devices = _contents(name, files)[0]
    if number is None and len(devices) > 1:
        raise BadAddress(address, "several devices are in it", f"name one, like {name}#0: {listed(devices)}")
    if (number or 0) >= len(devices):
        raise BadAddress(address, "has no such device", f"it has {listed(devices) or 'none'}")
    try:
        index = json.loads(files[INDEX])
        lines = files[index["devices"][number or 0]["trace"]].decode().splitlines()
        records = [json.loads(line) for line in lines if line]
        return CapturedReplies(
            address, _exchanges(records), busy=devices[number or 0].busy, taken=int(index.get("taken", 0))
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise BadAddress(address, f"is damaged ({exc})", "capture again") from exc


def listed(devices: Iterable[Captured]) -> str:
    return ", ".join(f"#{one}" for one in devices)


def split(path: str) -> tuple[str, int | None]:
    """Return file and number of FILE#N; None: no number is named."""
    match = _NUMBERED.match(path)
    return (match["path"], int(match["number"])) if match and not os.path.exists(path) else (path, None)


def _key(cdb: bytes) -> bytes:
    at, size = _ROOM.get(cdb[0], (0, 0)) if cdb else (0, 0)
    return cdb[:at] + bytes(size) + cdb[at + size :] if size else cdb


def _exchanges(records: list[dict[str, Any]]) -> Iterator[tuple[bytes, ScsiReply]]:
    for record in records:
        if record.get("call") == "execute" and "result" in record:
            told = record["result"]
            reply = {**told, "sense": bytes.fromhex(told["sense"]), "data": bytes.fromhex(told["data"])}
            yield bytes.fromhex(record["cdb"]), ScsiReply(**reply)


def _by_command(exchanges: Iterable[tuple[bytes, ScsiReply]]) -> dict[bytes, ScsiReply]:
    """The longest good answer to each command; the first of any kind where none was good (a unit attention before it
    does not count)."""
    found: dict[bytes, ScsiReply] = {}
    for cdb, reply in exchanges:
        key = _key(cdb)
        known = found.get(key)
        if known is None or (reply.status == 0 and (known.status != 0 or len(reply.data) > len(known.data))):
            found[key] = reply
    return found
