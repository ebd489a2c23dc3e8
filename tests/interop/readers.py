# SPDX-License-Identifier: WTFPL OR MIT
"""Other people's tar programs, and what they say about an archive."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest

NEEDS_GNU_TAR = pytest.mark.skipif(shutil.which("tar") is None, reason="needs GNU tar")
NEEDS_BSDTAR = pytest.mark.skipif(shutil.which("bsdtar") is None, reason="needs bsdtar (libarchive-tools)")
ALL_ATTRIBUTES = ("--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner", "-p")
_ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Said(NamedTuple):
    """How a program ended."""

    code: int
    out: bytes
    err: str


class Listed(NamedTuple):
    """One member as a reader sees it; directories without their closing slash."""

    name: bytes
    permissions: str
    """As ls prints them, kind first."""
    uid: int
    gid: int
    size: int


def run(*words: str | bytes | Path, stdin: Path | bytes = b"") -> Said:
    """Run a program in UTC and the C.UTF-8 locale."""
    if isinstance(stdin, Path):
        with open(stdin, "rb") as file:
            done = subprocess.run(words, stdin=file, capture_output=True, env=_ENVIRONMENT, check=False)
    else:
        done = subprocess.run(words, input=stdin, capture_output=True, env=_ENVIRONMENT, check=False)
    return Said(done.returncode, done.stdout, done.stderr.decode(errors="backslashreplace"))


_LINE = re.compile(
    rb"(?P<permissions>\S{10})[+.@]?\s+(?:\d+\s+)?(?P<uid>\d+)[/ ]\s*(?P<gid>\d+)\s+(?:(?P<size>\d+)|\d+,\s*\d+)\s+"
    rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d|[A-Z][a-z]{2} +\d+ +[0-9:]+) (?P<name>.*)\Z"
)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"\\": b"\\", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def _unescape(text: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        word = match[1]
        return bytes([int(word, 8)]) if len(word) == 3 else _LETTERS.get(word, word)

    return _ESCAPE.sub(one, text)


def parse_lines(output: bytes) -> list[Listed]:
    """Read what `tar -tv --numeric-owner` printed, GNU's (quoting style "escape") or bsdtar's."""
    members = []
    for line in output.splitlines():
        match = _LINE.match(line)
        assert match is not None, line
        name = match["name"]
        kind = match["permissions"][:1]
        if kind == b"l":
            name = name.split(b" -> ", 1)[0]
        elif b" link to " in name:
            kind, name = b"h", name.split(b" link to ", 1)[0]
        permissions = (kind + match["permissions"][1:]).decode()
        size = int(match["size"]) if match["size"] and kind == b"-" else 0
        members.append(Listed(_unescape(name).rstrip(b"/"), permissions, int(match["uid"]), int(match["gid"]), size))
    return members


_KINDS = {
    tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.LNKTYPE: "h", tarfile.FIFOTYPE: "p", tarfile.CHRTYPE: "c",
    tarfile.BLKTYPE: "b",
}  # fmt: skip


def python_members(archive: Path) -> list[Listed]:
    """List with the standard library's tarfile."""
    members = []
    with tarfile.open(archive, encoding="utf-8", errors="surrogateescape") as tar:
        for info in tar:
            kind = _KINDS.get(info.type, "-")
            size = info.size if kind == "-" else 0
            permissions = kind + _permission_text(info.mode)
            members.append(Listed(os.fsencode(info.name), permissions, info.uid, info.gid, size))
    return members


def _permission_text(mode: int) -> str:
    text = "".join(letter if mode & 0o400 >> bit else "-" for bit, letter in enumerate("rwxrwxrwx"))
    for place, flag, letters in ((2, 0o4000, "sS"), (5, 0o2000, "sS"), (8, 0o1000, "tT")):
        if mode & flag:
            text = text[:place] + (letters[0] if text[place] == "x" else letters[1]) + text[place + 1 :]
    return text


def gnu_members(archive: Path) -> list[Listed]:
    """List with GNU tar, from a pipe; it must say nothing else."""
    said = run("tar", "-tv", "--numeric-owner", "--quoting-style=escape", "-f", "-", stdin=archive)
    assert (said.code, said.err) == (0, "")
    return parse_lines(said.out)


def bsd_members(archive: Path, *, complains: bool = False) -> list[Listed]:
    """List with bsdtar, from a pipe; `complains`: it may say that it cannot convert names that are not UTF-8."""
    said = run("bsdtar", "-tv", "--numeric-owner", "-f", "-", stdin=archive)
    allowed = ("can't be converted from UTF-8", "Error exit delayed") if complains else ()
    wrong = [line for line in said.err.splitlines() if not any(words in line for words in allowed)]
    assert wrong == []
    assert said.code == 0 or complains
    return parse_lines(said.out)
