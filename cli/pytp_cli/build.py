# SPDX-License-Identifier: WTFPL OR MIT
"""Builds one command of the table with typer; the only place that knows how typer makes parsers."""

from __future__ import annotations

from importlib import import_module
from inspect import getdoc
from typing import Any

import typer
from typer.main import get_command

from pytp_cli.commands import Command
from pytp_cli.values import LightCommand


def build(command: Command) -> Any:
    """Import the command's module and return typer's (click's) command object."""
    function = getattr(import_module(f"pytp_cli.{command.module}"), command.function)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    name, text, examples = command.name.split()[-1], _help(command, function), _examples(command)
    app.command(name, cls=LightCommand, help=text, epilog=examples)(function)
    return get_command(app)


def _help(command: Command, function: object) -> str:
    text = f"{command.summary}\n\n{getdoc(function) or ''}".rstrip()
    if command.aliases:
        text += f"\n\nAlso: pytp {', pytp '.join(command.aliases)}."
    return text


def _examples(command: Command) -> str:
    # \b keeps click from re-flowing the paragraph.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in command.examples)
