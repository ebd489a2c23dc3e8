# SPDX-License-Identifier: WTFPL OR MIT
"""What can go wrong, one class per thing an operator would do differently; each has the exit code of the program.

Exit codes (too late to change): 0 done, 1 partly, 2 usage, 3 configuration, 4 busy, 5 no medium or not ready, 6
device or
medium error, 7 refused by a guard, 8 verify differs, 9 library, 10 another cartridge needed, 11 nothing here,
12 archive cut, 13 watch, 14 act now, 130 interrupted.
"""

from __future__ import annotations


class PytpError(Exception):
    """Subject, fact and next step, printed as one line: "/dev/nst0: no cartridge is loaded; load one"."""

    exit_code = 6
    next_step = ""
    sense: bytes = b""
    """The raw sense data, if a SCSI command failed."""

    def __init__(self, subject: str, fact: str, next_step: str | None = None) -> None:
        self.subject = subject
        self.fact = fact
        if next_step is not None:
            self.next_step = next_step
        super().__init__(subject, fact)

    def __str__(self) -> str:
        line = f"{self.subject}: {self.fact}" if self.subject else self.fact
        return f"{line}; {self.next_step}" if self.next_step else line


class UsageError(PytpError):
    """The command line asks for something that cannot be meant."""

    exit_code = 2


class MissingSource(UsageError):
    """What is to be saved is not there, or cannot be told from something else."""


class ConfigError(PytpError):
    """The configuration is wrong: file, key and fix are in the message."""

    exit_code = 3


class BadAddress(ConfigError):
    """No such device, or text that is no device address."""


class DeviceBusy(PytpError):
    """Somebody else has the device open; the holder is in the message."""

    exit_code = 4
    next_step = "wait for it to finish or stop it"


class NotReady(PytpError):
    """The device cannot work at the moment."""

    exit_code = 5


class NoMedium(NotReady):
    """No cartridge is loaded in the drive."""

    next_step = "load a cartridge"


class DeviceError(PytpError):
    """The drive, the medium or the path to it failed."""

    exit_code = 6


class BadReply(DeviceError):
    """The device's answer cannot be what it should be: too short, or it contradicts itself."""

    next_step = "look for a firmware update; report it with the answer in hex"


class UnitAttention(DeviceError):
    """The device says that its state changed since the last command (sense key 6h): a new cartridge, a reset."""


class MediumError(DeviceError):
    """A block could not be read or written (sense key 3h, or EIO from st)."""


class MediumDamaged(MediumError):
    """A virtual cartridge's files do not agree with themselves."""


class WriteProtected(DeviceError):
    """The cartridge or the descriptor does not accept writes."""

    next_step = "slide the cartridge's tab or load another"


class BlockTooLarge(DeviceError):
    """The block on tape is longer than the buffer (ENOMEM); the tape stands behind that block."""


class BlockSizeMismatch(DeviceError):
    """The tape's blocks do not have the size that the drive is set to."""


class NotSupported(DeviceError):
    """The drive or driver does not have this operation (ENOSYS, EINVAL)."""


class HostDiskFull(DeviceError):
    """The disk under a virtual cartridge is full; this is no end of tape."""

    next_step = "free space on that file system"


class Refused(PytpError):
    """A guard stopped something that would lose data or escape its target."""

    exit_code = 7


class VerifyFailed(PytpError):
    """What is on tape differs from what it should be."""

    exit_code = 8


class LibraryError(PytpError):
    """The medium changer failed."""

    exit_code = 9


class CatalogError(PytpError):
    """The catalog cannot be read or written. What is on tape is not affected."""


class ArchiveNotBuilt(PytpError):
    """An archive that was to be built on disk before it is written to tape is not there."""


class CartridgeNeeded(PytpError):
    """The cartridge is full and no other is available."""

    exit_code = 10


class NothingHere(PytpError):
    """Blank tape, or end of data."""

    exit_code = 11


class EndOfData(NothingHere):
    """Reading or spacing met the end of the recorded data; the tape stands there."""


class BeginningOfTape(NothingHere):
    """Spacing backwards met the beginning of the partition; the tape stands there."""


class FilemarkMet(NothingHere):
    """Spacing over records met a filemark; the tape stands beyond it in the direction of travel."""


class ArchiveCut(PytpError):
    """The archive ends inside a member; the complete members before it were delivered."""

    exit_code = 12


class Interrupted(PytpError):
    """The user stopped the job; the tape was left consistent."""

    exit_code = 130
