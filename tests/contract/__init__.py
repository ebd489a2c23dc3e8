# SPDX-License-Identifier: WTFPL OR MIT
"""One suite for every tape device: what TapeTransport and ScsiTransport promise, run on whatever a bench offers."""

import pytest

pytest.register_assert_rewrite(
    "tests.contract.reading",
    "tests.contract.writing",
    "tests.contract.fixed_blocks",
    "tests.contract.spacing",
    "tests.contract.seeking",
    "tests.contract.drive_modes",
    "tests.contract.openers",
    "tests.contract.end_of_tape",
    "tests.contract.bulk",
    "tests.contract.scsi_contract",
    "tests.contract.changer_contract",
    "tests.contract.tape_data",
    "tests.contract.tape_contract",
)
