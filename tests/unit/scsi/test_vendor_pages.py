# SPDX-License-Identifier: WTFPL OR MIT
"""The pages of IBM's, HP's and Quantum's mechanisms: what they say, cut, and with anything in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.diag.plain import plain
from pytp_native.scsi.log import LogPage, LogParameter, parse_log_page
from pytp_native.scsi.log_values import reading, readings
from pytp_native.scsi.page_values import vpd_value
from pytp_native.spec.log_vendors import HP, IBM, QUANTUM, VENDOR_PAGES
from pytp_native.spec.measures import MEASURES
from tests.golden import golden, names

FAMILIES = {"hp": HP, "ibm": IBM, "quantum": QUANTUM}
LOGS = [name for name in names() if name.startswith("composed-") and "-log-" in name]


def family_of(name: str) -> str:
    return FAMILIES[name.split("-")[1]]


def values(name: str) -> dict[str, object]:
    return {one.name: one.value for one in readings(parse_log_page(golden(name)), family=family_of(name))}


def test_an_hp_drive_says_what_it_moved_since_it_was_cleaned():
    found = values("composed-hp-log-0c")
    assert found["processed since the last cleaning"] == 4660
    assert (found["loads"], found["cleanings"], found["power-on"]) == (258, 3, 3_600_000)


def test_an_hp_drives_wellness():
    found = values("composed-hp-log-33")
    first = found["incident 0"]
    assert (first.time, first.medium, first.key, first.asc, first.ascq) == (86_400, "a1b2c3d4", 3, 0x0C, 0)
    assert first.extra == "00001234"
    assert found["incident 1"].asc == 0x44
    assert found["incident 2"] is None


def test_an_hp_drives_performance():
    found = values("composed-hp-log-34")
    assert found == {
        "repositions per 100 MB": 7, "data rate into the buffer": 42, "highest data rate": 280,
        "current data rate": 48, "native data rate": 140,
    }  # fmt: skip


def test_an_hp_drives_last_errors():
    found = values("composed-hp-log-35")
    hardware, medium = found["hardware error"], found["medium error"]
    assert (hardware.key, hardware.asc, hardware.hardware_error) == (4, 0x44, 0x1234)
    assert (hardware.host, hardware.power_ons, hardware.seconds) == ("5001438000000001", 42, 3600)
    assert hardware.library_time == "23:59:05"
    assert (medium.key, medium.asc, medium.seconds, medium.library_time) == (3, 0x0C, 3601, None)


def test_an_hp_drives_state():
    found = values("composed-hp-log-3e")
    state = found["state of cleaning, drive and medium"]
    assert (state.cleaning_required, state.cleaning_requested, state.cleaning_cartridge_exhausted) == (
        False, True, False,
    )  # fmt: skip
    assert (state.temperature, state.drive, state.medium) == ("good", "degraded", "failed")
    assert found["uses of the last cleaning cartridge"] is None
    nothing = LogPage(0x3E, 0, (LogParameter(1, 0x03, bytes(4)),))
    (told,) = readings(nothing, family=HP)
    assert told.value[3:] == (None, None, None)


def test_an_efficiency_that_is_not_known_is_none():
    found = values("composed-ibm-log-37")
    assert found == {"drive efficiency (1 best, 255 worst)": 5, "medium efficiency (1 best, 255 worst)": None}
    assert values("composed-ibm-log-37-64") == {"capacity lost to rewriting": 1.5}


def test_quantums_error_events():
    found = values("composed-quantum-log-33")
    event = found["event 0"]
    assert (event.message, event.repeats, event.loads, event.data_sets, event.seconds) == (17, 2, 100, 30_000, 8.0)
    assert (event.firmware, event.cartridge_vendor, event.cartridge_serial) == ("V40000", "QUANTUM", "AB12345678")
    assert found["event 1"] is None


def test_quantums_device_statistics():
    found = values("composed-quantum-log-3e")
    assert (found["loads"], found["medium motion"], found["cleaning interval"]) == (200, 500, 100)
    assert (found["written"], found["read"]) == (10_000, 5_000)
    assert found["medium: threshold of hours"] is None


def test_component_pages():
    ibm = vpd_value(golden("composed-ibm-vpd-c0"), family=IBM)
    assert (ibm.code, ibm.built_at, ibm.built_on, ibm.platform) == ("LTO5_G9N1", "123456", "20161214", "fcb_jag")
    serials = vpd_value(golden("composed-ibm-vpd-c1"), family=IBM)
    assert (serials.manufacturing, serials.reported) == ("0007812345", "1068000123")
    hp = vpd_value(golden("composed-hp-vpd-c3"), family=HP)
    assert (hp.component, hp.version, hp.date, hp.variant) == ("Mechanism", "1.2", "2014/05/06 12:30", "x")


@pytest.mark.parametrize("name", LOGS)
def test_a_cut_page_gives_the_parameters_that_are_whole(name):
    data, family = golden(name), family_of(name)
    whole = readings(parse_log_page(data), family=family)
    for length in range(4, len(data)):
        page = parse_log_page(data[:length])
        assert page.truncated
        assert readings(page, family=family) == whole[: len(page.parameters)]


@pytest.mark.parametrize("name", LOGS)
def test_a_cut_parameter_is_read_or_not_known(name):
    """A record of fewer bytes than it needs is None or bytes, and never made up of what is not there."""
    page = parse_log_page(golden(name))
    for one in page.parameters:
        for length in range(len(one.value)):
            cut = LogPage(page.page, page.subpage, (one._replace(value=one.value[:length]),))
            (told,) = readings(cut, family=family_of(name))
            json.dumps(plain(told.value))
            assert length or not isinstance(told.value, (tuple, str)) or not told.value


@pytest.mark.parametrize(
    ("family", "key"), [(family, key) for family, pages in VENDOR_PAGES.items() for key in pages], ids=str
)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_anything_in_a_vendors_page_is_read(family, key, data):
    code = data.draw(st.integers(0, 0x7113) | st.sampled_from(sorted(VENDOR_PAGES[family][key].parameters) or [0]))
    value = data.draw(st.binary(max_size=60))
    (told,) = readings(LogPage(*key, (LogParameter(code, 0x03, value),)), family=family)
    json.dumps(plain(told.value))


@pytest.mark.parametrize("name", [name for name in names() if "-vpd-" in name])
def test_a_cut_component_page_is_bytes(name):
    data = golden(name)
    for length in range(4, len(data) - 1):
        told = vpd_value(data[:length], family=family_of(name))
        assert isinstance(told, bytes) or told._replace(variant="x") == vpd_value(data, family=family_of(name))


def test_every_source_of_a_measure_is_a_number_in_its_page():
    for measure in MEASURES.values():
        for source in measure.sources:
            value = b"\x00\x00\x00\x01"
            page = LogPage(source.page, source.subpage, (LogParameter(source.code, 0x03, value),))
            told = reading(page, source.code, family=source.family, changer=measure.subject == "library")
            assert isinstance(told.value, (int, float)), (measure.name, source)
    assert reading(LogPage(0x14, 0, ()), 1) is None
