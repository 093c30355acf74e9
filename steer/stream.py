"""The `FrameStream` seam: frames from simulations to the coordinator.

Many simulations publish; one consumer group reads, in order, and acknowledges what is durable. Redis Streams are the
real thing (`steer.redis_stream`); the one in memory (`steer.memory_stream`) serves tests and campaigns in one process.
A message is bytes here: `steer.frames` knows what is inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["FramePublisher", "FrameStream"]


class FramePublisher(Protocol):
    """What a simulation needs of a stream."""

    def publish(self, messages: Sequence[bytes]) -> None:
        """Append encoded frames, in order, in one round trip.

        Raises
        ------
        ServerError
            When the server cannot be reached or refuses. Some of the messages may have arrived; publishing all of
            them again is harmless, because frames are known by their identity.
        """

    def backlog(self) -> int:
        """Messages that are not acknowledged yet: waiting, or being read."""

    def close(self) -> None:
        """Release connections."""


class FrameStream(FramePublisher, Protocol):
    """Messages published by many simulations, read in order by one consumer group, kept until acknowledged.

    Every method raises `ServerError` while the server is away. Nothing is lost by that: the next `read` that
    succeeds begins with what was read but not acknowledged.
    """

    def read(self, count: int, timeout: float) -> list[tuple[str, bytes]]:
        """Up to `count` messages with their ids; waits up to `timeout` seconds for the first.

        After a restart, messages that were read but not acknowledged come again first.
        """

    def acknowledge(self, ids: Sequence[str]) -> None:
        """These messages are durable in the campaign directory; drop them."""

    def set_aside(self, id: str, message: bytes, reason: str) -> None:
        """Move a message that is no frame of ours to the dead-letter stream, and acknowledge it."""

    def dead(self) -> int:
        """Messages in the dead-letter stream."""
