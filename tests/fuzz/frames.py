"""Frame messages: raw damage, damage under a checksum that fits, and headers that lie."""

from __future__ import annotations

import math
import struct
import zlib
from random import Random
from typing import Any

import msgspec
import numpy as np

from fuzz.mutate import mutate_bytes
from fuzz.outcome import Silent
from steer.exceptions import FrameError
from steer.frames import MAX_BEADS, MAX_COORDINATE, MAX_STEP, RESOLUTION, Frame, decode, encode

__all__ = ["FrameMessages"]

_PREFIX = struct.Struct("<4sIH")
_LIES: tuple[Any, ...] = (
    0, 1, -1, 2**16, 2**31, 2**32, 2**43, 2**63, 2**64 - 1, 1.5, math.nan, math.inf, -math.inf, 1e308, 1e-320,
    "", "cg", "aa", "u2", "u4", "plain", "deflated", "cg-000001", "cg-000001\n", "aa-000001", "x" * 1000, "\x00", None,
    True, [], [0.0, 0.0, 0.0], [math.nan, 0.0, 0.0], [1e9, 0.0, 0.0], [0.0] * 4, {}, b"bytes",
)  # fmt: skip


def _corpus() -> list[bytes]:
    random = np.random.default_rng(7)
    messages = []
    for beads, extent in ((1, 0.0), (2, 1.0), (20, 5.0), (60, 9.0), (60, 300.0), (200, 20.0), (300, 9.0)):
        for level in ("cg", "aa"):
            positions = np.cumsum(random.normal(0, 0.3, (beads, 3)), axis=0) + random.uniform(
                -extent, extent, 3
            )
            positions[-1] += extent
            frame = Frame("trp", f"{level}-{beads:06d}", level, beads * 1000, beads * 20.0, np.full(3, 8, np.float32),
                          1, 1.7e9, positions.astype(np.float32))  # fmt: skip
            messages.append(encode(frame))
    return messages


class FrameMessages:
    """What may stand in the stream of frames."""

    name = "frame messages"
    refusals = (FrameError,)

    def __init__(self) -> None:
        self._corpus = _corpus()

    def make(self, random: Random) -> bytes:
        """A message that was damaged, on its way or on purpose."""
        message, kind = random.choice(self._corpus), random.randrange(4)
        if kind == 0:
            return mutate_bytes(random, message, self._corpus)
        if kind == 1:
            return _sealed(mutate_bytes(random, message[8:], self._corpus))
        if kind == 2:
            return _with_lies(random, message)
        header, payload = _split(message)
        return _sealed(struct.pack("<H", len(header)) + header + mutate_bytes(random, payload, self._corpus))

    def read(self, item: bytes) -> Frame:
        """The decoder under test."""
        return decode(item)

    def check(self, item: bytes, found: Frame) -> None:
        """Checksum, ranges, and the way back."""
        if zlib.crc32(item[8:]) != struct.unpack_from("<I", item, 4)[0]:
            raise Silent("the checksum does not fit")
        _check_ranges(found)
        _check_header(item, found)
        again = decode(encode(found))
        if not np.allclose(again.positions, found.positions, atol=0.51 * RESOLUTION, rtol=1e-6):
            raise Silent("positions do not come back")
        for name in ("campaign", "simulation", "level", "step", "time", "force_field", "published"):
            if getattr(again, name) != getattr(found, name):
                raise Silent(f"{name} does not come back")


def _sealed(body: bytes) -> bytes:
    return b"STF1" + struct.pack("<I", zlib.crc32(body)) + body


def _split(message: bytes) -> tuple[bytes, bytes]:
    length = _PREFIX.unpack_from(message)[2]
    return message[_PREFIX.size : _PREFIX.size + length], message[_PREFIX.size + length :]


def _with_lies(random: Random, message: bytes) -> bytes:
    header, payload = _split(message)
    fields = list(msgspec.msgpack.decode(header))
    for _ in range(random.randint(1, 2)):
        fields[random.randrange(len(fields))] = random.choice(_LIES)
    if random.random() < 0.1:
        fields.append(random.choice(_LIES))
    packed = msgspec.msgpack.encode(fields)
    return _sealed(struct.pack("<H", len(packed) & 0xFFFF) + packed + payload)


def _check_ranges(frame: Frame) -> None:
    if frame.positions.ndim != 2 or not 1 <= len(frame.positions) <= MAX_BEADS:
        raise Silent(f"positions have the shape {frame.positions.shape}")
    if not np.isfinite(frame.positions).all() or np.abs(frame.positions).max() > MAX_COORDINATE:
        raise Silent("positions are out of range")
    if not (np.isfinite(frame.box).all() and (frame.box >= 0).all() and frame.box.shape == (3,)):
        raise Silent("the box is none")
    if not (math.isfinite(frame.time) and 0 <= frame.step <= MAX_STEP):
        raise Silent("time or step is out of range")
    if frame.level not in ("cg", "aa") or not frame.simulation.startswith(frame.level):
        raise Silent("level and simulation do not fit together")


def _check_header(item: bytes, frame: Frame) -> None:
    """The fields are those that msgpack says, read without our schema."""
    header, _ = _split(item)
    said = msgspec.msgpack.decode(header)
    mine = [frame.campaign, frame.simulation, frame.level, frame.step, frame.time]
    if said[0] != 1 or [*said[1:5], float(said[5])] != mine or said[9] != len(frame.positions):
        raise Silent("the header says something else")
