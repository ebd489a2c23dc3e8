# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-tapeinfo: tapeinfo(1) of mtx: what a tape drive says of itself and of its cartridge."""

from __future__ import annotations

from pytp_cli import info_program, inquiry_lines, raw_output, tapeinfo_alerts
from pytp_cli.generic_device import ATTENTIVE, Refused
from pytp_cli.info_program import yes
from pytp_cli.mtx_failure import Failure
from pytp_cli.raw_output import as_bytes
from pytp_native.spec import opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytp_cli.info_program import Report

_LOG_ROOM = 2048
_SERIAL_ROOM = 252
_CUMULATIVE = 0x40
"""Page control of LOG SENSE: the values, not their thresholds."""


def _report(report: Report) -> None:
    who = inquiry_lines.ask(report.device)
    report.line(who.text(changer="Attached Changer API").rstrip("\n"), **who.fields())
    _serial(report)
    _alerts(report)
    _block_limits(report)
    _identity(report)
    if _ready(report):
        _compression(report)
        _position(report)
        _capacity(report)
        _configuration(report)
        _partitions(report)


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _serial(report: Report) -> None:
    """Unit serial number (SPC-6, VPD page 80h)."""
    data = report.ask("INQUIRY", bytes((opcodes.INQUIRY, 1, 0x80, 0, _SERIAL_ROOM, 0)), _SERIAL_ROOM)
    if data is not None and len(data) > 3:
        serial = data[4 : 4 + data[3]]
        report.line(f"SerialNumber: '{as_bytes(serial)}'", serial=inquiry_lines.printable(serial))


def _log_page(report: Report, page: int) -> bytes | None:
    """Return what follows the page's header."""
    cdb = bytes((opcodes.LOG_SENSE, 0, _CUMULATIVE | page, 0, 0, 0, 0)) + _LOG_ROOM.to_bytes(2, "big") + b"\0"
    data = report.ask("LOG SENSE", cdb, _LOG_ROOM)
    if data is None or len(data) < 4 or data[0] & 0x3F != page:
        return None
    return data[4 : 4 + _number(data, 2, 2)]


def _alerts(report: Report) -> None:
    """TapeAlert (SSC-5, log page 2Eh). Most drives clear the flags when they are read."""
    found = []
    for flag, value in _parameters(_log_page(report, 0x2E) or b""):
        if not 1 <= flag <= tapeinfo_alerts.MOST:
            raise Failure(
                f"Invalid tapealert page: {flag}\n", f"{report.device.name}: there is no TapeAlert flag {flag}"
            )
        if value:
            found.append(flag)
    for flag in sorted(set(found)):
        report.line(f"TapeAlert[{flag}]: {tapeinfo_alerts.text(flag)}.")
    report.fields["tape_alerts"] = sorted(set(found))


def _parameters(data: bytes) -> Iterator[tuple[int, int]]:
    """Parameter codes and the first byte of their values."""
    at = 0
    while at + 5 <= len(data):
        yield _number(data, at, 2), data[at + 4]
        at += 4 + data[at + 3]


def _block_limits(report: Report) -> None:
    """READ BLOCK LIMITS (SSC-5)."""
    data = report.ask("READ BLOCK LIMITS", bytes((opcodes.READ_BLOCK_LIMITS, 0, 0, 0, 0, 0)), 6)
    if data is not None:
        data = data.ljust(6, b"\0")
        least, most = _number(data, 4, 2), _number(data, 1, 3)
        report.line(f"MinBlock: {least}\nMaxBlock: {most}", min_block=least, max_block=most)


def _identity(report: Report) -> None:
    """Target and unit number, as the driver counts them; virtual devices have none and show zeros."""
    known: tuple[int, int] | None = (0, 0)
    if report.device.fd >= 0:
        from pytp_native.transport.linux_sg import id_and_lun

        known = id_and_lun(report.device.fd)
    if known is not None:
        report.line(f"SCSI ID: {known[0]}\nSCSI LUN: {known[1]}", scsi_id=known[0], scsi_lun=known[1])


