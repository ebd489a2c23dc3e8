# SPDX-License-Identifier: WTFPL OR MIT
"""The trailer: the last tape file of a session, from which alone a catalog can be rebuilt."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytp_native.errors import MediumError
from pytp_native.light import NamedTuple
from pytp_native.stream.gone_list import GONE_LIMIT, Gone, GoneList, gone_from_json, pairs_of
from pytp_native.stream.member_index import Indexed, IndexSpool
from pytp_native.stream.own_archive import FORMAT, Mark, OwnMember, OwnReader, build, check_format
from pytp_native.stream.record import field

JSON_LIMIT = 64 << 20
"""Bytes of session.json that are accepted: some hundred thousand errors or arguments."""
FRAMES_LIMIT = 256 << 20
"""Bytes of a table of frames that are accepted: of 250 TB."""
MANIFESTS = {"xxh3": "pytp/CHECKSUMS.xxh128", "sha256": "pytp/CHECKSUMS.sha256"}
SESSION = "pytp/session.json"


class SavedFile(NamedTuple):
    """One tape file of a session."""

    path: str
    """Absolute, as os.fsdecode has it: bytes that are not UTF-8 are lone surrogates (PEP 383)."""
    name: str
    """First part of its members' names."""
    status: str
    """saved, partial, failed, interrupted: as in the report of the backup."""
    tape_file: int | None
    first_block: int | None
    blocks: int
    files: int
    errors: tuple[tuple[str, str], ...] = ()
    """Path and reason of what was not saved as it should be."""
    part: int = 1
    """Which cartridge of the session it is on."""
    skipped: int = 0
    """Blocks of this archive that are on earlier cartridges..."""
    ahead: int = 0
    """... and blocks in front of the others here: 1 if a cut member goes on. Block B of the archive is block
    B - skipped + ahead of this tape file."""
    continues: bool = False
    """The archive goes on on the next cartridge."""
    level: str = "full"
    """full; incremental, differential: only what has changed since the session `based_on` (its uuid)."""
    based_on: str | None = None
    compression: str | None = None
    """zstd: blocks above are those of the archive in it; ahead is 1 then if the first frame is not the archive's."""
    stored_blocks: int | None = None
    """Tape blocks, if it is compressed."""
    frames: str | None = None
    """Name of its table of frames in this archive."""


class Earlier(NamedTuple):
    """An earlier trailer on the same cartridge."""

    uuid: str
    tape_file: int | None
    first_block: int | None
    """Logical block, for a direct seek."""
    started: str


class Volume(NamedTuple):
    """One cartridge of a session."""

    uuid: str | None
    barcode: str | None


class SessionRecord(NamedTuple):
    """What session.json says."""

    uuid: str
    started: str
    ended: str
    """UTC, ISO 8601"""
    status: str
    """complete: every argument is on tape; partial: with problems in some files; full: the cartridge ended first;
    interrupted; failed."""
    exit: int
    block_bytes: int
    hash: str
    cartridge: str | None
    """Its uuid; None on a tape without label."""
    barcode: str | None
    generation: int | None
    job: str | None = None
    label: str | None = None
    """Of the history (--label)."""
    host: str = ""
    software: str = ""
    part: int = 1
    """Which cartridge of this session, from 1."""
    continues: bool = False
    """The last tape file goes on, or the next argument follows, on another cartridge."""
    arguments: tuple[SavedFile, ...] = ()
    not_started: tuple[str, ...] = ()
    cartridges: tuple[Volume, ...] = ()
    """Of this session so far, in order, this one included."""
    indexes: tuple[Indexed, ...] = ()
    index_error: str | None = None
    """Why the index is missing or not complete."""
    checksums: str | None = None
    """Name of the manifest in the trailer."""
    tape_file: int | None = None
    first_block: int | None = None
    """Where this trailer itself begins."""
    earlier: tuple[Earlier, ...] = ()
    level: str = "full"
    """As it was asked for; an argument without a history is saved in full all the same."""
    deletions: tuple[Gone, ...] = ()
    """Lists of names that arguments have lost since the session that they are based on."""
    format: int = FORMAT


