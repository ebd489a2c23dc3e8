# SPDX-License-Identifier: WTFPL OR MIT
"""Names in replies are found where the standards have them, and leave no trace; what is no name stays."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from pytp_native.diag.capture import capture
from pytp_native.diag.private_fields import private_fields
from pytp_native.diag.scrub import Scrubber, names_in, names_in_address
from pytp_native.spec import opcodes
from pytp_native.transport.capture import read_capture, write_capture
from pytp_native.transport.records import ScsiReply

NAA, PORT, HOST = (bytes.fromhex(one) for one in ("50050763124a5b61", "50050763124a5b62", "5000c500a1b2c3d4"))
SERIAL, TAPE, KEY_NAME = b"10WT012345", b"ABC0123456XYZ", b"the key of payroll"
OTHER = b"10WT098765"


def inquiry(vendor: str = "IBM", product: str = "ULT3580-HH8", kind: int = 1) -> bytes:
    return bytes((kind, 0x80, 6, 2, 31, 0, 0, 0)) + f"{vendor:8}{product:16}N9M1".encode()


def vpd(page: int, body: bytes) -> tuple[bytes, ScsiReply]:
    return bytes((opcodes.INQUIRY, 1, page, 0, 255, 0)), good(bytes((1, page)) + len(body).to_bytes(2, "big") + body)


def log(page: int, *parameters: tuple[int, bytes]) -> tuple[bytes, ScsiReply]:
    body = b"".join(code.to_bytes(2, "big") + bytes((3, len(value))) + value for code, value in parameters)
    cdb = bytes((opcodes.LOG_SENSE, 0, 0x40 | page, 0, 0, 0, 0, 0x40, 0, 0))
    return cdb, good(bytes((page, 0)) + len(body).to_bytes(2, "big") + body)


def memory(*attributes: tuple[int, bytes]) -> tuple[bytes, ScsiReply]:
    body = b"".join(
        code.to_bytes(2, "big") + bytes((1,)) + len(value).to_bytes(2, "big") + value for code, value in attributes
    )
    cdb = bytes((opcodes.READ_ATTRIBUTE, *bytes(9), 0, 1, 0, 0, 0, 0))
    return cdb, good(len(body).to_bytes(4, "big") + body)


def designator(kind: int, value: bytes, *, association: int = 0, code_set: int = 1) -> bytes:
    return bytes((code_set, association << 4 | kind, 0, len(value))) + value


def good(data: bytes) -> ScsiReply:
    return ScsiReply(0, b"", data)


def modes(*phys: bytes, control: int = 0) -> tuple[bytes, ScsiReply]:
    """MODE SENSE(10) of a page, a block descriptor in front, and page 19h/01h."""
    page = bytes((0, 6, 0, len(phys))) + b"".join(phys)
    body = bytes((0x10, 2, 0, 0, 0x59, 1)) + len(page).to_bytes(2, "big") + page
    head = (14 + len(body)).to_bytes(2, "big") + bytes((0, 0, 0, 0, 0, 8)) + bytes(8)
    return bytes((opcodes.MODE_SENSE_10, 0, control << 6 | 0x3F, 0xFF, 0, 0, 0, 16, 0, 0)), good(head + body)


def mode_phy(own: bytes, attached: bytes) -> bytes:
    return bytes(8) + own + attached + bytes(24)


def phy(own: bytes, attached: bytes) -> bytes:
    return bytes((0x06, 0, 0, 1, 0, 0, 0, 44, 0, 0, 0, 0)) + own + attached + bytes(24)


def names_of(*told: tuple[bytes, ScsiReply], changer: bool = False, family: str = "IBM") -> set[bytes]:
    return names_in(((cdb, 0, reply) for cdb, reply in told), changer=changer, family=family, common=("ULT3580-HH8",))


MOUNT = bytes((43, 0, 0, 0)) + b"QUANTUM " + OTHER.ljust(32)
CASES = [
    (vpd(0x80, SERIAL.rjust(16)), {SERIAL}),
    (vpd(0x83, designator(1, b"IBM     ULT3580-HH8     " + SERIAL, code_set=2)), {SERIAL}),
    (vpd(0x83, designator(1, b"IBM     ULT3580-HH8     ", code_set=2)), set()),
    (vpd(0x83, designator(3, NAA) + designator(3, PORT, association=1) + designator(4, b"\0\0\0\1")), {NAA, PORT}),
    (vpd(0x85, bytes((4, 0)) + (12).to_bytes(2, "big") + b"http://lib1/"), {b"http://lib1/"}),
    (vpd(0x88, bytes(2) + b"\0\1" + bytes(6) + b"\0\x0c" + designator(3, PORT, association=1)), {PORT}),
    (vpd(0xC1, SERIAL.ljust(12) + OTHER.ljust(12)), {SERIAL, OTHER}),
    (log(0x14, (0x40, SERIAL), (0x42, b"20260101")), {SERIAL}),
    (log(0x16, (0, b"\1" + bytes(27) + TAPE.ljust(32) + bytes(8))), {TAPE}),
    (log(0x17, (0x40, TAPE.ljust(32)), (0x42, b"PAY001L8".ljust(32)), (0x43, b"FUJIFILM")),
     {TAPE, b"PAY001L8"}),
    (log(0x17, (0x300, MOUNT)), {OTHER}),
    (log(0x18, (1, phy(PORT, HOST))), {PORT, HOST}),
    (log(0x18, (1, phy(PORT, bytes(8)))), {PORT}),
    (log(0x11, (0, bytes(4)), (0x101, b"\xa2\0\0\0" + PORT)), {PORT}),
    (modes(mode_phy(PORT, HOST), mode_phy(NAA, bytes(8))), {PORT, HOST, NAA}),
    (modes(mode_phy(PORT, HOST), control=1), set()),
    (memory((0x020A, b"IBM     " + SERIAL.ljust(32)), (0x0400, b"FUJIFILM"), (0x0806, b"A1".ljust(32))),
     {SERIAL, b"A1"}),
    (memory((0x1000, b"\xff" * 28)), set()),
    (memory((0x080C, b"LTFS\0" + b"0f8fad5b-d9cb-469f-a165-70867728950e\0\1")),
     {b"0f8fad5b-d9cb-469f-a165-70867728950e"}),
    (memory((0x0401, TAPE.ljust(32))), {TAPE, TAPE[:10]}),
]  # fmt: skip


@pytest.mark.parametrize(("told", "names"), CASES)
def test_names_are_found_where_they_are(told: tuple[bytes, ScsiReply], names: set[bytes]) -> None:
    assert names_of(told) == names


def test_an_incident_of_a_library_names_its_cartridge_elsewhere() -> None:
    entry = b"\1" + bytes(51) + b"PAY001L8".ljust(32) + bytes(12)
    assert names_of(log(0x16, (0, entry)), changer=True) == {b"PAY001L8"}


@pytest.mark.parametrize(("told", "_names"), CASES)
def test_cut_and_damaged_replies_are_searched_as_far_as_they_go(
    told: tuple[bytes, ScsiReply], _names: set[bytes]
) -> None:
    cdb, reply = told
    chance = random.Random(5)
    for length in range(len(reply.data)):
        cut = reply.data[:length]
        damaged = bytes(byte if chance.random() > 0.1 else chance.randrange(256) for byte in cut)
        for data in (cut, damaged):
            for changer in (False, True):
                for start, end in private_fields(cdb, good(data), changer=changer):
                    assert 0 < start < end <= len(data)


def test_a_failed_command_names_nobody() -> None:
    cdb, reply = vpd(0x80, SERIAL)
    assert not list(private_fields(cdb, reply._replace(status=2)))


def test_a_name_within_another_keeps_its_substitute() -> None:
    scrubber = Scrubber([b"A00001", b"A00001L8", b"B00001L8", TAPE, TAPE[:10]])
    short, long, other = (scrubber.clean(one) for one in (b"A00001", b"A00001L8", b"B00001L8"))
    assert long.startswith(short)
    assert len({short, long[:6], other[:6]}) == 2
    assert scrubber.clean(TAPE).startswith(scrubber.clean(TAPE[:10]))
    assert len(scrubber.clean(TAPE)) == len(TAPE)


@pytest.mark.parametrize("name", [b"XXXXXXX1", b"XXXX", b"0000", b"X0000001", b"YYYYYYY1", b"XXXXXX"])
def test_no_substitute_is_or_has_a_name_that_is_there(name: bytes) -> None:
    names = {name, b"PAY001L8", b"PAY002L8", b"LONGER-THAN-THE-OTHERS-1"}
    scrubber = Scrubber(names)
    cleaned = {one: scrubber.clean(one) for one in names}
    assert len(set(cleaned.values())) == len(names)
    assert not any(one in told for one in names for told in cleaned.values())


def test_many_names_of_few_letters_stay_apart() -> None:
    names = {f"{number:04}".encode() for number in range(1000)}
    scrubber = Scrubber(names)
    assert len({scrubber.clean(one) for one in names}) == 1000


def test_texts_are_cleaned_also_where_they_are_in_hexadecimal() -> None:
    scrubber = Scrubber([NAA, SERIAL])
    told = (
        "end device 0x50050763124a5b61, wwpn 50:05:07:63:12:4A:5B:61, by-id scsi-350050763124a5b61-nst, "
        f"{SERIAL.decode()}, {SERIAL.hex()}, 12:30:00.1234, deadbeef00"
    )
    cleaned = scrubber.clean_text(told)
    assert len(cleaned) == len(told)
    for one in (NAA.hex(), "124A5B61", "12:4A:5B", "50:05:07:63:12", SERIAL.decode(), SERIAL.hex()):
        assert one not in cleaned
    assert cleaned.endswith("12:30:00.1234, deadbeef00")
    substitute = scrubber.clean(NAA).hex()
    assert f"0x{substitute}, wwpn " in cleaned
    assert f"scsi-3{substitute}-nst" in cleaned


def test_a_path_names_a_device_that_did_not_answer() -> None:
    assert names_in_address("/dev/tape/by-id/scsi-350050763124a5b61-nst") == {b"350050763124a5b61"}
    assert names_in_address("/dev/nst0") == set()


# -- a whole archive of devices that tell more than the virtual ones ---------------------------------------------------


def trace(*told: tuple[bytes, ScsiReply]) -> bytes:
    lines: list[dict[str, object]] = [{"pytp_trace": 1, "kind": "scsi", "address": "/dev/nst0"}]
    for cdb, reply in told:
        result = {**reply._asdict(), "sense": reply.sense.hex(), "data": reply.data.hex()}
        lines.append({"call": "execute", "cdb": cdb.hex(), "data_out": "", "data_in_bytes": 0, "result": result})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def drive(serial: bytes, wwn: bytes, port: bytes) -> bytes:
    pages = (0x00, 0x80, 0x83, 0xC7)
    logs = (0x00, 0x14, 0x17, 0x18, 0x3D)
    key_page = bytes((0, 0x20)) + (20 + 4 + len(KEY_NAME)).to_bytes(2, "big") + bytes((0, 2, 2, 1)) + bytes(16)
    key_page += bytes((0, 0)) + len(KEY_NAME).to_bytes(2, "big") + KEY_NAME
    return trace(
        (bytes((opcodes.INQUIRY, 0, 0, 0, 36, 0)), good(inquiry())),
        vpd(0x00, bytes(pages)), vpd(0x80, serial),
        vpd(0x83, designator(1, b"IBM     ULT3580-HH8     " + serial, code_set=2) + designator(3, wwn)),
        vpd(0xC7, b"\0\1raw " + serial + b" " + TAPE),
        (bytes((opcodes.LOG_SENSE, 0, 0x40, 0, 0, 0, 0, 1, 0, 0)), good(bytes((0, 0, 0, len(logs), *logs)))),
        log(0x14, (0x40, serial), (0x41, b"00" + serial)),
        log(0x17, (0x00, b"\1"), (0x40, TAPE.ljust(32)), (0x42, b"PAY001L8".ljust(32))),
        log(0x18, (1, phy(port, HOST))), log(0x3D, (0x8001, b"unknown " + port + TAPE[:10])),
        (bytes((opcodes.SECURITY_PROTOCOL_IN, 0x20, 0, 0x20, 0, 0, 0, 0, 0x20, 0, 0, 0)), good(key_page)),
        memory((0x0401, TAPE.ljust(32)), (0x0803, "Löhne".encode().ljust(160)), (0x0806, b"PAY001L8".ljust(32)),
               (0x020A, b"IBM     " + OTHER.ljust(32))),
    )  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A capture of two drives, to be captured: whatever a drive may say can be in it."""
    path = tmp_path / "source.tar.gz"
    devices = [
        {"address": f"/dev/nst{number}", "vendor": "IBM", "product": "ULT3580-HH8", "firmware": "N9M1",
         "changer": False, "busy": "", "trace": f"{number}.jsonl", "decoded": f"{number}.json"} for number in range(2)
    ]  # fmt: skip
    files = {"capture.json": json.dumps({"pytp_capture": 1, "devices": devices}).encode()}
    for number, (serial, wwn, port) in enumerate(((SERIAL, NAA, PORT), (OTHER, NAA[::-1], PORT[::-1]))):
        files |= {f"{number}.jsonl": drive(serial, wwn, port), f"{number}.json": b"{}"}
    write_capture(str(path), files)
    return str(path)


