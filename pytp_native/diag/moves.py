# SPDX-License-Identifier: WTFPL OR MIT
"""The robot's moves as this host ordered them: kept in the history, and told apart by the places they were between.

Libraries count retries (page 15h), where they count at all; none counts failures by place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytp_native.devices.changer import Order
from pytp_native.diag.history import StoredMove
from pytp_native.light import NamedTuple
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import sense as codes

LEAST_FAILURES = 2
"""One may be anything."""
_REFUSALS = frozenset({codes.NOT_READY, codes.ILLEGAL_REQUEST, codes.UNIT_ATTENTION})


class Culprit(NamedTuple):
    """Where moves fail."""

    places: tuple[str, ...]
    """"slot 3"; several, if the same moves were between them and nobody can tell which it is."""
    failures: int
    moves: int


def was_refused(order: Order) -> bool:
    """Tell whether the robot was not even set in motion, which is no failure of it."""
    return order.error is not None and bool(order.error.sense) and parse_sense(order.error.sense).key in _REFUSALS


def culprits(moves: Sequence[StoredMove]) -> list[Culprit]:
    """Name the places at which moves fail, the worst first. A failure counts for one place only: the one at which the
    largest part of the moves fails."""
    left, found = list(moves), []
    while worst := _worst(left):
        found.append(worst[0])
        left = [one for one in left if not (one.error and worst[1] & {one.source, one.target})]
    return found


def _worst(moves: Sequence[StoredMove]) -> tuple[Culprit, set[int]] | None:
    tried: Counter[int] = Counter()
    failed: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for number, one in enumerate(moves):
        for address, place in ((one.source, one.source_place), (one.target, one.target_place)):
            tried[address] += 1
            names[address] = place
            if one.error:
                failed.setdefault(address, []).append(number)
    rates = {it: len(those) / tried[it] for it, those in failed.items() if len(those) >= LEAST_FAILURES}
    if not rates:
        return None
    first = max(rates, key=lambda it: (rates[it], len(failed[it])))
    alike = {it for it in rates if rates[it] == rates[first] and failed[it] == failed[first]}
    return Culprit(tuple(names[it] for it in sorted(alike)), len(failed[first]), tried[first]), alike
