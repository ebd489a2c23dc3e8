# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp status`: what MTIOCGET, MTIOCPOS, INQUIRY, the library and the drive's log pages say, as far as they say
anything."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pytp_cli import options
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.errors import DeviceBusy, NotReady, PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport
    from pytp_native.transport.records import MtStatus

FLAGS = {
    "EOF": 0x80000000,
    "BOT": 0x40000000,
    "EOT": 0x20000000,
    "SM": 0x10000000,
    "EOD": 0x08000000,
    "WR_PROT": 0x04000000,
    "ONLINE": 0x01000000,
    "D_6250": 0x00800000,
    "D_1600": 0x00400000,
    "D_800": 0x00200000,
    "DR_OPEN": 0x00040000,
    "IM_REP_EN": 0x00010000,
    "CLN": 0x00008000,
}
"""Names of the general status bits, as mt prints them (linux/mtio.h, GMT_*)."""

_WORDS = {
    "BOT": "beginning of tape",
    "EOF": "behind a filemark",
    "EOD": "end of data",
    "EOT": "end of tape",
    "WR_PROT": "write-protected",
    "CLN": "cleaning requested",
}


def status(
    ctx: typer.Context,
    drive: options.Drive = None,
    library: options.LibraryShort = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Add raw fields, status bits and INQUIRY.")] = False,
    as_json: options.Json = False,
) -> int:
    """Never moves the tape. What cannot be read is left out, and the rest is still shown. Exit 4: busy (the holder is
    named), 5: no cartridge or not ready."""
    with Run(ctx, "status", as_json=as_json) as run:
        from pytp_cli.status_library import add_library, add_statistics

        chosen = run.choose(drive)
        facts: dict[str, Any] = {"device": chosen.address, "name": chosen.name, "library": None, "slot": None}
        facts["barcode"] = None
        trouble = _look(chosen.address, facts, verbose=verbose)
        add_library(chosen, library, run.config, facts)
        if facts["state"] == "ready":  # st has taken its unit attentions; beside another user they would be stolen
            add_statistics(chosen.address, facts)
        statistics = facts.pop("statistics", None)
        run.fields.update({**facts, "label": facts["barcode"], "position": _position(facts)})
        run.say(_text({**facts, "statistics": statistics}, verbose=verbose))
        if trouble:
            raise trouble
    return run.exit_code


def _look(address: str, facts: dict[str, Any], *, verbose: bool) -> PytpError | None:
    """Fill in all that can be had; return what decides the exit code."""
    from pytp_native.transport import open_tape

    trouble: PytpError | None = None
    try:
        tape = open_tape(address, status_only=True)
    except PytpError as exc:
        trouble = exc
        facts["state"] = (
            "busy" if isinstance(exc, DeviceBusy) else "not ready" if isinstance(exc, NotReady) else "error"
        )
        facts["reason"] = exc.fact
    else:
        try:
            trouble = _ask(tape, facts, verbose=verbose)
        finally:
            tape.close()
    if verbose:
        _inquire(address, facts)
    return trouble


def _ask(tape: TapeTransport, facts: dict[str, Any], *, verbose: bool) -> PytpError | None:
    try:
        answer = tape.status()
    except PytpError as exc:
        facts.update(state="error", reason=exc.fact)
        return exc
    trouble = _judge(tape.address, answer, facts)
    bits = [name for name, bit in FLAGS.items() if answer.has(bit)]
    facts.update(file=answer.file_number, block=answer.block_number, flags=bits)
    facts.update(block_bytes=answer.block_bytes, density_code=answer.density_code, density=_density(answer))
    if trouble is None:
        _locate(tape, facts)
    if verbose:
        facts["mtioc_get"] = answer._asdict()
    return trouble


