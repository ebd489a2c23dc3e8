# SPDX-License-Identifier: WTFPL OR MIT
"""The contracts on the kernel's st, sg and ch drivers."""

from __future__ import annotations

import pytest

from pytp_native.transport import open_scsi
from tests.contract.changer_contract import ChangerContract
from tests.contract.scsi_contract import ScsiContract
from tests.contract.tape_contract import TapeContract


class TestKernelTape(TapeContract):
    pass


class TestKernelScsi(ScsiContract):
    pass


class TestKernelChanger(ChangerContract):
    """Through sg, and through ch's own node, which is one more name for the same device."""

    @pytest.fixture(params=["sg", "sch"])
    def changer(self, bench, request):
        bench.tidy()
        scsi = open_scsi(bench.changer_address if request.param == "sg" else "/dev/sch0")
        yield scsi
        scsi.close()
