# SPDX-License-Identifier: WTFPL OR MIT
"""Carry a Command over a ScsiTransport: time limit, repetition by policy, judgement, parsing."""

from __future__ import annotations

import time

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.judge import raise_for, sense_of
from pytp_native.scsi.policy import ONCE
from pytp_native.spec import opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytp_native.light import T
    from pytp_native.scsi.command import Command
    from pytp_native.scsi.policy import Policy, Rule
    from pytp_native.scsi.sense import Sense
    from pytp_native.transport.base import ScsiTransport
    from pytp_native.transport.records import ScsiReply

REQUEST_SENSE_BYTES = 252


class Waiting(NamedTuple):
    """A command will be sent again: for those who show progress."""

    command: str
    rule: str
    sense: Sense | None
    """Its `progress` is how far the device is."""
    attempt: int
    """From 1: answers so far."""
    elapsed_s: float


def _now() -> float:
    return time.monotonic()


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


class Clock(NamedTuple):
    """Time as the executor uses it: looked up late, so that tests bring their own, or replace time's."""

    now: Callable[[], float] = _now
    sleep: Callable[[float], None] = _sleep


def run(
    transport: ScsiTransport,
    command: Command[T],
    policy: Policy = ONCE,
    *,
    timeouts: Mapping[tuple[int, int | None], float] | None = None,
    on_wait: Callable[[Waiting], None] | None = None,
    vendor: str = "",
    clock: Clock = Clock(),  # noqa: B008 - a value
) -> T:
    """Send a command and return its parsed answer.

    Raises what judge.raise_for makes of the answer, BadReply for an answer that cannot be read, DeviceError if it was
    not carried. `timeouts` is the drive's own table (supported_commands.timeouts), `vendor` INQUIRY's.
    """
    reply = carry(transport, command, policy, timeouts=timeouts, on_wait=on_wait, clock=clock)
    raise_for(reply, device=transport.address, command=command.name, changer=command.changer, vendor=vendor)
    try:
        return command.parse(reply.data)
    except BadReply as exc:
        raise BadReply(transport.address, f"{command.name}: {exc.fact}") from exc


def carry(
    transport: ScsiTransport,
    command: Command[T],
    policy: Policy = ONCE,
    *,
    timeouts: Mapping[tuple[int, int | None], float] | None = None,
    on_wait: Callable[[Waiting], None] | None = None,
    clock: Clock = Clock(),  # noqa: B008 - a value
) -> ScsiReply:
    """Send a command, again as long as the policy says so, and return the last answer unjudged."""
    limit_s = timeout_of(command, timeouts)
    began, attempt = clock.now(), 0
    done: dict[str, int] = {}
    while True:
        attempt += 1
        reply = _send(transport, command, limit_s)
        sense = sense_of(reply)
        rule = policy.rule_for(reply.status, sense) if command.repeatable else None
        elapsed_s = clock.now() - began
        if rule is None or not _again(rule, done, elapsed_s):
            return reply
        if on_wait is not None:
            on_wait(Waiting(command.name, rule.name, sense, attempt, elapsed_s))
        if rule.wait_s:
            clock.sleep(rule.wait_s)


def _again(rule: Rule, done: dict[str, int], elapsed_s: float) -> bool:
    done[rule.name] = done.get(rule.name, 0) + 1
    return rule.goes_on(done[rule.name], elapsed_s)


def _send(transport: ScsiTransport, command: Command[T], limit_s: float) -> ScsiReply:
    reply = transport.execute(
        command.cdb, data_out=command.data_out, data_in_bytes=command.data_in_bytes, timeout_s=limit_s
    )
    if reply.status == opcodes.CHECK_CONDITION and not reply.sense:
        return _with_sense(transport, reply)
    return reply


def _with_sense(transport: ScsiTransport, reply: ScsiReply) -> ScsiReply:
    """CHECK CONDITION without sense data: ask for them once (SAM-6 allows it, old bridges do it).

    A device that then says NO SENSE has lost them. That is no word that the command was done, so it is not taken.
    """
    asked = transport.execute(
        bytes((opcodes.REQUEST_SENSE, 0, 0, 0, REQUEST_SENSE_BYTES, 0)),
        data_in_bytes=REQUEST_SENSE_BYTES,
        timeout_s=60.0,
    )
    told = reply._replace(sense=asked.data)
    sense = sense_of(told) if asked.status == opcodes.GOOD else None
    lost = sense is None or not (sense.key or sense.code or sense.filemark or sense.eom or sense.ili)
    return reply if lost else told


def timeout_of(command: Command[T], timeouts: Mapping[tuple[int, int | None], float] | None = None) -> float:
    """Return the seconds that a command may take: the drive's own figure and a tenth, else its class."""
    if timeouts:
        told = timeouts.get((command.opcode, command.service_action)) or timeouts.get((command.opcode, None))
        if told:
            return told * 1.1
    return command.timeout_s
