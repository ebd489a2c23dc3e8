# SPDX-License-Identifier: WTFPL OR MIT
"""A medium changer: its inventory and its robot (SMC-3), over any SCSI transport. It knows nothing of the drives'
hosts: who has a drive open, and when it is ready, is library.py's business.

Every failure of the device is a LibraryError (exit 9) with the sense data in words, except that somebody else has it
(DeviceBusy) and that it is no changer at all (BadAddress).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pytp_native.devices.inventory import Inventory, Place, cartridge_name
from pytp_native.devices.quirks import Quirks, quirks_of
from pytp_native.devices.retry import LIBRARY, UNIT_ATTENTION
from pytp_native.devices.robot_order import see_through
from pytp_native.errors import (
    BadAddress,
    DeviceBusy,
    Interrupted,
    LibraryError,
    PytpError,
    UnitAttention,
    UsageError,
)
from pytp_native.light import NamedTuple
from pytp_native.scsi import element_scan, executor, smc, spc
from pytp_native.scsi.command import Command
from pytp_native.scsi.element_scan import Scan
from pytp_native.scsi.elements import Element
from pytp_native.scsi.executor import Clock, Waiting
from pytp_native.scsi.inquiry import CHANGER
from pytp_native.scsi.mode_pages import DRIVE, ELEMENT_TYPES, ElementAddresses, ElementRange
from pytp_native.scsi.policy import Policy
from pytp_native.spec import opcodes
from pytp_native.transport import open_scsi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from pytp_native.transport.base import ScsiTransport

T = TypeVar("T")
_NO_CALLING_BACK = "interrupted: the robot cannot be called back, waiting for it (again: do not wait)"
_KEPT = (DeviceBusy, BadAddress, UsageError)


class Step(NamedTuple):
    """What a library is doing that takes its time."""

    text: str
    """Subject and fact, for one line: "drive 0: becoming ready"."""
    progress: float | None = None
    """0 to 1, where the device tells."""
    elapsed_s: float = 0.0


Tell = Callable[[Step], None]


class Order(NamedTuple):
    """A move that the robot was told to make."""

    source: Place
    target: Place
    source_address: int
    """Element addresses, as the library's own log pages count them."""
    target_address: int
    barcode: str
    """"" without a label that can be read."""
    error: LibraryError | None
    """Why it failed."""


Note = Callable[[Order], None]


def note_nowhere(_order: Order) -> None:
    """For callers who keep no record of moves."""


def tell_nobody(_step: Step) -> None:
    """For callers who do not show progress."""


