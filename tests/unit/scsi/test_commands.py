# SPDX-License-Identifier: WTFPL OR MIT
"""Every command: its bytes, and what becomes of a CHECK CONDITION to it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pytp_native import errors
from pytp_native.scsi import diagnostic, encryption, executor, mam, smc, spc, ssc
from pytp_native.scsi.command import no_data, raw
from pytp_native.scsi.log import LogParameter
from pytp_native.spec.opcodes import cdb_bytes
from tests.unit.scsi.answers import Answers, check, fixed
from tests.unit.scsi.catalogue import EXAMPLES, builders

COMMANDS = [pytest.param(example[0], id=f"{example[0].name} {number}") for number, example in enumerate(EXAMPLES)]


@pytest.mark.parametrize(("command", "cdb", "data_out"), EXAMPLES)
def test_the_bytes_of_the_command(command, cdb, data_out):
    assert command.cdb.hex(" ") == cdb
    assert command.data_out.hex() == data_out.replace(" ", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_cdb_has_its_groups_length(command):
    vendors = 16 if command.opcode in {0xD1, 0xD2} else 10  # no group tells a length there
    assert len(command.cdb) == (cdb_bytes(command.opcode) or vendors)


@pytest.mark.parametrize("command", COMMANDS)
def test_data_go_one_way(command):
    assert not (command.data_in_bytes and command.data_out)
    assert bool(command.data_in_bytes) == (command.parse is not no_data)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_may_be_repeated_moves_and_writes_nothing(command):
    moving = bytes.fromhex(
        "01 04 07 08 0a 0b 10 11 13 15 19 1b 2b 37 3b 4c 55 5f 80 82 8d 8f 91 92 93 a4 a5 a6 b6 d2 e7"
    )
    assert not (command.repeatable and (command.opcode in moving or command.data_out))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("key", "code", "kind"),
    [
        (0x4, 0x4400, errors.DeviceError),
        (0x5, 0x2000, errors.NotSupported),
        (0x6, 0x2900, errors.UnitAttention),
        (0xB, 0x4700, errors.DeviceError),
    ],
)
def test_a_check_condition_is_never_success(command, key, code, kind):
    if command.changer and key == 0x4:
        kind = errors.LibraryError
    with pytest.raises(kind) as caught:
        executor.run(Answers([check(key, code)]), command)
    assert command.name in str(caught.value)
    assert "/dev/test" in str(caught.value)
    assert caught.value.sense == fixed(key, code)


@pytest.mark.parametrize("command", [param for param in COMMANDS if param.values[0].data_in_bytes])
def test_an_empty_answer_is_no_success_either(command):
    if command.parse is raw:
        assert executor.run(Answers([b""]), command) == b""
        return
    with pytest.raises(errors.BadReply, match=re.escape(f"/dev/test: {command.name}: ")):
        executor.run(Answers([b""]), command)


def test_every_builder_has_an_example():
    tree = ast.parse(Path(__file__).with_name("catalogue.py").read_text())
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    assert builders() - {f"{name.value.id}.{name.attr}" for name in names} == set()


def test_commands_are_values():
    assert ssc.space_6(1, 3) == ssc.space_6(1, 3)
    assert ssc.space_6(1, 3) != ssc.space_6(1, 4)
    with pytest.raises(AttributeError):
        ssc.rewind().cdb = b""  # type: ignore[misc]


@pytest.mark.parametrize(
    "build",
    [
        lambda: ssc.space_6(1, 1 << 23),
        lambda: ssc.locate_10(1 << 32),
        lambda: ssc.write_filemarks_6(-1),
        lambda: ssc.read_6(1, fixed_bytes=512, suppress_length=True),
        lambda: ssc.write_6(b"abc", fixed_bytes=2),
        lambda: smc.move_medium(0x10000, 1),
        lambda: spc.mode_sense_6(0x40),
        lambda: spc.mode_select_6(bytes(256)),
        lambda: spc.request_sense(alloc_bytes=256),
        lambda: spc.log_select([LogParameter(1, 3, b"")], reset=True),
        lambda: spc.log_select([LogParameter(1, 3, bytes(256))], page=0x37),
        lambda: spc.log_select([LogParameter(0x10000, 3, b"1")], page=0x37),
        lambda: diagnostic.write_buffer(0x05, 0, b"firmware"),
        lambda: diagnostic.set_timestamp(1 << 48),
        lambda: encryption.set_data_encryption(encryption.KeySettings()),
        lambda: mam.attribute(0x0806, "x" * 33),
        lambda: mam.attribute(0x7FFF, "x"),
        lambda: mam.attribute(0x0408, 256),
    ],
)
def test_what_does_not_fit_is_refused_and_never_cut(build):
    with pytest.raises(errors.UsageError):
        build()


def test_a_key_is_never_shown():
    settings = encryption.KeySettings(key=b"secret-secret-secret-secret-1234")
    assert "secret" not in repr(settings)
