# SPDX-License-Identifier: WTFPL OR MIT
"""SECURITY PROTOCOL IN and OUT of the virtual drive: a drive that can encrypt (SSC-5, protocol 20h) and whose library
keeps the keys to itself, so that none is taken. Nothing here encrypts."""

from __future__ import annotations

from pytp_native.errors import PytpError
from pytp_native.ffi import lib
from pytp_native.vtl import sense
from pytp_native.vtl.door_medium import alone
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.reply import TargetReply, answer, check

_INFORMATION, _ENCRYPTION = 0x00, 0x20
_IN_PAGES = (0x0000, 0x0001, 0x0010, 0x0011, 0x0020, 0x0021)
_SET_DATA_ENCRYPTION = 0x0010
_PREVENTED = 2
"""CFG_P: this drive takes no settings over this protocol."""
_HARDWARE = 2
_TELLS_ENCRYPTED_BLOCKS = 0x10
_KEY_BYTES, _NAME_BYTES, _AUTHENTICATED_BYTES = 32, 32, 12
_AES_256_GCM = 0x00010014
_CANNOT_TELL, _NO_BLOCK, _PLAIN = 0, 2, 3


def security_protocol_in(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    protocol, number, allocated = cdb[1], int.from_bytes(cdb[2:4], "big"), int.from_bytes(cdb[6:10], "big")
    if cdb[4] & 0x80:
        return check(sense.INVALID_FIELD)  # INC_512
    if protocol == _INFORMATION and number == 0:
        return answer(bytes((0, 0, 0, 0, 0, 0, 0, 2, _INFORMATION, _ENCRYPTION)), allocated)
    if protocol != _ENCRYPTION or number not in _IN_PAGES:
        return check(sense.INVALID_FIELD)
    if number == _IN_PAGES[-1]:
        if not drive.ready:
            return check(drive.not_ready())
        body = _next_block(drive)
    else:
        body = _page(number)
    return answer(cdb[2:4] + len(body).to_bytes(2, "big") + body, allocated)


def security_protocol_out(_drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """Keys are the library's business: ENCRYPTION PARAMETERS NOT CHANGEABLE by a host."""
    if cdb[1] != _ENCRYPTION or int.from_bytes(cdb[2:4], "big") != _SET_DATA_ENCRYPTION:
        return check(sense.INVALID_FIELD)
    return check(sense.ENCRYPTION_LOCKED)


def _page(number: int) -> bytes:
    if number == 0x0000:
        return b"".join(page.to_bytes(2, "big") for page in _IN_PAGES)
    if number == 0x0001:
        return _SET_DATA_ENCRYPTION.to_bytes(2, "big")
    if number == 0x0010:
        return bytes((_PREVENTED,)) + bytes(15) + _algorithm()
    if number == 0x0011:
        return b"\0"  # key format 00h: as it is
    return bytes(20)  # off in both directions, no key, no key-associated data


def _algorithm() -> bytes:
    sizes = b"".join(size.to_bytes(2, "big") for size in (_NAME_BYTES, _AUTHENTICATED_BYTES, _KEY_BYTES))
    flags = _TELLS_ENCRYPTED_BLOCKS | _HARDWARE << 2 | _HARDWARE
    rest = bytes((flags, 0)) + sizes + bytes(8) + _AES_256_GCM.to_bytes(4, "big")
    return bytes((1, 0)) + len(rest).to_bytes(2, "big") + rest


def _next_block(drive: VirtualDrive) -> bytes:
    """What is read next is never encrypted here; a filemark and the end of data are no blocks."""
    state = _CANNOT_TELL
    try:
        with alone(drive):
            if drive.cartridge is not None:
                what = drive.cartridge.look(drive.position)[0]
                state = _PLAIN if what == lib.PYTP_AT_BLOCK else _NO_BLOCK
    except PytpError:
        pass  # somebody has the tape open
    return drive.position.to_bytes(8, "big") + bytes((state, 0, 0, 0))
