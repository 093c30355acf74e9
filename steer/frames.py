"""Frames and their wire format.

A message is a fixed prefix and two parts::

    magic  4 bytes  b"STF1"
    crc32  uint32   little endian, over everything that follows it
    length uint16   little endian, bytes of the header
    header          msgpack array: the fields of `_Header`, in order
    payload         coordinates

Coordinates are whole multiples of `RESOLUTION` counted from the frame's minimum along each axis, so they never wrap:
unsigned 16-bit counts, or 32-bit ones where the molecule is larger than 65.5 nm. They are kept as they are, or, when
that is smaller, as differences from bead to bead with the sign in the lowest bit, their bytes sorted by significance
and deflated.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from steer.exceptions import FrameError

__all__ = [
    "MAX_BEADS",
    "MAX_COORDINATE",
    "MAX_STEP",
    "RESOLUTION",
    "Frame",
    "decode",
    "decode_many",
    "encode",
]

RESOLUTION = 0.001
"""nm; coordinates travel as whole multiples of this."""

MAX_COORDINATE = 1e4
"""nm; a bead farther from the origin has left a diverged simulation (and single precision ends near here)."""

MAX_BEADS = 1_000_000
"""Beads a frame may have."""

BEADS_AT_ONCE = 2**15
"""Beads decoded together: what is made on the way stays in the processor's cache."""

MAX_STEP = 2**43 - 1
"""Largest step: identities of frames are kept as (level, number, step) in 64 bits."""

MAX_MESSAGE = 16 * 2**20
"""Bytes of the longest message that is looked at."""

_VERSION: Final = 1
_MAGIC = b"STF1"
_PREFIX = struct.Struct("<4sIH")
_CHECKED = 8
_SIMULATION = re.compile(r"(cg|aa)-[0-9]{6}")


@dataclass(frozen=True, eq=False)
class Frame:
    """One configuration of the followed beads at one time of one simulation; identity is (simulation, step).

    Attributes
    ----------
    campaign : str
        Name of the campaign.
    simulation : str
        ``cg-000012`` or ``aa-000003``.
    level : {"cg", "aa"}
    step : int
        Integrator steps since the simulation's start.
    time : float
        ps since the simulation's start.
    box : ndarray, shape (3,), float32
        nm; zeros without periodic box.
    force_field : int
        Force-field version it was run with.
    published : float
        Unix time of publishing. For latency only; no decision reads it.
    positions : ndarray, shape (n_beads, 3), float32
        nm, molecules whole.
    """

    campaign: str
    simulation: str
    level: str
    step: int
    time: float
    box: NDArray[np.float32]
    force_field: int
    published: float
    positions: NDArray[np.float32]

    @property
    def identity(self) -> tuple[str, int]:
        """(simulation, step): the same frame delivered twice has the same identity."""
        return self.simulation, self.step


class _Header(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    campaign: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    simulation: Annotated[str, msgspec.Meta(pattern=r"^(cg|aa)-[0-9]{6}\Z")]
    level: Literal["cg", "aa"]
    step: Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)]
    time: float
    box: tuple[float, float, float]
    force_field: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    published: float
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_BEADS)]
    minimum: tuple[float, float, float]
    dtype: Literal["u2", "u4"]
    packing: Literal["plain", "deflated"]


_header_encoder = msgspec.msgpack.Encoder()
_header_decoder = msgspec.msgpack.Decoder(_Header)


