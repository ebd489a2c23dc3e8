# SPDX-License-Identifier: WTFPL OR MIT
"""Finding names, with the index, without it, and the same with both."""

from __future__ import annotations

import fnmatch
import random

import pytest

from pytp_native.catalog.pattern import compile_pattern
from pytp_native.catalog.records import Deletion
from tests.unit.catalog.conftest import Book

PATHS = [
    "photos",
    "photos/2024",
    "photos/2024/IMG_0001.jpg",
    "photos/2024/IMG_0001.jpg.bak",
    "photos/2025/img_0002.JPG",
    "photos/2025/holiday notes.txt",
    'photos/2025/say "hello".txt',
    "photos/2025/AND",
    "photos/x1/yz",
    "photos/\udcff\udcfebytes.bin",
    "photos/été/Übung.txt",
    "photos/new\nline",
    "photos/[odd]*name?",
    "photos/\x01control\x02",
]


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("IMG", 2),
        ("0001", 2),
        ("IMG*jpg", 1),
        ("*.txt", 3),
        ("h*", 1),
        ("ho*", 1),
        ("?yz", 0),
        ("yz", 1),
        ("y", 4),
        ("AND", 1),
        ('"hello"', 1),
        ("/2025/", 4),
        ("photos/2024/*", 2),
        ("photos/*yz", 1),
        ("*1/y*", 1),
        ("\udcfebyt", 1),
        ("Übu", 1),
        ("été/", 1),
        ("w\nl", 1),
        ("*[[]odd]*", 1),
        ("control", 1),
        ("nothing-like-it", 0),
        ("photos", 1),
    ],
)
def test_a_pattern_finds_what_matches_and_nothing_else(book: Book, pattern: str, count: int, indexed: bool) -> None:
    book.saved(PATHS)
    if indexed:
        assert book.catalog.extend_index() == len(PATHS)
        assert book.catalog.unindexed() == 0
    assert len(book.find(pattern)) == count


def test_case_counts_unless_told_otherwise(book: Book) -> None:
    book.saved(PATHS)
    book.catalog.extend_index()
    assert book.find("IMG_0002") == []
    assert book.find("IMG_0002", ignore_case=True) == ["photos/2025/img_0002.JPG"]


def test_the_index_changes_no_answer(book: Book) -> None:
    """Any glob over a small alphabet, so that pieces overlap, repeat and are too short."""
    rng = random.Random(7)
    paths = ["r/" + "".join(rng.choice("ab/.") for _ in range(rng.randrange(1, 9))).strip("/") for _ in range(300)]
    book.saved(sorted(set(paths)))
    book.catalog.extend_index()
    globs = ["".join(rng.choice("ab/.*?") for _ in range(rng.randrange(1, 9))) for _ in range(400)]
    for glob in globs:
        pattern = compile_pattern(glob.encode())
        wanted = glob if any(c in glob for c in "*?") else f"*{glob}*"
        expected = [
            path for path in sorted(set(paths))
            if fnmatch.fnmatchcase(path if "/" in glob else path.rpartition("/")[2], wanted)
        ]  # fmt: skip
        assert sorted(book.find(glob)) == sorted(expected), (glob, pattern)


def test_what_is_not_in_the_index_yet_is_found_too(book: Book) -> None:
    book.saved(["photos/one-first.txt"])
    book.catalog.extend_index()
    book.saved(["photos/one-second.txt"])
    assert book.catalog.unindexed() == 1
    assert book.find("one-") == ["photos/one-second.txt", "photos/one-first.txt"]


def test_a_search_is_narrowed_by_job_label_and_day(book: Book) -> None:
    book.saved(["photos/file"], day=1, job="daily", label="blue")
    book.saved(["photos/file"], day=9, job="weekly", label="red", number=2)
    hits = {hit.session: hit for hit in book.catalog.find(b"file")}
    assert [(hit.job, hit.saved, hit.tape_file) for hit in hits.values()] == [
        ("weekly", 9 * 86400, 2),
        ("daily", 86400, 1),
    ]
    assert len(book.find("file", job="daily")) == 1
    assert len(book.find("file", label="red")) == 1
    assert len(book.find("file", label="A00001L9")) == 2
    assert len(book.find("file", since=2 * 86400)) == 1


def test_a_file_found_gone_is_marked_in_its_own_history_only(book: Book) -> None:
    book.saved(["photos/gone"], day=1, job="daily")
    book.saved(["photos/gone"], day=1, job="other", number=2)
    later = book.session(day=3, job="daily")
    book.tape_file(later, 3).add_deletions([Deletion(b"photos/gone"), Deletion(b"photos/old", b"photos/new")])
    assert book.find("gone", deleted=True) == [], "the session is not complete yet"
    later.end("complete", 0)
    assert {hit.job: hit.deleted for hit in book.catalog.find(b"gone")} == {"daily": 3 * 86400, "other": None}
    assert len(book.find("gone", deleted=True)) == 1
