# SPDX-License-Identifier: WTFPL OR MIT
"""A trace replays as the device it was taken from, and nothing else does."""

from __future__ import annotations

import json

import pytest

from pytp_native import errors
from pytp_native.ffi import lib
from pytp_native.stream.ring import Ring
from pytp_native.transport import open_scsi, open_tape
from pytp_native.transport.linux_st import LinuxSt
from pytp_native.transport.records import ScsiReply, Stop
from pytp_native.transport.replay import ReplayMismatch
from pytp_native.transport.trace import TracedScsi, TracedTape, start_trace
from tests.unit.transport.memory_node import MemoryNode

A = bytes(range(256)) * 4
BLOCK = 10240


def traced(path, *objects, **options):
    tape = LinuxSt("/dev/nst7", MemoryNode(objects, **options))
    return TracedTape(tape, start_trace(str(path), "tape", "/dev/nst7"))


def use(tape):
    """A little job; everything that it saw."""
    into = memoryview(bytearray(2000))
    seen = [tape.status(), tape.position(), tape.read_block(into), bytes(into[:1024])]
    tape.operate(lib.MTFSF)
    seen.append(tape.write_block(A))
    tape.sync()
    with pytest.raises(errors.EndOfData) as caught:
        tape.operate(lib.MTFSF, 5)
    seen.append(str(caught.value))
    tape.close()
    tape.close()
    return seen


def test_replay_gives_what_the_device_gave(tmp_path):
    seen = use(traced(tmp_path / "t", A, None))
    assert use(open_tape(f"replay:{tmp_path}/t")) == seen


def test_trace_is_one_object_a_line_with_a_header(tmp_path):
    use(traced(tmp_path / "t", A, None))
    lines = [json.loads(line) for line in (tmp_path / "t").read_text().splitlines()]
    assert lines[0] == {"pytp_trace": 1, "kind": "tape", "address": "/dev/nst7"}
    assert [line["call"] for line in lines[1:]] == [
        "status", "position", "read_block", "operate", "write_block", "sync", "operate", "close",
    ]  # fmt: skip
    assert lines[7]["name"] == "fsf 5"
    assert lines[7]["error"]["class"] == "EndOfData"


def test_written_data_that_differ_are_a_mismatch(tmp_path):
    tape = traced(tmp_path / "t")
    tape.write_block(A)
    tape.close()
    again = open_tape(f"replay:{tmp_path}/t")
    with pytest.raises(ReplayMismatch, match="line 2 holds write_block"):
        again.write_block(A[::-1])
    with pytest.raises(ReplayMismatch):
        again.status()
    with pytest.raises(ReplayMismatch):
        again.close()


def test_another_call_is_a_mismatch(tmp_path):
    tape = traced(tmp_path / "t")
    tape.operate(lib.MTREW)
    with pytest.raises(ReplayMismatch, match=r"operate\(.*fsf 2\) was called, but line 2"):
        open_tape(f"replay:{tmp_path}/t").operate(lib.MTFSF, 2)


def test_calls_beyond_the_trace_are_a_mismatch(tmp_path):
    traced(tmp_path / "t").close()
    tape = open_tape(f"replay:{tmp_path}/t")
    tape.close()
    with pytest.raises(ReplayMismatch, match="the trace ends"):
        tape.status()


def test_leftovers_fail_the_close(tmp_path):
    tape = traced(tmp_path / "t")
    tape.operate(lib.MTREW)
    tape.position()
    tape.close()
    again = open_tape(f"replay:{tmp_path}/t")
    again.operate(lib.MTREW)
    with pytest.raises(ReplayMismatch, match="2 recorded calls were not made, the first is position"):
        again.close()


def test_a_trace_without_a_close_replays_to_its_end(tmp_path):
    traced(tmp_path / "t").operate(lib.MTREW)
    again = open_tape(f"replay:{tmp_path}/t")
    again.operate(lib.MTREW)
    again.close()


def bulk(tape):
    ring = Ring(BLOCK, 16 * BLOCK)
    for number in range(4):
        ring.put(bytes([number]) * BLOCK)
    ring.finish()
    moves = [tape.write_from(ring, limit=1), tape.write_from(ring), tape.write_from(ring)]
    tape.operate(lib.MTREW)
    back = Ring(BLOCK, 16 * BLOCK)
    moves += [tape.read_into(back, limit=1), tape.read_into(back), tape.read_into(back), tape.read_into(back)]
    tape.close()
    back.finish()
    return moves, [back.get() for _ in range(4)]


def test_bulk_calls_keep_the_contract_and_replay(tmp_path):
    moves, blocks = bulk(traced(tmp_path / "t", capacity=3))
    assert [(move.blocks, move.stop) for move in moves] == [
        (1, Stop.LIMIT), (2, Stop.EARLY_WARNING), (0, Stop.END_OF_MEDIUM),
        (1, Stop.LIMIT), (2, Stop.FILEMARK), (0, Stop.END_OF_DATA), (0, Stop.END_OF_DATA),
    ]  # fmt: skip
    assert blocks == [bytes([number]) * BLOCK for number in range(3)] + [None]
    assert bulk(open_tape(f"replay:{tmp_path}/t")) == (moves, blocks)


class OneReply:
    address = "/dev/sg7"

    def execute(self, cdb, *, data_out=b"", data_in_bytes=0, timeout_s=60.0):
        return ScsiReply(2, b"\x70\0\x05", b"\x01\x80"[:data_in_bytes], 3, 0, 8, 12)

    def close(self):
        pass


def test_scsi_commands_replay_with_any_timeout(tmp_path):
    scsi = TracedScsi(OneReply(), start_trace(str(tmp_path / "t"), "scsi", "/dev/sg7"))
    reply = scsi.execute(b"\x12\0\0\0\x24\0", data_in_bytes=36)
    scsi.close()
    again = open_scsi(f"replay:{tmp_path}/t")
    assert again.execute(b"\x12\0\0\0\x24\0", data_in_bytes=36, timeout_s=1) == reply
    again.close()


def test_other_scsi_commands_are_a_mismatch(tmp_path):
    TracedScsi(OneReply(), start_trace(str(tmp_path / "t"), "scsi", "/dev/sg7")).execute(bytes(6))
    with pytest.raises(ReplayMismatch):
        open_scsi(f"replay:{tmp_path}/t").execute(bytes(6), data_out=b"x")


def test_a_trace_is_of_one_kind(tmp_path):
    traced(tmp_path / "t").close()
    with pytest.raises(errors.BadAddress, match="is no scsi trace"):
        open_scsi(f"replay:{tmp_path}/t")


@pytest.mark.parametrize("text", ["", "{", "[1]\n", '{"call": "status"}\n', "\xff"])
def test_what_is_no_trace_is_refused(tmp_path, text):
    (tmp_path / "t").write_bytes(text.encode("latin-1"))
    with pytest.raises(errors.BadAddress):
        open_tape(f"replay:{tmp_path}/t")
    with pytest.raises(errors.BadAddress):
        open_tape(f"replay:{tmp_path}/missing")


def test_an_existing_file_is_never_overwritten_by_a_trace(tmp_path):
    traced(tmp_path / "t").close()
    with pytest.raises(errors.Refused, match="exists already"):
        open_tape(f"trace:{tmp_path}/t:replay:{tmp_path}/t")


def test_trace_as_an_address_wraps_another(tmp_path):
    seen = use(traced(tmp_path / "t", A, None))
    assert use(open_tape(f"trace:{tmp_path}/u:replay:{tmp_path}/t")) == seen
    assert use(open_tape(f"replay:{tmp_path}/u")) == seen
