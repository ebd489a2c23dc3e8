# SPDX-License-Identifier: WTFPL OR MIT
"""Sense data, INQUIRY and its pages as sg3_utils reads the same bytes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytp_cli.cmd_diag_state import decoded
from pytp_native.devices import asking
from pytp_native.devices.identity import identify
from pytp_native.devices.quiet import opened
from pytp_native.scsi import spc
from pytp_native.scsi.page_values import vpd_value
from pytp_native.scsi.sense import key_name, parse_sense
from pytp_native.spec.sense_texts import KERNEL_TEXTS
from pytp_native.transport import open_scsi
from pytp_native.vtl.library import Library
from pytp_native.vtl.personality import GENERATIONS

pytestmark = pytest.mark.skipif(shutil.which("sg_decode_sense") is None, reason="sg3-utils is not installed")


def said(*words: str) -> str:
    """What a program of sg3_utils prints."""
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stdout


def fixed(key: int, code: int) -> bytes:
    return bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, code >> 8, code & 0xFF, 0, 0, 0, 0))


def descriptors(key: int, code: int) -> bytes:
    return bytes((0x72, key, code >> 8, code & 0xFF, 0, 0, 0, 0))


# One program run for many codes: sg_decode_sense takes one at a time, and each costs some milliseconds.
_SAMPLE = sorted(KERNEL_TEXTS.items(), key=lambda item: item[1])[::2]


@pytest.mark.parametrize(("text", "code"), _SAMPLE)
def test_sense_data_mean_the_same(text: str, code: int) -> None:
    """In both formats; and what sg3_utils prints is found again by `diag sense`, as the kernel words it alike."""
    for number, data in enumerate((fixed(code % 15 or 1, code), descriptors(code % 15 or 1, code))):
        told = said("sg_decode_sense", *(f"{byte:02x}" for byte in data))
        ours = parse_sense(data)
        assert ours.code == code
        assert text in told.lower(), number
        if ours.key not in (0xC, 0xF):
            assert f"sense key: {key_name(ours.key)}" in told.lower()


def test_what_it_prints_is_read_back_as_the_same_sense() -> None:
    told = said("sg_decode_sense", *(f"{byte:02x}" for byte in fixed(3, 0x0C00)))
    kernel = told.replace("Sense key:", "Sense Key :").replace("Additional sense:", "Add. Sense:")
    assert (3, 0x0C00) in [(one.key, one.code) for one in decoded(kernel)]


def test_information_progress_and_field_pointers_are_the_same() -> None:
    residual = bytes.fromhex("f00083000000070a000000000001000000000000")
    told = said("sg_decode_sense", *(f"{byte:02x}" for byte in residual))
    sense = parse_sense(residual)
    assert "filemark" in told.lower()
    assert sense.filemark
    assert sense.information == 7
    progress = bytes.fromhex("700002000000000a000000000401008080000000")
    told = said("sg_decode_sense", *(f"{byte:02x}" for byte in progress))
    assert re.search(r"50(\.0*)?\s*%", told)
    assert parse_sense(progress).progress == 0.5


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
def test_inquiry_and_its_pages_are_read_alike(generation: str, tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib", drives=1, slots=1, cartridges=1, generation=generation)
    address = f"vtl:{library.path}/drive0"
    with opened(address) as device:
        who = identify(device.scsi)
        pages = {page: asking.vpd_page(device.scsi, page) for page in asking.vpd_page_list(device.scsi)}
    scsi = open_scsi(address)
    plain = scsi.execute(spc.inquiry().cdb, data_in_bytes=96).data
    scsi.close()
    file = tmp_path / "reply.hex"
    file.write_text(plain.hex(" "))
    told = said("sg_inq", f"--inhex={file}")
    for title, value in (
        ("Vendor identification", who.inquiry.vendor), ("Product identification", who.inquiry.product),
        ("Product revision level", who.inquiry.revision),
    ):  # fmt: skip
        assert re.search(rf"{title}: {re.escape(value)}\s*$", told, re.MULTILINE)
    assert len(pages) >= 9
    for page in (0x80, 0x83, 0xB0, 0xB1, 0xB2, 0xB3):
        file.write_text(pages[page].hex(" "))
        told = said("sg_vpd", f"--inhex={file}")
        value = vpd_value(pages[page])
        _same(page, value, told)


def _same(page: int, value: object, told: str) -> None:
    if page in (0x80, 0xB1, 0xB3):
        assert str(value) in told
    elif page == 0x83:
        assert isinstance(value, tuple)
        assert str(value[0]).split()[-1][-8:] in told
    elif page == 0xB0:
        assert f"WORM={int(value.worm)}" in told.replace(" ", "")  # type: ignore[attr-defined]
    else:
        flags = [int(number, 16) for number in re.findall(r"([0-9A-Fa-f]{2})h: 1\b", told)]
        assert tuple(flags) == value
