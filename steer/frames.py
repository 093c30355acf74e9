"""Frames and their wire format.

A message is a fixed prefix and two parts::

    magic  4 bytes  b"STF1"
    crc32  uint32   little endian, over everything that follows it
    length uint16   little endian, bytes of the header
    header          msgpack array: the fields of `_Header`, in order
    payload         coordinates

`steer.framepacking` says how coordinates are packed; either way, and both widths, are read whoever wrote them.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from steer.exceptions import FrameError
from steer.framepacking import RESOLUTION, Dtype, Packing, pack_counts, plain_bytes, unpack_counts
from steer.identities import NUMBERS, STEPS
from steer.messages import SIMULATION

__all__ = [
    "LEVELS",
    "MAX_BEADS",
    "MAX_COORDINATE",
    "MAX_STEP",
    "RESOLUTION",
    "Frame",
    "FrameBatch",
    "decode",
    "decode_batches",
    "decode_many",
    "encode",
]

MAX_COORDINATE = 1e4
"""nm; a bead farther from the origin has left a diverged simulation (and single precision ends near here)."""

MAX_BEADS = 1_000_000
"""Beads a frame may have."""

LEVELS = ("cg", "aa")
"""Levels in the order of their codes."""

MAX_STEP = STEPS - 1
"""Largest step: identities of frames are kept as (level, number, step) in 64 bits."""

MAX_MESSAGE = 16 * 2**20
"""Bytes of the longest message that is looked at."""

_VERSION: Final = 1
_MAGIC = b"STF1"
_PREFIX = struct.Struct("<4sIH")
_CHECKED = 8
_SIMULATION = re.compile(SIMULATION)


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
    simulation: Annotated[str, msgspec.Meta(pattern=SIMULATION)]
    level: Literal["cg", "aa"]
    step: Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)]
    time: float
    box: tuple[float, float, float]
    force_field: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
    published: float
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_BEADS)]
    minimum: tuple[float, float, float]
    dtype: Dtype
    packing: Packing


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
    dtype: Dtype = "u2" if counts.max() <= 0xFFFF else "u4"
    packing, payload = pack_counts(counts.astype(f"<{dtype}"))
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
    """What each message carries, as `decode` has it, or why it carries nothing."""
    batches, refused = decode_batches(messages)
    decoded: list[Frame | FrameError] = [FrameError("A frame message was not decoded.")] * len(messages)
    for place, error in refused.items():
        decoded[place] = error
    for batch in batches:
        for place, frame in zip(batch.places.tolist(), batch.frames(), strict=True):
            decoded[place] = frame
    return decoded


@dataclass(frozen=True, eq=False)
class FrameBatch:
    """Frames with as many beads, in columns: what many messages carry, without an object for each.

    Attributes
    ----------
    places : ndarray, shape (n,), int64
        Which message each came in, ascending.
    campaign, simulation : list of str
    level : ndarray, shape (n,), uint8
        Places in `LEVELS`.
    number : ndarray, shape (n,), uint32
        Of the simulation within its level.
    step, time, force_field, published, box
        As in `Frame`, one row a frame.
    minimum : ndarray, shape (n, 3), float64
        nm.
    counts : ndarray, shape (n, n_beads, 3), uint16 or uint32
        Multiples of `RESOLUTION` from `minimum`.
    """

    places: NDArray[np.int64]
    campaign: list[str]
    simulation: list[str]
    level: NDArray[np.uint8]
    number: NDArray[np.uint32]
    step: NDArray[np.int64]
    time: NDArray[np.float64]
    force_field: NDArray[np.uint32]
    published: NDArray[np.float64]
    box: NDArray[np.float32]
    minimum: NDArray[np.float64]
    counts: NDArray[Any]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def n_beads(self) -> int:
        """Beads of every frame."""
        return self.counts.shape[1]

    def take(self, which: NDArray[np.bool_]) -> FrameBatch:
        """The frames of a mask, shape (n,)."""
        if which.all():
            return self
        chosen = np.flatnonzero(which).tolist()
        columns = {each.name: getattr(self, each.name) for each in fields(self)}
        taken: dict[str, Any] = {
            name: [column[row] for row in chosen] if isinstance(column, list) else column[which]
            for name, column in columns.items()
        }
        return FrameBatch(**taken)

    def positions(self) -> NDArray[np.float64]:
        """Positions, shape (n, n_beads, 3), nm."""
        return np.asarray(self.minimum[:, None, :] + RESOLUTION * self.counts.astype(np.float64))

    def frames(self) -> Iterator[Frame]:
        """One by one."""
        single = self.positions().astype(np.float32)
        for row in range(len(self)):
            yield Frame(
                self.campaign[row],
                self.simulation[row],
                LEVELS[self.level[row]],
                int(self.step[row]),
                float(self.time[row]),
                self.box[row],
                int(self.force_field[row]),
                float(self.published[row]),
                single[row],
            )


def decode_batches(
    messages: Sequence[bytes], n_beads: int | None = None
) -> tuple[list[FrameBatch], dict[int, FrameError]]:
    """What many messages carry, as `decode` has it.

    Parameters
    ----------
    messages : sequence of bytes
        Anything.
    n_beads : int, optional
        Frames of another size are refused, before they are inflated.

    Returns
    -------
    list of FrameBatch
        One for each number of beads and width of counts.
    dict of int to FrameError
        Places of the messages that are no frame, and why.
    """
    refused: dict[int, FrameError] = {}
    alike: dict[tuple[int, str], list[_Opened]] = {}
    for place, message in enumerate(messages):
        try:
            header, payload = _open(message)
            if n_beads is not None and header.count != n_beads:
                raise FrameError(
                    f"{header.simulation} step {header.step} has {header.count} beads, not {n_beads}"
                )
            plain = plain_bytes(payload, header.packing, header.count, header.dtype)
        except FrameError as error:
            refused[place] = error
        else:
            alike.setdefault((header.count, header.dtype), []).append(_Opened(place, header, plain))
    batches = [_checked(_columns(group), group, refused) for group in alike.values()]
    return [batch for batch in batches if len(batch)], refused


class _Opened(NamedTuple):
    """A message whose header was read, and whose coordinates lie plain."""

    place: int
    header: _Header
    coordinates: bytes


def _columns(group: Sequence[_Opened]) -> FrameBatch:
    headers = [each.header for each in group]
    simulations = [header.simulation for header in headers]
    numbers = {id: int(id[3:]) for id in set(simulations)}
    deflated = np.array([header.packing == "deflated" for header in headers])
    return FrameBatch(
        np.array([each.place for each in group]),
        [header.campaign for header in headers],
        simulations,
        np.array([header.level == "aa" for header in headers]).astype(np.uint8),
        np.array([numbers[id] for id in simulations], np.uint32),
        np.array([header.step for header in headers], np.int64),
        np.array([header.time for header in headers]),
        np.array([header.force_field for header in headers], np.uint32),
        np.array([header.published for header in headers]),
        _single([header.box for header in headers]),
        np.array([header.minimum for header in headers]),
        unpack_counts([each.coordinates for each in group], deflated, headers[0].count, headers[0].dtype),
    )


def _single(values: Sequence[tuple[float, ...]]) -> NDArray[np.float32]:
    """In single precision, infinite where that cannot hold them."""
    with np.errstate(over="ignore"):
        return np.array(values).astype(np.float32)


def _checked(batch: FrameBatch, group: Sequence[_Opened], refused: dict[int, FrameError]) -> FrameBatch:
    """The frames that are in range; why the others are not goes into `refused`."""
    sound = _in_range(batch)
    for row in np.flatnonzero(~sound).tolist():
        place, header, _ = group[row]
        refused[place] = _out_of_range(header.simulation, header.step)
    for row in np.flatnonzero(_doubtful(batch)).tolist():
        place, header, _ = group[row]
        try:
            _check_header(header)
        except FrameError as error:
            refused[place], sound[row] = error, False
    return batch.take(sound)


def _in_range(batch: FrameBatch) -> NDArray[np.bool_]:
    """Which frames have all their beads within `MAX_COORDINATE`."""
    widest = RESOLUTION * (2.0 ** (8 * batch.counts.dtype.itemsize))
    with np.errstate(invalid="ignore"):
        sound = np.asarray((np.abs(batch.minimum) + widest <= MAX_COORDINATE).all(axis=1))
    for row in np.flatnonzero(~sound).tolist():
        minimum, counts = batch.minimum[row], batch.counts[row]
        if (np.abs(minimum) <= MAX_COORDINATE).all():
            sound[row] = np.abs(minimum + RESOLUTION * counts.astype(np.float64)).max() <= MAX_COORDINATE
    return sound


def _doubtful(batch: FrameBatch) -> NDArray[np.bool_]:
    """Headers that the schema lets pass and that may yet be wrong: they are few, and looked at one by one."""
    named = np.array([id.startswith("aa") for id in batch.simulation], np.uint8)
    box_fits = ((batch.box >= 0) & (batch.box < MAX_COORDINATE)).all(axis=1)
    finite = np.isfinite(batch.time) & np.isfinite(batch.published)
    return ~(finite & box_fits & (named == batch.level) & (batch.number < NUMBERS))


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
    return header, message[end:]


def _check_header(header: _Header) -> None:
    where = f"{header.simulation} step {header.step}"
    match = _SIMULATION.fullmatch(header.simulation)
    if match is None or match[1] != header.level or int(header.simulation[3:]) >= NUMBERS:
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
