"""The codec: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.exceptions import FrameError
from steer.frames import (
    MAX_COORDINATE,
    MAX_STEP,
    RESOLUTION,
    Frame,
    decode,
    decode_batches,
    decode_many,
    encode,
)


def make_frame(positions=None, **changes):
    if positions is None:
        positions = np.random.default_rng(1).normal(size=(38, 3))
    frame = Frame(
        campaign="trp-cage",
        simulation="cg-000012",
        level="cg",
        step=5000,
        time=100.0,
        box=np.array([6.0, 6.5, 7.25], np.float32),
        force_field=1,
        published=1.7e9,
        positions=np.asarray(positions, np.float32),
    )
    return replace(frame, **changes)


def resealed(header, payload=b""):
    """A message whose checksum is right whatever it says."""
    body = struct.pack("<H", len(header)) + header + payload
    return b"STF1" + struct.pack("<I", zlib.crc32(body)) + body


def header_of(**changes):
    fields = {
        "version": 1,
        "campaign": "c",
        "simulation": "cg-000001",
        "level": "cg",
        "step": 0,
        "time": 0.0,
        "box": (0.0, 0.0, 0.0),
        "force_field": 1,
        "published": 0.0,
        "count": 2,
        "minimum": (0.0, 0.0, 0.0),
        "dtype": "u2",
        "packing": "plain",
    }
    return msgspec.msgpack.encode(list((fields | changes).values()))


def chain(n, extent, seed, offset=0.0):
    steps = np.random.default_rng(seed).normal(size=(n, 3)).cumsum(axis=0)
    spread = np.ptp(steps)
    return steps * (extent / spread if spread else 0.0) + offset


@given(
    n=st.integers(1, 300),
    extent=st.floats(0, 9000),
    offset=st.floats(-500, 500),
    seed=st.integers(0, 2**32 - 1),
)
def test_coordinates_of_any_extent_come_back_within_half_a_step(n, extent, offset, seed):
    positions = chain(n, extent, seed, offset).astype(np.float32)
    positions = np.clip(positions, -MAX_COORDINATE, MAX_COORDINATE)
    back = decode(encode(make_frame(positions))).positions
    assert back.dtype == np.float32
    rounding = np.spacing(np.abs(positions).max()) / 2
    assert np.abs(back.astype(float) - positions).max() <= RESOLUTION / 2 * (1 + 1e-9) + rounding


@pytest.mark.parametrize("extent", [65.534, 65.536, 65.6, 131.1, 3000.0])
def test_nothing_wraps_where_sixteen_bits_end(extent):
    positions = np.zeros((4, 3), np.float32)
    positions[2] = extent
    assert np.abs(decode(encode(make_frame(positions))).positions - positions).max() < 0.0007


@given(
    step=st.integers(0, MAX_STEP),
    time=st.floats(0, 1e15),
    level=st.sampled_from(["cg", "aa"]),
    number=st.integers(0, 999_999),
    force_field=st.integers(0, 2**32 - 1),
    campaign=st.text(st.characters(codec="utf-8"), min_size=1, max_size=64),
)
def test_everything_beside_the_coordinates_comes_back_exactly(
    step, time, level, number, force_field, campaign
):
    frame = make_frame(
        campaign=campaign,
        step=step,
        time=time,
        level=level,
        simulation=f"{level}-{number:06d}",
        force_field=force_field,
    )
    back = decode(encode(frame))
    for name in ("campaign", "simulation", "level", "step", "time", "force_field", "published"):
        assert getattr(back, name) == getattr(frame, name)
    assert np.array_equal(back.box, frame.box)
    assert back.identity == frame.identity


def test_many_decoded_together_are_what_each_is_alone():
    whole = [
        encode(make_frame(chain(n, extent, n))) for n in (1, 30, 300) for extent in (0.5, 3.0, 200.0) * 3
    ]
    flipped = bytes([whole[4][20] ^ 1])
    broken = [b"", whole[0][:-1], whole[4][:20] + flipped + whole[4][21:]]
    mixed = [message for pair in zip(whole, broken * 9, strict=True) for message in pair]
    for message, found in zip(mixed, decode_many(mixed), strict=True):
        if isinstance(found, FrameError):
            with pytest.raises(FrameError, match=re.escape(str(found))):
                decode(message)
        else:
            alone = decode(message)
            np.testing.assert_array_equal(found.positions, alone.positions)
            np.testing.assert_array_equal(found.box, alone.box)
            assert (found.identity, found.time, found.published) == (
                alone.identity,
                alone.time,
                alone.published,
            )
    assert sum(isinstance(found, FrameError) for found in decode_many(mixed)) == len(whole)


def test_a_second_trip_changes_nothing():
    once = decode(encode(make_frame(chain(150, 6.0, 3))))
    assert np.array_equal(decode(encode(once)).positions, once.positions)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(message):
    with pytest.raises(FrameError):
        decode(message)


@given(flip=st.integers(0, 8 * len(encode(make_frame())) - 1))
def test_a_flipped_bit_is_never_accepted(flip):
    message = bytearray(encode(make_frame()))
    message[flip // 8] ^= 1 << flip % 8
    with pytest.raises(FrameError):
        decode(bytes(message))


@given(end=st.integers(0, len(encode(make_frame())) - 1), tail=st.binary(min_size=1, max_size=9))
def test_a_truncated_or_lengthened_message_is_refused(end, tail):
    message = encode(make_frame())
    with pytest.raises(FrameError):
        decode(message[:end])
    with pytest.raises(FrameError):
        decode(message + tail)


@given(header=st.binary(max_size=200), payload=st.binary(max_size=100))
def test_a_foreign_header_with_the_right_checksum_is_refused(header, payload):
    with pytest.raises(FrameError):
        decode(resealed(header, payload))


def test_the_resealed_messages_of_these_tests_are_otherwise_sound():
    assert len(decode(resealed(header_of(), bytes(12))).positions) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"campaign": ""},
        {"simulation": "aa-000001"},
        {"simulation": "cg-1"},
        {"simulation": "cg-000001\n"},
        {"level": "xx"},
        {"step": -1},
        {"step": MAX_STEP + 1},
        {"time": float("nan")},
        {"published": float("inf")},
        {"box": (1.0, -1.0, 1.0)},
        {"box": (1.0, float("nan"), 1.0)},
        {"box": (1.0, 1.0)},
        {"force_field": 2**32},
        {"count": 0},
        {"count": 1},
        {"count": 2**60},
        {"minimum": (float("nan"), 0.0, 0.0)},
        {"minimum": (1e300, 0.0, 0.0)},
        {"dtype": "u8"},
        {"dtype": "u4"},
        {"packing": "pickled"},
        {"packing": "deflated"},
    ],
)
def test_a_sealed_message_with_an_impossible_field_is_refused(changes):
    with pytest.raises(FrameError):
        decode(resealed(header_of(**changes), bytes(12)))


def test_a_decompression_bomb_is_refused_without_being_inflated():
    bomb = zlib.compress(bytes(20_000_000), 1)
    with pytest.raises(FrameError, match="announces"):
        decode(resealed(header_of(packing="deflated"), bomb))


@pytest.mark.parametrize(
    "changes",
    [
        {"positions": np.full((3, 3), np.nan, np.float32)},
        {"positions": np.full((3, 3), 1.1e4, np.float32)},
        {"positions": np.zeros((0, 3), np.float32)},
        {"positions": np.zeros((3, 2), np.float32)},
        {"simulation": "aa-000012"},
        {"simulation": "../etc"},
        {"level": "aa"},
        {"step": -1},
        {"time": float("inf")},
        {"box": np.array([1, -1, 1], np.float32)},
        {"campaign": ""},
    ],
)
def test_a_frame_that_cannot_be_described_is_refused_before_it_travels(changes):
    with pytest.raises(FrameError):
        encode(make_frame(**changes))


def test_a_protein_travels_in_less_than_half_of_its_single_precision_size():
    positions = chain(600, 8.0, 5).astype(np.float32)
    assert len(encode(make_frame(positions))) < 0.5 * positions.nbytes


def test_frames_of_another_size_are_refused_before_they_are_inflated():
    bomb = resealed(header_of(packing="deflated"), zlib.compress(bytes(20_000_000), 1))
    batches, refused = decode_batches([bomb, encode(make_frame())], n_beads=38)
    assert "2 beads, not 38" in str(refused[0])
    assert [len(batch) for batch in batches] == [1]


@pytest.mark.parametrize(
    "changes", [{"box": (1e300, 1.0, 1.0)}, {"simulation": "cg-8388608"}, {"simulation": "cg-0000001"}]
)
def test_what_single_precision_or_an_identity_cannot_hold_is_refused(changes):
    with pytest.raises(FrameError):
        decode(resealed(header_of(**changes), bytes(12)))


def test_a_simulation_beyond_the_first_million_travels():
    assert decode(encode(make_frame(simulation="cg-1000000"))).simulation == "cg-1000000"


def test_columns_hold_what_each_frame_is():
    frames = [make_frame(chain(40, extent, 1), step=step) for step, extent in enumerate((1.0, 2.0, 3.0))]
    (batch,), refused = decode_batches([b"no frame", *map(encode, frames)])
    assert [*refused] == [0]
    assert batch.places.tolist() == [1, 2, 3]
    for frame, single, step in zip(frames, batch.frames(), batch.step, strict=True):
        assert single.identity == frame.identity
        assert step == frame.step
        np.testing.assert_allclose(single.positions, frame.positions, atol=6e-4)
    assert batch.take(np.array([True, False, True])).step.tolist() == [0, 2]
