# SPDX-License-Identifier: WTFPL OR MIT
"""What hosts tell the virtual drive besides tape: reservations, keys, the time, a cartridge to be held. Byte by byte
where a parser of ours could agree with itself, by our commands where they are the client."""

from __future__ import annotations

import time

import pytest

from pytp_native.errors import DeviceError, PytpError
from pytp_native.scsi import encryption, executor, mam, reservations, ssc
from pytp_native.scsi.encryption import KeySettings
from pytp_native.transport import open_scsi
from tests.unit.vtl.commands import good, sense_of, settle

KEY, OTHER = 0x1122334455667788, 0x99
CONFLICT = 0x18
READY = bytes(6)


@pytest.fixture
def drive(scsi):
    return settle(scsi)


def out(drive, action: int, *, key: int = 0, service_key: int = 0, kind: int = 0):
    command = reservations.persistent_reserve_out(action, key=key, service_key=service_key, kind=kind)
    return drive.execute(command.cdb, data_out=command.data_out)


# -- reservations ------------------------------------------------------------------------------------------------------


def test_a_registration_is_seen_by_every_program_and_cleared_by_its_key(drive, library):
    assert executor.run(drive, reservations.read_keys()) == (0, ())
    assert out(drive, 0, service_key=KEY).status == 0
    other = settle(open_scsi(f"vtl:{library.path}/drive0"))
    assert executor.run(other, reservations.read_keys()) == (1, (KEY,))
    assert out(other, 3, key=OTHER).status == CONFLICT
    assert out(other, 3, key=KEY).status == 0
    assert executor.run(drive, reservations.read_keys()) == (2, ())


def test_a_reservation_takes_a_registration_and_has_one_type(drive):
    assert out(drive, 1, kind=3).status == CONFLICT
    out(drive, 0, service_key=KEY)
    assert executor.run(drive, reservations.read_reservation()) is None
    assert out(drive, 1, key=KEY, kind=3).status == 0
    assert out(drive, 1, key=KEY, kind=3).status == 0
    assert out(drive, 1, key=KEY, kind=6).status == CONFLICT
    held = executor.run(drive, reservations.read_reservation())
    assert (held.key, held.kind) == (KEY, 3)
    (one,) = executor.run(drive, reservations.read_full_status())
    assert (one.key, one.holder, one.kind) == (KEY, True, 3)
    assert drive.execute(READY).status == 0
    assert sense_of(out(drive, 2, key=KEY, kind=6)) == (5, 0x2604)
    assert out(drive, 2, key=KEY, kind=3).status == 0
    assert executor.run(drive, reservations.read_reservation()) is None


def test_who_unregisters_gives_up_the_reservation(drive):
    out(drive, 0, service_key=KEY)
    out(drive, 1, key=KEY, kind=1)
    assert out(drive, 0, key=OTHER, service_key=0).status == CONFLICT
    assert out(drive, 6, service_key=OTHER).status == 0
    assert out(drive, 0, key=OTHER, service_key=0).status == 0
    assert executor.run(drive, reservations.read_reservation()) is None
    assert executor.run(drive, reservations.read_keys()).keys == ()


def test_nobody_elses_key_can_be_preempted(drive):
    out(drive, 0, service_key=KEY)
    out(drive, 1, key=KEY, kind=3)
    assert out(drive, 4, key=KEY, service_key=OTHER, kind=1).status == CONFLICT
    assert out(drive, 4, key=KEY, service_key=KEY, kind=1).status == 0
    assert executor.run(drive, reservations.read_reservation()).kind == 1


def test_reserve_and_release_of_old_are_refused_beside_it(drive):
    for opcode in (0x16, 0x17, 0x56, 0x57):
        cdb = bytes((opcode,)).ljust(6 if opcode < 0x20 else 10, b"\0")
        assert drive.execute(cdb).status == 0
        out(drive, 0, service_key=KEY)
        assert drive.execute(cdb).status == CONFLICT
        out(drive, 3, key=KEY)


def test_the_types_that_there_are(drive):
    assert good(drive.execute(bytes((0x5E, 2, 0, 0, 0, 0, 0, 0, 8, 0)), data_in_bytes=8)).hex() == "00080080ea010000"
    assert executor.run(drive, reservations.report_capabilities()) == 0x1EA


