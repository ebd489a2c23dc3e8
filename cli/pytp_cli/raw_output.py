# SPDX-License-Identifier: WTFPL OR MIT
"""The output of the drop-in programs: unbuffered, so that both streams keep their order, in bytes."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class BrokenOutput(Exception):
    """Standard output takes no more; it has been said on stderr."""


def out(text: str) -> None:
    """Write to standard output. Raises BrokenOutput."""
    out_bytes(os.fsencode(text))


def out_bytes(data: bytes) -> None:
    """Write to standard output. Raises BrokenOutput."""
    try:
        _write(1, data)
    except OSError as error:
        err(f"standard output: {error.strerror}\n")
        raise BrokenOutput from error


def err(text: str) -> None:
    """Write to stderr; that nobody can read it is no trouble of the device."""
    try:
        _write(2, os.fsencode(text))
    except OSError:
        return


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def as_bytes(data: bytes) -> str:
    """Return a device's bytes so that `out` writes exactly these."""
    return os.fsdecode(data)


def run(main: Callable[[], int], *, broken: int) -> None:
    """Run `main` as a program: signals end it without a word; `broken` is the exit status when stdout is gone."""
    import _signal  # type: ignore[import-not-found]  # signal imports enum

    for number in (_signal.SIGINT, _signal.SIGPIPE):
        _signal.signal(number, _signal.SIG_DFL)
    try:
        code = main()
    except BrokenOutput:
        code = broken
    os._exit(code)