def encode(frame: Frame) -> bytes:
    """The message that carries a frame.

    Parameters
    ----------
    frame : Frame
        Coordinates come back within half of `RESOLUTION`, and the rounding of single precision.

    Returns
    -------
    bytes

    Raises
    ------
    FrameError
        When the frame cannot be described: a coordinate that is not finite or beyond `MAX_COORDINATE`, no beads or
        more than `MAX_BEADS`, a simulation id that does not fit its level, a step or time out of range.
    """
    positions = np.asarray(frame.positions, dtype=np.float64)
    _check_positions(positions, frame.simulation, frame.step)
    minimum = positions.min(axis=0)
    counts = np.rint((positions - minimum) / RESOLUTION)
    dtype: Literal["u2", "u4"] = "u2" if counts.max() <= 0xFFFF else "u4"
    packing, payload = _pack(counts.astype(f"<{dtype}"))
    header = _Header(
        _VERSION,
        frame.campaign,
        frame.simulation,
        frame.level,  # type: ignore[arg-type]
        int(frame.step),
        float(frame.time),
        tuple(map(float, frame.box)),  # type: ignore[arg-type]
        int(frame.force_field),
        float(frame.published),
        len(positions),
        tuple(minimum.tolist()),
        dtype,
        packing,
    )
    _check_header(header)
    packed = _header_encoder.encode(header)
    body = struct.pack("<H", len(packed)) + packed + payload
    return _MAGIC + struct.pack("<I", zlib.crc32(body)) + body


def decode(message: bytes) -> Frame:
    """The frame that a message carries.

    Parameters
    ----------
    message : bytes
        Anything: what is not a whole, undamaged message of `encode` is refused.

    Returns
    -------
    Frame

    Raises
    ------
    FrameError
        When the message is truncated, corrupt, foreign, or too large; nothing else is ever raised.
    """
    (frame,) = decode_many([message])
    if isinstance(frame, FrameError):
        raise frame
    return frame