@pytest.mark.parametrize(
    ("cdb", "data", "problem"),
    [
        ("5f 07 00 00 00 00 00 00 18 00", bytes(24), 0x2400), ("5f 01 02 00 00 00 00 00 18 00", bytes(24), 0x2400),
        ("5f 00 00 00 00 00 00 00 10 00", bytes(16), 0x1A00), ("5f 00 00 00 00 00 00 00 18 00", bytes(16), 0x1A00),
        ("5f 00 00 00 00 00 00 00 18 00", bytes(20) + b"\x08\0\0\0", 0x2600),
        ("5e 09 00 00 00 00 00 00 18 00", b"", 0x2400),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(drive, cdb, data, problem):
    assert sense_of(drive.execute(bytes.fromhex(cdb), data_out=data)) == (5, problem)
    assert executor.run(drive, reservations.read_keys()) == (0, ())


# -- encryption --------------------------------------------------------------------------------------------------------


def test_a_drive_that_can_encrypt_tells_how(drive):
    assert executor.run(drive, encryption.supported_pages()) == (0, 1, 0x10, 0x11, 0x20, 0x21)
    assert executor.run(drive, encryption.supported_pages(out=True)) == (0x10,)
    (one,) = executor.run(drive, encryption.capabilities())
    assert (one.algorithm, one.key_bytes, one.ukad_bytes, one.akad_bytes) == (0x00010014, 32, 32, 12)
    assert (one.encrypts, one.decrypts, one.tells_encrypted_blocks) == (2, 2, True)
    page = good(drive.execute(bytes.fromhex("a2 20 0010 0000 000000ff 00 00"), data_in_bytes=255))
    assert (page[:5].hex(), len(page)) == ("0010002802", 44)
    status = executor.run(drive, encryption.status())
    assert (status.encryption, status.decryption, status.counter, status.key_data) == (0, 0, 0, ())


def test_no_key_is_taken(drive):
    with pytest.raises(DeviceError) as caught:
        executor.run(drive, encryption.set_data_encryption(KeySettings(key=bytes(32))))
    assert (caught.value.sense[2] & 15, caught.value.sense[12:14].hex()) == (5, "7421")
    assert executor.run(drive, encryption.status()).encryption == 0


def test_the_next_block_is_plain_or_none(drive):
    assert executor.run(drive, encryption.next_block()).encryption == 2
    drive.execute(bytes((0x0A, 0, 0, 0, 5, 0)), data_out=b"12345")
    drive.execute(bytes((0x01, 0, 0, 0, 0, 0)))
    found = executor.run(drive, encryption.next_block())
    assert (found.block, found.encryption, found.key_data) == (0, 3, ())


def test_without_a_cartridge_there_is_no_next_block(drive):
    drive.execute(bytes((0x1B, 0, 0, 0, 0, 0)))
    assert sense_of(drive.execute(encryption.next_block().cdb, data_in_bytes=64)) == (2, 0x3A00)
    assert executor.run(drive, encryption.status()).encryption == 0


# -- the time ----------------------------------------------------------------------------------------------------------


def timestamp(drive) -> tuple[int, int]:
    """Origin and milliseconds."""
    data = good(drive.execute(bytes.fromhex("a3 0f 0000 0000 0000 000c 00 00"), data_in_bytes=12))
    assert (len(data), data[:2]) == (12, b"\0\x0a")
    return data[2] & 7, int.from_bytes(data[4:10], "big")


def test_the_clock_is_the_hosts_until_it_is_set(drive, library):
    origin, now = timestamp(drive)
    assert origin == 3
    assert abs(now - time.time() * 1000) < 60_000
    set_it = bytes.fromhex("a4 0f 0000 0000 0000 000c 00 00")
    assert drive.execute(set_it, data_out=bytes(4) + (10**12).to_bytes(6, "big") + bytes(2)).status == 0
    origin, now = timestamp(settle(open_scsi(f"vtl:{library.path}/drive0")))
    assert origin == 2
    assert 0 <= now - 10**12 < 60_000
    assert sense_of(drive.execute(set_it, data_out=bytes(4))) == (5, 0x1A00)
    assert sense_of(drive.execute(b"\xa4\x0a" + set_it[2:], data_out=bytes(12))) == (5, 0x2400)


# -- holding -----------------------------------------------------------------------------------------------------------


def load_unload(drive, **how):
    return drive.execute(ssc.load_unload(**{"load": False, **how}).cdb)


@pytest.mark.parametrize("load", [True, False])
def test_a_held_cartridge_is_not_ready_but_its_memory_is_read(drive, load):
    before = executor.run(drive, mam.read_attributes())
    assert load_unload(drive, load=load, hold=True).status == 0
    assert sense_of(drive.execute(READY)) == (2, 0x3A04)
    held = {one.identifier for one in executor.run(drive, mam.read_attributes())}
    assert {one.identifier for one in before} <= held
    assert 0x0401 in held, "the cartridge's serial number"
    assert load_unload(drive, load=True).status == 0
    settle(drive)
    assert drive.execute(READY).status == 0


def test_what_is_unloaded_is_held_no_longer(drive):
    load_unload(drive, hold=True)
    assert load_unload(drive).status == 0
    assert sense_of(drive.execute(READY)) == (2, 0x3A00)
    with pytest.raises(PytpError):
        executor.run(drive, mam.read_attributes())
    load_unload(drive, hold=True)
    load_unload(drive, load=True)
    settle(drive)
    load_unload(drive)
    assert sense_of(drive.execute(READY)) == (2, 0x3A00)


def test_a_held_cartridge_can_be_taken_and_the_next_one_is_not_held(drive, library):
    load_unload(drive, hold=True)
    library.unload(0)
    library.load(2, 0)
    settle(drive)
    assert drive.execute(READY).status == 0
    library.unload(0)
    assert sense_of(drive.execute(READY)) == (2, 0x3A00)
    assert sense_of(load_unload(drive, hold=True)) == (2, 0x3A00)
