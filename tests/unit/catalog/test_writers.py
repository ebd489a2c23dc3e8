# SPDX-License-Identifier: WTFPL OR MIT
"""Two writers at once, a disk that is full, and tables of other versions."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pytp_native.catalog import schema
from pytp_native.catalog.store import Catalog
from pytp_native.errors import CatalogError, NothingHere
from tests.unit.catalog.conftest import BLOCK, Book, batch

ROOT = Path(__file__).parents[3]
WRITER = """
import sys, time
from pathlib import Path
from tests.unit.catalog.conftest import BLOCK, LENGTH, Book, batch
book, name = Book(Path(sys.argv[1])), sys.argv[2]
book._serial = int(sys.argv[3]) * 1000
print("ready", flush=True)
sys.stdin.readline()
longest = 0.0
for number in range(3):
    session = book.session()
    file = book.tape_file(session, number, barcode=name)
    for piece in range(10):
        began = time.monotonic()
        paths = [f"{name}/{number}/{piece}/{one}" for one in range(200)]
        file.add(batch(paths, start=piece * 200 * LENGTH))
        longest = max(longest, time.monotonic() - began)
    file.end("saved", 2000 * LENGTH // BLOCK + 1, closed=True)
    session.end("complete", 0)
    book.catalog.extend_index()
print(longest)
"""


def test_two_processes_write_at_once_and_lose_nothing(book: Book) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(book.path), name, str(number)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number, name in enumerate(("A00001L9", "A00002L9"), 1)
    ]  # fmt: skip
    try:
        assert [writer.stdout and writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
        for writer in writers:
            assert writer.stdin
            writer.stdin.write("go\n")
            writer.stdin.flush()
        answers = [writer.communicate(timeout=60) for writer in writers]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert [writer.returncode for writer in writers] == [0, 0], answers
    assert len(book.find("*")) == 2 * 3 * 2000
    assert {cartridge.members for cartridge in book.catalog.cartridges()} == {6000}
    assert book.catalog.check() == []


def test_a_full_disk_undoes_the_batch_and_leaves_the_rest_sound(book: Book) -> None:
    file = book.tape_file(book.session())
    file.add(batch(["photos/first"]))
    database = book.catalog._database
    database.run(f"PRAGMA max_page_count = {database.value('PRAGMA page_count') + 2}")
    names = [f"photos/{number:05}" for number in range(5000)]
    with pytest.raises(CatalogError, match="disk under the catalog is full"):
        file.add(batch(names, start=1024))
    database.run("PRAGMA max_page_count = 1000000")
    file.add(batch(names, start=1024))
    file.end("saved", 100 * BLOCK, closed=True)
    assert len(book.find("*")) == 5001
    assert book.catalog.check() == []


def test_a_catalog_of_a_later_version_is_left_alone(book: Book) -> None:
    book.catalog._database.run(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(CatalogError, match="later pytp"):
        Catalog(str(book.path))


def test_a_database_of_another_program_is_left_alone(shelf: Path) -> None:
    path = shelf / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 3")
        other.execute("CREATE TABLE mine (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="another program"):
        Catalog(str(path))
    assert path.read_bytes()[100:] == before[100:]


def test_a_migration_that_fails_changes_nothing(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(shelf / "catalog.db")
    Catalog(path).close()
    broken = "CREATE TABLE half (a INTEGER) STRICT;\nCREATE TABLE member (a INTEGER) STRICT;\n"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, path, upto=schema.VERSION)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION - 1,)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)
    connection.close()


def test_no_catalog_and_no_directory_to_make_it_in_are_told(shelf: Path) -> None:
    with pytest.raises(NothingHere):
        Catalog(str(shelf / "none.db"), create=False)
    (shelf / "file").write_bytes(b"")
    with pytest.raises(CatalogError, match="cannot be opened"):
        Catalog(os.path.join(shelf, "file", "catalog.db"))
