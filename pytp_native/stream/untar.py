# SPDX-License-Identifier: WTFPL OR MIT
"""A tar archive that comes out of a ring: its members, its lines, or its files (csrc/untar.h has the contract)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, IntEnum
from typing import Any

from pytp_native.errors import PytpError, UsageError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.stream.ring import Ring

_NS = 1_000_000_000
_NOWHERE = 2**64 - 1

Run = tuple[int, int]
"""Part of an archive: byte at which it begins, and how many slots of the ring it is."""
Feed = Callable[[], "tuple[bytes, bytes, bool]"]
"""Gives the members that are expected next (stream/expected.py), the texts they refer to, and whether these are the
last."""


class Ended(Enum):
    """How an archive ended."""

    COMPLETE = lib.PYTP_UNTAR_END
    """With its end mark; the stream was read to its end."""
    UNMARKED = lib.PYTP_UNTAR_UNMARKED
    """Between two members, without the end mark: more may be missing."""
    CUT = lib.PYTP_UNTAR_CUT
    """Inside a member, which was not delivered; `Untar.cut` names it."""
    NO_TAR = lib.PYTP_UNTAR_NO_TAR
    """What was read is no tar archive."""
    TARGET_FULL = lib.PYTP_UNTAR_NO_SPACE
    """The file system of the target is full."""


class Existing(IntEnum):
    """What happens to files that exist already."""

    KEEP = lib.PYTP_UNTAR_KEEP
    """They stay, and are told as problems."""
    OVERWRITE = lib.PYTP_UNTAR_OVERWRITE
    NEWER = lib.PYTP_UNTAR_NEWER
    """Those that are older than the archive's are replaced."""


class Damage(IntEnum):
    """What is wrong with a member's data."""

    NONE = lib.PYTP_DAMAGE_NONE
    CHECKSUM = lib.PYTP_DAMAGE_CHECKSUM
    """Its content is not what the checksum says."""
    UNREAD = lib.PYTP_DAMAGE_UNREAD
    """A block of it could not be read."""
    LOST = lib.PYTP_DAMAGE_LOST
    """Expected there and not found, or its header could not be read."""


class Standing(NamedTuple):
    """Where the reader stands while it waits for the next block."""

    is_over: bool
    """Behind the end mark, or at another end."""
    in_header: bool = False
    inside: bytes | None = None
    """The member in whose data it stands..."""
    left: int = 0
    """... and bytes of them that are still to come."""


class Member(NamedTuple):
    """One member as its headers describe it."""

    name: bytes
    kind: str
    """A ustar type flag: 0 file, 1 hard link, 2 symbolic link, 3 character and 4 block device, 5 directory, 6 FIFO;
    V label, M continuation of another volume's file."""
    size: int
    """Bytes of the restored file, holes included."""
    stored: int
    """Bytes of data in the archive."""
    mode: int
    uid: int
    gid: int
    user: bytes
    group: bytes
    mtime_ns: int
    link: bytes
    device_major: int
    device_minor: int
    sparse: bool
    header_block: int
    """Tape block, from 0 in this tape file, in which the member's first header stands..."""
    header_offset: int
    """... and how many bytes into it."""


class Problem(NamedTuple):
    """What one member lacks, or where the archive is damaged (path empty)."""

    path: bytes
    reason: str
    damage: Damage = Damage.NONE
    left: bool = False
    """The damaged file is there, under its name with ".damaged" behind it."""
    at: int = 0
    """Of damage: byte of the archive at which the member's header group begins..."""
    bad: int | None = None
    """... and at which the block begins that could not be read."""


class Counts(NamedTuple):
    """Running totals."""

    members: int
    restored: int
    archive_bytes: int
    owners_skipped: int
    """Members whose owner or privileged attribute this user could not set."""
    content_bytes: int = 0
    """Of files, delivered or checked."""
    checked: int = 0
    """Files whose checksum was compared and is right."""
    damaged: int = 0
    kept: int = 0
    """Files that exist and are as new (Existing.NEWER)."""


def _text(raw: Any) -> bytes:
    return bytes(ffi.buffer(raw.at, raw.length)) if raw.length else b""


def _field(raw: Any) -> bytes:
    """Text of a fixed field, without what follows its NUL."""
    return _text(raw).split(b"\0", 1)[0]


