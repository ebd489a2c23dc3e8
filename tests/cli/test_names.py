# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

import json
import os

import pytest

from pytp_cli.names import json_text, printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain", "plain"),
        ("grün".encode(), "grün"),
        (b"a\nb", "a\\nb"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"\x1b[2J", "\\x1b[2J"),
        ("line\u2028sep", "line\\u2028sep"),
    ],
)
def test_printable_is_one_line_without_control_characters(name: bytes | str, shown: str) -> None:
    assert printable(name) == shown


@pytest.mark.parametrize("name", [b"\xff", b"caf\xe9/\xf0\x9f", "ü".encode(), b"\n\t"])
def test_json_text_gives_the_same_bytes_back(name: bytes) -> None:
    assert os.fsencode(json.loads(json.dumps(json_text(name)))) == name
