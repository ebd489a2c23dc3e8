# SPDX-License-Identifier: WTFPL OR MIT
"""Replies of log pages, VPD pages and cartridge memory: of emulated devices (tests/golden), and of virtual drives of
each generation and maker that wrote, read and failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pytp_native.devices import asking
from pytp_native.devices.quiet import opened
from pytp_native.transport import open_tape
from pytp_native.vtl.library import Library
from pytp_native.vtl.personality import GENERATIONS
from tests.golden import golden, names

LOG, VPD, MEMORY = "log", "vpd", "memory"
MAKERS = dict(zip(GENERATIONS, ("ibm", "hpe", "quantum", "hpe", "ibm", "quantum"), strict=True))
"""One maker for each generation, from LTO-5."""
LOG_PAGES = ("02", "03", "0c", "0d", "11", "12", "14", "17", "1b", "2f", "30", "31", "32")
GOLDEN_LOGS = [name for name in names() if name.startswith("mhvtl-log-") and name[-2:] in LOG_PAGES]


class Reply(NamedTuple):
    name: str
    kind: str
    data: bytes
    family: str = ""


def recorded() -> Iterator[Reply]:
    for name in GOLDEN_LOGS:
        yield Reply(name, LOG, golden(name), "IBM")
    yield Reply("mhvtl-attributes", MEMORY, golden("mhvtl-attributes"))
    for name in names():
        if "-vpd-" in name:
            yield Reply(name, VPD, golden(name), name.split("-")[1].upper())


def of_virtual_drive(path: Path, generation: str) -> Iterator[Reply]:
    """What a drive answers that wrote 12 MB in two tape files, with a worn head, and read some of it back."""
    library = Library.create(path, drives=1, slots=1, cartridges=1, generation=generation,
                             makers=(MAKERS[generation],))  # fmt: skip
    library.add_fault(0, "worn head 400")
    library.add_fault(0, "cleaning at 3")
    address = f"vtl:{path}/drive0"
    tape = open_tape(address, write=True)
    for _ in range(12):
        tape.write_block(memoryview(bytes(1_000_000)))
    tape.operate(6, 1)  # MTREW
    into = memoryview(bytearray(1_000_000))
    for _ in range(5):
        tape.read_block(into)
    tape.close()
    with opened(address) as device:
        for key in asking.log_page_list(device.scsi):
            if f"{key[0]:02x}" in LOG_PAGES:
                yield Reply(f"{generation}-log-{key[0]:02x}-{key[1]:02x}", LOG, _log(device, key), device.family)
        for page in asking.vpd_page_list(device.scsi):
            if page in {0x80, 0x83, 0xB0, 0xB1, 0xB2, 0xB3} or page >= 0xC0:
                data = asking.vpd_page(device.scsi, page)
                yield Reply(f"{generation}-vpd-{page:02x}", VPD, data, device.family)
        cdb = bytes([0x8C, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0])
        yield Reply(f"{generation}-memory", MEMORY, device.scsi.execute(cdb, data_in_bytes=0x4000).data)


def _log(device, key: tuple[int, int]) -> bytes:  # type: ignore[no-untyped-def]
    cdb = bytes([0x4D, 0, 0x40 | key[0], key[1], 0, 0, 0, 0x40, 0, 0])
    return bytes(device.scsi.execute(cdb, data_in_bytes=0x4000).data)
