# SPDX-License-Identifier: WTFPL OR MIT
"""The commands on the virtual drive, whose bytes another part lays out on its own."""

from __future__ import annotations

import pytest

from pytp_native import errors
from pytp_native.devices import retry
from pytp_native.devices.quirks import quirks_of
from pytp_native.ffi import lib
from pytp_native.scsi import executor, spc, ssc, vpd
from pytp_native.transport.virtual import open_virtual_tape
from pytp_native.transport.virtual_scsi import open_virtual_scsi
from pytp_native.units import MIB
from pytp_native.vtl.library import Library


@pytest.fixture
def library(tmp_path):
    return Library.create(tmp_path / "vtl", slots=2, cartridges=1, capacity_bytes=4 * MIB)


@pytest.fixture
def drive(library):
    return open_virtual_scsi(str(library.path), 0)


def test_who_it_is(library, drive):
    who = executor.run(drive, spc.inquiry())
    assert (who.device_type_name, who.vendor, who.product) == ("tape", "PYTP", "VIRTUAL ULTRIUM9")
    assert quirks_of(who).first_load_s == 7200.0
    serial = library.describe().drives[0].serial
    assert executor.run(drive, spc.unit_serial()) == serial
    assert executor.run(drive, vpd.manufacturer_serial()) == serial
    (name,) = executor.run(drive, vpd.device_identification())
    assert str(name).endswith(serial)
    assert {0x80, 0x83} <= set(executor.run(drive, vpd.supported_pages()))


def test_a_new_cartridge_is_told_once_and_the_policy_asks_past_it(drive):
    with pytest.raises(errors.UnitAttention, match="the cartridge may have changed"):
        executor.run(drive, ssc.read_position())
    assert executor.run(drive, ssc.read_position()).beginning


def test_the_policy_asks_past_it(drive):
    executor.run(drive, spc.test_unit_ready(), retry.CALM)
    assert executor.run(drive, spc.request_sense()).key == 0


def test_positions_in_three_forms(library, drive):
    tape = open_virtual_tape(str(library.path), 0, write=True)
    for _ in range(3):
        tape.write_block(b"x" * 100)
    tape.operate(lib.MTWEOF)
    tape.write_block(b"x" * 100)
    short, long, extended = (
        executor.run(drive, command, retry.CALM)
        for command in (ssc.read_position(), ssc.read_position_long(), ssc.read_position_extended())
    )
    assert (short.block, short.partition, short.beginning) == (5, 0, False)
    assert (long.block, long.filemarks) == (5, 1)
    assert (extended.block, extended.on_medium, extended.buffered_bytes) == (5, 4, 100)
    tape.close()


def test_block_limits(drive):
    assert executor.run(drive, ssc.read_block_limits(), retry.CALM) == (1, 8 * MIB, 1)


def test_unloaded_it_has_no_medium(drive):
    executor.run(drive, spc.test_unit_ready(), retry.CALM)
    executor.run(drive, ssc.load_unload(load=False))
    with pytest.raises(errors.NoMedium) as caught:
        executor.run(drive, spc.test_unit_ready())
    assert caught.value.exit_code == 5
    assert caught.value.sense


def test_what_it_does_not_have_is_not_supported(drive):
    executor.run(drive, spc.test_unit_ready(), retry.CALM)
    with pytest.raises(errors.NotSupported, match="the device does not have this command"):
        executor.run(drive, ssc.set_capacity(100))
    with pytest.raises(errors.NotSupported, match="a field of the command"):
        executor.run(drive, spc.inquiry_page(0x5F))
