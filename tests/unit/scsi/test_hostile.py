# SPDX-License-Identifier: WTFPL OR MIT
"""Every parser survives every answer: cut, over-long, contradictory, random. What it cannot read is a BadReply."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytp_native.errors import BadReply
from pytp_native.scsi import mode, mode_pages
from pytp_native.scsi.log import tape_alerts
from tests.golden import golden, names
from tests.unit.scsi.catalogue import EXAMPLES
from tests.unit.scsi.hostile_corpus import BAD, HOSTILE

PARSERS = {
    f"{command.parse.__module__.rsplit('.', 1)[1]}.{command.parse.__qualname__} {command.cdb[:3].hex()}": command.parse
    for command, _, _ in EXAMPLES
    if command.data_in_bytes
}
CORPUS = {name: golden(name) for name in names()}


def survives(parse, data: bytes) -> object:
    try:
        answer = parse(data)
    except BadReply:
        return None
    return touch(answer)


def touch(answer: object) -> object:
    """Look at everything that an answer can say."""
    if isinstance(answer, tuple):
        for one in answer:
            touch(one)
    if hasattr(answer, "_fields"):
        for name in dir(type(answer)):
            if isinstance(getattr(type(answer), name), property):
                getattr(answer, name)
        str(answer)
    return answer


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
def test_answers_of_other_commands(parse):
    for data in CORPUS.values():
        survives(parse, data)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
def test_answers_that_contradict_themselves(parse):
    """Each, its beginnings, and each with something behind it."""
    for told in HOSTILE.values():
        data = bytes.fromhex(told)
        for length in range(1, len(data) + 1, 11):
            survives(parse, data[:length])
        survives(parse, data)
        survives(parse, data + b"\xa5" * 64)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused(name):
    parse = next(parse for key, parse in PARSERS.items() if f".{BAD[name]} " in key)
    with pytest.raises(BadReply):
        parse(bytes.fromhex(HOSTILE[name]))


def test_an_answer_that_lies_about_its_length_gives_what_is_there():
    parse = next(parse for key, parse in PARSERS.items() if ".parse_element_status " in key)
    told = bytes.fromhex(HOSTILE["an identifier longer than its element"])
    (element,) = parse(told).elements
    assert (element.address, element.identifier) == (0x100, b"")
    (element,) = parse(bytes.fromhex(HOSTILE["promised tags that do not fit"])).elements
    assert (element.primary_tag, element.source) == (None, 0x400)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.binary(max_size=300))
@example(data=b"")
@example(data=b"\xff" * 300)
@example(data=bytes(300))
def test_random_bytes(parse, data):
    survives(parse, data)


OWN = {
    "mhvtl-inquiry-drive": "parse_inquiry", "mhvtl-mode-all-drive": "parse_mode_10", "mhvtl-mode-1d": "parse_mode_6",
    "tgt-mode-all-changer": "parse_mode_10", "mhvtl-elements": "parse_element_status",
    "mhvtl-elements-dvcid": "parse_element_status", "tgt-elements": "parse_element_status",
    "mhvtl-log-17": "parse_log_page", "mhvtl-log-2e": "parse_log_page",
    "mhvtl-attributes": "parse_attributes", "mhvtl-density": "parse_densities", "mhvtl-position-long": "parse_long",
    "mhvtl-security-pages": "supported_pages",
}  # fmt: skip


def parser(name: str):
    return next(parse for key, parse in PARSERS.items() if OWN[name] in key)


@pytest.mark.parametrize("name", OWN)
def test_every_truncation(name):
    """A shorter answer never gives more than a longer one, and never what the longer one does not have."""
    data = CORPUS[name]
    for length in range(0, len(data), 1 if len(data) < 400 else 7):
        survives(parser(name), data[:length])


@pytest.mark.parametrize("name", OWN)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_changed_bytes(name, data):
    changed = bytearray(CORPUS[name])
    places = data.draw(st.lists(st.tuples(st.integers(0, len(changed) - 1), st.integers(0, 255)), max_size=4))
    for at, value in places:
        changed[at] = value
    survives(parser(name), bytes(changed))


@pytest.mark.parametrize("name", [name for name in OWN if "tgt-elements" not in name])
def test_what_follows_the_answer_is_not_read(name):
    """A transfer that is longer than what the device tells, as SG_IO without a residual gives it."""
    data = CORPUS[name]
    for filling in (b"\xa5", b"\0"):
        assert strip(parser(name)(data + filling * 64)) == strip(parser(name)(data))


def strip(answer):
    return answer._replace(received=0) if hasattr(answer, "received") else answer


def test_truncated_attributes_and_elements_are_a_beginning_of_the_whole():
    for name in ("mhvtl-attributes", "mhvtl-elements", "mhvtl-density", "mhvtl-log-17"):
        whole = pieces(parser(name)(CORPUS[name]))
        for length in range(8, len(CORPUS[name]), 11):
            part = pieces(parser(name)(CORPUS[name][:length]))
            assert part == whole[: len(part)]
            assert len(part) < len(whole)


def pieces(answer):
    return getattr(answer, "elements", None) or getattr(answer, "parameters", None) or (
        () if hasattr(answer, "elements") or hasattr(answer, "parameters") else answer
    )  # fmt: skip


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=40))
def test_mode_pages_of_any_bytes(data):
    page = mode.ModePage(0, 0, data)
    for parse in (
        mode_pages.parse_compression,
        mode_pages.parse_device_configuration,
        mode_pages.parse_partitions,
        mode_pages.parse_element_addresses,
        mode_pages.parse_transport_geometry,
        mode_pages.parse_device_capabilities,
    ):
        survives(parse, page)


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=400), st.sampled_from([0x12, 0x2E]))
def test_alerts_of_any_bytes_are_flags(data, page):
    parse = next(parse for key, parse in PARSERS.items() if "parse_log_page" in key)
    body = bytes((page, 0)) + len(data).to_bytes(2, "big") + data
    try:
        found = tape_alerts(parse(body))
    except BadReply:
        return
    assert all(1 <= flag <= 64 for flag in found)
