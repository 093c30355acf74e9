"""Reading frames ahead, and acknowledging behind: what Redis takes its time for happens while others are decoded.

All that a reader does is done by one thread, in order, so that nothing overtakes anything: a message is acknowledged
after it is durable, and read again when that did not come through. One read is under way at most, and only after one that
was full: a coordinator that keeps up never holds a message that it does not work on.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from steer.exceptions import ServerError
from steer.stream import FrameStream

__all__ = ["ReadAhead"]

log = logging.getLogger(__name__)


class ReadAhead:
    """A `FrameStream` that reads and acknowledges in the background.

    What went wrong with an acknowledgement is raised by the next call: its messages are durable, come again, and are
    recognised.

    Parameters
    ----------
    stream : FrameStream
        Used by nobody else from now on.
    """

    def __init__(self, stream: FrameStream) -> None:
        self._stream = stream
        self._thread = ThreadPoolExecutor(1, "frames")
        self._ahead: Future[list[tuple[str, bytes]]] | None = None
        self._left: list[tuple[str, bytes]] = []
        self._owed: deque[Future[None]] = deque()

    def read(self, count: int, timeout: float) -> list[tuple[str, bytes]]:
        """Up to `count` messages with their ids; waits up to `timeout` seconds for the first."""
        self._settle(wait=False)
        found, self._left = self._left, []
        if not found and self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            found = ahead.result()
        if not found:
            found = self._thread.submit(self._stream.read, count, timeout).result()
        found, self._left = found[:count], found[count:]
        if len(found) == count and not self._left and self._ahead is None:
            self._ahead = self._thread.submit(self._stream.read, count, 0.0)
        return found

    def acknowledge(self, ids: Sequence[str]) -> None:
        """These messages are durable; they are dropped in a moment."""
        self._settle(wait=False)
        self._owed.append(self._thread.submit(self._stream.acknowledge, ids))

    def set_aside(self, id: str, message: bytes, reason: str) -> None:
        """Move a message that is no frame of ours to the dead-letter stream, and acknowledge it."""
        self._thread.submit(self._stream.set_aside, id, message, reason).result()

    def publish(self, messages: Sequence[bytes]) -> None:
        """Append encoded frames, in order, in one round trip."""
        self._stream.publish(messages)

    def backlog(self) -> int:
        """Messages that are not acknowledged yet."""
        self._settle(wait=True)
        return self._thread.submit(self._stream.backlog).result()

    def dead(self) -> int:
        """Messages in the dead-letter stream."""
        return self._thread.submit(self._stream.dead).result()

    def close(self) -> None:
        """Finish what is under way, and release connections. Messages read ahead stay unacknowledged, and come again."""
        try:
            self._settle(wait=True)
        except ServerError as error:
            log.warning("the last frames are stored, and will be offered once more: %s", error)
        self._thread.shutdown()
        self._stream.close()

    def _settle(self, *, wait: bool) -> None:
        while self._owed and (wait or self._owed[0].done()):
            self._owed.popleft().result()
