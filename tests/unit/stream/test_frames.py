# SPDX-License-Identifier: WTFPL OR MIT
"""Frames wherever they meet in tape blocks: their map, what fills the space behind them, reading them without it."""

from __future__ import annotations

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.stream.frame_scan import FrameScan
from pytp_native.stream.frames import FrameMap, FramePlace, filler, filler_to, frame_bytes, pack_places, unpack_places

BLOCK = 10240
COMPRESSOR = zstandard.ZstdCompressor(level=1, write_checksum=True, write_content_size=True)

contents = st.lists(
    st.tuples(st.integers(0, 255), st.integers(1, 4), st.booleans()), min_size=1, max_size=6
)  # what a frame holds, its blocks, and whether it does not compress


def content(byte: int, blocks: int, *, dense: bool) -> bytes:
    plain = bytes([byte]) * (blocks * BLOCK)
    if not dense:
        return plain
    return b"".join(((byte + 1) * 2654435761 * (at + 1) % 2**64).to_bytes(8, "little") for at in range(len(plain) // 8))


def on_tape(frames: list[bytes]) -> list[bytes]:
    stored = b"".join(frames)
    stored += filler_to(len(stored) % BLOCK, BLOCK)
    assert len(stored) % BLOCK == 0
    return [stored[at : at + BLOCK] for at in range(0, len(stored), BLOCK)]


@settings(max_examples=40, deadline=None)
@given(contents, st.integers(0, 1000), st.booleans())
def test_what_is_read_without_a_map_is_what_the_map_says(
    told: list[tuple[int, int, bool]], first: int, ahead: bool
) -> None:
    plain = [content(byte, blocks, dense=dense) for byte, blocks, dense in told]
    frames = [COMPRESSOR.compress(one) for one in plain]
    front = [COMPRESSOR.compress(bytes(BLOCK))] if ahead else []
    known = FrameMap()
    for one, frame in zip(plain, frames, strict=True):
        known.add(len(one) // BLOCK, len(frame))
    blocks = on_tape(front + frames)
    scan = FrameScan(iter(blocks), BLOCK, first=first, ahead=int(ahead))
    assert b"".join(scan.blocks()) == b"".join(plain)
    places = known.places(0, sum(len(one) for one in plain) // BLOCK, sum(len(one) for one in front))
    assert scan.places == [FramePlace(place.content + first, place.stored) for place in places]
    assert (scan.trouble, scan.stored) == ("", len(blocks))


@settings(max_examples=40, deadline=None)
@given(contents, st.data())
def test_behind_a_cut_all_whole_frames_are_there_and_the_cut_is_told(
    told: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    plain = [content(byte, blocks, dense=dense) for byte, blocks, dense in told]
    frames = [COMPRESSOR.compress(one) for one in plain]
    blocks = on_tape(frames)
    kept = data.draw(st.integers(0, len(blocks)))
    scan = FrameScan(iter(blocks[:kept]), BLOCK)
    got = b"".join(scan.blocks())
    ends = [sum(len(one) for one in frames[: number + 1]) for number in range(len(frames))]
    whole = sum(1 for end in ends if end <= kept * BLOCK)
    assert got == b"".join(plain[:whole])
    assert bool(scan.trouble) == (0 < kept < len(blocks) and kept * BLOCK not in ends)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_harm(junk: bytes) -> None:
    blocks = on_tape([]) or []
    scan = FrameScan(iter([*blocks, junk.ljust(BLOCK, b"\0")]), BLOCK)
    b"".join(scan.blocks())
    assert frame_bytes(junk) is None or frame_bytes(junk) <= len(junk)  # type: ignore[operator]


@given(st.integers(0, BLOCK - 1), st.integers(0, BLOCK - 1))
def test_a_filler_ends_where_it_should_and_is_never_too_short(used: int, end: int) -> None:
    made = filler_to(used, BLOCK, end)
    assert (used + len(made)) % BLOCK == end
    assert not made or 8 <= len(made) < BLOCK + 8
    assert not made or made == filler(len(made))


@given(st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**63)), max_size=5))
def test_a_table_comes_back(places: list[tuple[int, int]]) -> None:
    table = [FramePlace(*one) for one in places]
    assert unpack_places(pack_places(table)) == table


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(8, 30000)), min_size=1, max_size=8), st.integers(0, 250_000))
def test_a_map_knows_which_frame_a_cut_meets(frames: list[tuple[int, int]], cut: int) -> None:
    known = FrameMap()
    edges, blocks = [0], [0]
    for count, size in frames:
        known.add(count, size)
        edges.append(edges[-1] + size)
        blocks.append(blocks[-1] + count)
    assert known.content_within(cut) == blocks[max(at for at, edge in enumerate(edges) if edge <= cut)]
    assert known.end_of_cut(cut) == (cut if cut >= edges[-1] else min(edge for edge in edges if edge >= cut))
