# SPDX-License-Identifier: WTFPL OR MIT
"""The label: the first tape file of a cartridge, which says whose it is and how to get everything back without pytp."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pytp_native
from pytp_native.errors import MediumError
from pytp_native.light import NamedTuple
from pytp_native.stream.own_archive import FORMAT, Mark, OwnMember, OwnReader, build, check_format
from pytp_native.stream.record import field, stamp

JSON_LIMIT = 1 << 16
INVENTED = "uuid"


class Follows(NamedTuple):
    """What goes on in the tape file behind the label, where the cartridge was labelled in the middle of a session."""

    session: str
    """Its uuid..."""
    started: str
    """... and when it began; UTC, ISO 8601."""
    part: int
    """Which cartridge of the session this is, from 1."""
    cartridge: str | None
    """The uuid of the one before..."""
    barcode: str | None
    tape_file: int | None
    """... and the tape file there that goes on here."""
    path: str
    """Of the argument, as session.json has it."""
    name: str
    skipped: int
    """Blocks of the archive before this cartridge."""
    hash: str
    job: str | None = None
    label: str | None = None
    level: str = "full"
    """Of the argument."""
    based_on: str | None = None


class Label(NamedTuple):
    """Whose cartridge this is. It never changes while anything behind it is needed."""

    uuid: str
    """Of the cartridge; stays when it is written from the beginning again."""
    barcode: str
    barcode_from: str
    """library, memory (the cartridge's), user, or uuid (made up: it is on no sticker)."""
    block_bytes: int
    created: str
    """UTC, ISO 8601"""
    generation: int = 1
    """How often the cartridge was written from its beginning."""
    mam_serial: str | None = None
    """The medium's serial number in its memory."""
    pool: str | None = None
    host: str = ""
    software: str = ""
    follows: Follows | None = None
    format: int = FORMAT

    @property
    def is_invented(self) -> bool:
        """Its barcode is on no sticker, so no library can contradict it."""
        return self.barcode_from == INVENTED


def new_label(
    block_bytes: int,
    *,
    barcode: str | None,
    barcode_from: str,
    mam_serial: str | None = None,
    pool: str | None = None,
    host: str = "",
    before: Label | None = None,
    now: float | None = None,
) -> Label:
    """Make the label of a cartridge that is written from the beginning; `before`: the one it had."""
    identity = before.uuid if before else str(uuid.uuid4())
    if barcode is None:
        barcode, barcode_from = (
            (before.barcode, before.barcode_from) if before else (f"PYTP-{identity[:8].upper()}", INVENTED)
        )
    return Label(
        uuid=identity,
        barcode=barcode,
        barcode_from=barcode_from,
        block_bytes=block_bytes,
        created=stamp(time.time() if now is None else now),
        generation=before.generation + 1 if before else 1,
        mam_serial=mam_serial,
        pool=pool if pool is not None else before.pool if before else None,
        host=host,
        software=f"pytp {pytp_native.__version__}",
    )


def build_label(label: Label, *, now: float | None = None) -> Iterator[bytes]:
    """Yield the label's tape file as a stream."""
    told = {"kind": "label", **label._asdict(), "follows": label.follows and label.follows._asdict()}
    text = json.dumps(told, indent=1, ensure_ascii=True) + "\n"
    members = (
        OwnMember.of("pytp/LABEL.txt", _words(label).encode()),
        OwnMember.of("pytp/RESTORE.txt", restore_text(label.block_bytes).encode()),
        OwnMember.of("pytp/label.json", text.encode()),
    )
    return build(Mark("label", label.uuid), members, int(time.time() if now is None else now))


def parse_label(blocks: Iterable[bytes], subject: str) -> Label:
    """Read a label from its tape file's blocks. MediumError for anything that is none; Refused for a later format."""
    reader = OwnReader(blocks, subject)
    if reader.mark is None or reader.mark.kind != "label":
        raise MediumError(subject, "is no label of pytp", "look at it with tar")
    check_format(reader.mark, subject)
    for name, _size in reader.members():
        if name == "pytp/label.json":
            return label_from_json(reader.whole(JSON_LIMIT), subject)
    raise MediumError(subject, "has no label.json", "look at it with tar")


def label_from_json(data: bytes, subject: str) -> Label:
    """Read label.json. MediumError says what is wrong with it."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise MediumError(subject, f"label.json cannot be read: {exc}", "look at it with tar") from exc
    return Label(
        uuid=field(found, "uuid", str, subject),
        barcode=field(found, "barcode", str, subject),
        barcode_from=field(found, "barcode_from", str, subject),
        block_bytes=field(found, "block_bytes", int, subject),
        created=field(found, "created", str, subject),
        generation=field(found, "generation", int, subject),
        mam_serial=field(found, "mam_serial", str, subject, optional=True),
        pool=field(found, "pool", str, subject, optional=True),
        host=field(found, "host", str, subject),
        software=field(found, "software", str, subject),
        follows=_follows(found["follows"], subject) if found.get("follows") else None,
        format=field(found, "format", int, subject),
    )


def _follows(found: Any, subject: str) -> Follows:
    def text(name: str) -> str:
        return field(found, name, str, subject)

    def maybe(name: str) -> str | None:
        return field(found, name, str, subject, optional=True)

    return Follows(
        session=text("session"), started=text("started"), part=field(found, "part", int, subject),
        cartridge=maybe("cartridge"), barcode=maybe("barcode"),
        tape_file=field(found, "tape_file", int, subject, optional=True),
        path=text("path"), name=text("name"), skipped=field(found, "skipped", int, subject),
        hash=text("hash"), job=maybe("job"), label=maybe("label"), level=text("level"), based_on=maybe("based_on"),
    )  # fmt: skip


def _words(label: Label) -> str:
    lines = (
        ("Cartridge", label.barcode),
        ("UUID", label.uuid),
        ("Medium's serial number", label.mam_serial or "unknown"),
        ("Pool", label.pool or "-"),
        ("Written from the beginning", f"{label.created}, time {label.generation}"),
        ("Block size", f"{label.block_bytes} bytes"),
        ("By", f"{label.software} on {label.host or 'unknown'}, on-tape format {label.format}"),
    )
    return "".join(f"{name}: {value}\n" for name, value in lines)


def restore_text(block_bytes: int) -> str:
    """How to get everything back with mt and tar alone."""
    return _RESTORE.format(block_bytes=block_bytes, factor=block_bytes // 512, version=FORMAT)


_RESTORE = """\
HOW TO READ THIS TAPE WITHOUT PYTP

It holds plain tar archives (POSIX pax), each followed by one filemark, in blocks of {block_bytes} bytes.
/dev/nst0 stands for the drive; it must be the node that does not rewind.

    mt -f /dev/nst0 rewind
    mt -f /dev/nst0 setblk {block_bytes}
    mt -f /dev/nst0 fsf N
    tar -b {factor} -xpf /dev/nst0 --numeric-owner --xattrs --xattrs-include='*' --acls

N is the number of the tape file, counted from 0. Tape file 0 is this label. Each run of pytp wrote one tape file
for each of its arguments and then a trailer, a tar whose names all begin with pytp/. To see what a tape file is:

    mt -f /dev/nst0 asf N
    tar -b {factor} -tvf /dev/nst0

A trailer describes the tape files of its run, those between the trailer before it (or this label) and itself:
    pytp/session.json     when, by whom, which directory is in which tape file, and where earlier trailers are
    pytp/CHECKSUMS.*      every file's checksum; in the directory you restored everything into, the trailer too:
                          xxhsum -c pytp/CHECKSUMS.xxh128    or    sha256sum -c pytp/CHECKSUMS.sha256
    pytp/index/*          every member's place on the tape, for programs
    pytp/deleted/*        names that were gone, see below
The last tape file of the tape is normally a trailer:

    mt -f /dev/nst0 eod
    mt -f /dev/nst0 bsfm 2
    tar -b {factor} -xf /dev/nst0

ONE FILE OUT OF MANY, FAST. A member that begins in block B of tape file N (blocks count from 0):

    mt -f /dev/nst0 asf N
    mt -f /dev/nst0 fsr B
    tar -b {factor} -xpf /dev/nst0 PATH --occurrence=1

tar says "skipping to next header" where the block begins in the middle of something else; that does no harm.

SEVERAL CARTRIDGES. Where session.json says "continues": true, the last tape file before the trailer goes on in the
first tape file behind the label of the next cartridge. GNU tar joins them:

    tar -b {factor} -xpMf /dev/nst0

It asks for the next volume: load that cartridge, `mt -f /dev/nst0 asf 1` in another terminal, then press Return.
Every other member restores from each cartridge alone.

ONLY WHAT HAS CHANGED. Where session.json says "level": "incremental" or "differential" for a tape file, it holds what
has changed since the session "based_on" (the uuid of another trailer, there or on another cartridge). Restore that
one first, down to a "full" one, all into the same directory, the oldest first. Before each of the others take away
what was gone by then: the list in its trailer that session.json names for the tape file under "deletions".

    rm -f pytp/deleted/*.list                                    (of other trailers)
    tar -b {factor} -xf /dev/nst0                                (the trailer)
    xargs -0 -r rm -rf -- < pytp/deleted/00001.list
    mt -f /dev/nst0 asf N
    tar -b {factor} -xpf /dev/nst0 --numeric-owner --xattrs --xattrs-include='*' --acls

COMPRESSED TAPE FILES. Where session.json says "compression": "zstd", the tar is in Zstandard frames. Behind mt's asf:

    dd if=/dev/nst0 bs={block_bytes} | zstd -dc | tar -xpf - --numeric-owner --xattrs --xattrs-include='*' --acls

One that goes on on other cartridges is first put on disk, part by part, from each of them, then joined:

    dd if=/dev/nst0 bs={block_bytes} | zstd -dc > part1.tar
    tar -xpM -f part1.tar -f part2.tar

zstd tells of a tape file that ends inside a frame (an interrupted run); all in front of that is good.

On-tape format {version}.
"""