def _member(raw: Any) -> Member:
    return Member(
        _text(raw.name), chr(raw.kind), raw.size, raw.stored, raw.mode, raw.uid, raw.gid,
        _field(raw.user), _field(raw.group), raw.mtime_s * _NS + raw.mtime_ns, _text(raw.link),
        raw.device_major, raw.device_minor, bool(raw.sparse), raw.header_block, raw.header_offset,
    )  # fmt: skip


def _problem(raw: Any) -> Problem:
    reason = ffi.string(raw.reason).decode() if raw.reason else "failed"
    if raw.error:
        reason = f"{reason}: {os.strerror(raw.error)}"
    if not raw.path.length and raw.bytes:
        reason = f"block {raw.block}, offset {raw.offset}: {reason}; {raw.bytes} bytes were skipped"
    bad = raw.bad if raw.damage and raw.bad != _NOWHERE else None
    at = raw.at if raw.damage else 0
    return Problem(_text(raw.path), reason, Damage(raw.damage), bool(raw.left), at, bad)


def _nothing(*_: object) -> None:
    pass


class Untar:
    """Reads one archive; the ring's consumer. Use one of `members`, `lines` and `extract`, once.

    `on_problem` is called for each problem as it is met, `on_pause` every 16 MiB or so, both from the calling thread;
    either may raise. Stopping the ring ends the archive as if the stream had ended there.
    """

    def __init__(
        self,
        ring: Ring,
        *,
        on_problem: Callable[[Problem], object] = _nothing,
        on_pause: Callable[[], object] = _nothing,
    ) -> None:
        handle = lib.pytp_untar_new(ring.handle)
        if handle == ffi.NULL:
            raise PytpError("tar reader", "out of memory")
        self._ring = ring
        self._handle = ffi.gc(handle, lib.pytp_untar_free)
        self._on_problem = on_problem
        self._on_pause = on_pause
        self._patterns: tuple[bytes, ...] = ()
        self._feed: Feed = lambda: (b"", b"", True)
        self.ended: Ended | None = None
        """Set when the archive has ended."""
        self.cut: bytes = b""
        """Name of the member that the end cut, when `ended` is CUT; empty when it was cut inside a header."""

    def counts(self) -> Counts:
        raw = ffi.new("pytp_untar_counts *")
        lib.pytp_untar_count(self._handle, raw)
        return Counts(
            raw.members, raw.restored, raw.bytes, raw.owners_skipped, raw.content, raw.checked, raw.damaged, raw.kept
        )

    def standing(self) -> Standing:
        """Tell where the archive stands; for the thread that fills the ring, when the reader has used up all of it."""
        left = ffi.new("uint64_t *")
        where = lib.pytp_untar_standing(self._handle, left)
        inside = where == lib.PYTP_STANDS_INSIDE
        name = _text(lib.pytp_untar_member(self._handle).name) if inside else None
        over = where == lib.PYTP_STANDS_BEHIND_END
        return Standing(over, where == lib.PYTP_STANDS_IN_HEADER, name, left[0])

    # -- what is known of the archive --------------------------------------------------------------------------------

    def expect(self, hash_kind: int, feed: Feed, *, only: bool = False, runs: Sequence[Run] = ()) -> None:
        """Compare checksums with what `feed` gives. `only`: read nothing else, and go there by address; `runs` says
        which parts of the archive come through the ring (none: all of it)."""
        self._feed = feed
        ok = lib.pytp_untar_expect(self._handle, hash_kind, only) == 0
        if runs:
            ok = ok and lib.pytp_untar_runs(self._handle, ffi.new("pytp_untar_run[]", list(runs)), len(runs)) == 0
        if not ok:
            raise PytpError("tar reader", "out of memory")

    def restart(self) -> None:
        """Begin another archive for the same target; the ring was reset."""
        lib.pytp_untar_restart(self._handle)
        self.ended, self.cut = None, b""

    def wants(self, name: bytes) -> bool:
        """Tell whether the patterns name that member."""
        return bool(lib.pytp_untar_wants(self._handle, name, len(name)))

    def _give(self) -> None:
        entries, texts, last = self._feed()
        raw = ffi.from_buffer("pytp_untar_expected[]", entries)
        if lib.pytp_untar_feed(self._handle, raw, len(raw), texts, len(texts), last) != 0:
            raise PytpError("tar reader", "out of memory")

    # -- reading -----------------------------------------------------------------------------------------------------

    def members(self) -> Iterator[Member]:
        """Yield every member, in the archive's order."""
        raw = lib.pytp_untar_member(self._handle)
        for _ in self._steps(lib.pytp_untar_next):
            yield _member(raw)

    def lines(self) -> Iterator[bytes]:
        """Yield every member's line as `tar -tv` prints it, without newline, in the process's locale and time zone."""
        line = ffi.new("pytp_untar_text *")
        for _ in self._steps(lib.pytp_untar_next):
            if lib.pytp_untar_line(self._handle, line) != 0:
                raise PytpError("tar reader", "out of memory")
            yield _text(line)

    def extract(
        self,
        target: int,
        patterns: Sequence[bytes] = (),
        *,
        existing: Existing = Existing.KEEP,
        owners: bool | None = None,
        target_is_ours: bool = False,
        strip: int = 0,
    ) -> None:
        """Restore what the patterns name (all, if there are none) beneath the directory descriptor `target`; one
        archive, with `settle` at its end."""
        self.choose(patterns)
        self.into(target, existing=existing, owners=owners, target_is_ours=target_is_ours, strip=strip)
        try:
            self.run()
        finally:
            self.settle()
        self.tell_unmatched("not found in this tape file")

    def choose(self, patterns: Sequence[bytes]) -> None:
        """Restore only what these name."""
        self._patterns = tuple(patterns)
        for pattern in patterns:
            if lib.pytp_untar_pattern(self._handle, pattern, len(pattern)) != 0:
                raise UsageError(os.fsdecode(pattern), "this pattern cannot name a member")

    def into(
        self,
        target: int,
        *,
        existing: Existing = Existing.KEEP,
        owners: bool | None = None,
        target_is_ours: bool = False,
        strip: int = 0,
    ) -> None:
        """Restore beneath the directory descriptor `target`. `owners` None: set them if this user may.

        `target_is_ours`: a member "./" sets the attributes of the target itself. `strip`: components that names lose.
        """
        may = os.geteuid() == 0 if owners is None else owners
        lib.pytp_untar_target(self._handle, target, int(existing), may, target_is_ours)
        lib.pytp_untar_strip(self._handle, strip)

    def to_output(self, descriptor: int) -> None:
        """Write the content of files there instead; -1: read and check them only."""
        lib.pytp_untar_output(self._handle, descriptor)

    def run(self) -> None:
        """Go through the archive in the ring."""
        for _ in self._steps(lib.pytp_untar_extract):
            pass

    def tell_unmatched(self, reason: str) -> None:
        """Tell of patterns that named no member."""
        for index, pattern in enumerate(self._patterns):
            if not lib.pytp_untar_matched(self._handle, index) and self.ended is not Ended.TARGET_FULL:
                self._on_problem(Problem(pattern, reason))

    def settle(self) -> None:
        """Give directories their attributes, at the very end; also after a cut or an interrupt."""
        while True:
            event = lib.pytp_untar_settle(self._handle)
            if event == lib.PYTP_UNTAR_PROBLEM:
                self._tell()
            elif event != lib.PYTP_UNTAR_PAUSE:
                return

    def _tell(self) -> None:
        self._on_problem(_problem(lib.pytp_untar_problem(self._handle)))

    def _steps(self, step: Callable[[Any], int]) -> Iterator[None]:
        while True:
            event = step(self._handle)
            if event == lib.PYTP_UNTAR_MEMBER:
                yield
            elif event == lib.PYTP_UNTAR_PAUSE:
                self._on_pause()
            elif event == lib.PYTP_UNTAR_FEED:
                self._give()
            elif event == lib.PYTP_UNTAR_PROBLEM:
                self._tell()
            else:
                self._finish(event)
                return

    def _finish(self, event: int) -> None:
        if event == lib.PYTP_UNTAR_NO_MEMORY:
            raise PytpError("tar reader", "out of memory")
        self.ended = Ended(event)
        if self.ended is Ended.CUT:
            self.cut = _text(lib.pytp_untar_member(self._handle).name)
