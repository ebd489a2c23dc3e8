# SPDX-License-Identifier: WTFPL OR MIT
"""Random operations on a tape and on the model of it, side by side.

After every step both know the same file and block number; at the end they hold the same blocks.
"""

from __future__ import annotations

from abc import abstractmethod
from itertools import count

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pytp_native.errors import (
    BeginningOfTape,
    BlockSizeMismatch,
    BlockTooLarge,
    EndOfData,
    FilemarkMet,
    MediumError,
    PytpError,
)
from pytp_native.ffi import lib
from tests.contract.bench import TapeBench
from tests.contract.model import ModelTape, Outcome
from tests.contract.tape_data import block, numbers, read

FIXED = 512
ROOM = 8192
DETERMINISTIC = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
few = st.integers(min_value=1, max_value=3)
lengths = st.sampled_from([1, 300, FIXED, 1000, 4096])


def outcome_of(error: PytpError) -> Outcome:
    for kind, outcome in (
        (EndOfData, Outcome.END_OF_DATA),
        (FilemarkMet, Outcome.STOPPED),
        (BeginningOfTape, Outcome.BEGINNING),
        (BlockTooLarge, Outcome.TOO_LARGE),
        (BlockSizeMismatch, Outcome.WRONG_SIZE),
        (MediumError, Outcome.WRONG_SIZE),  # st's EIO says no more while it does not know its block number
    ):
        if isinstance(error, kind):
            return outcome
    raise error


class TapeMachine(RuleBasedStateMachine):
    """Subclass with `new_bench`, which is called once for every sequence."""

    @abstractmethod
    def new_bench(self) -> TapeBench: ...

    @initialize()
    def open(self) -> None:
        self.tags = count()
        self.bench = self.new_bench()
        self.tape = self.bench.open()
        self.model = ModelTape()

    def operate_both(self, operation: int, argument: int, expected: Outcome) -> None:
        """Do it; the model has done it. After a failure the transport asks the drive where it stands."""
        try:
            self.tape.operate(operation, argument)
            outcome = Outcome.OK
        except PytpError as error:
            outcome = outcome_of(error)
            self.model.ask_position()
        assert outcome is expected

    def read_both(self, room: int) -> None:
        try:
            seen = Outcome.OK, read(self.tape, room)
        except PytpError as error:
            seen = outcome_of(error), b""
        assert seen == self.model.read(room)

    @rule(length=lengths)
    def write(self, length: int) -> None:
        data = block(FIXED * (length % 3 + 1) if self.model.block_bytes else length, next(self.tags))
        assert self.tape.write_block(data) == len(data)
        self.model.write(data)

    @rule()
    def read(self) -> None:
        self.read_both(self.model.block_bytes or ROOM)

    @precondition(lambda self: not self.model.block_bytes)
    @rule(room=lengths)
    def read_into_a_small_buffer(self, room: int) -> None:
        self.read_both(room)

    @rule(number=st.integers(min_value=0, max_value=2), immediate=st.booleans())
    def write_filemarks(self, number: int, immediate: bool) -> None:
        self.tape.operate(lib.MTWEOFI if immediate and number else lib.MTWEOF, number)
        self.model.write_filemarks(number)

    @rule()
    def rewind(self) -> None:
        self.tape.operate(lib.MTREW)
        self.model.rewind()

    @rule(to=st.integers(min_value=0, max_value=20))
    def seek(self, to: int) -> None:
        self.operate_both(lib.MTSEEK, to, self.model.seek(to))

    @rule(number=few)
    def forward_files(self, number: int) -> None:
        self.operate_both(lib.MTFSF, number, self.model.forward_files(number))

    @rule(number=few)
    def back_files(self, number: int) -> None:
        self.operate_both(lib.MTBSF, number, self.model.back_files(number))

    @rule(number=few)
    def forward_files_m(self, number: int) -> None:
        self.operate_both(lib.MTFSFM, number, self.model.forward_files_m(number))

    @rule(number=few)
    def back_files_m(self, number: int) -> None:
        self.operate_both(lib.MTBSFM, number, self.model.back_files_m(number))

    @rule(number=st.integers(min_value=1, max_value=6))
    def forward_blocks(self, number: int) -> None:
        self.operate_both(lib.MTFSR, number, self.model.forward_blocks(number))

    @rule(number=st.integers(min_value=1, max_value=6))
    def back_blocks(self, number: int) -> None:
        self.operate_both(lib.MTBSR, number, self.model.back_blocks(number))

    @rule()
    def end_of_data(self) -> None:
        self.tape.operate(lib.MTEOM)
        self.model.end_of_data()

    @rule()
    def erase(self) -> None:
        self.tape.operate(lib.MTERASE, 0)
        self.model.erase()

    @rule(size=st.sampled_from([0, FIXED]))
    def set_block_size(self, size: int) -> None:
        self.tape.operate(lib.MTSETBLK, size)
        self.model.block_bytes = size

    @rule()
    def ask_the_position(self) -> None:
        assert self.tape.position() == self.model.ask_position()

    @rule()
    def close_and_open(self) -> None:
        self.tape.close()
        self.model.close()
        self.tape = self.bench.open()

    @invariant()
    def the_numbers_agree(self) -> None:
        assert numbers(self.tape) == self.model.numbers()

    def teardown(self) -> None:
        if not hasattr(self, "tape"):
            return
        try:
            self.ask_the_position()
            self.set_block_size(0)
            self.rewind()
            for _ in range(len(self.model.items) + 1):
                self.read_both(ROOM)
        finally:
            self.tape.close()
