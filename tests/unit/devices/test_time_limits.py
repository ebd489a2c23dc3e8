# SPDX-License-Identifier: WTFPL OR MIT
"""How long commands may take, by the drive's own word, else by its kind."""

from __future__ import annotations

import pytest

from pytp_native.devices.time_limits import generation_of, known_limits, time_limits_of
from pytp_native.scsi import command, executor, spc, ssc
from pytp_native.scsi.inquiry import CHANGER, TAPE, Inquiry
from pytp_native.spec.time_limits import HPE, IBM, drive_limits
from pytp_native.transport.virtual_scsi import open_virtual_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library
from tests.unit.scsi.answers import Answers, check


def drive(vendor: str, product: str) -> Inquiry:
    return Inquiry(TAPE, vendor, product, "0001")


@pytest.mark.parametrize(
    ("product", "generation"),
    [
        ("ULTRIUM-TD8", 8), ("ULT3580-TD9", 9), ("ULT3580-HH7", 7), ("ULT3580-TDA", 10), ("HH LTO Gen 6", 6),
        ("Ultrium 5-SCSI", 5), ("ULTRIUM 4", 4), ("ULTRIUM-HH8", 8), ("LTO-9 HH", 9), ("VIRTUAL ULTRIUM9", 9),
        ("VIRTUAL ULTRIM10", 10), ("03592E08", None), ("VIRTUAL LIBRARY", None), ("", None),
    ],
)  # fmt: skip
def test_generations_by_product(product, generation):
    assert generation_of(product) == generation


def test_the_drives_own_figures_count_with_a_tenth_more():
    rewind = bytes.fromhex("01 00 0000 00 02 0006 000a 00 00 0000000a 00000258")
    answer = len(rewind).to_bytes(4, "big") + rewind
    limits = time_limits_of(Answers([answer]), drive("IBM", "ULT3580-TD8"))
    assert limits[0x01, None] == 600
    assert executor.timeout_of(ssc.rewind(), limits) == pytest.approx(660)
    assert limits[0x19, None] == 121448  # of its kind: it said nothing of ERASE
    assert executor.timeout_of(spc.test_unit_ready(), limits) == command.QUICK_S


@pytest.mark.parametrize("answer", [check(5, 0x2000), check(5, 0x2400), bytes.fromhex("00000000"), b""])
def test_a_drive_that_tells_none_has_those_of_its_kind(answer):
    who = drive("HP", "Ultrium 6-SCSI")
    assert time_limits_of(Answers([answer]), who) == known_limits(who)
    assert known_limits(who)[0x0A, None] == 300


def test_whose_mechanism_is_not_told_gets_the_longer_figure():
    both = known_limits(drive("QUANTUM", "ULTRIUM-HH7"))
    assert both[0x1B, None] == max(drive_limits(IBM, 7)[0x1B], drive_limits(HPE, 7)[0x1B])
    assert both[0x0A, None] == 1920


def test_an_lto_9_may_measure_a_new_cartridge_while_it_loads():
    limits = known_limits(drive("IBM", "ULT3580-TD9"))
    assert limits[0x1B, None] == 7200 + 960
    assert limits[0x04, None] == 7200 + 3240
    assert limits[0x01, None] == 600
    assert known_limits(drive("IBM", "ULT3580-TDA"))[0x1B, None] == 960


def test_unknown_devices_keep_the_limits_of_the_commands():
    assert known_limits(drive("ACME", "TAPE")) == {}
    assert known_limits(Inquiry(CHANGER, "IBM", "ULT3580-TD9", "1")) == {}
    assert executor.timeout_of(ssc.erase_6(long=True), {}) == command.ERASE_S


@pytest.mark.parametrize("maker", [IBM, HPE])
@pytest.mark.parametrize("generation", range(5, 11))
def test_no_figure_is_longer_than_the_commands_own_limit(maker, generation):
    own = {
        example.opcode: example.timeout_s
        for example in (
            ssc.rewind(), ssc.locate_10(0), ssc.read_6(1), ssc.write_6(b"1"), ssc.write_filemarks_6(1),
            ssc.erase_6(long=True), ssc.verify_6(1), ssc.format_medium(), ssc.set_capacity(1), spc.self_test(),
            ssc.load_unload(load=True),
        )
    }  # fmt: skip
    limits = drive_limits(maker, generation)
    assert all(limits[code] <= own[code] for code in own if code in limits)


def test_the_virtual_drive_tells_its_own(tmp_path):
    library = Library.create(tmp_path / "vtl", slots=1, cartridges=1, capacity_bytes=4 * MIB)
    scsi = open_virtual_scsi(str(library.path), 0)
    limits = time_limits_of(scsi, executor.run(scsi, spc.inquiry()))
    assert limits[0x91, None] == 2940
    assert limits[0x1B, None] == 7200 + 960
