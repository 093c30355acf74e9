"""Encoding what is stored with a new model, beside the coordinator's loop: millions of frames take minutes.

A child process encodes (`steer.encoding`), stepped back and paused while frames wait, so that ingest has the processors
first, and writes whole blocks to the latent points' file; the loop reads that once the child has ended, nearly level with the store, and does the rest:
the moment at which the new model comes into use is one of the loop's. A few frames are the loop's from the start, so that
small campaigns do the same every time.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import msgspec

from steer.encoding import EncodingOrder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steer.framereader import FrameReader
    from steer.latentfile import LatentFile

__all__ = ["FAR", "CatchUp"]

log = logging.getLogger(__name__)

FAR = 200_000
"""Frames by which a table must lag behind for a process to be worth it."""

FLOOR = 10
"""Of so many looks in a row at which the loop has more to do than it can at once, the child works through one."""

_LAST_WORDS = 500


class CatchUp:
    """Brings a file of latent points nearly level with a frame store, in a child process.

    A child that fails is no loss: what it wrote stays, a warning says why it ended, and the loop encodes the rest.

    Parameters
    ----------
    file : LatentFile
        Written by nobody else until `done`.
    store : FrameReader
        Its directory is read.
    pairs : ndarray, shape (m, 2), int
        Bonded bead pairs, for the sanity filter.
    lengths : ndarray, shape (m,)
        Their equilibrium lengths in nm.
    """

    def __init__(
        self,
        file: LatentFile,
        store: FrameReader,
        pairs: NDArray[np.integer],
        lengths: NDArray[np.floating],
    ) -> None:
        order = EncodingOrder(
            parent=os.getpid(),
            frames=str(store.directory.absolute()),
            latents=str(file.directory.absolute()),
            model=str(file.model.absolute()),
            pairs=pairs.tolist(),
            lengths=lengths.tolist(),
        )
        self._file = file
        self._busy, self._paused = 0, False
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the child
        # The same session as ours: the scheduler weighs niceness only within one.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "steer.encoding"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._words,
        )
        assert self._child.stdin is not None
        with self._child.stdin as pipe:
            pipe.write(msgspec.json.encode(order))

    def done(self, *, busy: bool = False) -> bool:
        """Whether the child has ended; a failure of it goes to the log.

        Parameters
        ----------
        busy : bool
            Whether frames wait: the child then pauses, but for one of `FLOOR` looks, so that it comes through in the end.
        """
        code = self._child.poll()
        if code is None:
            self._busy = self._busy + 1 if busy else 0
            self._pause(self._busy % FLOOR != 0)
            return False
        if code and not self._words.closed:
            self._words.seek(0)
            log.warning(
                "%s: the process that encodes stored frames ended with %d, the coordinator goes on itself: %s",
                self._file.directory,
                code,
                self._words.read().decode(errors="replace").strip()[-_LAST_WORDS:] or "it said nothing",
            )
        self._words.close()
        return True

    def stop(self) -> None:
        """End the child; the blocks that it wrote stay."""
        self._child.kill()  # a paused process heeds nothing else
        self._child.wait()
        self._words.close()

    def _pause(self, paused: bool) -> None:
        if paused != self._paused:
            self._child.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)
            self._paused = paused