SECRETS = [SERIAL, OTHER, TAPE, TAPE[:10], b"PAY001L8", "Löhne".encode(), NAA, PORT, HOST, NAA[::-1], PORT[::-1]]


def spellings(name: bytes) -> set[bytes]:
    """As bytes, hexadecimal, number, and as JSON and reports write text that is no ASCII."""
    number = str(int.from_bytes(name, "big")).encode()
    plain = name.decode("utf-8", "backslashreplace")
    quoted = {json.dumps(one)[1:-1].encode() for one in (plain, name.decode("ascii", "backslashreplace"))}
    return {name, name.hex().encode(), name.hex().upper().encode(), number, *quoted}


@pytest.mark.parametrize("scrub", [False, True])
def test_no_secret_is_in_any_file_in_any_spelling(tmp_path: Path, source: str, scrub: bool) -> None:
    path = str(tmp_path / "made.tar.gz")
    missing = "/dev/tape/by-id/scsi-1IBM_ULT3580-HH8_1097001122-nst"
    kernel = f"st0: {SERIAL.decode()} sas_addr 0x{HOST.hex()} 50:05:07:63:12:4a:5b:62\n"
    addresses = [f"replay:{source}#0", missing, f"replay:{source}#1"]
    devices, absent = capture(addresses, path, lambda _: None, scrub=scrub, kernel=kernel, only=False)
    files = read_capture(path)
    content = b"\n".join(files.values()) + json.dumps([devices, absent]).encode()
    found = {name for name in [*SECRETS, b"1097001122"] if any(one in content for one in spellings(name))}
    assert found == (set() if scrub else {*SECRETS, b"1097001122"})
    for one in spellings(KEY_NAME):
        assert one not in content
    assert b"payroll" not in content
    if scrub:
        check_relations(files)


def check_relations(files: dict[str, bytes]) -> None:
    """Model and makers stay; a drive has one serial number in all its pages, the cartridge one in both drives."""
    decoded = [json.loads(files[f"devices/{number}.json"]) for number in range(2)]
    assert all(one["inquiry"]["inquiry"]["product"] == "ULT3580-HH8" for one in decoded)
    serials = [one["inquiry"]["serial"] for one in decoded]
    assert len(set(serials)) == 2
    for one, serial in zip(decoded, serials, strict=True):
        pages = {page["page"]: {row["code"]: row["value"] for row in page["parameters"]} for page in one["log"]}
        assert pages[0x14][0x40] == serial
        assert pages[0x14][0x41].endswith(serial)
    tapes = {
        row["value"] for one in decoded for page in one["log"] if page["page"] == 0x17
        for row in page["parameters"] if row["code"] == 0x40
    }  # fmt: skip
    assert len(tapes) == 1
    last = [bytes.fromhex(row["value"]["hex"]) for row in decoded[0]["memory"] if row["identifier"] == 0x020A]
    assert last[0][8:].strip().decode() == serials[1]
