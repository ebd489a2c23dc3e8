# SPDX-License-Identifier: WTFPL OR MIT
"""When a command is sent again: rules as data. devices/retry.py holds the sets that pytp uses."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.spec import opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.scsi.sense import Sense


class Rule(NamedTuple):
    """One reason to send a command again. It holds only for commands that move and change nothing (`repeatable`): a
    lost answer does not mean that the command was not executed."""

    name: str
    statuses: frozenset[int] = frozenset({opcodes.CHECK_CONDITION})
    keys: frozenset[int] = frozenset()
    """Sense keys; empty: any."""
    codes: frozenset[int] = frozenset()
    """ASC << 8 | ASCQ; empty: any."""
    attempts: int = 0
    """How often at most; 0: until the deadline."""
    wait_s: float = 0.0
    """Before each further attempt."""
    deadline_s: float = 0.0
    """After the first attempt; 0: none."""

    def holds(self, status: int, sense: Sense | None) -> bool:
        """Tell whether this rule is about such an answer."""
        if status not in self.statuses:
            return False
        if status != opcodes.CHECK_CONDITION:
            return True
        if sense is None or sense.deferred:
            return False
        return (not self.keys or sense.key in self.keys) and (not self.codes or sense.code in self.codes)

    def goes_on(self, done: int, elapsed_s: float) -> bool:
        """Tell whether one more attempt is due after `done` attempts."""
        if self.attempts and done > self.attempts:
            return False
        return not self.deadline_s or elapsed_s + self.wait_s <= self.deadline_s


class Policy(NamedTuple):
    """Rules, the first that holds counts; no rule: the answer is final."""

    rules: tuple[Rule, ...] = ()

    def rule_for(self, status: int, sense: Sense | None) -> Rule | None:
        return next((rule for rule in self.rules if rule.holds(status, sense)), None)


ONCE = Policy()
