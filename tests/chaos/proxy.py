"""The network between the workers and Redis: a TCP proxy that can cut a connection in the middle of a frame."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

__all__ = ["Proxy"]

FRAME = b":frames\r\n"
"""What the command that publishes a frame has in it."""


class Proxy:
    """Passes bytes on until it is told not to.

    Parameters
    ----------
    target : int
        Port of the server, on loopback.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._connections: set[asyncio.StreamWriter] = set()
        self._away = False
        self._cut_after: int | None = None
        self.cuts = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut_next_frame(self, after: int) -> None:
        """Cut the next connection that publishes a frame, `after` bytes into what it sends."""
        self._call(lambda: setattr(self, "_cut_after", after))

    def part(self) -> None:
        """Break all connections and accept none."""
        self._call(self._part)

    def heal(self) -> None:
        """Accept connections again."""
        self._call(lambda: setattr(self, "_away", False))

    def close(self) -> None:
        """End."""
        self.part()
        self._loop.call_soon_threadsafe(self._server.close)
        asyncio.run_coroutine_threadsafe(self._end_tasks(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _call(self, what: Callable[[], None]) -> None:
        done = threading.Event()

        def do() -> None:
            what()
            done.set()

        self._loop.call_soon_threadsafe(do)
        done.wait(10.0)

    def _part(self) -> None:
        self._away = True
        for writer in list(self._connections):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._away:
            writer.transport.abort()
            return
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._connections |= {writer, forth}
        pumps = [
            asyncio.ensure_future(self._pump(reader, forth, may_cut=True)),
            asyncio.ensure_future(self._pump(back, writer, may_cut=False)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            for end in (writer, forth):
                self._connections.discard(end)
                end.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, drain: asyncio.StreamWriter, *, may_cut: bool
    ) -> None:
        try:
            while data := await source.read(65536):
                if may_cut and self._cut_after is not None and FRAME in data:
                    drain.write(data[: data.index(FRAME) + self._cut_after])
                    await drain.drain()
                    self._cut_after = None
                    self.cuts += 1
                    return
                drain.write(data)
                await drain.drain()
        except OSError:
            return
