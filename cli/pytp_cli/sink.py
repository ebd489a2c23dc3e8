# SPDX-License-Identifier: WTFPL OR MIT
"""Where a command's output goes, when it does not get there."""

from __future__ import annotations

from pytp_native.errors import PytpError


def unwritable(exc: OSError, name: str = "standard output") -> PytpError:
    """Build the error for output that could not be written: a full disk behind a redirection, say (exit 6)."""
    return PytpError(name, f"cannot be written: {exc.strerror}", "make room there, or write it somewhere else")


def put(text: str) -> None:
    """Print a line on stdout. Raises PytpError when it cannot be written; BrokenPipeError when nobody reads it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise unwritable(exc) from exc
