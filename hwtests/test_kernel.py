# SPDX-License-Identifier: WTFPL OR MIT
"""The contract on the kernel's st and sg drivers."""

from tests.contract.scsi_contract import ScsiContract
from tests.contract.tape_contract import TapeContract


class TestKernelTape(TapeContract):
    pass


class TestKernelScsi(ScsiContract):
    pass
