# SPDX-License-Identifier: WTFPL OR MIT
"""Whose an archive is, in front of it."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.stream.preface import Preface, preface_of

ONE = Preface("u", "2026-11-24T00:00:00Z", 1, "/srv/a", "a", "full", "full", None, "xxh3", "daily", None)
NAMES = st.text(st.characters(exclude_characters="\0"), max_size=200)


@settings(deadline=None)
@given(st.builds(Preface, NAMES, NAMES, st.none() | st.integers(1, 999), *[NAMES] * 4, *[st.none() | NAMES] * 1, NAMES,
                 *[st.none() | NAMES] * 2))  # fmt: skip
def test_it_comes_back_as_it_was(one: Preface) -> None:
    headers = one.headers(1 << 20)
    assert len(headers) % 512 == 0
    assert preface_of([headers + bytes(512)]) == one
    assert preface_of([zstandard.ZstdCompressor().compress(headers + bytes(300_000))[:4096]]) == one


def test_names_of_any_bytes() -> None:
    odd = ONE._replace(path="/srv/\udcff")
    assert preface_of([odd.headers(10240)]) == odd


def test_a_long_one_is_left_out() -> None:
    assert ONE._replace(path="/" + "a" * 6000).headers(10240) == b""


@settings(deadline=None)
@given(st.binary(max_size=2048))
def test_what_is_none_is_none(data: bytes) -> None:
    assert preface_of([data]) is None
    assert preface_of([ONE.headers(10240)[:512] + data]) in (None, ONE)


@pytest.mark.parametrize("field", Preface._fields)
def test_a_field_of_another_kind_makes_it_none(field: str) -> None:
    assert preface_of([ONE._replace(**{field: [1]}).headers(10240)]) is None


def test_tar_and_python_pass_over_it_without_a_word(tmp_path: Path) -> None:
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("file"))
    whole = ONE.headers(10240) + room.getvalue()
    (tmp_path / "a.tar").write_bytes(whole)
    for program in ("tar", "bsdtar"):
        done = subprocess.run(
            [program, "-tf", str(tmp_path / "a.tar")], capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "file\n", "")
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert tar.getnames() == ["file"]
