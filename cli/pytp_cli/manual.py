# SPDX-License-Identifier: WTFPL OR MIT
"""The manual: the commands' help as Markdown."""

from __future__ import annotations

from typing import Any

from pytp_cli.build import build
from pytp_cli.commands import COMMANDS, Command

EXIT_CODES = (
    (0, "all of it was done"),
    (1, "done, but some files could not be read or changed while read (listed)"),
    (2, "usage"),
    (3, "configuration"),
    (4, "device busy (holder shown)"),
    (5, "no medium, or not ready"),
    (6, "device or medium error"),
    (7, "refused by a guard"),
    (8, "verify found differences"),
    (9, "library (changer) error"),
    (10, "another cartridge is needed and none is available"),
    (11, "nothing here: blank, or end of data"),
    (12, "the archive ends inside a member; complete members were delivered"),
    (130, "interrupted, tape left consistent"),
)


_JSON = """## JSON

With --json a command prints one object on standard output, also when it fails; everything else goes to standard error.
Every object has these fields, and fields are only ever added:

| field | meaning |
|---|---|
| command, exit, message | the command, its exit code, and the line that went to standard error (null: nothing failed) |
| device, label | address of the drive; label or barcode of the cartridge where known |
| arguments | a list of {path, status, tape_file, first_block, blocks, files, bytes, duration_s, errors} |
| arguments.errors | a list of {path, reason} |
| position | {file, block, logical_block, partition}; null is what the drive does not know |

`bytes` counts what is on tape: blocks times block size. A byte of a file name that is not UTF-8 stands as the lone
surrogate U+DC80 to U+DCFF (`\\udc80` to `\\udcff`); Python's os.fsencode gives the byte back."""


def markdown(title: str, *, toc: bool) -> str:
    """Return the whole manual."""
    parts = [f"# {title}", "Tape toolkit for Linux: back up to LTO tape as plain tar, list, restore."]
    if toc:
        parts.append("\n".join(f"- [pytp {name}](#pytp-{name.replace(' ', '-')})" for name in COMMANDS))
    parts += [_section(command) for command in COMMANDS.values()]
    parts.append(_JSON)
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES)
    parts.append(f"## Exit codes\n\n| exit | meaning |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _section(command: Command) -> str:
    built = build(command)
    context = built.make_context(f"pytp {command.name}", [], resilient_parsing=True)
    usage = " ".join(built.collect_usage_pieces(context))
    lines = [f"## pytp {command.name}", f"    pytp {command.name} {usage}", str(built.help).strip()]
    options = [_parameter(param, context) for param in built.get_params(context) if param.param_type_name == "option"]
    lines.append("\n".join(options))
    lines.append("Examples:\n\n" + "\n".join(f"    {example}" for example in command.examples))
    return "\n\n".join(lines)


def _parameter(param: Any, context: Any) -> str:
    names, text = param.get_help_record(context) or ("", "")
    return f"- `{names}`: {text}"
