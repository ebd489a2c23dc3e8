# SPDX-License-Identifier: WTFPL OR MIT
"""Everything that is no motion over data: density, buffering, compression, erase, load, lock, unknown operations."""

import pytest

from pytp_native.errors import DeviceError, EndOfData, NotSupported, PytpError
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_BOT, GMT_DR_OPEN, GMT_IM_REP_EN, GMT_ONLINE, GMT_WR_PROT
from tests.contract.tape_data import BLOCKS_AND_MARKS, block, expect_end_of_data, expected, numbers, read, read_files


class DriveModes:
    def test_the_status_names_a_scsi_tape(self, tape):
        assert tape.status().mt_type == lib.MT_ISSCSI2

    def test_a_loaded_drive_is_online_and_at_the_beginning(self, tape):
        status = tape.status()
        assert status.has(GMT_ONLINE)
        assert status.has(GMT_BOT)
        assert status.has(GMT_IM_REP_EN)
        assert not status.has(GMT_DR_OPEN)
        assert not status.has(GMT_WR_PROT)

    def test_the_residual_field_is_the_partition(self, tape):
        # st(4): mt_resid holds the current partition, no residual count.
        assert tape.status().mt_resid == 0

    def test_the_status_shows_the_density(self, bench, tape):
        assert tape.status().density_code == bench.density

    def test_setting_the_density_it_has_does_not_move(self, bench, three_files):
        read(three_files)
        three_files.operate(lib.MTSETDENSITY, bench.density)
        assert three_files.status().density_code == bench.density
        assert read(three_files) == block(1001)

    def test_setting_the_drive_buffer_does_not_move(self, three_files):
        read(three_files)
        three_files.operate(lib.MTSETDRVBUFFER, 1)
        assert numbers(three_files) == (0, 1)
        assert read(three_files) == block(1001)

    def test_compression_switches_without_moving(self, three_files):
        read(three_files)
        three_files.operate(lib.MTCOMPRESSION, 0)
        three_files.operate(lib.MTCOMPRESSION, 1)
        assert numbers(three_files) == (0, 1)
        assert read(three_files) == block(1001)

    def test_erase_at_the_beginning_leaves_a_blank_tape(self, three_files):
        three_files.operate(lib.MTERASE, 0)
        three_files.operate(lib.MTREW)
        with pytest.raises(EndOfData):
            read(three_files)

    def test_a_long_erase_leaves_a_blank_tape(self, bench, three_files):
        bench.skip_unless_it_fills()
        three_files.operate(lib.MTERASE, 1)
        three_files.operate(lib.MTREW)
        expect_end_of_data(three_files)

    def test_erase_in_mid_tape_cuts_what_follows(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        three_files.operate(lib.MTERASE, 0)
        assert read_files(three_files) == expected((1000, 1001, 1002), ())

    def test_erase_keeps_the_numbers(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        read(three_files)
        three_files.operate(lib.MTERASE, 0)
        assert numbers(three_files) == (1, 1)
        assert three_files.position() == 5

    @pytest.mark.parametrize("operation", ["MTTELL", "MTRESET"])
    def test_operations_that_st_never_had_are_not_supported(self, three_files, operation):
        read(three_files)
        with pytest.raises(NotSupported):
            three_files.operate(getattr(lib, operation), 1)
        assert read(three_files) == block(1001)

    def test_an_unknown_operation_is_not_supported_and_does_not_move(self, three_files):
        read(three_files)
        with pytest.raises(NotSupported):
            three_files.operate(99, 1)
        assert read(three_files) == block(1001)

    @pytest.mark.parametrize("operation", ["MTSETPART", "MTMKPART"])
    def test_partitions_are_refused_while_the_option_is_off(self, three_files, operation):
        # st(4): EINVAL unless MT_ST_CAN_PARTITIONS is set.
        read(three_files)
        with pytest.raises(NotSupported):
            three_files.operate(getattr(lib, operation), 1)
        assert three_files.position() == 1

    @pytest.mark.parametrize("operation", ["MTFSS", "MTBSS"])
    def test_a_drive_without_setmarks_refuses_to_space_over_them(self, three_files, operation):
        read(three_files)
        with pytest.raises(DeviceError):
            three_files.operate(getattr(lib, operation), 1)
        assert three_files.position() == 1

    def test_a_drive_without_setmarks_writes_none(self, three_files):
        with pytest.raises(DeviceError):
            three_files.operate(lib.MTWSM, 1)
        assert read_files(three_files) == expected((1000, 1001, 1002), (2000, 2001), (3000,), ())

    def test_load_with_a_cartridge_goes_to_the_beginning(self, three_files):
        three_files.operate(lib.MTFSF, 1)
        three_files.operate(lib.MTLOAD, 1)
        assert three_files.position() == 0
        assert read(three_files) == block(1000)

    def test_lock_and_unlock_do_not_move(self, three_files):
        read(three_files)
        three_files.operate(lib.MTLOCK, 1)
        three_files.operate(lib.MTLOCK, 1)
        three_files.operate(lib.MTUNLOCK, 1)
        assert read(three_files) == block(1001)

    def test_a_locked_drive_refuses_to_unload(self, three_files):
        three_files.operate(lib.MTLOCK, 1)
        with pytest.raises(PytpError):
            three_files.operate(lib.MTUNLOAD, 1)
        assert three_files.status().has(GMT_ONLINE)
        three_files.operate(lib.MTUNLOCK, 1)
        three_files.operate(lib.MTREW)
        assert read(three_files) == block(1000)

    def test_errors_name_the_device(self, three_files):
        with pytest.raises(PytpError) as error:
            three_files.operate(99, 1)
        assert three_files.address in str(error.value)
        assert "\n" not in str(error.value)

    def test_an_error_is_not_the_end_of_the_descriptor(self, three_files):
        with pytest.raises(PytpError):
            three_files.operate(lib.MTFSF, 50)
        three_files.operate(lib.MTREW)
        assert read(three_files) == block(1000)
        assert three_files.operate(lib.MTEOM, 1) is None
        assert three_files.position() == BLOCKS_AND_MARKS
