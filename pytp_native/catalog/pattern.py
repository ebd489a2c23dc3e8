# SPDX-License-Identifier: WTFPL OR MIT
"""What a search asks for: a pattern as people type it, and the trigrams that every match must have."""

from __future__ import annotations

import fnmatch
import re

from pytp_native.light import NamedTuple

BEGIN, END = b"\x01\x01", b"\x02"
"""Put around names in the search index, so that what they begin and end with is searchable from one letter on."""
_MOST_TRIGRAMS = 12
"""More of them make the intersection slower and hardly smaller."""
_SPECIAL = re.compile(rb"[*?\[]")
_PIECES = re.compile(rb"\[[!^]?\]?[^\]]*\]|[*?]")
"""What stands between the literal pieces of a glob."""


class Pattern(NamedTuple):
    """A compiled pattern."""

    expression: re.Pattern[bytes]
    whole_path: bool
    """It is matched against the path, else against the name behind the last slash."""
    trigrams: tuple[bytes, ...]
    """Of the name; empty where the pattern is too short to say anything."""

    def matches(self, directory: bytes, name: bytes) -> bool:
        text = (directory + b"/" + name if directory else name) if self.whole_path else name
        return self.expression.match(text) is not None


def compile_pattern(text: bytes, *, ignore_case: bool = False) -> Pattern:
    """Take a glob where there is one of * ? [ in it, else what the name contains. With a slash in it, it is about the
    whole path, and * takes slashes too; else about the name."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    glob = text if _SPECIAL.search(text) else b"*" + text + b"*"
    # fnmatch translates bytes by way of latin-1, which keeps every byte
    expression = re.compile(fnmatch.translate(glob.decode("latin-1")).encode("latin-1"), flags)
    whole_path = b"/" in text
    return Pattern(expression, whole_path, _trigrams(_name_part(glob, whole_path=whole_path)))


def _name_part(glob: bytes, *, whole_path: bool) -> bytes:
    """Return what the name has to look like, framed as in the index. Where a * stands before the last slash's text
    begins, nothing is known of the name's beginning; `*/x*y` with a name `x1/y` in it shows why: * may take a slash."""
    if not whole_path:
        return BEGIN + glob + END
    tail = glob.rpartition(b"/")[2]
    star = tail.find(b"*")
    if star < 0:
        return BEGIN + tail + END
    return b"*" + tail[tail.rfind(b"*") :] + END  # only what follows the last * is surely part of the name


def _trigrams(glob: bytes) -> tuple[bytes, ...]:
    found: dict[bytes, None] = {}
    for piece in _PIECES.split(glob):
        text = _characters(piece)
        for at in range(len(text) - 2):
            found[text[at : at + 3].encode()] = None
    useful = [trigram for trigram in found if trigram.strip(BEGIN + END)]
    if len(useful) <= _MOST_TRIGRAMS:
        return tuple(useful)
    step = len(useful) / _MOST_TRIGRAMS
    return tuple(useful[int(number * step)] for number in range(_MOST_TRIGRAMS))


def _characters(piece: bytes) -> str:
    """The index knows characters. Of a piece that is not UTF-8 the longest part that is ASCII is as good."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return max(re.findall(r"[\x01-\x7f]+", piece.decode("latin-1")), key=len, default="")
