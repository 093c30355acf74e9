"""A frame stream in this process: for tests, and for campaigns that need no server."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import islice

__all__ = ["MemoryBroker", "MemoryFrameStream"]


class MemoryBroker:
    """What a server would hold: messages that are not acknowledged yet, and those set aside. Thread-safe."""

    def __init__(self) -> None:
        self.arrived = threading.Condition()
        self.messages: dict[str, bytes] = {}
        self.unread: dict[str, None] = {}
        self.dead: list[tuple[str, bytes, str]] = []
        self.count = 0


class MemoryFrameStream:
    """A `FrameStream` on a broker in memory.

    Parameters
    ----------
    broker : MemoryBroker, optional
        Shared by whoever publishes and reads; a new one when absent. A second stream on the same broker is what a
        reader is after a restart.
    """

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        with self.broker.arrived:
            self.broker.unread = dict.fromkeys(self.broker.messages)

    def publish(self, messages: Sequence[bytes]) -> None:
        """Append encoded frames, in order."""
        with self.broker.arrived:
            for message in messages:
                self.broker.count += 1
                id = f"{self.broker.count}-0"
                self.broker.messages[id] = bytes(message)
                self.broker.unread[id] = None
            self.broker.arrived.notify_all()

    def read(self, count: int, timeout: float) -> list[tuple[str, bytes]]:
        """Up to `count` messages with their ids; waits up to `timeout` seconds for the first."""
        with self.broker.arrived:
            self.broker.arrived.wait_for(lambda: bool(self.broker.unread), timeout)
            ids = list(islice(self.broker.unread, count))
            for id in ids:
                del self.broker.unread[id]
            return [(id, self.broker.messages[id]) for id in ids]

    def acknowledge(self, ids: Sequence[str]) -> None:
        """These messages are durable in the campaign directory; drop them."""
        with self.broker.arrived:
            for id in ids:
                self.broker.messages.pop(id, None)
                self.broker.unread.pop(id, None)

    def set_aside(self, id: str, message: bytes, reason: str) -> None:
        """Move a message that is no frame of ours to the dead letters, and acknowledge it."""
        with self.broker.arrived:
            self.broker.dead.append((id, message, reason))
        self.acknowledge([id])

    def backlog(self) -> int:
        """Messages that are not acknowledged yet."""
        return len(self.broker.messages)

    def dead(self) -> int:
        """Messages set aside."""
        return len(self.broker.dead)

    def close(self) -> None:
        """Nothing to release."""