def decode_many(messages: Sequence[bytes]) -> list[Frame | FrameError]:
    """What each message carries, as `decode` has it, or why it carries nothing; many of them are faster together."""
    decoded: list[Frame | FrameError] = [FrameError("A frame message was not decoded.")] * len(messages)
    alike: dict[tuple[int, str, str], list[_Opened]] = {}
    for place, message in enumerate(messages):
        try:
            header, payload = _open(message)
            opened = _Opened(place, header, _coordinates(payload, header))
        except FrameError as error:
            decoded[place] = error
        else:
            alike.setdefault((header.count, header.dtype, header.packing), []).append(opened)
    for group in alike.values():
        at_once = max(1, BEADS_AT_ONCE // group[0].header.count)
        for start in range(0, len(group), at_once):
            part = group[start : start + at_once]
            for opened, frame in zip(part, _frames(part), strict=True):
                decoded[opened.place] = frame
    return decoded


class _Opened(NamedTuple):
    """A message whose coordinates are still packed."""

    place: int
    header: _Header
    coordinates: bytes


def _frames(alike: Sequence[_Opened]) -> Iterator[Frame | FrameError]:
    """Frames of messages with as many beads, packed in the same way."""
    positions = _positions(alike)
    within = np.abs(positions).max(axis=(1, 2)) <= MAX_COORDINATE
    positions[~within] = 0.0
    single, boxes = positions.astype(np.float32), np.array([each.header.box for each in alike], np.float32)
    for number, (_, header, _) in enumerate(alike):
        if not within[number]:
            yield _out_of_range(header.simulation, header.step)
            continue
        yield Frame(
            header.campaign,
            header.simulation,
            header.level,
            header.step,
            header.time,
            boxes[number],
            header.force_field,
            header.published,
            single[number],
        )


def _open(message: bytes) -> tuple[_Header, bytes]:
    if not _PREFIX.size <= len(message) <= MAX_MESSAGE:
        raise FrameError(f"A message of {len(message)} bytes is no frame: it is too short or too long.")
    magic, checksum, length = _PREFIX.unpack_from(message)
    if magic != _MAGIC:
        raise FrameError(f"A message that begins with {magic!r} is no frame of ours.")
    if zlib.crc32(memoryview(message)[_CHECKED:]) != checksum:
        raise FrameError("A frame message is truncated or corrupt: its checksum does not fit.")
    end = _PREFIX.size + length
    try:
        header = _header_decoder.decode(message[_PREFIX.size : end])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FrameError(f"The header of a frame message does not fit its schema: {error}") from error
    _check_header(header)
    return header, message[end:]


def _check_header(header: _Header) -> None:
    where = f"{header.simulation} step {header.step}"
    match = _SIMULATION.fullmatch(header.simulation)
    if match is None or match[1] != header.level:
        raise FrameError(
            f"{header.simulation!r} is no id of a simulation of level {header.level!r}; "
            "expected one like 'cg-000012' or 'aa-000003'."
        )
    if not 1 <= len(header.campaign) <= 128:
        raise FrameError(f"The frame {where} names no campaign.")
    if not (0 <= header.step <= MAX_STEP and 0 <= header.force_field < 2**32):
        raise FrameError(f"The frame {where} has a step or force-field version out of range.")
    if not (math.isfinite(header.time) and math.isfinite(header.published)):
        raise FrameError(f"The frame {where} has a time that is not finite.")
    if len(header.box) != 3 or not all(0 <= edge <= MAX_COORDINATE for edge in header.box):
        raise FrameError(f"The frame {where} has an impossible box, {header.box} nm.")


def _check_positions(positions: NDArray[np.float64], simulation: str, step: int) -> None:
    if positions.ndim != 2 or positions.shape[1] != 3 or not 1 <= len(positions) <= MAX_BEADS:
        raise FrameError(
            f"The frame {simulation} step {step} has positions of shape {positions.shape}; "
            f"expected (1 to {MAX_BEADS} beads, 3)."
        )
    if not np.abs(positions).max() <= MAX_COORDINATE:
        raise _out_of_range(simulation, step)


def _out_of_range(simulation: str, step: int) -> FrameError:
    return FrameError(
        f"The frame {simulation} step {step} has coordinates that are not finite or beyond "
        f"{MAX_COORDINATE:g} nm: the simulation has diverged."
    )


def _pack(counts: NDArray[Any]) -> tuple[Literal["plain", "deflated"], bytes]:
    plain = counts.tobytes()
    columns = counts.view(np.dtype(counts.dtype.str.replace("u", "i")))
    differences = columns.T.copy()
    differences[:, 1:] -= columns.T[:, :-1]
    folded = (differences << 1) ^ (differences >> (8 * columns.dtype.itemsize - 1))
    planes = folded.view(np.uint8).reshape(-1, columns.dtype.itemsize).T
    deflated = zlib.compress(planes.tobytes(), 1)
    return ("deflated", deflated) if len(deflated) < len(plain) else ("plain", plain)


def _coordinates(payload: bytes, header: _Header) -> bytes:
    """The coordinates of a message, inflated."""
    size = header.count * 3 * np.dtype(header.dtype).itemsize
    if header.packing == "deflated":
        payload = _inflate(payload, size)
    if len(payload) != size:
        raise FrameError(
            f"A frame of {header.count} beads has {len(payload)} bytes of coordinates, not {size}."
        )
    return payload


def _positions(alike: Sequence[_Opened]) -> NDArray[np.float64]:
    """Positions of messages with as many beads, packed in the same way, shape (n, n_beads, 3), nm."""
    header = alike[0].header
    unsigned, data = np.dtype(f"<{header.dtype}"), b"".join(opened.coordinates for opened in alike)
    if header.packing == "plain":
        counts = np.frombuffer(data, dtype=unsigned).reshape(len(alike), header.count, 3)
    else:
        planes = np.frombuffer(data, dtype=np.uint8).reshape(len(alike), unsigned.itemsize, -1)
        folded = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(unsigned)
        folded = folded.reshape(len(alike), 3, header.count)
        differences = (folded >> 1) ^ -(folded & 1)
        counts = np.cumsum(differences, axis=2, dtype=unsigned).transpose(0, 2, 1)
    minima = np.array([opened.header.minimum for opened in alike])
    return np.asarray(minima[:, None, :] + RESOLUTION * counts.astype(np.float64))


def _inflate(payload: bytes, size: int) -> bytes:
    """Never more than one byte beyond what the header announces, whatever the payload would swell to."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(payload, size + 1)
    except zlib.error as error:
        raise FrameError(f"The coordinates of a frame message cannot be inflated: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise FrameError("The coordinates of a frame message are not what its header announces.")
    return plain
