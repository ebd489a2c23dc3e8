# SPDX-License-Identifier: WTFPL OR MIT
"""The words of mtx that do something. Slots are numbered from 1, drives from 0; missing numbers are None. All raise
Failure."""

from __future__ import annotations

from pytp_cli.generic_device import PATIENT, Refused
from pytp_cli.mtx_failure import Failure, shown
from pytp_native.errors import BadReply, LibraryError
from pytp_native.scsi.command import INVENTORY_S, MOVE_S
from pytp_native.scsi.policy import ONCE
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_cli.mtx_library import Library, Place
    from pytp_cli.mtx_run import Run
    from pytp_native.scsi.executor import Waiting

_TRANSLATED: dict[tuple[int, int] | None, str] = {
    (0x30, 0x03): "Cleaning Cartridge Installed and Ejected\n",
    (0x3A, 0x00): "Drive needs offline before move\n",
    (0x3B, 0x0D): "Destination Element Address {destination} is Already Full\n",
    (0x3B, 0x0E): "Source Element Address {source} is Empty\n",
}
"""What mtx makes of ASC and ASCQ of a failed move, whatever the key."""


def _wrong(run: Run, line: str, advice: str) -> Failure:
    return Failure(line, f"{run.said}: {advice}")


def _word(address: int) -> bytes:
    return address.to_bytes(2, "big")


def _transfer(run: Run, name: str, cdb: bytes, places: tuple[Place, ...], said: str) -> None:
    """Send a command that moves between elements; put its failure into mtx's words."""
    source, destination = (place.address for place in places[:2])
    failed = f"{name} from Element Address {source} to {destination} Failed\n"

    def look_again(waiting: Waiting) -> None:
        """Nothing was done, but something has happened: somebody may have changed what is in these elements."""
        found = _changed(run, places)
        if found is not None:
            sense = waiting.sense.raw if waiting.sense is not None else b""
            why = LibraryError(run.device.name, found, "look what is where, and say again what to move")
            raise Failure.of_command(Refused(why, sense=sense), failed)

    try:
        run.device.send(
            f"{name} of {said}", cdb, timeout_s=MOVE_S, policy=PATIENT, changer=True, before_again=look_again
        )
    except Refused as refused:
        line = _TRANSLATED.get(_code(refused.sense))
        if line is not None:
            raise Failure(line.format(source=source, destination=destination), refused.why) from refused
        raise Failure.of_command(refused, failed) from refused


def _changed(run: Run, places: tuple[Place, ...]) -> str | None:
    """Read the library once more, and say what is no longer as it was known to be; None: all is."""
    from pytp_cli.mtx_scan import Scanner

    now = Scanner(run.device, run.flags, lambda _line: None).read()[0]
    for known in places:
        found, name = now.at(known.address), _name(run.library, known)
        if found is None:
            return f"{name} is not there any more"
        if found.full != known.full:
            return f"{name} is {'full' if found.full else 'empty'} now"
        if found.tag and known.tag and found.tag != known.tag:
            return f"{name} holds {_label(found)} now, and no longer {_label(known)}"
    return None


def _label(place: Place) -> str:
    return place.tag.decode("ascii", "backslashreplace").strip()


def _code(sense: bytes) -> tuple[int, int] | None:
    """Return ASC and ASCQ."""
    try:
        told = parse_sense(sense)
    except BadReply:
        return None
    return told.asc, told.ascq


def _move(run: Run, source: Place, destination: Place) -> None:
    """MOVE MEDIUM (SMC-3), by mtx's own habit with the vendor's bits of the control byte for the door."""
    opcode = opcodes.MOVE_MEDIUM_ATTACHED if run.is_attached else opcodes.MOVE_MEDIUM
    cdb = bytes((opcode, 0)) + _word(run.library.transport) + _word(source.address) + _word(destination.address)
    cdb += bytes((0, 0, run.flags.invert, run.flags.eepos << 6))
    said = f"{_name(run.library, source)} to {_name(run.library, destination)}"
    _transfer(run, "MOVE MEDIUM", cdb, (source, destination), said)


def _name(library: Library, place: Place) -> str:
    """What people call an element: "slot 3 (element 1026)"."""
    if place in library.drives:
        return f"drive {library.drives.index(place)} (element {place.address})"
    return f"slot {library.slots.index(place) + 1} (element {place.address})"


# -- load and unload ---------------------------------------------------------------------------------------------------


