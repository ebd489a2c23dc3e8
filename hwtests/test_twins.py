# SPDX-License-Identifier: WTFPL OR MIT
"""The same sequences of system calls through the kernel's st and through vtl/st.py, each above a virtual drive: data,
counts, errnos, MTIOCGET, MTIOCPOS and what is recorded in the end have to be equal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hwtests.twins import Step, Twins, told

pytestmark = pytest.mark.skipif(
    os.environ.get("PYTP_GUEST") != "vtl", reason="needs our library behind the kernel: python -m hwtests.guest"
)


def least(twins: Twins, steps: list[Step]) -> list[Step]:
    """Leave out what is not needed for a difference."""
    at = 0
    while at < len(steps):
        fewer = steps[:at] + steps[at + 1 :]
        if twins.run(fewer):
            steps = fewer
        else:
            at += 1
    return steps


def test_st_and_the_virtual_st_do_the_same():
    from hwtests.sequences import load

    sequences = load(Path(os.environ["PYTP_GUEST_SEQUENCES"]))
    assert len(sequences) >= 100
    twins = Twins()
    for number, steps in enumerate(sequences):
        if (difference := twins.run(steps)) is not None:
            fewest = least(twins, steps)
            pytest.fail(
                f"sequence {number}: {difference}\n{'; '.join(map(told, steps))}\nleast: {twins.run(fewest)}\n"
                f"{'; '.join(map(told, fewest))}"
            )


def test_a_difference_is_noticed():
    """The comparison itself: a fault that only one of the two has."""
    twins = Twins()
    steps = [Step("write", 1000, 1), Step("write", 1000, 2), Step("get")]
    assert twins.run(steps) is None
    reset = twins.virtual.reset
    twins.virtual.reset = lambda: (reset(), twins.virtual.library.add_fault(0, "write 1: medium error"))
    assert "write 1000 2: st 1000" in (twins.run(steps) or "")
