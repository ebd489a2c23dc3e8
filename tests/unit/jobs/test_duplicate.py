# SPDX-License-Identifier: WTFPL OR MIT
"""Copies of tapes: every block size and every filemark, to a drive, to a file and back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pytp_native.errors import HostDiskFull, MediumError, PytpError, Refused, UsageError
from pytp_native.jobs.duplicate import Consent, TapeSource, TapeTarget, duplicate
from pytp_native.jobs.events import JobReport
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.tape_image import ImageReader, ImageWriter
from pytp_native.units import MIB
from tests.cartridge import Cartridge

ODD = [b"a" * 7, None, None, b"b" * 10240, b"c" * 3, None, b"d" * 700_001, b"e" * 524288]
TAPES = [ODD, [*ODD, None], [None], [b"x"], [None, None]]


def to_tape(source: Cartridge, target: Cartridge, *, overwrite: bool = False) -> JobReport:
    with source.open() as giver, target.open(write=True) as taker:
        sink = TapeTarget(taker, Consent(overwrite), emit=lambda _event: None)
        return duplicate(TapeSource(giver), sink, giver, lambda _event: None, Interrupt())


def to_image(source: Cartridge, path: Path, interrupt: Interrupt | None = None) -> JobReport:
    with source.open() as giver, ImageWriter(str(path)) as image:
        report = duplicate(TapeSource(giver), image, giver, lambda _event: None, interrupt or Interrupt())
        image.keep = report.exit_code == 0
        return report


def from_image(path: Path, target: Cartridge) -> JobReport:
    with ImageReader(str(path)) as giver, target.open(write=True) as taker:
        sink = TapeTarget(taker, emit=lambda _event: None)
        return duplicate(giver, sink, taker, lambda _event: None, Interrupt())


@pytest.fixture
def two(shelf: Path) -> tuple[Cartridge, Cartridge]:
    return Cartridge(shelf / "one"), Cartridge(shelf / "two")


@pytest.mark.parametrize("objects", TAPES)
def test_a_copy_is_the_same_block_for_block(two: tuple[Cartridge, Cartridge], objects: list[bytes | None]) -> None:
    one, other = two
    one.write(objects)
    report = to_tape(one, other)
    assert (report.exit_code, report.message) == (0, "")
    assert other.objects() == one.objects() == objects
    (copied,) = report.arguments
    assert (copied.blocks, copied.files) == (sum(thing is not None for thing in objects), objects.count(None))


@pytest.mark.parametrize("objects", TAPES)
def test_an_image_comes_back_the_same(
    two: tuple[Cartridge, Cartridge], tmp_path: Path, objects: list[bytes | None]
) -> None:
    one, other = two
    one.write(objects)
    assert to_image(one, tmp_path / "image").exit_code == 0
    assert from_image(tmp_path / "image", other).exit_code == 0
    assert other.objects() == objects


def test_the_image_is_in_the_format_of_simh(two: tuple[Cartridge, Cartridge], tmp_path: Path) -> None:
    one, _ = two
    one.write([b"abc", None, b"de"])
    to_image(one, tmp_path / "image")
    three, zero, deux = b"\3\0\0\0", b"\0\0\0\0", b"\2\0\0\0"
    assert (tmp_path / "image").read_bytes() == three + b"abc\0" + three + zero + deux + b"de" + deux + b"\xff" * 4


def test_the_copy_of_a_labelled_cartridge_restores_and_is_not_appended_to(
    two: tuple[Cartridge, Cartridge], tmp_path: Path
) -> None:
    one, other = two
    source = tmp_path / "data"
    source.mkdir()
    (source / "f").write_bytes(os.urandom(3 * MIB))
    assert one.backup(source, bare=False).code == 0
    assert to_tape(one, other).exit_code == 0
    assert other.objects() == one.objects()
    assert other.restore(tmp_path / "out").code == 0
    assert (tmp_path / "out" / "data" / "f").read_bytes() == (source / "f").read_bytes()
    with pytest.raises(Refused, match="it is a copy"):
        other.backup(source, bare=False)


def test_a_tape_that_is_not_blank_is_only_overwritten_when_told(two: tuple[Cartridge, Cartridge]) -> None:
    one, other = two
    one.write([b"new", None])
    other.write([b"old", None])
    with pytest.raises(Refused, match="not blank"):
        to_tape(one, other)
    assert other.objects() == [b"old", None]
    assert to_tape(one, other, overwrite=True).exit_code == 0
    assert other.objects() == [b"new", None]


def test_a_blank_tape_is_exit_11_and_leaves_no_image(two: tuple[Cartridge, Cartridge], tmp_path: Path) -> None:
    assert to_image(two[0], tmp_path / "image").exit_code == 11
    assert not (tmp_path / "image").exists()


def test_a_target_that_is_too_small_is_exit_10(shelf: Path) -> None:
    one, other = Cartridge(shelf / "one"), Cartridge(shelf / "two", capacity=2 * MIB)
    one.write([b"x" * MIB] * 5)
    report = to_tape(one, other)
    assert (report.exit_code, report.arguments[0].status) == (10, "failed")


def test_a_read_error_ends_it_and_leaves_no_image(two: tuple[Cartridge, Cartridge], tmp_path: Path) -> None:
    one, _ = two
    one.write([b"x", b"y", b"z", None])
    one.fault("read 1: medium error")
    report = to_image(one, tmp_path / "image")
    assert (report.exit_code, report.arguments[0].blocks) == (6, 1)
    assert not (tmp_path / "image").exists()


def test_an_interrupt_ends_it(two: tuple[Cartridge, Cartridge], tmp_path: Path) -> None:
    one, _ = two
    one.write([b"x", None])
    interrupt = Interrupt()
    interrupt.trigger()
    assert to_image(one, tmp_path / "image", interrupt).exit_code == 130


def test_an_image_is_never_overwritten(two: tuple[Cartridge, Cartridge], tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"mine")
    two[0].write([b"x"])
    with pytest.raises(UsageError):
        to_image(two[0], tmp_path / "image")
    assert (tmp_path / "image").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "junk", [b"abc", b"\5\0\0\0abc", b"\3\0\0\0abc\0\4\0\0\0", b"\xfe\xff\xff\xff", b"\1\0\0\0x\0\1"]
)
def test_what_is_no_image_is_a_medium_error(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "image").write_bytes(junk)
    with ImageReader(str(tmp_path / "image")) as image, pytest.raises(MediumError):
        list(image)


def test_a_disk_that_is_full_is_told_and_leaves_no_image(tmp_path: Path) -> None:
    image = ImageWriter(str(tmp_path / "image"))
    image._file.close()
    image._file = open("/dev/full", "wb")  # noqa: SIM115
    image.block(b"x")
    with pytest.raises(HostDiskFull):
        image.__exit__(None, None, None)
    assert not (tmp_path / "image").exists()


def test_an_image_that_the_disk_does_not_keep_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may take the bytes and fail only when it has to write them."""

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(PytpError, match="Input/output error"), ImageWriter(str(tmp_path / "copy.tap")) as image:
        image.block(b"kept")
    assert list(tmp_path.iterdir()) == []


def test_an_image_is_looked_through_before_anything_is_written(
    two: tuple[Cartridge, Cartridge], tmp_path: Path
) -> None:
    """Wherever it is cut off: between two blocks it only lacks the word that it ends."""
    one, _ = two
    one.write([b"x" * 1001, b"y" * 500, None, b"z", None])
    path = tmp_path / "image"
    assert to_image(one, path).exit_code == 0
    whole = path.read_bytes()
    between = {0, 1010, 1518, 1522, 1532, 1536}
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with ImageReader(str(path)) as image:
            if length in between:
                assert image.check() is False
            else:
                with pytest.raises(MediumError):
                    image.check()
    path.write_bytes(whole)
    with ImageReader(str(path)) as image:
        assert image.check() is True
        assert list(image) == [b"x" * 1001, b"y" * 500, None, b"z", None], "it is read from its beginning"
