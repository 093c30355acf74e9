"""Encoding what is stored with a new model, beside the coordinator's loop: millions of frames take minutes.

A thread encodes, with a reader of its own, while the loop goes on storing frames; numpy lets both work at once. Once the
table is nearly level with the store, the thread ends, and the loop does the rest: the moment at which the new model comes
into use is one of the loop's. A few frames are the loop's from the start, so that small campaigns do the same every time.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from steer.framereader import FrameReader

if TYPE_CHECKING:
    from steer.framestore import FrameStore
    from steer.latents import LatentTable

__all__ = ["FAR", "CatchUp"]

FAR = 200_000
"""Frames by which a table must lag behind for a thread to be worth it."""

NEAR = 20_000
"""Frames left to the loop at the end."""

_AT_ONCE = 8_192


class CatchUp:
    """Brings a latent table nearly level with a frame store, in a thread.

    Parameters
    ----------
    table : LatentTable
        Left alone by everybody else until `done`.
    store : FrameStore
        Its directory is read; the table reads from the store itself again when the thread has ended.
    """

    def __init__(self, table: LatentTable, store: FrameStore) -> None:
        self._table, self._store = table, store
        self._reader = FrameReader(store.directory)
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        table.read_from(self._reader)
        self._thread = threading.Thread(target=self._work, name="encoding", daemon=True)
        self._thread.start()

    def done(self) -> bool:
        """Whether the thread has ended; what went wrong in it is raised here."""
        if self._thread.is_alive():
            return False
        self._table.read_from(self._store)
        if self._failure is not None:
            raise self._failure
        return True

    def stop(self) -> None:
        """End the thread; what it encoded stays in the table."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._table.advance(_AT_ONCE) == _AT_ONCE:
                    continue
                behind = self._reader.refresh() - len(self._table)
                if behind < NEAR:
                    return
        except Exception as error:
            self._failure = error
