# SPDX-License-Identifier: WTFPL OR MIT
"""What goes into the catalog and what comes out of it. Times are seconds since 1970 unless a name says otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from pytp_native.light import NamedTuple


class CartridgeFacts(NamedTuple):
    """What is known of a cartridge; it is recognised by uuid, else by serial, else by barcode."""

    uuid: str | None = None
    """Of its label."""
    barcode: str | None = None
    serial: str | None = None
    """Of the medium (MAM 0401h)."""
    generation: int | None = None
    """How often it was written from its beginning."""
    pool: str | None = None
    load_count: int | None = None
    capacity_bytes: int | None = None
    remaining_bytes: int | None = None


class SessionFacts(NamedTuple):
    """A session as it begins."""

    uuid: str
    started: int
    kind: str = "full"
    """full, incremental, differential"""
    job: str | None = None
    label: str | None = None
    hash: str = "xxh3"
    host: str = ""
    pid: int | None = None
    software: str = ""
    plan: str | None = None
    """What it was asked to do, as JSON, for who resumes it."""
    origin: str = "backup"
    """Who tells of it: backup, trailer, scan (of the tape files), json (of the original pytp)."""


class TapeFileFacts(NamedTuple):
    """A tape file as it begins."""

    number: int | None
    first_block: int | None
    """Logical block of its start."""
    block_bytes: int
    path: bytes = b""
    """Absolute path of the argument."""
    name: bytes = b""
    """First part of its members' names."""
    kind: str = "data"
    """data, trailer"""
    part: int = 1
    """Which cartridge of the session, from 1."""
    skipped: int = 0
    """Blocks of the same archive on earlier cartridges: members count theirs from its start."""
    ahead: int = 0
    """Blocks in front that only continue the member which the end of the cartridge before has cut."""
    level: str = "full"
    """full, incremental, differential"""
    based_on: str | None = None
    """uuid of the session whose state of this argument it changes."""
    compression: str | None = None
    """zstd; blocks are those of the archive in it."""


class MemberBatch(NamedTuple):
    """Members of one tape file in the order of the tape, a column each, all of one length but `directories`."""

    directories: Sequence[tuple[bytes, int]]
    """What is before the last slash of the names, and for how many members in a row."""
    names: Sequence[bytes]
    """Behind the last slash."""
    types: Sequence[str]
    """tar's type flags"""
    sizes: Sequence[int]
    mtimes_ns: Sequence[int]
    ctimes_ns: Sequence[int | None]
    modes: Sequence[int | None]
    uids: Sequence[int | None]
    gids: Sequence[int | None]
    inodes: Sequence[int | None]
    """As signed 64-bit numbers."""
    blocks: Sequence[int | None]
    """Tape block of the header group, from the start of the archive."""
    offsets: Sequence[int | None]
    lengths: Sequence[int | None]
    """Bytes of the whole member on tape."""
    digests: Sequence[bytes | None]
    links: Sequence[bytes | None]


class Deletion(NamedTuple):
    """A member name that an incremental session found gone; `new_path` where it was renamed to."""

    path: bytes
    new_path: bytes | None = None


class Cartridge(NamedTuple):
    """One line of the inventory."""

    uuid: str | None
    barcode: str | None
    serial: str | None
    generation: int | None
    pool: str | None
    state: str
    """active, full"""
    load_count: int | None
    capacity_bytes: int | None
    remaining_bytes: int | None
    first_seen: int
    last_seen: int
    last_written: int | None
    last_verified: int | None
    sessions: int
    tape_files: int
    members: int
    tape_bytes: int
    """Blocks times block size of all tape files that are known to be on it."""
    errors: int
    """Device errors that were met with it."""
    damaged: int = 0
    """Members that the last verification found damaged, in archives that are on it."""


class TapeFile(NamedTuple):
    """One tape file of a session."""

    kind: str
    cartridge: str | None
    """Barcode."""
    number: int | None
    first_block: int | None
    block_bytes: int
    path: bytes
    name: bytes
    state: str
    """open, saved, partial, continues (on the next cartridge), failed, interrupted, overwritten"""
    part: int
    skipped: int
    ahead: int
    blocks: int
    durable_blocks: int
    members: int
    data_bytes: int
    level: str = "full"
    based_on: str | None = None
    compression: str | None = None
    stored_blocks: int | None = None
    """On tape, if it is compressed."""

    @property
    def tape_bytes(self) -> int:
        return (self.blocks if self.stored_blocks is None else self.stored_blocks) * self.block_bytes


class Session(NamedTuple):
    """One session with its tape files."""

    uuid: str
    kind: str
    job: str | None
    label: str | None
    state: str
    """open (it runs, or died), complete, partial, full, interrupted, failed"""
    exit: int | None
    started: int
    ended: int | None
    host: str
    pid: int | None
    software: str
    hash: str
    origin: str
    tape_files: tuple[TapeFile, ...] = ()
    deletions: int = 0


class Needed(NamedTuple):
    """A tape file that is known to be on a cartridge, and to be lost if that is written over."""

    number: int | None
    kind: str
    path: bytes
    started: int
    """When its session began."""
    members: int
    data_bytes: int


class BegunFile(NamedTuple):
    """A tape file of a session that did not come to its end."""

    id: int
    facts: TapeFileFacts
    state: str
    blocks: int
    durable_blocks: int
    members: int
    data_bytes: int
    stored_blocks: int | None
    frames: bytes | None
    cartridge_uuid: str | None
    barcode: str | None
    is_full: bool
    """The cartridge."""
    rest: str | None = None
    """How it goes on, if it ends in the middle of a member."""


class Unfinished(NamedTuple):
    """A session that can be resumed."""

    uuid: str
    started: int
    state: str
    kind: str
    """full, incremental, differential"""
    host: str
    pid: int | None
    hash: str
    job: str | None
    label: str | None
    plan: str
    files: tuple[BegunFile, ...]
    """Of data, in the order of the tape."""
    trailers: frozenset[int]
    """Which cartridges of the session have one, from 1."""
    overtaken: bool
    """Another session was written behind it on the same cartridge."""


class Found(NamedTuple):
    """One saved version of a file."""

    path: bytes
    """As in the archive."""
    type: str
    size: int
    mtime_ns: int
    mode: int | None
    digest: bytes | None
    link: bytes | None
    block: int | None
    offset: int | None
    length: int | None
    session: str
    saved: int
    """When its session began."""
    job: str | None
    label: str | None
    barcode: str | None
    tape_file: int | None
    first_block: int | None
    """Logical block at which the tape file starts."""
    skipped: int
    """Blocks of the archive on earlier cartridges: a member that begins there is cut."""
    ahead: int
    block_bytes: int
    source: bytes
    """Absolute path of the argument it was saved with."""
    deleted: int | None
    """When a later session of the same history found it gone."""
    doubtful: bool = False
    """What its session read back at its end was not what it had written."""


class Trouble(NamedTuple):
    """Something that `check` found."""

    subject: str
    fact: str