def build_trailer(
    session: SessionRecord,
    spool: IndexSpool | None,
    lists: Sequence[GoneList] = (),
    frames: Mapping[str, bytes] | None = None,
    *,
    now: float | None = None,
) -> Iterator[bytes]:
    """Yield the trailer's tape file as a stream: session.json, the lists of deletions, the tables of frames, the
    manifest, the index of each tape file."""
    members = [OwnMember.of(SESSION, session_json(session))]
    for one in lists:
        members += one.members()
    members += [OwnMember.of(name, table) for name, table in (frames or {}).items()]
    if spool is not None:
        if session.checksums:
            members.append(OwnMember(session.checksums, spool.line_bytes, spool.lines))
        members += [OwnMember(one.file, one.stored_bytes, _reader(spool, one)) for one in spool.files]
    return build(Mark("trailer", session.uuid), members, int(time.time() if now is None else now))


def _reader(spool: IndexSpool, one: Indexed) -> Any:
    return lambda: spool.stored(one)


def session_json(session: SessionRecord) -> bytes:
    told = {"kind": "session", **_told(session)}
    told["index"] = told.pop("indexes")
    return json.dumps(told, indent=1, ensure_ascii=True).encode() + b"\n"


def _told(record: Any) -> dict[str, object]:
    """Return a record, and the records in its sequences, as JSON has them."""
    return {
        name: [_told(one) if hasattr(one, "_asdict") else one for one in value] if type(value) is tuple else value
        for name, value in record._asdict().items()
    }


class TrailerReader:
    """Reads a trailer from its tape file's blocks: `session` at once, then the indexes as they come."""

    def __init__(self, blocks: Iterable[bytes], subject: str) -> None:
        """MediumError for what is no trailer; Refused for a later format."""
        self.subject = subject
        self._reader = OwnReader(blocks, subject)
        mark = self._reader.mark
        if mark is None or mark.kind != "trailer":
            raise MediumError(subject, "is no trailer of pytp", "look at it with tar")
        check_format(mark, subject)
        self._members = self._reader.members()
        self._lists: dict[str, bytes] = {}
        name, _size = next(self._members, ("", 0))
        if name != SESSION:
            raise MediumError(subject, f"begins with {name!r} and not with {SESSION}", "look at it with tar")
        self.frames: dict[str, bytes] = {}
        """Tables of frames that came by so far; they are in front of the indexes."""
        self.session = session_from_json(self._reader.whole(JSON_LIMIT), subject)

    def gone(self, part: int, tape_file: int | None) -> list[tuple[bytes, bytes | None]]:
        """Return what the argument with that tape file has lost: names, and what they were renamed to. Known as soon as
        the first of `indexes` is."""
        found = [one for one in self.session.deletions if (one.part, one.tape_file) == (part, tape_file)]
        return [pair for one in found for pair in pairs_of(one, self._lists, self.subject)]

    def indexes(self) -> Iterator[tuple[Indexed, Iterator[bytes]]]:
        """Yield each tape file's entry of session.json with its compressed index, for member_index.read_index."""
        listed = {one.file: one for one in self.session.indexes}
        lists = {name for one in self.session.deletions for name in (one.file, one.renamed) if name}
        tables = {one.frames for one in self.session.arguments if one.frames}
        for name, _size in self._members:
            if name in lists:
                self._lists[name] = self._reader.whole(GONE_LIMIT)
            elif name in tables:
                self.frames[name] = self._reader.whole(FRAMES_LIMIT)
            elif name in listed:
                yield listed[name], self._reader.content()


def _level(found: Any, subject: str) -> str:
    return field(found, "level", str, subject) if "level" in found else "full"


