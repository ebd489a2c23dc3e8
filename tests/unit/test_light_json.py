# SPDX-License-Identifier: WTFPL OR MIT
"""JSON without the json package: the same values, the same text, the same refusals."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytp_native import light_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_values_come_back_and_the_text_is_that_of_json(value: object) -> None:
    text = light_json.dumps(value)
    assert text == json.dumps(value)
    assert light_json.loads(text) == value
    assert light_json.loads(f"\n {json.dumps(value, indent=1)} \r\n") == value


@given(st.text(alphabet='{}[]":,0123456789.eE+-truefalsn \t\n\\u', max_size=24))
def test_what_json_refuses_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            light_json.loads(text)
    else:
        assert repr(light_json.loads(text)) == repr(expected)


@pytest.mark.parametrize("text", ["", " ", "{", '{"a": 1} x', "[1,]", "nul", "\ufeff{}", '"\n"'])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        light_json.loads(text)


def test_another_interpreter_takes_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light_json, "_scan", None)
    monkeypatch.setattr(light_json, "_encode", None)
    assert light_json.loads('{"a": [1, null]}') == {"a": [1, None]}
    assert light_json.dumps({"a": [1, None]}) == '{"a": [1, null]}'
