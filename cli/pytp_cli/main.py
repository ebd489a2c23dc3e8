# SPDX-License-Identifier: WTFPL OR MIT
"""The program `pytp`: finds the command in the table, imports only that one, and turns every ending into an exit
code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pytp_cli.commands import ALIASES, COMMANDS, GROUPS, Command
from pytp_native.errors import PytpError, UsageError

USAGE_EXIT = 2
BROKEN_PIPE_EXIT = 141
"""128 + SIGPIPE, as a shell reports a program that lost its reader."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Never raises, never prints a traceback (unless PYTP_DEBUG=1)."""
    args = list(sys.argv[1:] if argv is None else argv)
    _fill_closed_streams()
    _survive_odd_locales()
    try:
        with _terminable():
            code = _dispatch(args)
        _flush()
    except BrokenPipeError:
        _drop_stdout()
        code = BROKEN_PIPE_EXIT
    except KeyboardInterrupt:
        code = _fail(args, 130, "interrupted")
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else USAGE_EXIT
    except Exception as exc:  # the last line of defence: one line, no traceback
        code = _judge(args, exc)
    return code


def _fill_closed_streams() -> None:
    """Give every standard stream that the caller has closed a descriptor, so that no device is opened under its number.

    Input is at its end, output cannot be written (and that is said), messages go nowhere.
    """
    for number, (name, access) in enumerate((("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY))):
        if not _is_open(number):
            os.open(os.devnull, access)  # the lowest number that is free: this one
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that drives are closed and temporary files removed.

    Jobs put their own handlers on top (signals.stopping). Outside the main thread Python allows no handlers.
    """
    try:
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _dispatch(args: list[str]) -> int:
    config, args = _take_config(args)
    if not args:
        sys.stdout.write(overview())
        return USAGE_EXIT
    if args[0] == "--help":
        sys.stdout.write(overview())
        return 0
    if args[0] == "--version":
        from pytp_native import __version__

        print(f"pytp {__version__}")
        return 0
    return _run(args, config)


def _run(args: list[str], config: str | None) -> int:
    if args[0] in GROUPS and args[1:] in ([], ["--help"]):
        sys.stdout.write(overview(args[0]))
        return 0 if args[1:] else USAGE_EXIT
    name, rest = _split(args)
    with _uncollected():
        from pytp_cli.build import build

        command = _find(name)
        program = build(command)
    result = program.main(rest, f"pytp {command.name}", standalone_mode=False, obj=config)
    return result if isinstance(result, int) else 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Import without collecting: what imports make lives to the end, and looking through it again and again takes a
    tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _split(args: list[str]) -> tuple[str, list[str]]:
    """Return the command's full name and what follows it."""
    if args[0] in GROUPS and len(args) > 1:
        return f"{args[0]} {args[1]}", args[2:]
    return ALIASES.get(args[0], args[0]), args[1:]


def _find(name: str) -> Command:
    if name in COMMANDS:
        return COMMANDS[name]
    if name.rsplit(maxsplit=1)[-1].startswith("-"):
        raise UsageError(name, "no such option", f"see {' '.join(['pytp', *name.split()[:-1]])} --help")
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    raise UsageError(name, "no such command", f"did you mean pytp {near[0]}?" if near else "see pytp --help")


def _take_config(args: list[str]) -> tuple[str | None, list[str]]:
    """Take `--config FILE` out of the words before `--`, wherever it stands."""
    config: str | None = None
    kept: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            return config, [*kept, word, *words]
        if word == "--config":
            config = next(words, None)
            if config is None:
                raise UsageError("--config", "needs a file", "pytp --config FILE COMMAND")
        elif word.startswith("--config="):
            config = word.removeprefix("--config=")
        else:
            kept.append(word)
    return config, kept


def overview(group: str | None = None) -> str:
    """Return the help that lists commands: all of them, or a group's."""
    prefix = f"{group} " if group else ""
    rows = []
    for command in COMMANDS.values():
        if command.name.startswith(prefix) and (group or " " not in command.name):
            names = ", ".join((command.name.removeprefix(prefix), *command.aliases))
            rows.append((names, command.summary))
    if not group:
        rows += [(f"{name} ...", summary) for name, summary in GROUPS.items()]
    lines = [f"  {names:<16} {summary}" for names, summary in rows]
    head = GROUPS[group] if group else "Tape toolkit: back up to LTO tape as plain tar, list, restore."
    options = "" if group else _GLOBAL_OPTIONS
    example = f"pytp {rows[0][0].split(',')[0]} --help" if not group else f"pytp {group} {rows[0][0]} --help"
    return (
        f"Usage: pytp {prefix}COMMAND [OPTIONS] [ARGS]...\n\n  {head}\n\n{options}"
        f"Commands:\n{chr(10).join(lines)}\n\nExample:\n  {example}\n"
    )


_GLOBAL_OPTIONS = """Options:
  --config FILE    Use this configuration (default: $PYTP_CONFIG, ~/.config/pytp/config.json, /etc/pytp/config.json).
  --version        Print the version.
  --help           Print this help; every command has its own.

"""


def _judge(args: list[str], exc: Exception) -> int:
    """Turn whatever a command raised into one line and an exit code."""
    if isinstance(exc, PytpError):
        return _fail(args, exc.exit_code, str(exc))
    # Typer brings its own copy of click in new releases and shares click's classes in old ones: ask the object.
    if hasattr(exc, "format_message"):
        return _fail(args, USAGE_EXIT, f"{exc.format_message().rstrip('.')}; see {_help_command(args)}")
    if os.environ.get("PYTP_DEBUG"):
        import traceback

        traceback.print_exc()
    return _fail(args, PytpError.exit_code, f"{type(exc).__name__}: {exc}; set PYTP_DEBUG=1 for details")


def _help_command(args: list[str]) -> str:
    try:
        name, _rest = _split(_take_config(args)[1])
    except (PytpError, IndexError):
        name = ""
    return f"pytp {name} --help" if name in COMMANDS else "pytp --help"


def _fail(args: list[str], code: int, message: str) -> int:
    """Say what went wrong before any command took charge: on stderr, and as the object when --json was asked for."""
    from pytp_cli.names import printable

    print(f"pytp: {printable(message)}", file=sys.stderr)
    if "--json" in args:
        from pytp_cli.report import empty_object, write_object

        words = _take_config([word for word in args if word != "--config"])[1]
        with suppress(PytpError):  # it was stdout that failed, and that is said above
            write_object({**empty_object(_split(words)[0]), "exit": code, "message": message})
    return code


def _survive_odd_locales() -> None:
    """File names and messages must never raise UnicodeEncodeError, whatever LC_ALL says."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        from pytp_cli.sink import unwritable

        _drop_stdout()
        raise unwritable(exc) from exc


def _drop_stdout() -> None:
    """Nobody takes what is left: make the interpreter's last flush succeed."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


if __name__ == "__main__":
    sys.exit(main())
