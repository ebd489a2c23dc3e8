# SPDX-License-Identifier: WTFPL OR MIT
"""Random operations on the kernel's st over our virtual drive, against the model: what the model knows is Linux."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from hwtests.benches import VirtualBench
from tests.contract.bench import TapeBench
from tests.contract.state_machine import DETERMINISTIC, TapeMachine


class KernelMachine(TapeMachine):
    def new_bench(self) -> TapeBench:
        bench = VirtualBench()
        bench.blank()
        bench.reload()
        return bench


def test_the_kernel_agrees_with_the_model(bench):
    if not isinstance(bench, VirtualBench):
        pytest.skip("needs a drive that keeps SSC to the letter and blanks in no time")
    run_state_machine_as_test(KernelMachine, settings=settings(DETERMINISTIC, max_examples=30, stateful_step_count=40))
