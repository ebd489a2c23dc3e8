# SPDX-License-Identifier: WTFPL OR MIT
"""A device that answers from a capture (`pytp diag capture`): any command that was sent then, in any order.

A capture is a tar archive, compressed with gzip: capture.json, and for each device a trace (trace.py). `FILE#1` names
its second device.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from typing import Any

from pytp_native.errors import BadAddress, NotSupported
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
        with open(_split(path)[0], "rb") as file:
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


class CapturedScsi:
    """One device of a capture as a ScsiTransport. What was not asked then is NotSupported now."""

    def __init__(self, path: str) -> None:
        """Raises BadAddress for a file that is no capture, or has no such device."""
        self.address = f"replay:{path}"
        name, number = _split(path)
        files = read_capture(name)
        try:
            devices = json.loads(files[INDEX])["devices"]
            lines = files[devices[number]["trace"]].decode().splitlines()
            self._replies = _by_command([json.loads(line) for line in lines if line])
        except IndexError:
            raise BadAddress(self.address, "has no such device", f"it has #0 to #{len(devices) - 1}") from None
        except (ValueError, KeyError, TypeError) as exc:
            raise BadAddress(self.address, f"is damaged ({exc})", "capture again") from exc

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


def _split(path: str) -> tuple[str, int]:
    match = _NUMBERED.match(path)
    return (match["path"], int(match["number"])) if match and not os.path.exists(path) else (path, 0)


def _key(cdb: bytes) -> bytes:
    at, size = _ROOM.get(cdb[0], (0, 0)) if cdb else (0, 0)
    return cdb[:at] + bytes(size) + cdb[at + size :] if size else cdb


def _by_command(records: list[dict[str, Any]]) -> dict[bytes, ScsiReply]:
    """The longest good answer to each command; the first of any kind where none was good (a unit attention before it
    does not count)."""
    found: dict[bytes, ScsiReply] = {}
    for record in records:
        if record.get("call") != "execute" or "result" not in record:
            continue
        told = record["result"]
        reply = ScsiReply(**{**told, "sense": bytes.fromhex(told["sense"]), "data": bytes.fromhex(told["data"])})
        key = _key(bytes.fromhex(record["cdb"]))
        known = found.get(key)
        if known is None or (reply.status == 0 and (known.status != 0 or len(reply.data) > len(known.data))):
            found[key] = reply
    return found
