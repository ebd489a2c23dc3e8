# SPDX-License-Identifier: WTFPL OR MIT
"""What a backup was asked to save: each argument becomes one tape file, its members named after it."""

from __future__ import annotations

import os

from pytp_native.errors import MissingSource, UsageError
from pytp_native.light import NamedTuple
from pytp_native.stream.cut_member import Rest


class Argument(NamedTuple):
    """One path of the command line."""

    given: bytes
    path: bytes
    """Absolute, without "." and ".."; links are resolved only where there was a ".."."""
    name: bytes
    """First part of its members' names."""
    after: bytes | None = None
    """The member behind which to begin: what is before is on tape already."""
    rest: Rest | None = None
    """Where its archive goes on, the beginning being on another cartridge."""
    level: str = "full"
    """full, incremental, differential"""
    based_on: str | None = None
    """uuid of the session whose state of it is the base."""

    @property
    def file_bytes(self) -> int | None:
        """Size when it is a regular file; None for a tree, whose size nobody knows beforehand."""
        return os.path.getsize(self.path) if os.path.isfile(self.path) else None


def resolve_arguments(paths: tuple[bytes, ...], *, full_paths: bool = False) -> tuple[Argument, ...]:
    """Return what to save, in order. Raises UsageError for a missing path and for two with one name."""
    if not paths:
        raise UsageError("backup", "nothing to back up", "name at least one file or directory")
    arguments = tuple(_argument(path, full_paths=full_paths) for path in paths)
    seen: dict[bytes, Argument] = {}
    for argument in arguments:
        other = seen.setdefault(argument.name, argument)
        if other is not argument:
            raise MissingSource(
                os.fsdecode(argument.given),
                f"its members would have the same names as those of {os.fsdecode(other.given)}"
                f" ({os.fsdecode(argument.name)}/...)",
                "back them up in two runs or use --full-paths",
            )
    return arguments


def _argument(given: bytes, *, full_paths: bool) -> Argument:
    # ".." behind a symbolic link is the parent of where the link leads
    path = os.path.realpath(given) if b".." in given.split(b"/") else os.path.abspath(given)
    try:
        os.stat(path)
    except OSError as exc:
        raise MissingSource(os.fsdecode(given), exc.strerror or "cannot be examined", "nothing was written") from exc
    name = path.lstrip(b"/") if full_paths else os.path.basename(path)
    return Argument(given, path, name or b"root")
