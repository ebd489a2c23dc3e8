# SPDX-License-Identifier: WTFPL OR MIT
"""The operations of mt(1) as functions over a tape: one MTIOCTOP each, named in words.

Light on purpose: no dataclasses, no construct. What each does to the position is st(4)'s rule; errors are those of
`TapeTransport.operate`. "Files" are what stands between filemarks, "records" are tape blocks.
"""

from __future__ import annotations

from pytp_native.ffi import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport


def rewind(tape: TapeTransport) -> None:
    """Go to the beginning of the partition; afterwards file and block number are known (0, 0)."""
    tape.operate(lib.MTREW)


def forward_filemarks(tape: TapeTransport, count: int = 1) -> None:
    """Stand behind the count-th filemark: block 0 of that file. Fewer: EndOfData, and it stands there."""
    tape.operate(lib.MTFSF, count)


def forward_filemarks_m(tape: TapeTransport, count: int = 1) -> None:
    """Like forward_filemarks, then back before the last filemark: the end of a file, block number unknown."""
    tape.operate(lib.MTFSFM, count)


def back_filemarks(tape: TapeTransport, count: int = 1) -> None:
    """Stand before the count-th filemark backwards: the end of a file, block number unknown. Fewer:
    BeginningOfTape, and it stands there."""
    tape.operate(lib.MTBSF, count)


def back_filemarks_m(tape: TapeTransport, count: int = 1) -> None:
    """Like back_filemarks, then forward behind that filemark: block 0 of a file; 1 is the current file's start."""
    tape.operate(lib.MTBSFM, count)


def forward_records(tape: TapeTransport, count: int = 1) -> None:
    """Skip records within the file. FilemarkMet: it stands behind the filemark. EndOfData: it stands there."""
    tape.operate(lib.MTFSR, count)


def back_records(tape: TapeTransport, count: int = 1) -> None:
    """Skip records backwards within the file. FilemarkMet: it stands before the filemark. BeginningOfTape likewise."""
    tape.operate(lib.MTBSR, count)


def forward_setmarks(tape: TapeTransport, count: int = 1) -> None:
    """DAT and DDS only; NotSupported on LTO."""
    tape.operate(lib.MTFSS, count)


def back_setmarks(tape: TapeTransport, count: int = 1) -> None:
    """DAT and DDS only; NotSupported on LTO."""
    tape.operate(lib.MTBSS, count)


def write_setmarks(tape: TapeTransport, count: int = 1) -> None:
    """DAT and DDS only; NotSupported on LTO."""
    tape.operate(lib.MTWSM, count)


def end_of_data(tape: TapeTransport) -> None:
    """Stand where the recorded data end; the file number is known unless st was told to take its fast way."""
    tape.operate(lib.MTEOM)


def write_filemarks(tape: TapeTransport, count: int = 1, *, immediate: bool = False) -> None:
    """Write filemarks here; what follows is gone. Returns when they are on the medium, unless `immediate`."""
    tape.operate(lib.MTWEOFI if immediate else lib.MTWEOF, count)


def erase(tape: TapeTransport, *, long: bool = False) -> None:
    """Erase from here; `long` overwrites everything up to the end of the tape and takes hours.

    st then calls the position the beginning of the tape, so rewind first.
    """
    tape.operate(lib.MTERASE, 1 if long else 0)


def set_block_bytes(tape: TapeTransport, block_bytes: int) -> None:
    """Fixed blocks of that many bytes; 0 is variable mode. Raises NotSupported outside the drive's limits."""
    tape.operate(lib.MTSETBLK, block_bytes)


def set_density(tape: TapeTransport, code: int) -> None:
    """Density for the next write at the beginning of the tape; 0 lets the drive choose."""
    tape.operate(lib.MTSETDENSITY, code)


def set_drive_buffer(tape: TapeTransport, mode: int) -> None:
    """Drive buffering mode (0 none, 1 and 2 buffered), or one of st's options (MT_ST_*). Root only."""
    tape.operate(lib.MTSETDRVBUFFER, mode)


def set_compression(tape: TapeTransport, on: bool) -> None:
    """Switch the drive's compression; the next write obeys."""
    tape.operate(lib.MTCOMPRESSION, int(on))


def seek(tape: TapeTransport, logical_block: int) -> None:
    """Go to a logical block (see tell); file and block number become unknown unless it is 0."""
    tape.operate(lib.MTSEEK, logical_block)


def tell(tape: TapeTransport) -> int:
    """Return the logical block number from the beginning of the partition, filemarks counted."""
    return tape.position()


def load(tape: TapeTransport, slot: int = 0) -> None:
    """Draw the cartridge in and thread it; `slot` (1 to 6) is for HP's autoloading DAT drives only."""
    tape.operate(lib.MTLOAD, slot)


def unload(tape: TapeTransport) -> None:
    """Rewind and eject, or offer it to the changer."""
    tape.operate(lib.MTUNLOAD)


def offline(tape: TapeTransport) -> None:
    """Rewind, unlock the door and unload."""
    tape.operate(lib.MTOFFL)


def retension(tape: TapeTransport) -> None:
    """Wind to the end and back; stands at the beginning. Hours on a long tape; many drives only rewind."""
    tape.operate(lib.MTRETEN)


def lock(tape: TapeTransport) -> None:
    """Keep the cartridge in until `unlock` or `offline`."""
    tape.operate(lib.MTLOCK)


def unlock(tape: TapeTransport) -> None:
    tape.operate(lib.MTUNLOCK)


def set_partition(tape: TapeTransport, number: int) -> None:
    """Use that partition from the next operation on. NotSupported unless st was told that the drive has them."""
    tape.operate(lib.MTSETPART, number)


def make_partition(tape: TapeTransport, mebibytes: int) -> None:
    """Format the tape with two partitions, the second of that size; 0 formats one. Everything on it is gone."""
    tape.operate(lib.MTMKPART, mebibytes)


def reset(tape: TapeTransport) -> None:
    """st has no such operation any more: NotSupported."""
    tape.operate(lib.MTRESET)


def no_operation(tape: TapeTransport) -> None:
    """Flush st's buffer and nothing else."""
    tape.operate(lib.MTNOP)
