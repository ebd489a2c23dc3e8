# SPDX-License-Identifier: WTFPL OR MIT
"""Each function of mtio is one operation with one count."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytp_native import mtio
from pytp_native.ffi import lib


class Recorder:
    def __init__(self):
        self.calls = []

    def operate(self, operation, count=1):
        self.calls.append((operation, count))

    def position(self):
        return 42


CASES = [
    (mtio.rewind, (), {}, lib.MTREW, 1),
    (mtio.forward_filemarks, (3,), {}, lib.MTFSF, 3),
    (mtio.forward_filemarks_m, (2,), {}, lib.MTFSFM, 2),
    (mtio.back_filemarks, (), {}, lib.MTBSF, 1),
    (mtio.back_filemarks_m, (2,), {}, lib.MTBSFM, 2),
    (mtio.forward_records, (5,), {}, lib.MTFSR, 5),
    (mtio.back_records, (5,), {}, lib.MTBSR, 5),
    (mtio.forward_setmarks, (1,), {}, lib.MTFSS, 1),
    (mtio.back_setmarks, (1,), {}, lib.MTBSS, 1),
    (mtio.write_setmarks, (1,), {}, lib.MTWSM, 1),
    (mtio.end_of_data, (), {}, lib.MTEOM, 1),
    (mtio.write_filemarks, (2,), {}, lib.MTWEOF, 2),
    (mtio.write_filemarks, (0,), {}, lib.MTWEOF, 0),
    (mtio.write_filemarks, (1,), {"immediate": True}, lib.MTWEOFI, 1),
    (mtio.erase, (), {}, lib.MTERASE, 0),
    (mtio.erase, (), {"long": True}, lib.MTERASE, 1),
    (mtio.set_block_bytes, (524288,), {}, lib.MTSETBLK, 524288),
    (mtio.set_density, (0x5A,), {}, lib.MTSETDENSITY, 0x5A),
    (mtio.set_drive_buffer, (1,), {}, lib.MTSETDRVBUFFER, 1),
    (mtio.set_compression, (True,), {}, lib.MTCOMPRESSION, 1),
    (mtio.set_compression, (False,), {}, lib.MTCOMPRESSION, 0),
    (mtio.seek, (1000,), {}, lib.MTSEEK, 1000),
    (mtio.load, (), {}, lib.MTLOAD, 0),
    (mtio.unload, (), {}, lib.MTUNLOAD, 1),
    (mtio.offline, (), {}, lib.MTOFFL, 1),
    (mtio.retension, (), {}, lib.MTRETEN, 1),
    (mtio.lock, (), {}, lib.MTLOCK, 1),
    (mtio.unlock, (), {}, lib.MTUNLOCK, 1),
    (mtio.set_partition, (1,), {}, lib.MTSETPART, 1),
    (mtio.make_partition, (1000,), {}, lib.MTMKPART, 1000),
    (mtio.reset, (), {}, lib.MTRESET, 1),
    (mtio.no_operation, (), {}, lib.MTNOP, 1),
]


@pytest.mark.parametrize(("function", "arguments", "options", "operation", "count"), CASES)
def test_operation_and_count(function, arguments, options, operation, count):
    tape = Recorder()
    function(tape, *arguments, **options)
    assert tape.calls == [(operation, count)]


def test_every_function_is_covered():
    functions = {
        value
        for name, value in vars(mtio).items()
        if callable(value) and getattr(value, "__module__", "") == mtio.__name__
    }
    assert functions == {case[0] for case in CASES} | {mtio.tell}


def test_tell_is_the_logical_block():
    assert mtio.tell(Recorder()) == 42


def test_it_stays_light():
    code = "import sys, pytp_native.mtio; print(*{'dataclasses', 'construct', 'typing', 'logging'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