def session_from_json(data: bytes, subject: str) -> SessionRecord:
    """Read session.json. MediumError says what is wrong with it."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise MediumError(subject, f"session.json cannot be read: {exc}", "list the tape files themselves") from exc

    def text(name: str) -> str:
        return field(found, name, str, subject)

    def maybe(name: str) -> str | None:
        return field(found, name, str, subject, optional=True)

    def number(name: str) -> int | None:
        return field(found, name, int, subject, optional=True)

    return SessionRecord(
        uuid=text("uuid"), started=text("started"), ended=text("ended"), status=text("status"),
        exit=field(found, "exit", int, subject), block_bytes=field(found, "block_bytes", int, subject),
        hash=text("hash"), cartridge=maybe("cartridge"), barcode=maybe("barcode"), generation=number("generation"),
        job=maybe("job"), label=maybe("label"), host=text("host"), software=text("software"),
        part=field(found, "part", int, subject), continues=field(found, "continues", bool, subject),
        arguments=tuple(_saved_file(one, subject) for one in _rows(found, "arguments", subject)),
        not_started=tuple(str(one) for one in _rows(found, "not_started", subject)),
        cartridges=tuple(_volume(one, subject) for one in _rows(found, "cartridges", subject)),
        indexes=tuple(_indexed(one, subject) for one in _rows(found, "index", subject)),
        index_error=maybe("index_error"), checksums=maybe("checksums"),
        tape_file=number("tape_file"), first_block=number("first_block"),
        earlier=tuple(_earlier(one, subject) for one in _rows(found, "earlier", subject)),
        level=_level(found, subject),
        deletions=tuple(gone_from_json(one, subject) for one in _rows(found, "deletions", subject))
        if "deletions" in found else (),
        format=field(found, "format", int, subject),
    )  # fmt: skip


def _rows(found: Any, name: str, subject: str) -> list[Any]:
    return field(found, name, list, subject)


def _saved_file(found: Any, subject: str) -> SavedFile:
    errors = field(found, "errors", list, subject)
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in errors):
        raise MediumError(subject, "has no proper 'errors'", "look at it with tar")
    return SavedFile(
        path=field(found, "path", str, subject),
        name=field(found, "name", str, subject),
        status=field(found, "status", str, subject),
        tape_file=field(found, "tape_file", int, subject, optional=True),
        first_block=field(found, "first_block", int, subject, optional=True),
        blocks=field(found, "blocks", int, subject),
        files=field(found, "files", int, subject),
        errors=tuple((str(path), str(reason)) for path, reason in errors),
        part=field(found, "part", int, subject),
        skipped=field(found, "skipped", int, subject),
        ahead=field(found, "ahead", int, subject),
        continues=field(found, "continues", bool, subject),
        level=_level(found, subject),
        based_on=field(found, "based_on", str, subject, optional=True) if "based_on" in found else None,
        compression=field(found, "compression", str, subject, optional=True),
        stored_blocks=field(found, "stored_blocks", int, subject, optional=True),
        frames=field(found, "frames", str, subject, optional=True),
    )


def _indexed(found: Any, subject: str) -> Indexed:
    return Indexed(
        tape_file=field(found, "tape_file", int, subject, optional=True),
        file=field(found, "file", str, subject),
        members=field(found, "members", int, subject),
        stored_bytes=field(found, "stored_bytes", int, subject),
        line_bytes=field(found, "line_bytes", int, subject),
        part=field(found, "part", int, subject),
    )


def _volume(found: Any, subject: str) -> Volume:
    return Volume(
        field(found, "uuid", str, subject, optional=True), field(found, "barcode", str, subject, optional=True)
    )


def _earlier(found: Any, subject: str) -> Earlier:
    return Earlier(
        uuid=field(found, "uuid", str, subject),
        tape_file=field(found, "tape_file", int, subject, optional=True),
        first_block=field(found, "first_block", int, subject, optional=True),
        started=field(found, "started", str, subject),
    )


def path_text(path: bytes) -> str:
    """Return a path as session.json has it."""
    return os.fsdecode(path)
