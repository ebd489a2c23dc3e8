# SPDX-License-Identifier: WTFPL OR MIT
"""Numbers and texts in replies. Everything in SCSI is big-endian; what is missing is told, never guessed."""

from __future__ import annotations

from pytp_native.errors import BadReply


def number(data: bytes, at: int, size: int) -> int:
    """Return `size` bytes at `at` as an unsigned number; the caller has checked the length."""
    return int.from_bytes(data[at : at + size], "big")


def signed(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big", signed=True)


def check_length(data: bytes, least: int, what: str) -> None:
    """Raise BadReply if `data` is shorter than what every device has to give."""
    if len(data) < least:
        raise BadReply("", f"{what}: {len(data)} bytes came, at least {least} are needed")


def text(data: bytes) -> str:
    """Return an ASCII field without its padding of blanks and NULs; bytes that are no ASCII become \\xNN.

    An embedded NUL ends the text, as devices that pad with rubbish behind it expect.
    """
    shown = data.split(b"\0", 1)[0].strip()
    return shown.decode("ascii", "backslashreplace")
