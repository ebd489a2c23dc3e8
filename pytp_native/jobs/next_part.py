# SPDX-License-Identifier: WTFPL OR MIT
"""The tape file with which an archive goes on, looked for on the cartridge in the drive: trailers tell, else the label,
else the block with which it begins."""

from __future__ import annotations

from contextlib import closing, suppress

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, NothingHere
from pytp_native.jobs.cartridge import earlier_trailers, identify, trailer_here
from pytp_native.light import NamedTuple
from pytp_native.stream.continued import Continued, continued
from pytp_native.stream.label import Label
from pytp_native.stream.trailer import Earlier, SavedFile, SessionRecord
from pytp_native.stream.untar import Standing


class Wanted(NamedTuple):
    """What is known of the part that has been read."""

    number: int | None
    """Its tape file."""
    cartridge: str | None
    """The uuid of the cartridge it is on."""
    session: SessionRecord | None = None
    """What the trailer there says..."""
    saved: SavedFile | None = None
    """... of this tape file."""
    standing: Standing | None = None
    """Where there is none: where the archive ends."""


class NextPart(NamedTuple):
    """Where it goes on, on the cartridge in the drive."""

    number: int
    ahead: int
    """Blocks in front that are not the archive's."""


class Look(NamedTuple):
    """What a cartridge was found to be."""

    part: NextPart | None = None
    is_of_session: bool = False
    """It may have a later part."""


def next_part(drive: Drive, wanted: Wanted) -> Look:
    """Look for it on the cartridge in the drive; the tape is left anywhere."""
    label = identify(drive).label
    if label is None:
        return Look()
    if _is_behind_label(wanted, label):
        return Look(NextPart(1, int(_continued_at(drive, 1) is not None)), is_of_session=True)
    mtio.end_of_data(drive.tape)
    trailers = earlier_trailers(drive, label)
    told = (_told_by(drive, wanted, earlier) for earlier in reversed(trailers))
    found = next((part for part in told if part is not None), None) or _by_first_block(drive, wanted, trailers)
    return Look(found, is_of_session=_is_of_session(wanted, label, trailers))


def _is_of_session(wanted: Wanted, label: Label, trailers: tuple[Earlier, ...]) -> bool:
    """Tell whether anything on it is of the session that is read; where that has no name, anything may be."""
    if wanted.session is None:
        return True
    uuid = wanted.session.uuid
    return (label.follows is not None and label.follows.session == uuid) or any(one.uuid == uuid for one in trailers)


def _is_behind_label(wanted: Wanted, label: Label) -> bool:
    """Tell whether the cartridge was labelled to take this archive."""
    told = label.follows
    if told is None:
        return False
    if wanted.session is not None and wanted.saved is not None:
        goes_on = wanted.saved.skipped + wanted.saved.blocks - wanted.saved.ahead
        return (told.session, told.path, told.skipped) == (wanted.session.uuid, wanted.saved.path, goes_on)
    return wanted.number is not None and (told.cartridge, told.tape_file) == (wanted.cartridge, wanted.number)


def _told_by(drive: Drive, wanted: Wanted, earlier: Earlier) -> NextPart | None:
    if earlier.tape_file is None or (wanted.session is not None and earlier.uuid != wanted.session.uuid):
        return None
    there = None
    with suppress(MediumError, NothingHere):  # cut off
        drive.go_to_file(earlier.tape_file)
        there = trailer_here(drive)
    before = None if there is None else wanted.saved or _same_part(there, wanted)
    if there is None or before is None:
        return None
    skipped = before.skipped + before.blocks - before.ahead
    for one in there.arguments:
        if (one.path, one.skipped, one.part) == (before.path, skipped, there.part) and one.tape_file is not None:
            return NextPart(one.tape_file, one.ahead)
    return None


def _same_part(there: SessionRecord, wanted: Wanted) -> SavedFile | None:
    """What a later trailer tells of the part that has been read."""
    parts = [number for number, volume in enumerate(there.cartridges, 1) if volume.uuid == wanted.cartridge]
    told = (one for one in there.arguments if one.part in parts and one.tape_file == wanted.number)
    return next((one for one in told if one.continues), None) if wanted.cartridge else None


def _by_first_block(drive: Drive, wanted: Wanted, trailers: tuple[Earlier, ...]) -> NextPart | None:
    """A member that is cut goes on with its name and the bytes that are left of it."""
    standing = wanted.standing
    if standing is None or standing.inside is None:
        return None
    for number in (1, *(one.tape_file + 1 for one in trailers if one.tape_file is not None)):
        told = _continued_at(drive, number)
        if told is not None and (told.name, told.left) == (standing.inside, standing.left):
            return NextPart(number, 1)
    return None


def _continued_at(drive: Drive, number: int) -> Continued | None:
    with suppress(MediumError, NothingHere):
        drive.go_to_file(number)
        with closing(drive.blocks()) as blocks:
            return continued(blocks)
    return None
