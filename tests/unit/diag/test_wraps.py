# SPDX-License-Identifier: WTFPL OR MIT
"""What a loss on wraps comes from."""

from __future__ import annotations

import pytest

from pytp_native.diag.wraps import loss
from pytp_native.scsi.memory_image import Wrap


def wraps(*lost: float | None) -> tuple[Wrap, ...]:
    return tuple(Wrap(number, 100, percent) for number, percent in enumerate(lost))


@pytest.mark.parametrize(
    ("lost", "cause"),
    [
        ((0.1, 0.2, 0.1, 0.2, 0.1, None), ""),
        ((0.1, 0.2, 20.0, 0.2, 0.1, 0.1, 0.2, 0.1, None), "single wraps: a scratch or a damaged edge"),
        ((6.0, 0.2, 7.0, 0.1, 6.5, 0.3, None), "the forward wraps: head or servo of a drive"),
        ((0.2, 6.0, 0.2, 7.0, 0.1, 6.5), "the backward wraps: head or servo of a drive"),
        ((5.0, 6.0, 5.5, 6.5, None), "all wraps: a dirty head or a worn tape"),
        ((90.0, None), ""),
    ],
)
def test_where_the_loss_is_tells_what_it_comes_from(lost, cause):
    told = loss(wraps(*lost))
    assert told is not None
    assert told.cause == cause


def test_how_much_is_lost_and_where_most():
    told = loss(wraps(1.0, 4.0, 1.0, None))
    assert told is not None
    assert (told.full_wraps, told.percent, told.worst_wrap, told.worst_percent) == (3, 2.0, 1, 4.0)


def test_without_a_full_wrap_there_is_nothing_to_tell():
    assert loss(wraps(None)) is None
    assert loss(()) is None
