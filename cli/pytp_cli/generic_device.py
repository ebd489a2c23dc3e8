# SPDX-License-Identifier: WTFPL OR MIT
"""The device that mtx, tapeinfo, loaderinfo and scsitape send commands to: a node of the kernel's or an address of
pytp's, failing as these programs fail and with the reason beside it."""

from __future__ import annotations

import os
import stat

from pytp_native.errors import BadAddress, DeviceBusy, PytpError
from pytp_native.scsi import executor
from pytp_native.scsi.command import Command, raw
from pytp_native.scsi.policy import ONCE, Policy, Rule
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.transport.base import ScsiTransport
    from pytp_native.transport.records import ScsiReply

    BeforeAgain = Callable[[executor.Waiting], None]

SCHEMES = ("vtl", "replay", "trace")
UNIT_ATTENTION = Rule("unit attention", keys=frozenset({codes.UNIT_ATTENTION}), attempts=10)
"""The device has not done the command; it tells of each event once."""
_GETTING_READY = Rule(
    "becoming ready", keys=frozenset({codes.NOT_READY}), codes=frozenset({codes.BECOMING_READY}), wait_s=1.0,
    deadline_s=120.0,
)  # fmt: skip
ATTENTIVE = Policy((UNIT_ATTENTION,))
"""For questions whose answer may be "not ready"."""
PATIENT = Policy((UNIT_ATTENTION, _GETTING_READY))
"""Both answers mean that the command was not done, so that even a move may be sent again."""


class NotOpened(Exception):
    """The device could not be opened: mtx's line, and one of ours."""

    def __init__(self, line: str, why: object) -> None:
        self.line = line
        self.why = why
        super().__init__(line)


class Refused(Exception):
    """A command was not done. `sense` is what the device said; empty if it said nothing."""

    def __init__(self, why: PytpError, *, sense: bytes = b"", answered: bool = True) -> None:
        self.why = why
        self.sense = sense
        self.answered = answered
        """False: the command may have been done or not, the host does not know (time-out, lost device)."""
        super().__init__(str(why))


class GenericDevice:
    """An open device under the name that the user gave."""

    def __init__(self, name: str, transport: ScsiTransport, fd: int = -1) -> None:
        self.name = name
        self.transport = transport
        self.fd = fd
        """Descriptor of a kernel node; -1 for others."""
        self.vendor = ""
        """INQUIRY's, once it is known: its own sense codes."""

    def send(
        self, name: str, cdb: bytes, data_in_bytes: int = 0, *, data_out: bytes = b"", timeout_s: float = 300.0,
        policy: Policy = ONCE, changer: bool = False, before_again: BeforeAgain | None = None,
    ) -> bytes:  # fmt: skip
        """Send these bytes and return what came. `before_again` may look at what has changed, and raise, before the
        policy has them sent once more. Raises Refused."""
        command = Command(name, cdb, raw, data_in_bytes, data_out, timeout_s, changer=changer)
        return self.answer(self.carry(command, policy, before_again), command)

    def carry(
        self, command: Command[bytes], policy: Policy = ONCE, before_again: BeforeAgain | None = None
    ) -> ScsiReply:
        """Send it, again where `policy` says that it was not done. Raises Refused when it was not carried."""
        try:
            return executor.carry(self.transport, command._replace(repeatable=True), policy, on_wait=before_again)
        except PytpError as error:
            raise Refused(error, answered=_is_errno(error)) from error

    def answer(self, reply: ScsiReply, command: Command[bytes]) -> bytes:
        """Return the data of a command that was done: GOOD, or RECOVERED ERROR. Raises Refused."""
        if reply.status == opcodes.GOOD or _was_recovered(reply):
            return reply.data
        raise Refused(self.reason(reply, command), sense=reply.sense)

    def reason(self, reply: ScsiReply, command: Command[bytes]) -> PytpError:
        from pytp_native.errors import DeviceError
        from pytp_native.scsi import judge

        error = judge.reply_error(
            reply, device=self.name, command=command.name, changer=command.changer, vendor=self.vendor
        )
        return error or DeviceError(self.name, f"{command.name}: {_told(reply)}")

    def close(self) -> None:
        self.transport.close()


def _was_recovered(reply: ScsiReply) -> bool:
    """Tell whether the command was done after all. A deferred error is about an earlier one: this one was not."""
    from pytp_native.scsi import judge

    sense = judge.sense_of(reply) if reply.status == opcodes.CHECK_CONDITION else None
    if sense is None or sense.deferred or sense.key != codes.RECOVERED_ERROR:
        return False
    return not (sense.filemark or sense.eom or sense.ili)


def _told(reply: ScsiReply) -> str:
    from pytp_native.scsi import judge

    sense = judge.sense_of(reply)
    return judge.describe(sense) if sense is not None else f"SCSI status {reply.status:02x}h"


def _is_errno(error: PytpError) -> bool:
    """Tell whether SG_IO itself refused the command, so that the device has never seen it."""
    return isinstance(error.__cause__, OSError)


def open_device(name: str) -> GenericDevice:
    """Open `name` for reading and writing. Raises NotOpened."""
    scheme, colon, _ = name.partition(":")
    if colon and scheme in SCHEMES:
        return _open_address(name)
    try:
        fd = os.open(_node(name), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _not_opened(name, error) from error
    from pytp_native.transport.linux_sg import LinuxSg, takes_commands

    if not takes_commands(fd):
        os.close(fd)
        why = BadAddress(name, "takes no SCSI commands", "give a node like /dev/sg3 or /dev/sch0")
        raise NotOpened(f"{name} is not an sg device, or old sg driver\n", why)
    return GenericDevice(name, LinuxSg(name, fd), fd)


def _node(name: str) -> str:
    """Return the sg node of a tape or changer: a command sent there disturbs nobody who has the tape open."""
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError):
        return name
    if not stat.S_ISCHR(mode):
        return name
    from pytp_native.transport.address import generic_node

    return generic_node(name) or name


def _open_address(name: str) -> GenericDevice:
    from pytp_native.transport import open_scsi

    try:
        return GenericDevice(name, open_scsi(name))
    except PytpError as error:
        cause = error.__cause__
        text = os.strerror((cause.errno if isinstance(cause, OSError) else None) or 2)  # ENOENT: it names no device
        text = "Device or resource busy" if isinstance(error, DeviceBusy) else text
        raise NotOpened(f"cannot open SCSI device '{name}' - {text}\n", error) from error


def _not_opened(name: str, error: Exception) -> NotOpened:
    import errno

    from pytp_native.transport.linux_sg import open_error

    code = (error.errno if isinstance(error, OSError) else None) or errno.ENOENT
    line = f"cannot open SCSI device '{name}' - {os.strerror(code)}\n"
    return NotOpened(line, open_error(name, _node(name), code))
