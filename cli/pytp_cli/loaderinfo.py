# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-loaderinfo: loaderinfo(1) of mtx: what a changer says of itself."""

from __future__ import annotations

from pytp_cli import info_program, inquiry_lines, raw_output
from pytp_cli.generic_device import Refused
from pytp_cli.mtx_failure import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.info_program import Report

_TRANSPORT, _STORAGE, _MAIL, _DRIVE = 0x01, 0x02, 0x04, 0x08
_KINDS = ((_DRIVE, "Data Transfer"), (_MAIL, "Import/Export"), (_STORAGE, "Storage"), (_TRANSPORT, "Medium Transfer"))
"""Bits of the device capabilities page, in the order of the lines."""
_FROM = ("Medium Transport", "Storage", "Import/Export", "Data Transfer")
_COUNTS = (
    ("Medium Transport", "medium_transport_elements"),
    ("Storage", "storage_elements"),
    ("Import/Export", "import_export_elements"),
    ("Data Transfer", "data_transfer_elements"),
)


def _report(report: Report) -> None:
    who = inquiry_lines.ask(report.device)
    report.line(who.text(changer="Attached Changer").rstrip("\n"), **who.fields())
    if who.bar_codes is not None:
        report.line(f"Bar Code Reader: {_yes(who.bar_codes)}", bar_code_reader=who.bar_codes)
    _addresses(report)
    _geometry(report)
    _capabilities(report)


def _yes(flag: object) -> str:
    return "Yes" if flag else "No"


def _page(report: Report, page: int) -> bytes | None:
    try:
        return report.mode_page(page, descriptors=False)[1]
    except Refused:
        return None


def _addresses(report: Report) -> None:
    """Element address assignment (SMC-3, page 1Dh). Its absence is the only one that loaderinfo complains about."""
    try:
        page = report.mode_page(0x1D, descriptors=False)[1]
    except Refused as refused:
        raw_output.err(shown(refused))
        report.line("EAAP: No")
        report.explain(refused.why)
        return
    report.line("EAAP: Yes")
    for index, (name, field) in enumerate(_COUNTS):
        count = int.from_bytes(page[4 + 4 * index : 6 + 4 * index], "big")
        report.line(f"Number of {name} Elements: {count}", **{field: count})


def _geometry(report: Report) -> None:
    """Transport geometry (SMC-3, page 1Eh)."""
    page = _page(report, 0x1E)
    report.line(f"Transport Geometry Descriptor Page: {_yes(page)}")
    if page:
        report.line(f"Invertable: {_yes(page[2] & 1)}", invertable=bool(page[2] & 1))


def _capabilities(report: Report) -> None:
    """Device capabilities (SMC-3, page 1Fh)."""
    page = _page(report, 0x1F)
    report.line(f"Device Configuration Page: {_yes(page)}")
    if not page:
        return
    report.line("Storage: " + ", ".join(_kinds(page[2])), stores=_kinds(page[2]))
    report.line(f"SCSI Media Changer (rev 2): {_yes(page[3] & 1)}", smc2=bool(page[3] & 1))
    if page[3] & 1:
        report.line(f"Volume Tag Reader Present: {_yes(page[3] & 2)}", volume_tag_reader=bool(page[3] & 2))
        report.line(f"Auto-Clean Enabled: {_yes(page[3] & 4)}", auto_clean=bool(page[3] & 4))
    _moves(report, "Transfer", "->", page[4:8])
    _moves(report, "Exchange", "<>", page[12:16])


def _kinds(bits: int) -> list[str]:
    return [name for bit, name in _KINDS if bits & bit]


def _moves(report: Report, what: str, arrow: str, bits: bytes) -> None:
    report.fields[what.lower()] = {name: _kinds(bits[index]) for index, name in enumerate(_FROM)}
    for index, name in enumerate(_FROM):
        goals = ", ".join(f"{arrow}{kind}" for kind in _kinds(bits[index]))
        report.line(f"{what} {name}: {goals or 'None'}")


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    return info_program.run(argv, "loaderinfo", _report)


def program() -> None:
    """Run as a program."""
    raw_output.run(main, broken=1)