def load(run: Run, slot: int | None, drive: int | None) -> None:
    library, number = run.library, drive or 0
    if not slot:
        raise _wrong(run, "No source specified\n", "give the slot's number, and the drive's if it is not 0")
    if slot > len(library.slots):
        line = f"Invalid <storage-element-number> argument '{slot}' to 'load' command\n"
        raise _wrong(run, line, f"the slots are 1 to {len(library.slots)}")
    if number >= len(library.drives):
        raise _no_drive(run, number, "load")
    if library.drives[number].full:
        source = library.drives[number].source
        line = f"Drive {number} Full (Storage Element {0 if source is None else source + 1} loaded)\n"
        raise _wrong(run, line, "unload it first, or choose another drive")
    run.out(f"Loading media from Storage Element {slot} into drive {number}...")
    _move(run, library.slots[slot - 1], library.drives[number])
    run.out("done\n")
    library.loaded(slot - 1, number)


def _no_drive(run: Run, drive: int, word: str) -> Failure:
    line = f"illegal <drive-number> argument '{drive}' to '{word}' command\n"
    return _wrong(run, line, f"the drives are 0 to {len(run.library.drives) - 1}")


def unload(run: Run, slot: int | None, drive: int | None) -> None:
    library, number = run.library, drive or 0
    if slot is not None and not 1 <= slot <= len(library.slots):
        line = f"illegal <storage-element-number> argument '{slot}' to 'unload' command\n"
        raise _wrong(run, line, f"the slots are 1 to {len(library.slots)}")
    if number >= len(library.drives):
        raise _no_drive(run, number, "unload")
    place = library.drives[number]
    if not place.full:
        raise _wrong(run, f"Data Transfer Element {number} is Empty\n", "there is nothing to unload")
    if slot is None and place.source is None:
        raise _wrong(run, f"No Source for tape in drive {number}!\n", "say into which slot: unload SLOT DRIVE")
    target = slot - 1 if slot is not None else place.source or 0
    if library.slots[target].full:
        raise _wrong(run, f"Storage Element {target + 1} is Already Full\n", "choose an empty slot")
    run.out(f"Unloading drive {number} into Storage Element {target + 1}...")
    _move(run, place, library.slots[target])
    run.out("done\n")
    library.unloaded(number, target)


# -- from cartridge to cartridge -----------------------------------------------------------------------------------


def first(run: Run, drive: int | None) -> None:
    _change_to(run, _drive(run, drive), 1, reached=lambda slot: slot == 1)


def last(run: Run, drive: int | None) -> None:
    end = run.library.storage
    _change_to(run, _drive(run, drive), end, reached=lambda slot: slot >= end)


def _drive(run: Run, drive: int | None) -> int:
    """A drive that is not there is drive 0, as with mtx."""
    return drive if drive is not None and drive < len(run.library.drives) else 0


def _change_to(run: Run, drive: int, slot: int, *, reached: Callable[[int], bool]) -> None:
    place = run.library.drives[drive]
    if place.full:
        if place.source is not None and reached(place.source + 1):
            run.out("loading...done.\n")
            return
        unload(run, None, drive)
    load(run, slot, drive)


def next_(run: Run, drive: int | None) -> None:
    """The next full slot above that of the loaded cartridge; from the first on if none is loaded."""
    number = _drive(run, drive)
    start = _unload_for_change(run, number, empty=-1)
    _load_one_of(run, number, range(start + 1, run.library.storage))


def previous(run: Run, drive: int | None) -> None:
    """The next full slot below; from the last on if none is loaded."""
    number = _drive(run, drive)
    if run.library.drives[number].full and run.library.drives[number].source == 0:
        raise _no_more(run)
    start = _unload_for_change(run, number, empty=run.library.storage)
    _load_one_of(run, number, range(min(start, run.library.storage) - 1, -1, -1))


def _unload_for_change(run: Run, drive: int, *, empty: int) -> int:
    """Return the index of the slot that the drive's cartridge goes back to, or `empty`."""
    place = run.library.drives[drive]
    if not place.full:
        return empty
    source = place.source
    unload(run, None, drive)
    return empty if source is None else source


def _load_one_of(run: Run, drive: int, slots: range) -> None:
    for index in slots:
        if run.library.slots[index].full:
            load(run, index + 1, drive)
            return
    raise _no_more(run)


def _no_more(run: Run) -> Failure:
    return _wrong(run, "No More Media\n", "no further slot has a cartridge")


# -- between slots -----------------------------------------------------------------------------------------------------


def transfer(run: Run, source: int | None, destination: int | None) -> None:
    begin, end = _pair(run, source, destination)
    _move(run, begin, end)
    run.library.transferred(run.library.slots.index(begin), run.library.slots.index(end))


