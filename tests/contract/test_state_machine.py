# SPDX-License-Identifier: WTFPL OR MIT
"""The state machine on the virtual tape library; the same sequences every time."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings

from tests.contract.bench import TapeBench
from tests.contract.state_machine import DETERMINISTIC, TapeMachine
from tests.contract.test_virtual import VirtualBench


class VirtualMachine(TapeMachine):
    def new_bench(self) -> TapeBench:
        self.directory = Path(tempfile.mkdtemp(prefix="pytp-machine-"))
        return VirtualBench(self.directory / "vtl")

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            if hasattr(self, "directory"):
                shutil.rmtree(self.directory)


TestVirtualMachine = VirtualMachine.TestCase
TestVirtualMachine.settings = settings(DETERMINISTIC, max_examples=100, stateful_step_count=40)