def _ready(report: Report) -> bool:
    try:
        report.device.send("TEST UNIT READY", bytes(6), policy=ATTENTIVE)
    except Refused as refused:
        report.line("Ready: no", ready=False)
        report.explain(refused.why)
        return False
    report.line("Ready: yes", ready=True)
    return True


def _compression(report: Report) -> None:
    """Header, block descriptor and data compression (SSC-5, mode page 0Fh)."""
    try:
        header, page = report.mode_page(0x0F, descriptors=True)
    except Refused:
        return
    if header[2] & 0x80:
        report.line("WriteProtect: yes")
    if header[2] & 0x70:
        report.line("BufferedMode: yes")
    report.fields.update(write_protect=bool(header[2] & 0x80), buffered_mode=header[2] >> 4 & 7)
    medium, density, block = header[1], header[4], _number(header, 9, 3)
    report.line(f"Medium Type: {f'0x{medium:x}' if medium else 'Not Loaded'}", medium_type=medium or None)
    report.line(f"Density Code: 0x{density:x}\nBlockSize: {block}", density_code=density, block_bytes=block)
    enabled, capable, inverse = page[2] & 0x80, page[2] & 0x40, page[3] & 0x80
    report.line(f"DataCompEnabled: {yes(enabled)}", compression=bool(enabled))
    report.line(f"DataCompCapable: {yes(capable)}", can_compress=bool(capable))
    report.line(f"DataDeCompEnabled: {yes(inverse)}", decompression=bool(inverse))
    how, back = _number(page, 4, 4), _number(page, 8, 4)
    report.line(f"CompType: 0x{how:x}\nDeCompType: 0x{back:x}", compression_algorithm=how, decompression_algorithm=back)


def _position(report: Report) -> None:
    """READ POSITION, short form (SSC-5)."""
    data = report.ask("READ POSITION", bytes((opcodes.READ_POSITION,)) + bytes(9), 20)
    if data is None:
        return
    data = data.ljust(20, b"\0")
    if data[0] & 0x80:
        report.line("BOP: yes")
    block = None if data[0] & 0x04 else _number(data, 4, 4)
    where = {"file": None, "block": None, "logical_block": block, "partition": data[1]}
    report.line(f"Block Position: {-1 if block is None else block}", position=where)


def _capacity(report: Report) -> None:
    """Tape capacity (log page 31h) in the form of DAT and LTO drives; the unit is the drive's, LTO's are MiB."""
    page = _log_page(report, 0x31)
    if page is None or len(page) != 32:
        return
    left, size = [_number(page, at, 4) for at in (4, 12)], [_number(page, at, 4) for at in (20, 28)]
    for number in range(2 if size[1] else 1):
        report.line(f"Partition {number} Remaining Kbytes: {left[number]}")
        report.line(f"Partition {number} Size in Kbytes: {size[number]}")
    report.fields.update(remaining=left, capacity=size)


def _configuration(report: Report) -> None:
    """Device configuration (SSC-5, mode page 10h)."""
    try:
        page = report.mode_page(0x10, descriptors=True)[1]
    except Refused:
        return
    report.line(f"ActivePartition: {page[3]}", active_partition=page[3])
    warning = _number(page, 11, 3)
    report.line(f"EarlyWarningSize: {warning}", early_warning_size=warning)


def _partitions(report: Report) -> None:
    """Medium partitions (SSC-5, mode page 11h)."""
    try:
        page = report.mode_page(0x11, descriptors=True)[1]
    except Refused:
        return
    further, most = page[3], page[2]
    report.line(f"NumPartitions: {further}\nMaxPartitions: {most}", partitions=further, max_partitions=most)
    if not further:
        return
    sizes = [_number(page, 8 + 2 * index, 2) for index in range(most + 1)]
    numbers = [1] if page[1] == 8 else range(most + 1)
    for number in numbers:
        report.line(f"Partition{number}: {sizes[0 if page[1] == 8 else number]}")
    report.fields["partition_sizes"] = sizes[:1] if page[1] == 8 else sizes


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    return info_program.run(argv, "tapeinfo", _report)


def program() -> None:
    """Run as a program."""
    raw_output.run(main, broken=1)