def _pair(run: Run, source: int | None, destination: int | None) -> tuple[Place, Place]:
    for number, which in ((source, "source"), (destination, "destination")):
        if not number:
            raise _wrong(run, f"No {which} specified\n", f"give the numbers of two slots; there are {_slots(run)}")
    return _slot(run, source or 0, "source"), _slot(run, destination or 0, "destination")


def _slot(run: Run, number: int, which: str) -> Place:
    if not 1 <= number <= len(run.library.slots):
        raise _wrong(run, f"Invalid {which}\n", f"the slots are {_slots(run)}")
    return run.library.slots[number - 1]


def _slots(run: Run) -> str:
    return f"1 to {len(run.library.slots)}"


def exchange(run: Run, source: int | None, destination: int | None, third: int | None) -> None:
    """EXCHANGE MEDIUM (SMC-3): the second slot's cartridge goes to the third, which is the first unless given."""
    begin, middle = _pair(run, source, destination)
    end = begin if third is None else _slot(run, third, "destination")
    inverts = run.flags.invert << 1 | run.flags.invert2
    cdb = bytes((opcodes.EXCHANGE_MEDIUM, 0)) + _word(run.library.transport) + _word(begin.address)
    cdb += _word(middle.address) + _word(end.address) + bytes((inverts, run.flags.eepos << 6))
    said = f"{_name(run.library, begin)} with {_name(run.library, middle)}"
    _transfer(run, "EXCHANGE MEDIUM", cdb, (begin, middle, end), said)
    run.forget()


def position(run: Run, slot: int | None) -> None:
    """POSITION TO ELEMENT (SMC-3), before slot 1 unless given. mtx does not show the sense data."""
    library = run.library
    if slot is not None and not 1 <= slot <= len(library.slots):
        line = f"Invalid <storage-element-number> argument '{slot}' to 'position' command\n"
        raise _wrong(run, line, f"the slots are {_slots(run)}")
    place = library.slots[(slot or 1) - 1]
    cdb = bytes((opcodes.POSITION_TO_ELEMENT, 0)) + _word(library.transport) + _word(place.address) + bytes(4)
    name = f"POSITION TO ELEMENT at {_name(library, place)}"
    try:
        run.device.send(name, cdb, timeout_s=MOVE_S, policy=PATIENT, changer=True)
    except Refused as refused:
        raise Failure("Could not position transport\n", refused.why) from refused


# -- without knowing what is where -------------------------------------------------------------------------------------


def inventory(run: Run) -> None:
    """INITIALIZE ELEMENT STATUS (SMC-3): the robot looks into every slot; minutes."""
    cdb = bytes((opcodes.INITIALIZE_ELEMENT_STATUS, 0, 0, 0, 0, 0))
    try:
        run.device.send("INITIALIZE ELEMENT STATUS", cdb, timeout_s=INVENTORY_S, policy=PATIENT, changer=True)
    except Refused as refused:
        line = "Initialize Element Status (0x07) failed\nmtx:inventory failed\n"
        raise Failure.of_command(refused, line) from refused
    run.forget()


def eject(run: Run) -> None:
    """LOAD UNLOAD (SSC-5) to whatever is open. mtx says that it failed and exits with 0 and goes on."""
    cdb = bytes((opcodes.LOAD_UNLOAD, 0, 0, 0, 0x02, 0))
    try:
        run.device.send("LOAD UNLOAD", cdb, timeout_s=MOVE_S, policy=PATIENT)
    except Refused as refused:
        run.err(shown(refused) + "Eject (0x1B) failed\nmtx:eject failed\n")
        run.explain(refused.why)


def erase(run: Run) -> None:
    """ERASE (SSC-5), short: an end-of-data mark where the tape stands; mtx does not rewind before.

    mtx sends it again after a unit attention. But then the tape may be at its beginning, or be another one.
    """
    cdb = bytes((opcodes.ERASE_6, 0, 0, 0, 0, 0))
    try:
        run.device.send("ERASE (6)", cdb, timeout_s=MOVE_S, policy=ONCE)
    except Refused as refused:
        raise Failure.of_command(refused, "") from refused


MOVES: dict[str, Callable[..., None]] = {
    "load": load,
    "unload": unload,
    "transfer": transfer,
    "exchange": exchange,
    "first": first,
    "last": last,
    "next": next_,
    "previous": previous,
    "position": position,
    "inventory": inventory,
    "eject": eject,
    "erase": erase,
}
