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


def markdown(title: str, *, toc: bool) -> str:
    """Return the whole manual."""
    parts = [f"# {title}", "Tape toolkit for Linux: back up to LTO tape as plain tar, list, restore."]
    if toc:
        parts.append("\n".join(f"- [pytp {name}](#pytp-{name.replace(' ', '-')})" for name in COMMANDS))
    parts += [_section(command) for command in COMMANDS.values()]
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
