# SPDX-License-Identifier: WTFPL OR MIT
"""Counters of drives of several makes: pages laid out here by hand, and those that a real emulator gave."""

from __future__ import annotations

import pytest

from pytp_native.devices.statistics import ErrorCounters, read_barcode, read_statistics
from pytp_native.errors import DeviceError
from pytp_native.transport.records import ScsiReply
from tests.golden import golden
from tests.unit.scsi.answers import GOOD, check

ILLEGAL, MEDIUM_ERROR, ATTENTION = 5, 3, 6


def page(number: int, *parameters: tuple[int, bytes]) -> bytes:
    body = b"".join(code.to_bytes(2, "big") + bytes((0, len(value))) + value for code, value in parameters)
    return bytes((number, 0)) + len(body).to_bytes(2, "big") + body


class Drive:
    """Answers LOG SENSE from a table of pages; what is not there is an invalid field."""

    address = "/dev/sg1"

    def __init__(self, *pages: bytes, listed: tuple[int, ...] | None = None) -> None:
        self.pages = {one[0] & 0x3F: one for one in pages}
        self.listed = bytes(listed if listed is not None else sorted(self.pages))
        self.planned: list[ScsiReply] = []

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        if self.planned:
            return self.planned.pop(0)
        wanted = cdb[2] & 0x3F
        data = (
            bytes((0, 0)) + len(self.listed).to_bytes(2, "big") + self.listed if not wanted else self.pages.get(wanted)
        )
        return check(ILLEGAL, 0x2400) if data is None else ScsiReply(GOOD, b"", data[:data_in_bytes])

    def close(self) -> None:
        """Nothing is open."""


def number(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big")


ERRORS = page(2, *((code, number(10 + code, 4)) for code in range(5)), (5, number(1 << 40, 8)), (6, number(7, 4)))
VOLUME = page(
    0x17, (0, b"\x01"), (1, number(12, 4)), *((code, number(100 + code, 4)) for code in range(2, 16)),
    (0x10, number(5000, 8)), (0x11, number(6000, 8)), (0x12, number(250, 2)), (0x13, number(180, 2)),
    (0x16, number(2_500_000, 4)), (0x17, number(1000, 4)), (0x19, b"\xff"), (0x40, b"SERIAL01".ljust(32)),
)  # fmt: skip


def test_error_counters_are_read_by_their_codes() -> None:
    found = read_statistics(Drive(ERRORS))
    assert found.write_errors == ErrorCounters(10, 11, 12, 13, 14, 1 << 40, 7)
    assert found.read_errors is None
    assert found.volume is None


def test_volume_statistics_have_both_directions() -> None:
    volume = read_statistics(Drive(VOLUME)).volume
    assert volume is not None
    assert (volume.threads, volume.serial, volume.capacity_mb, volume.used_mb) == (12, "SERIAL01", 2_500_000, 1000)
    written, read = volume.written, volume.read
    assert (written.data_sets, written.retries, written.unrecovered) == (102, 103, 104)
    assert (written.suspended, written.fatal_suspended) == (105, 106)
    assert (read.data_sets, read.retries, read.unrecovered) == (107, 108, 109)
    assert (read.suspended, read.fatal_suspended) == (110, 111)
    assert (written.last_mount_unrecovered, read.last_mount_unrecovered) == (112, 113)
    assert (written.last_mount_mb, read.last_mount_mb) == (114, 115)
    assert (written.lifetime_mb, read.lifetime_mb) == (5000, 6000)
    assert (written.compression_percent, read.compression_percent) == (250, 180)


def test_what_the_drive_calls_unknown_is_unknown() -> None:
    volume = read_statistics(Drive(VOLUME)).volume
    assert volume is not None
    assert volume.life_percent is None
    assert volume.beginning_passes is None


def test_a_page_that_calls_itself_invalid_tells_nothing() -> None:
    assert read_statistics(Drive(page(0x17, (0, b"\0"), (1, number(12, 4))))).volume is None


def test_an_older_drive_tells_the_same_counts_on_page_30h() -> None:
    old = page(0x30, *((code, number(100 + code, 4)) for code in range(1, 12)))
    volume = read_statistics(Drive(old)).volume
    assert volume is not None
    assert (volume.threads, volume.written.data_sets, volume.read.fatal_suspended) == (101, 102, 111)
    assert volume.written.lifetime_mb is None


@pytest.mark.parametrize("code", [0x1B, 0x32])
def test_compression_is_read_from_either_page(code: int) -> None:
    found = read_statistics(Drive(page(code, (0, number(150, 2)), (1, number(210, 2)), (0x100, b"\x01")))).compression
    assert found is not None
    assert (found.read_percent, found.write_percent, found.enabled) == (150, 210, True)


def test_a_page_that_is_listed_and_refused_is_left_out() -> None:
    found = read_statistics(Drive(ERRORS, listed=(0, 2, 3, 0x17, 0x32)))
    assert found.write_errors is not None
    assert (found.read_errors, found.volume, found.compression) == (None, None, None)


def test_a_unit_attention_is_passed_over_and_a_failure_is_not() -> None:
    drive = Drive(ERRORS)
    drive.planned = [check(ATTENTION, 0x2800)]
    assert read_statistics(drive).write_errors is not None
    drive.planned = [check(4, 0x4400)]
    with pytest.raises(DeviceError, match="LOG SENSE"):
        read_statistics(drive)


def test_an_emulated_ibm_drive() -> None:
    """mhvtl's answers: page 17h does not say that it is valid there."""
    pages = [golden(f"mhvtl-log-{code:02x}") for code in (0x02, 0x03, 0x17, 0x30, 0x32)]
    found = read_statistics(Drive(*pages))
    assert found.write_errors is not None
    assert found.read_errors is not None
    assert found.compression is not None


def test_a_barcode_of_the_cartridge_memory() -> None:
    class Memory(Drive):
        def execute(self, cdb: bytes, **more: object) -> ScsiReply:
            value = bytes((0x08, 0x06, 1, 0, 32)) + b"A00009L6".ljust(32)
            return ScsiReply(GOOD, b"", len(value).to_bytes(4, "big") + value)

    assert read_barcode(Memory()) == "A00009L6"
