# SPDX-License-Identifier: WTFPL OR MIT
"""Log parameters with their values: of mhvtl's answers, and of records laid out by hand after the standards' tables."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.scsi import log_records
from pytp_native.scsi.log import LogPage, LogParameter, parse_log_page
from pytp_native.scsi.log_values import readings
from pytp_native.spec.log_changer import CHANGER_PAGES
from pytp_native.spec.log_tape import TAPE_PAGES
from pytp_native.spec.log_vendors import HP, IBM, VENDOR_PAGES
from tests.golden import golden


def values(page, **more) -> dict[str, object]:
    return {one.name: one.value for one in readings(page, **more)}


def one(page: int, code: int, told: str, subpage: int = 0, **more: object) -> object:
    """Return what one parameter of a page says."""
    found = LogPage(page, subpage, (LogParameter(code, 0x03, bytes.fromhex(told)),))
    return readings(found, **more)[0].value


def test_bytes_of_mhvtls_sequential_access_page():
    found = values(parse_log_page(golden("mhvtl-log-0c")))
    assert found["received from the host"] == 0x051BF088
    assert found["native capacity to the position"] == 0x13
    assert found["cleaning required"] is False


def test_capacities_of_mhvtls_cartridge():
    found = {reading.name: reading for reading in readings(parse_log_page(golden("mhvtl-log-31")))}
    assert found["partition 0: remaining capacity"].value == 44
    assert found["partition 0: remaining capacity"].unit == "MiB"


def test_mhvtls_tape_usage_has_the_names_of_the_volume_statistics():
    found = values(parse_log_page(golden("mhvtl-log-30")))
    assert found["mounts"] == 2
    assert set(found) <= set(values(parse_log_page(golden("mhvtl-log-17")))) | {
        "suspended reads",
        "fatal suspended reads",
    }


def test_what_mhvtls_drive_does():
    (status,) = readings(parse_log_page(golden("mhvtl-log-11")))
    assert status.value.activity_name == "reading"
    assert (status.value.valid, status.value.memory_accessible, status.value.cleaning_required) == (True, True, False)
    assert (status.value.present, status.value.mounted, status.value.robot_may_access) == (True, True, True)


def test_self_tests_that_never_ran_are_nothing():
    assert {reading.value for reading in readings(parse_log_page(golden("mhvtl-log-10")))} == {None}


def test_a_self_test_that_failed():
    found = one(0x10, 1, "24 02 0102 0000000000000000 04 40 81 00")
    assert (found.result_name, found.code, found.hours, found.key, found.asc, found.ascq) == (
        "failed", 1, 0x102, 4, 0x40, 0x81,
    )  # fmt: skip


@pytest.mark.parametrize(("told", "value"), [("0000", 0), ("00ff", None), ("001f", 31), ("1f", None)])
def test_temperatures(told, value):
    assert one(0x0D, 0, told) == value


def test_the_environment_keeps_signs_and_says_what_is_not_known():
    found = one(0x0D, 0x0000, "01 19 2d fb 80 80 80 80", 1)
    assert found == (25, 45, -5, None, None)
    assert one(0x0D, 0x0100, "01 2d 50 0a ff ff ff ff", 1) == (45, 80, 10, None, None)


def test_capacity_of_partitions_and_a_missing_end_of_data():
    told = "07 00 0000 00002710  07 00 0001 ffffffff"
    assert one(0x17, 0x0203, told) == ((0, 10000), (1, None))
    assert one(0x17, 0x0200, "09 00 0000 fffffffffffe") == ((0, None),)
    assert one(0x17, 0x0202, "07 00 0000 00002710  07 00 00") == ((0, 10000),)


def test_where_the_cartridge_was_mounted_last():
    told = "2b000000" + b"IBM     ".hex() + b"1068000123".ljust(32).hex()
    assert one(0x17, 0x0300, told) == ((0, "IBM", "1068000123"),)


def test_hours_by_type_of_medium():
    assert one(0x14, 0x1000, "0000 5a 68 00000102 0000 58 58 00000003") == ((0x5A, 0x68, 0x102), (0x58, 0x58, 3))


def test_ratios_and_unknown_counts():
    assert one(0x1B, 1, "00fa") == 250
    assert one(0x17, 0x0019, "ff") is None
    assert one(0x17, 0x0080, "01") is True
    assert one(0x37, 0x7113, "00018000", 0x64, family=IBM) == 1.5


def test_flags_and_recoveries():
    assert one(0x12, 0, "2000100000000001") == (3, 20, 64)
    assert one(0x13, 0, "04 0a 77") == (
        "unload the volume and put it in again", "unload the volume and quarantine it", "procedure 77h",
    )  # fmt: skip
    assert one(0x2F, 0, "5d 10 ff") == (0x5D, 0x10, None)


def test_the_drives_own_log_of_incidents():
    told = ("0000 5a 68 00000011 00 83 0c 00 0000abcd" + b"G350".hex() + "00000005 0a 00 0000"
            + b"AB123456".ljust(32).hex() + "02 00 018bcfe56800")  # fmt: skip
    found = one(0x16, 0, told)
    assert (found.density, found.motion_hours, found.repeated, found.key, found.asc, found.ascq) == (
        0x5A, 17, True, 3, 0x0C, 0,
    )  # fmt: skip
    assert (found.firmware, found.hours_since_cleaning, found.opcode, found.medium) == ("G350", 5, 0x0A, "AB123456")
    assert (found.time_origin, found.milliseconds) == (2, 1_700_000_000_000)
    assert one(0x16, 1, "00" * 68) is None


def test_a_changers_log_of_incidents():
    told = ("00 04 15 01 00000007" + b"9.50".hex() + "".join(f"{count:08x}" for count in range(1, 8)) + "a5 00 03 05"
            + "0000 03e9 0000 0001" + b"A00001L6".ljust(36).hex() + "03 00 000000000064")  # fmt: skip
    found = one(0x16, 0, told, changer=True)
    assert (found.key, found.asc, found.ascq, found.firmware, found.opcode) == (4, 0x15, 1, "9.50", 0xA5)
    assert (found.moves, found.tags_unreadable) == (1, 7)
    assert (found.transport, found.initial, found.last_good, found.destination) == (None, 1001, None, 1)
    assert (found.volume_tag, found.time_origin, found.milliseconds) == ("A00001L6", 3, 100)


def test_what_the_robot_did_with_an_element():
    told = LogPage(0x15, 0, (LogParameter(0x0400, 3, bytes.fromhex("".join(f"{n:08x}" for n in range(6)))),))
    (reading,) = readings(told, changer=True)
    assert reading.name == "element 1024"
    assert reading.value == (0, 1, 2, 3, 4, 5)


def test_sas_phys_by_their_own_length():
    phy = (
        "00 01 00 30 10 0a 00 00 5000000000000001 5000000000000002 03"
        + "00" * 7
        + "00000001 00000002 00000003 00000004"
    )
    (first, second) = one(0x18, 1, "06 00 00 02" + (phy + "00000000") * 2)
    assert first == second
    assert (first.identifier, first.attached_type, first.rate) == (1, 1, 10)
    assert (first.invalid_dwords, first.disparity_errors, first.losses_of_sync, first.resets) == (1, 2, 3, 4)
    assert one(0x18, 1, "00 00 00 00") == bytes(4)


def test_a_ports_link():
    found = one(0x11, 0x0101, "a2 000000 5000000000000001")
    assert (found.link_rate, found.signal, found.sas_address) == ("6 Gbit/s", True, 0x5000000000000001)


def test_a_vendors_page_is_read_for_its_family():
    page = LogPage(0x34, 0, (LogParameter(0, 3, b"\0\2"),))
    assert values(page, family=HP) == {"repositions per 100 MB": 2}
    assert values(page) == {"parameter 0000h": b"\0\2"}


def test_names_of_what_next_years_drive_does():
    assert log_records.device_status(b"\1\0\x90\0").activity_name == "activity 90h"
    assert log_records.device_status(b"\1\0\x0b") is None


KEYS = [(key, HP) for key in {**TAPE_PAGES, **VENDOR_PAGES[HP]}] + [(key, IBM) for key in VENDOR_PAGES[IBM]]
_CODES = st.sampled_from([0, 1, 2, 0x40, 0x80, 0x100, 0x101, 0x200, 0x203, 0x300, 0x1000, 0x7113, 0x8000, 0xFFFF])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(where=st.sampled_from(KEYS), code=_CODES, told=st.binary(max_size=120), changer=st.booleans())
def test_no_value_is_too_odd(where, code, told, changer):
    (key, family) = where
    found = readings(LogPage(*key, (LogParameter(code, 0, told),)), family=family, changer=changer)
    assert found[0].name
    str(found)


def test_every_page_of_a_changer_takes_nothing_at_all():
    for key in CHANGER_PAGES:
        readings(LogPage(*key, (LogParameter(0, 0, b""),)), changer=True)