def _judge(address: str, answer: MtStatus, facts: dict[str, Any]) -> PytpError | None:
    from pytp_native.errors import NoMedium

    if answer.has(FLAGS["ONLINE"]):
        facts["state"] = "ready"
        return None
    if answer.has(FLAGS["DR_OPEN"]):
        facts["state"] = "empty"
        return NoMedium(address, "no cartridge is loaded")
    facts["state"] = "not ready"
    return NotReady(address, "the drive is not ready", "wait until the cartridge is loaded")


def _locate(tape: TapeTransport, facts: dict[str, Any]) -> None:
    try:
        facts["logical_block"] = tape.position()
    except PytpError as exc:
        facts["logical_block"] = None
        facts["reason"] = exc.fact


def _density(answer: MtStatus) -> str:
    from pytp_native.spec.density import density_name

    return density_name(answer.density_code)


def _inquire(address: str, facts: dict[str, Any]) -> None:
    """Add vendor, product and firmware if the device takes SCSI commands; they are a bonus, never an error."""
    from pytp_native.scsi import executor, spc
    from pytp_native.transport import open_scsi

    try:
        device = open_scsi(address)
    except PytpError as exc:
        facts["inquiry_error"] = str(exc)
        return
    try:
        answer = executor.run(device, spc.inquiry())._asdict()
        facts["inquiry"] = {name: answer[name] for name in ("device_type", "vendor", "product", "revision")}
    except PytpError as exc:
        facts["inquiry_error"] = str(exc)
    finally:
        device.close()


def _position(facts: dict[str, Any]) -> dict[str, Any] | None:
    if "file" not in facts:
        return None
    return {**{key: facts.get(key) for key in ("file", "block", "logical_block")}, "partition": 0}


def _text(facts: dict[str, Any], *, verbose: bool) -> str:
    from pytp_cli.status_library import counter_table, library_rows, statistics_rows
    from pytp_cli.tables import aligned

    named = facts["name"] not in (None, facts["device"])
    rows = [("Device", printable(f"{facts['device']} ({facts['name']})" if named else facts["device"]))]
    reason = f": {facts['reason']}" if facts.get("reason") else ""
    rows.append(("State", facts["state"] + reason))
    if facts.get("barcode"):
        rows.append(("Cartridge", printable(facts["barcode"])))
    rows += library_rows(facts, verbose=verbose)
    rows += _tape_rows(facts) if "file" in facts else []
    rows += statistics_rows(facts, verbose=verbose)
    rows += _raw_rows(facts)
    counters = counter_table(facts["statistics"])
    return f"{aligned(rows)}\n\n{counters}" if counters else aligned(rows)


def _tape_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    words = [word for flag, word in _WORDS.items() if flag in facts["flags"]]
    size = facts["block_bytes"]
    block_size = ("Block size", str(size) if size else "Variable (0)")
    if facts["state"] != "ready":
        return [block_size]
    places = [("File", "file"), ("Block", "block"), ("Logical block", "logical_block")]
    rows = [(title, _known(facts.get(key))) for title, key in places]
    return [*rows, block_size, ("Density", _density_words(facts)), ("Flags", ", ".join(words) or "-")]


def _density_words(facts: dict[str, Any]) -> str:
    return f"{facts['density']} (0x{facts['density_code']:02x})"


def _raw_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What --verbose adds."""
    raw = facts.get("mtioc_get") or {}
    hexadecimal = ("mt_dsreg", "mt_gstat", "mt_erreg", "mt_type")
    rows = [
        (key, f"0x{value & 0xFFFFFFFFFFFFFFFF:x}" if key in hexadecimal else str(value)) for key, value in raw.items()
    ]
    if raw:
        rows.append(("Status bits", " ".join(facts["flags"]) or "-"))
    if facts.get("inquiry"):
        rows += [(f"Inquiry {key}", printable(str(value))) for key, value in facts["inquiry"].items()]
    if facts.get("inquiry_error"):
        rows.append(("Inquiry", facts["inquiry_error"]))
    return rows


def _known(value: int | None) -> str:
    return "unknown" if value is None else str(value)
