# SPDX-License-Identifier: WTFPL OR MIT
"""Tape files to read, and a list for what jobs tell."""

import io
import tarfile
from typing import TypeVar

from pytp_native.devices.drive import Drive

BLOCK = 65536
T = TypeVar("T")


class Told(list[object]):
    """Takes a job's records."""

    def of(self, kind: type[T]) -> list[T]:
        return [record for record in self if isinstance(record, kind)]


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_600_000_000
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def write_file(drive: Drive, data: bytes, block_bytes: int = BLOCK, *, pad: bool = True) -> None:
    """Write one tape file and its filemark here; a last short block stays short without `pad`."""
    if pad:
        data += bytes(-len(data) % block_bytes)
    drive.prepare(0)
    for at in range(0, len(data), block_bytes):
        drive.tape.write_block(data[at : at + block_bytes])
    drive.write_filemark()
