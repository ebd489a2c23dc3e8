# SPDX-License-Identifier: WTFPL OR MIT
"""What every TapeTransport does: the behaviour of Linux's st driver (6.1) on a drive that keeps SSC.

Subclass it where a `bench` fixture gives a TapeBench. Written from st(4), SSC-5 and what the kernel did, not from the
code under test; where an emulator behind the kernel is wrong, hwtests names the test and the reason.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from pytp_native.errors import PytpError
from pytp_native.ffi import lib
from tests.contract.bulk import Bulk
from tests.contract.drive_modes import DriveModes
from tests.contract.end_of_tape import EndOfTape
from tests.contract.fixed_blocks import FixedBlocks
from tests.contract.openers import Openers
from tests.contract.reading import Reading
from tests.contract.seeking import Seeking
from tests.contract.spacing import Spacing
from tests.contract.tape_data import write_files
from tests.contract.writing import Writing


class TapeContract(Reading, Writing, FixedBlocks, Spacing, Seeking, DriveModes, Openers, EndOfTape, Bulk):
    @pytest.fixture
    def open_tape(self, bench):
        """Open the device under test; whatever a test opens is closed behind it."""
        opened = []

        def opening(*, write: bool = True, status_only: bool = False):
            opened.append(bench.open(write=write, status_only=status_only))
            return opened[-1]

        yield opening
        for tape in reversed(opened):
            with suppress(PytpError):
                tape.close()

    @pytest.fixture
    def tape(self, open_tape):
        """The tape at its beginning, open for writing, in variable-block mode; what is recorded is of no interest."""
        tape = open_tape()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTSETBLK, 0)
        return tape

    @pytest.fixture
    def blank_tape(self, bench, open_tape):
        """The same with nothing recorded at all."""
        bench.blank()
        tape = open_tape()
        tape.operate(lib.MTREW)
        tape.operate(lib.MTSETBLK, 0)
        return tape

    @pytest.fixture
    def three_files(self, tape):
        """A tape of the files of tape_data.FILES, each with its filemark, at its beginning."""
        write_files(tape)
        tape.operate(lib.MTREW)
        return tape

    @pytest.fixture
    def long_tape(self, bench, tape):
        bench.skip_unless_it_fills()
        return tape
