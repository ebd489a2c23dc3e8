# SPDX-License-Identifier: WTFPL OR MIT
"""The catalog at size: bytes a member on disk, members a second into it, and how long a search takes.

    python tests/bench/catalog.py [--members 10000000] [--directory DIR] [--seed 1]

Run by hand, alone on the machine; no test. The members go the way of a backup: as the packer's log records.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pytp_native.catalog.records import CartridgeFacts, MemberBatch, SessionFacts, TapeFileFacts
from pytp_native.catalog.store import Catalog
from pytp_native.stream.member_columns import ROOM, MemberColumns

RECORD = struct.Struct("=QQQqqQQQQIIIIIIBB32s")
FILES = 20
"""Tape files that the members are spread over."""
IN_DIRECTORY = 25
WORDS = [
    "report",
    "invoice",
    "holiday",
    "scan",
    "draft",
    "notes",
    "backup",
    "kernel",
    "module",
    "index",
    "thesis",
    "budget",
    "photo",
    "letter",
    "score",
]
KINDS = [".jpg", ".txt", ".c", ".h", ".pdf", ".py", ".html", ".o", ".docx", ".mp3"]
SECONDS_2020 = 1_577_836_800


def names(count: int, seed: int) -> Iterator[bytes]:
    """Yield paths as people make them: every one different, some 45 bytes in all, 16 of them the name."""
    rng = random.Random(seed)
    for number in range(count):
        directory = number // IN_DIRECTORY
        top = f"srv/home/{WORDS[directory % 15]}-{directory // 1000:04d}/{directory:07d}"
        word = rng.choice(WORDS)
        yield f"{top}/{word}_{rng.randrange(16**5):05x}{rng.choice(KINDS)}".encode()


def records(count: int, seed: int) -> Iterator[bytes]:
    """Yield the log of one tape file in pieces of at most ROOM bytes."""
    rng, block, offset, held = random.Random(seed), 0, 0, b""
    pieces = []
    length = 0
    for number, name in enumerate(names(count, seed)):
        size = int(rng.lognormvariate(9, 2))
        stored = 1536 + (size + 511) // 512 * 512
        time_s = SECONDS_2020 + rng.randrange(10**8)
        pieces.append(
            RECORD.pack(
                block, size, stored, time_s, time_s + 5, 64769, 1_000_000 + number * 3, 1000, 1000,
                rng.randrange(10**9), rng.randrange(10**9), offset, 0o100644, len(name), 0, 48, 16, rng.randbytes(16),
            ) + name
        )  # fmt: skip
        offset += stored
        block, offset = block + offset // 524288, offset % 524288
        length += len(pieces[-1])
        if length > ROOM - 4096:
            yield b"".join(pieces)
            pieces, length = [], 0
    yield held + b"".join(pieces)


def fill(catalog: Catalog, members: int, seed: int) -> float:
    """Put the members in; return the seconds that took, without making them up."""
    session = catalog.begin_session(SessionFacts(uuid="bench", started=SECONDS_2020))
    cartridge = session.on_cartridge(CartridgeFacts(barcode="BENCH1L9"))
    convert = MemberColumns()
    spent = 0.0
    for number in range(FILES):
        share = members // FILES
        file = session.begin_tape_file(cartridge, TapeFileFacts(number, None, 524288, b"/srv", b"srv"))
        for piece in records(share, seed + number):
            began = time.perf_counter()
            columns, used = convert.convert(piece)
            file.add(MemberBatch(*columns))
            spent += time.perf_counter() - began
            if used != len(piece):
                raise SystemExit("a piece was cut")
        began = time.perf_counter()
        file.end("saved", 1 << 30, closed=True)
        spent += time.perf_counter() - began
    session.end("complete", 0)
    return spent


def size_of(path: Path) -> int:
    return sum(file.stat().st_size for file in path.iterdir())


def searches(catalog: Catalog, rng: random.Random) -> None:
    """Time what people ask: the first 100 hits, and all of them where there are few."""
    digits = f"{rng.randrange(16**5):05x}"
    for title, pattern, limit in (
        ("rare substring", f"_{digits}", 0),
        ("rare substring, 4 letters", digits[:4], 0),
        ("rare substring, 3 letters", digits[:3], 100),
        ("common substring", "holiday", 100),
        ("word and rare end", f"thesis*{digits[-3:]}.pdf", 0),
        ("rare prefix", f"thesis_{digits[:3]}*", 0),
        ("common prefix", "holi*", 100),
        ("one letter prefix", "s*", 100),
        ("exact name", f"scan_{digits}.jpg", 0),
        ("no such name", "no-such-name", 0),
        ("common parts, no hit", "scan*photo", 100),
    ):
        found, best = 0, 1e9
        for _ in range(5):
            began = time.perf_counter()
            hits = catalog.find(pattern.encode())
            found = sum(1 for _, _hit in zip(range(limit or 10**9), hits, strict=False))
            best = min(best, time.perf_counter() - began)
        print(f"  {title:28} {pattern:24} {found:6} hits {best * 1e3:8.1f} ms", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=10_000_000)
    parser.add_argument("--directory", default=None)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.directory:
        os.makedirs(args.directory, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pytp-catalog-", dir=args.directory) as directory:
        path = os.path.join(directory, "catalog.db")
        with Catalog(path) as catalog:
            spent = fill(catalog, args.members, args.seed)
        plain = size_of(Path(directory))
        print(f"ingest  {args.members / spent:12,.0f} members/s   {plain / args.members:6.1f} bytes each", flush=True)
        with Catalog(path) as catalog:
            began = time.perf_counter()
            catalog.extend_index()
            spent = time.perf_counter() - began
        whole = size_of(Path(directory))
        print(
            f"index   {args.members / spent:12,.0f} members/s   {whole / args.members:6.1f} bytes each in all",
            flush=True,
        )
        with Catalog(path) as catalog:
            searches(catalog, random.Random(args.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