class Changer:
    """One open changer, with a logical unit of its own or answering through its drive's (SPC-2, MChngr). Everything
    that is asked of it waits while it says that it is getting ready."""

    def __init__(
        self, scsi: ScsiTransport, *, name: str | None = None, tell: Tell = tell_nobody, clock: Clock | None = None
    ) -> None:
        """Ask it who it is. Raises BadAddress for a device that is no changer."""
        self.name = name or scsi.address
        """What messages call it: the configured name or the address."""
        self._scsi = scsi
        self.note: Note = note_nowhere
        """Takes each move that was made, or failed."""
        self._tell = tell
        self._clock = clock or Clock()
        self.inquiry = self._run(spc.inquiry())
        self._is_attached = self.inquiry.device_type != CHANGER and self.inquiry.attached_changer
        if self.inquiry.device_type != CHANGER and not self._is_attached:
            what = f"{self.inquiry.vendor} {self.inquiry.product}".strip()
            raise BadAddress(scsi.address, f"is no medium changer ({what})", "see pytp devices for its address")
        self.quirks: Quirks = quirks_of(self.inquiry)
        self._addresses: ElementAddresses | None = None
        self._scan = Scan(
            policy=LIBRARY,
            volume_tags=self.quirks.volume_tags,
            without_motion=self.quirks.status_without_motion,
            drive_identifiers=self.quirks.drive_identifiers,
            most_bytes=self.quirks.element_status_bytes,
            attached=self._is_attached,
        )

    @classmethod
    def open(cls, address: str, *, name: str | None = None, tell: Tell = tell_nobody) -> Changer:
        """Open vtl:DIR/changer, /dev/sgN or /dev/schN. Raises BadAddress, DeviceBusy, LibraryError."""
        scsi = open_scsi(address)
        try:
            return cls(scsi, name=name, tell=tell)
        except BaseException:
            scsi.close()
            raise

    def __enter__(self) -> Changer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> str:
        return self._scsi.address

    @property
    def serial(self) -> str:
        """Its serial number; "" where it does not tell one."""
        try:
            return self._run(spc.unit_serial())
        except PytpError:
            return ""

    def close(self) -> None:
        self._scsi.close()

    # -- looking -------------------------------------------------------------------------------------------------------

    def wait_ready(self) -> None:
        """Return when it takes orders; up to half an hour after power-on, while it counts its cartridges. One that
        answers through its drive cannot be asked: the answer would be about the drive."""
        if self._is_attached:
            return
        self._run(spc.test_unit_ready())

    def inventory(self, kinds: tuple[int, ...] = ELEMENT_TYPES) -> Inventory:
        """Ask what stands where. The robot does not move where the library can answer from memory (CURDATA)."""
        self.wait_ready()
        found = {kind: tuple(self._elements(kind)) for kind in kinds}
        return Inventory(*(found.get(kind, ()) for kind in ELEMENT_TYPES))

    def scan(self, first: int | None = None, count: int = 1) -> None:
        """Have the robot look at every slot (minutes), or at `count` elements from address `first` on."""
        self._check_own("INITIALIZE ELEMENT STATUS")
        self._tell(Step(f"{self.name}: taking inventory"))
        if first is None:
            self._run(smc.initialize_element_status())
        else:
            opcode = self.quirks.inventory_range_opcode
            self._run(smc.initialize_element_status_with_range(first, count, opcode=opcode))

    def _elements(self, kind: int) -> list[Element]:
        where = self.addresses.of_type(kind)
        return self._translated(lambda: element_scan.elements_of_type(self._scsi, self._scan, kind, where))

    @property
    def addresses(self) -> ElementAddresses:
        """Where the elements of each type are; asked once."""
        if self._addresses is None:
            self._addresses = self._translated(
                lambda: (
                    element_scan.attached_addresses(self._scsi, self._scan)
                    if self._is_attached
                    else element_scan.element_addresses(self._scsi, LIBRARY)
                )
            )
        return self._addresses

    # -- moving --------------------------------------------------------------------------------------------------------

    def move(self, source: Place, target: Place, known: Inventory | None = None) -> Element:
        """Carry a cartridge between any two elements; return what the library said of the source before.

        `known` saves an inventory; the two places are looked at again in any case. Raises LibraryError if the source
        is empty or the target full (nothing moves), and for a move that failed: the sentence says where the cartridge
        is now, from a fresh inventory.
        """
        known = known or self.inventory()
        here = self.check_move(known, source, target)
        doing = f"moving {cartridge_name(here)} from {source} to {target}"
        self._tell(Step(f"{self.name}: {doing}"))
        try:
            command = self._move_command(known, source, target)
            is_stopped = self._carry(command, doing, known, source, target, first=True)
        except UnitAttention:
            # It was told of a change instead and did nothing: look again, then give the order once more.
            # An operator may have put another cartridge there; check_move compares with what was meant.
            self.check_move(known, source, target)
            known = self.inventory()
            is_stopped = self._carry(self._move_command(known, source, target), doing, known, source, target)
        if is_stopped:
            raise Interrupted(self.name, f"interrupted; {self._told_where(known, source)}", "")
        return here

    def check_move(self, known: Inventory, source: Place, target: Place) -> Element:
        """Look at both places again and raise LibraryError if the move cannot be, also if another cartridge is in the
        source than when it was `known`. Nothing moves; returns the source."""
        if source == target:
            raise LibraryError(self.name, f"{source} is source and target", "name two places")
        self.wait_ready()
        here, there = self._look(known, source), self._look(known, target)
        self._check_source(source, here, known.at(source))
        if there.full:
            raise LibraryError(self.name, f"{target} holds {cartridge_name(there)}", "choose an empty one: pytp list")
        return here

    def _check_source(self, place: Place, now: Element, before: Element) -> None:
        """Raise LibraryError if the cartridge that is meant is not there: nothing, or another one."""
        if not now.full:
            raise LibraryError(self.name, f"{place} is empty", "see what is where: pytp list")
        if before.full and before.volume_tag and now.volume_tag and now.volume_tag != before.volume_tag:
            fact = f"{place} holds {now.volume_tag}, and no longer {before.volume_tag}"
            raise LibraryError(self.name, fact, "see what is where: pytp list")

    def _look(self, known: Inventory, place: Place) -> Element:
        """Ask for one element only: a large library takes a second for all of them."""
        address = known.at(place).address
        where = ElementRange(address, 1)
        found = self._translated(lambda: element_scan.elements_of_type(self._scsi, self._scan, place.kind, where))
        if not found or found[0].address != address:
            raise LibraryError(self.name, f"{place} is not there any more", "see pytp list")
        return found[0]

    def exchange(self, source: Place, first: Place, second: Place, known: Inventory | None = None) -> None:
        """Carry a cartridge from `source` to `first` and what was in `first` to `second`; `source` may be `second`.

        Raises LibraryError as `move` does, also if the library cannot do it in one go.
        """
        self._check_own("EXCHANGE MEDIUM")
        known = known or self.inventory()
        self.check_exchange(known, source, first, second)
        addresses = (known.at(place).address for place in (source, first, second))
        command = smc.exchange_medium(*addresses, transport=self._robot)
        names = (f"{cartridge_name(known.at(place))} in {place}" for place in (source, first))
        doing = f"exchanging {' and '.join(names)}"
        self._tell(Step(f"{self.name}: {doing}"))
        if self._carry(command, doing, known, source, first, second):
            raise Interrupted(self.name, f"interrupted; {self._told_where(known, source, first)}", "")

    def check_exchange(self, known: Inventory, source: Place, first: Place, second: Place) -> None:
        """Look at the places again and raise LibraryError if the exchange cannot be. Nothing moves."""
        self.wait_ready()
        for place in (source, first):
            self._check_source(place, self._look(known, place), known.at(place))
        there = self._look(known, second)
        if second != source and there.full:
            raise LibraryError(self.name, f"{second} holds {cartridge_name(there)}", "choose an empty one: pytp list")

    def position(self, place: Place) -> None:
        """Send the robot in front of a place, so that a later move is shorter."""
        self._check_own("POSITION TO ELEMENT")
        element = self.inventory((place.kind,) if place.kind in {DRIVE} else ELEMENT_TYPES).at(place)
        self._run(smc.position_to_element(element.address, transport=self._robot))

    @property
    def _robot(self) -> int:
        """Address of the first robot: mtx names it too, and some libraries refuse 0, the default one."""
        return self.addresses.transports.first if self.addresses.transports.size else 0

    def _move_command(self, inventory: Inventory, source: Place, target: Place) -> Command[None]:
        here, there = inventory.at(source).address, inventory.at(target).address
        command = smc.move_medium(here, there, transport=self._robot)
        if not self._is_attached:
            return command
        return command._replace(cdb=bytes((opcodes.MOVE_MEDIUM_ATTACHED,)) + command.cdb[1:])

    def _check_own(self, command: str) -> None:
        """Raise LibraryError if the changer answers through its drive (SPC-2, MChngr), which takes moves only."""
        if self._is_attached:
            raise LibraryError(
                self.name, f"{command}: the changer answers through its drive, which has no such command"
            )

    def _carry(self, command: Command[None], doing: str, before: Inventory, *way: Place, first: bool = False) -> bool:
        """Send what moves cartridges from one place of `way` to the next; a unit attention passes for the `first`
        time."""
        try:
            is_stopped = self._order(command, doing)
        except PytpError as exc:
            if first and isinstance(exc, UnitAttention):
                raise
            error = self._with_whereabouts(exc, before, *way[:-1])
            if isinstance(error, LibraryError):
                self._note(before, way[0], way[1], error)
            raise error from exc
        for at in range(len(way) - 1):
            self._note(before, way[at], way[at + 1], None)
        return is_stopped

    def _note(self, before: Inventory, source: Place, target: Place, error: LibraryError | None) -> None:
        here, there = before.at(source), before.at(target)
        self.note(Order(source, target, here.address, there.address, here.volume_tag, error))

    def _order(self, command: Command[None], doing: str) -> bool:
        """Send what moves the robot: once, whatever the answer is. Return whether somebody wanted to stop."""
        try:
            return see_through(
                lambda: executor.run(self._scsi, command, vendor=self.inquiry.vendor, clock=self._clock),
                still_waiting=lambda elapsed_s: self._tell(Step(f"{self.name}: {doing}", None, elapsed_s)),
                stopping=lambda: self._tell(Step(f"{self.name}: {_NO_CALLING_BACK}")),
                now=self._clock.now,
            )
        except KeyboardInterrupt as exc:
            fact = f"nobody waits any longer for the robot, which was {doing}"
            raise Interrupted(self.name, fact, "see where it is once the robot has stopped: pytp list") from exc

    def _with_whereabouts(self, cause: PytpError, before: Inventory, *places: Place) -> PytpError:
        """Add where each cartridge is now."""
        if isinstance(cause, (DeviceBusy, Interrupted)):
            return cause
        return self._library_error(cause, f"{cause.fact}; {self._told_where(before, *places)}")

    def _told_where(self, before: Inventory, *places: Place) -> str:
        """Say from a fresh inventory where the cartridges are that were in these places."""
        try:
            now = self.inventory()
        except PytpError as exc:
            return f"where the cartridge is could not be found out: {exc.fact}"
        except KeyboardInterrupt:
            return "where the cartridge is was not looked up: pytp list"
        return ", ".join(whereabouts(before, now, place) for place in places)

    # -- carrying commands ---------------------------------------------------------------------------------------------

    def _run(self, command: Command[T], policy: Policy = LIBRARY) -> T:
        return self._translated(
            lambda: executor.run(self._scsi, command, policy, on_wait=self._waiting, clock=self._clock)
        )

    def _translated(self, call: Callable[[], T]) -> T:
        """What fails here is the library."""
        try:
            return call()
        except _KEPT:
            raise
        except PytpError as exc:
            raise self._library_error(exc, exc.fact) from exc

    def _library_error(self, cause: PytpError, fact: str) -> LibraryError:
        error = LibraryError(self.name, fact, cause.next_step or "look at the library's own panel")
        error.sense = cause.sense
        return error

    def _waiting(self, waiting: Waiting) -> None:
        if waiting.rule == UNIT_ATTENTION.name:
            return
        progress = waiting.sense.progress if waiting.sense else None
        self._tell(Step(f"{self.name}: {waiting.rule}", progress, waiting.elapsed_s))


def whereabouts(before: Inventory, now: Inventory, source: Place) -> str:
    """Say where the cartridge that was in `source` is now: by its barcode, else by what came or went."""
    old = before.at(source)
    name = cartridge_name(old)
    found = now.find(old.volume_tag) if old.volume_tag else ()
    if not found and now.at(source).full:
        found = (source,)
    if not found:
        filled = {element.address for _place, element in before.rows() if element.full}
        found = tuple(place for place, element in now.rows() if element.full and element.address not in filled)
    if not found:
        return f"{name} is nowhere in the library's inventory: look inside"
    still = " still" if found == (source,) else " now"
    return f"{name} is{still} in {' or '.join(str(place) for place in found)}"
