# SPDX-License-Identifier: WTFPL OR MIT
"""Random sequences of system calls on a tape, for twins.py.

    python -m hwtests.sequences FILE [NUMBER [SEED]]

writes them as JSON. The launcher does that before it boots the guest: there hypothesis would take minutes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from hwtests.twins import CAPACITY_BYTES, Step
from pytp_native.ffi import lib
from pytp_native.units import KIB

FIXED = 512
_small = st.sampled_from([0, 1, 1, 1, 2, 3])
_length = st.sampled_from([1, 300, FIXED, FIXED, 2 * FIXED, 1000, 4096, 64 * KIB])
_room = st.sampled_from([0, 1, 300, FIXED, 2 * FIXED, 8 * FIXED, 64 * KIB])


def _step(verb: str, first: int = 0, second: int = 0, text: str = "") -> Step:
    """As a class, hypothesis would invent what is left out."""
    return Step(verb, first, second, text)


def _operations(*operations: int) -> st.SearchStrategy[int]:
    return st.sampled_from(operations)


def _operate(operation: st.SearchStrategy[int], count: st.SearchStrategy[int]) -> st.SearchStrategy[Step]:
    return st.builds(lambda one, much: Step("operate", one, much), operation, count)


_options = st.lists(
    st.sampled_from([
        lib.MT_ST_BUFFER_WRITES, lib.MT_ST_ASYNC_WRITES, lib.MT_ST_READ_AHEAD, lib.MT_ST_TWO_FM, lib.MT_ST_FAST_MTEOM,
        lib.MT_ST_AUTO_LOCK, lib.MT_ST_DEF_WRITES, lib.MT_ST_CAN_BSR, lib.MT_ST_NO_BLKLIMS, lib.MT_ST_SCSI2LOGICAL,
        lib.MT_ST_SYSV, lib.MT_ST_SILI, lib.MT_ST_NOWAIT, lib.MT_ST_NOWAIT_EOF,
        lib.MT_ST_CAN_PARTITIONS, lib.MT_ST_CAN_PARTITIONS,
    ]),
    min_size=1, max_size=2,
).map(sum)  # fmt: skip
_option_words = st.one_of(
    st.builds(lambda bits: lib.MT_ST_SETBOOLEANS | bits, _options),
    st.builds(lambda bits: lib.MT_ST_CLEARBOOLEANS | bits, _options),
    st.sampled_from([
        lib.MT_ST_DEF_BLKSIZE | FIXED, lib.MT_ST_DEF_BLKSIZE, lib.MT_ST_DEF_BLKSIZE | 0xFFFFFFF,
        lib.MT_ST_DEF_COMPRESSION, lib.MT_ST_DEF_COMPRESSION | 1, lib.MT_ST_DEF_DENSITY | 0x5A,
        lib.MT_ST_DEF_DRVBUFFER | 1, lib.MT_ST_DEF_DRVBUFFER, lib.MT_ST_DEF_DENSITY | 0x13,
        lib.MT_ST_WRITE_THRESHOLD | 20, lib.MT_ST_SET_CLN, 0x70000000, 0xB0000001, 0, 1, 2, 7,
    ]),
)  # fmt: skip
_fault = st.one_of(
    st.builds("write {}: medium error".format, st.integers(0, 9)),
    st.builds("read {}: medium error".format, st.integers(0, 9)),
    st.builds("early warning at {}".format, st.integers(0, 9)),
    st.builds("eject at {}".format, st.integers(0, 9)),
)
_flags = st.sampled_from([os.O_RDWR, os.O_RDWR, os.O_RDWR, os.O_RDONLY])

COMMON = st.one_of(
    st.builds(_step, st.just("write"), _length, st.integers(1, 99)),
    st.builds(_step, st.just("write"), _length, st.integers(1, 99)),
    st.builds(_step, st.just("read"), _room),
    st.builds(_step, st.just("read"), _room),
    _operate(_operations(lib.MTWEOF, lib.MTWEOFI), _small),
    _operate(_operations(lib.MTFSF, lib.MTBSF, lib.MTFSFM, lib.MTBSFM, lib.MTFSR, lib.MTBSR), _small),
    _operate(_operations(lib.MTREW, lib.MTEOM, lib.MTREW, lib.MTERASE, lib.MTRETEN), st.just(1)),
    _operate(_operations(lib.MTSEEK), st.integers(0, 12)),
    _operate(_operations(lib.MTSETBLK), st.sampled_from([0, FIXED])),
    st.just(Step("get")),
    st.just(Step("pos")),
    st.builds(_step, st.just("open"), _flags),
)
RARE = st.one_of(
    _operate(_operations(lib.MTSETDRVBUFFER), _option_words),
    _operate(_operations(lib.MTSETPART), st.integers(-1, 2)),
    _operate(_operations(lib.MTMKPART), st.sampled_from([0, 1, -1, 0x7FFFFFFF])),
    _operate(_operations(lib.MTLOCK, lib.MTUNLOCK, lib.MTLOAD, lib.MTUNLOAD, lib.MTOFFL, lib.MTNOP), st.just(1)),
    _operate(_operations(lib.MTCOMPRESSION), st.integers(0, 1)),
    _operate(_operations(lib.MTSETDENSITY), st.sampled_from([0, 0x5A, 0x58, 0x13, 0x7F])),
    _operate(_operations(lib.MTSETBLK), st.sampled_from([1000, 64 * KIB, 1 << 20, (8 << 20) + 1, -1])),
    _operate(_operations(lib.MTFSS, lib.MTBSS, lib.MTWSM, lib.MTTELL, lib.MTRESET, 99), _small),
    _operate(_operations(lib.MTFSF, lib.MTBSF, lib.MTFSR, lib.MTBSR, lib.MTWEOF, lib.MTSEEK),
             st.sampled_from([-1, -2, 50, 0x7FFFFF, 0x800000, 0x1000000])),
    st.builds(_step, st.just("write"), st.sampled_from([CAPACITY_BYTES // 2, CAPACITY_BYTES // 4, 0]),
              st.integers(1, 99)),
    st.builds(_step, st.just("reload"), _flags),
    st.builds(_step, st.just("protect"), _flags, st.integers(0, 1)),
    st.builds(_step, st.just("fault"), text=_fault),
)  # fmt: skip
SEQUENCES = st.lists(st.one_of(COMMON, COMMON, COMMON, RARE), min_size=5, max_size=20)


def generate(number: int, start: int) -> list[list[Step]]:
    """The same ones for the same `start`."""
    found: list[list[Step]] = []

    @seed(start)
    @settings(
        max_examples=number, database=None, deadline=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(SEQUENCES)
    def collect(steps: list[Step]) -> None:
        found.append(steps)

    collect()
    return found


def load(path: Path) -> list[list[Step]]:
    return [[Step(*step) for step in steps] for steps in json.loads(path.read_text())]


def main(arguments: list[str]) -> None:
    path, number, start = arguments[0], *map(int, arguments[1:]), *(500, 1)[len(arguments) - 1 :]
    Path(path).write_text(json.dumps(generate(number, start)))


if __name__ == "__main__":
    main(sys.argv[1:])
