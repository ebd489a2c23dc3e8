# SPDX-License-Identifier: WTFPL OR MIT
"""Reservations of the virtual drive (SPC-5 6.16, 6.17; SPC-2 RESERVE and RELEASE).

All programs of this host are one initiator, as they are behind one host adapter, so that nobody is ever locked out;
what a program can see of keys, types and its own mistakes is as the standard says.
"""

from __future__ import annotations

from pytp_native.spec import opcodes
from pytp_native.vtl import sense
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.host_state import HostState, changed_state, read_state
from pytp_native.vtl.reply import GOOD, TargetReply, answer, check

_CONFLICT = TargetReply(opcodes.RESERVATION_CONFLICT)
_TYPES = (1, 3, 5, 6, 7, 8)
_PARAMETERS = 24
_REGISTER, _RESERVE, _RELEASE, _CLEAR, _PREEMPT, _PREEMPT_AND_ABORT, _REGISTER_AND_IGNORE = range(7)
_TRANSPORT_ID = bytes((0x05, 0, 0, 20)) + b"iqn.pytp:this-host".ljust(20, b"\0")
"""iSCSI's form (SPC-5 7.6.4.6)."""


def reserve(drive: VirtualDrive, _cdb: bytes, _data: bytes) -> TargetReply:
    """RESERVE and RELEASE (6 and 10): refused while there are persistent ones (SPC-5 5.13.3)."""
    return _CONFLICT if read_state(drive.directory).key else GOOD


def reserve_in(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """PERSISTENT RESERVE IN: keys, reservation, capabilities, full status."""
    state, action = read_state(drive.directory), cdb[1] & 0x1F
    allocated = int.from_bytes(cdb[7:9], "big")
    if action == 2:
        mask = sum(1 << kind for kind in _TYPES)
        return answer(bytes((0, 8, 0, 0x80, mask & 0xFF, mask >> 8, 0, 0)), allocated)
    key = state.key.to_bytes(8, "big")
    if action == 0:
        body = key if state.key else b""
    elif action == 1:
        body = key + bytes((0, 0, 0, 0, 0, state.reserved, 0, 0)) if state.reserved else b""
    elif action == 3:
        head = key + bytes((0, 0, 0, 0, bool(state.reserved), state.reserved, 0, 0, 0, 0, 0, 1))
        body = head + len(_TRANSPORT_ID).to_bytes(4, "big") + _TRANSPORT_ID if state.key else b""
    else:
        return check(sense.INVALID_FIELD)
    return answer(state.generation.to_bytes(4, "big") + len(body).to_bytes(4, "big") + body, allocated)


def reserve_out(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """PERSISTENT RESERVE OUT."""
    action, kind = cdb[1] & 0x1F, cdb[2]
    if action > _REGISTER_AND_IGNORE or (action in {_RESERVE, _RELEASE} and kind not in _TYPES):
        return check(sense.INVALID_FIELD)
    if len(data) != _PARAMETERS or int.from_bytes(cdb[5:9], "big") != _PARAMETERS:
        return check(sense.PARAMETER_LIST_LENGTH)
    if data[20] & 0x08:
        return check(sense.INVALID_PARAMETER)  # SPEC_I_PT: there is no other initiator to name
    key, service_key = int.from_bytes(data[:8], "big"), int.from_bytes(data[8:16], "big")
    with changed_state(drive.directory) as state:
        if action in {_REGISTER, _REGISTER_AND_IGNORE}:
            return _register(state, key, service_key, is_any=action == _REGISTER_AND_IGNORE)
        if not state.key or key != state.key:
            return _CONFLICT
        return _ACTIONS[action](state, kind, service_key)


def _register(state: HostState, key: int, service_key: int, *, is_any: bool) -> TargetReply:
    if not is_any and key != state.key:
        return _CONFLICT
    state.key = service_key
    state.generation += 1
    if not service_key:
        state.reserved = 0
    return GOOD


def _take(state: HostState, kind: int, _service_key: int) -> TargetReply:
    if state.reserved not in {0, kind}:
        return _CONFLICT
    state.reserved = kind
    return GOOD


def _give_back(state: HostState, kind: int, _service_key: int) -> TargetReply:
    if state.reserved not in {0, kind}:
        return check(sense.INVALID_RELEASE)
    state.reserved = 0
    return GOOD


def _clear(state: HostState, _kind: int, _service_key: int) -> TargetReply:
    state.key = state.reserved = 0
    state.generation += 1
    return GOOD


def _preempt(state: HostState, kind: int, service_key: int) -> TargetReply:
    """There is nobody's key but its own."""
    if service_key != state.key:
        return _CONFLICT
    if state.reserved:
        if kind not in _TYPES:
            return check(sense.INVALID_FIELD)
        state.reserved = kind
    state.generation += 1
    return GOOD


_ACTIONS = {
    _RESERVE: _take, _RELEASE: _give_back, _CLEAR: _clear, _PREEMPT: _preempt, _PREEMPT_AND_ABORT: _preempt,
}  # fmt: skip
