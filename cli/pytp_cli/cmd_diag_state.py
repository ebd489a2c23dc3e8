# SPDX-License-Identifier: WTFPL OR MIT
"""The commands of `pytp diag` about a moment: position, sense, encryption."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any, Optional

import typer

from pytp_cli import diag_device as device_options
from pytp_cli import options
from pytp_cli.diag_device import asked
from pytp_cli.diag_values import shown
from pytp_cli.run import Run
from pytp_native.diag.plain import plain
from pytp_native.errors import BadReply, NotSupported, PytpError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet

_PROTOCOL_AES = {0x00010014: "AES-256-GCM"}
_MODES = ("off", "external", "on")
_DECRYPT = ("off", "raw", "on", "mixed")


def position(
    ctx: typer.Context, drive: device_options.Device = None, replay: device_options.Replay = None,
    as_json: options.Json = False,
) -> int:  # fmt: skip
    """READ POSITION in all its forms, with what is still in the drive's buffer; nothing moves. Exit 4: somebody has
    the tape open."""
    with Run(ctx, "diag position", as_json=as_json) as run, asked(run, drive, None, replay, drive_only=True) as device:
        from pytp_cli.tables import aligned
        from pytp_native.devices.retry import CALM
        from pytp_native.scsi import executor, ssc

        device.check_free()
        forms = {"short": ssc.read_position, "long": ssc.read_position_long, "extended": ssc.read_position_extended}
        told: dict[str, Any] = {}
        for name, command in forms.items():
            try:
                told[name] = executor.run(device.scsi, command(), CALM)
            except (NotSupported, BadReply) as exc:  # noqa: PERF203 - three times
                told[name] = None  # it has other forms
                run.note(f"{name} form: {exc.fact}")
        run.fields["forms"] = plain(told)
        known = {name: one for name, one in told.items() if one is not None}
        if not known:
            raise NotSupported(device.address, "tells its position in no form")
        fields = next(iter(known.values()))._fields
        rows = [("", *known)]
        rows += [(field.replace("_", " "), *(shown(getattr(one, field)) for one in known.values())) for field in fields]
        run.say(aligned(rows))
    return run.exit_code


def sense(
    ctx: typer.Context,
    words: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[HEX]...", help="Sense data, or lines of a kernel log. Default: standard input."),
    ] = None,
    vendor: Annotated[str, typer.Option("--vendor", help="Whose codes they are: IBM, HP, HPE, QUANTUM.")] = "",
    as_json: options.Json = False,
) -> int:
    """Says what sense data mean: "70 00 03 00 ...", "sense 3/11/00", or the kernel's lines "Sense Key : Medium Error",
    "Add. Sense: ..." and "[current]" dumps; needs no device."""
    with Run(ctx, "diag sense", as_json=as_json) as run:
        text = " ".join(words) if words else sys.stdin.read()
        found = decoded(text)
        if not found:
            raise UsageError("sense", "there are no sense data in that", "give them in hexadecimal: 70 00 03 ...")
        from pytp_native.scsi.judge import describe, meaning

        run.fields["sense"] = [_sense_object(one, vendor) for one in found]
        for one in found:
            run.say(describe(one, vendor))
            step = meaning(one, vendor)[1]
            if step:
                run.say(f"  {step}")
    return run.exit_code


_BYTES = re.compile(r"(?:\b|x)((?:7[0-3]|f[01])(?:[ ,:]*(?:0x)?[0-9a-f]{2}){3,})\b", re.IGNORECASE)
_CODES = re.compile(r"\b([0-9a-f])/([0-9a-f]{1,2})/([0-9a-f]{1,2})\b", re.IGNORECASE)
_KEY = re.compile(r"Sense Key\s*:\s*(?:0x)?([A-Za-z][A-Za-z ]*?|[0-9a-fA-F])\s*(?:\[|$|\n)", re.MULTILINE)
_ASC = re.compile(r"ASC[= :]+(?:0x)?([0-9a-f]{1,2})\W+ASCQ[= :]+(?:0x)?([0-9a-f]{1,2})", re.IGNORECASE)


def decoded(text: str) -> list[Any]:
    """Return every sense record that a text has: as bytes, as key/asc/ascq, or as the kernel writes it."""
    from pytp_native.scsi.sense import Sense, parse_sense

    found: list[Any] = []
    for match in _BYTES.finditer(text):
        digits = re.sub(r"0x|[^0-9a-f]", "", match[1].lower())
        try:
            found.append(parse_sense(bytes.fromhex(digits)))
        except (BadReply, ValueError):
            continue
    if not found:
        for match in _CODES.finditer(text):
            key, asc, ascq = (int(part, 16) for part in match.groups())
            found.append(Sense(key, asc, ascq))
    return found or _kernel_lines(text)


def _kernel_lines(text: str) -> list[Any]:
    """Read "Sense Key : Medium Error [current]" and behind it "Add. Sense: Write error" or "ASC=0x11 ASCQ=0x0"."""
    from pytp_native.scsi.sense import Sense
    from pytp_native.spec.sense import KEY_NAMES
    from pytp_native.spec.sense_texts import KERNEL_TEXTS

    found: list[Any] = []
    for match in _KEY.finditer(text):
        word = match[1].strip().lower()
        key = KEY_NAMES.index(word) if word in KEY_NAMES else int(word, 16) if len(word) == 1 else None
        if key is None:
            continue
        behind = text[match.end() :].split("Sense Key", 1)[0]
        numbers = _ASC.search(behind)
        code = int(numbers[1], 16) << 8 | int(numbers[2], 16) if numbers else 0
        named = re.search(r"Add\. Sense\s*:\s*([^\n]+)", behind)
        if named and not numbers:
            code = KERNEL_TEXTS.get(named[1].strip().lower(), 0)
        found.append(Sense(key, code >> 8, code & 0xFF))
    return found


def _sense_object(one: Any, vendor: str) -> dict[str, Any]:
    from pytp_native.scsi.judge import describe, meaning
    from pytp_native.scsi.sense import key_name

    return {
        "key": one.key, "key_name": key_name(one.key), "asc": one.asc, "ascq": one.ascq, "deferred": one.deferred,
        "filemark": one.filemark, "eom": one.eom, "ili": one.ili, "information": one.information,
        "progress": one.progress, "text": describe(one, vendor), "next_step": meaning(one, vendor)[1] or None,
        "raw": one.raw.hex(),
    }  # fmt: skip


def encryption(
    ctx: typer.Context, drive: device_options.Device = None, replay: device_options.Replay = None,
    as_json: options.Json = False,
) -> int:  # fmt: skip
    """What the drive can encrypt, whether it does now, and whether the next block is encrypted; keys and their names
    are never shown. Exit 4: somebody has the tape open; 6: encryption is switched off in the drive."""
    with (
        Run(ctx, "diag encryption", as_json=as_json) as run,
        asked(run, drive, None, replay, drive_only=True) as device,
    ):
        from pytp_cli.tables import aligned
        from pytp_native.devices.retry import CALM
        from pytp_native.scsi import encryption as tape_encryption
        from pytp_native.scsi import executor

        device.check_free()
        algorithms = executor.run(device.scsi, tape_encryption.capabilities(), CALM)
        status = executor.run(device.scsi, tape_encryption.status(), CALM)
        told: dict[str, Any] = {
            "algorithms": [{**one._asdict(), "name": _PROTOCOL_AES.get(one.algorithm)} for one in algorithms],
            "status": {name: value for name, value in status._asdict().items() if name != "key_data"},
            "key_data_there": bool(status.key_data), "next_block": _next_block(device),
        }  # fmt: skip
        run.fields["encryption"] = plain(told)
        rows = [("can", ", ".join(_algorithm(one) for one in told["algorithms"]) or "nothing"),
                ("encrypts", _word(_MODES, status.encryption)), ("decrypts", _word(_DECRYPT, status.decryption)),
                ("key changes", str(status.counter)),
                ("volume has encrypted blocks", shown(status.volume_has_encrypted_blocks))]  # fmt: skip
        if told["next_block"]:
            rows.append(("next block", str(told["next_block"]["state"])))
        run.say(aligned(rows))
    return run.exit_code


def _next_block(device: Quiet) -> dict[str, Any] | None:
    """None while the drive cannot tell: no cartridge, or it does not have the page."""
    from pytp_native.devices.retry import CALM
    from pytp_native.scsi import encryption as tape_encryption
    from pytp_native.scsi import executor

    try:
        found = executor.run(device.scsi, tape_encryption.next_block(), CALM)
    except PytpError:
        return None
    return {"block": found.block, "state": found.state, "key_data_there": bool(found.key_data)}


def _algorithm(one: dict[str, Any]) -> str:
    return f"{one['name'] or format(one['algorithm'], '08x')} ({8 * one['key_bytes']} bits)"


def _word(words: tuple[str, ...], number: int) -> str:
    return words[number] if number < len(words) else f"mode {number}"
