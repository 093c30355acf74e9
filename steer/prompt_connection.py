"""Connections to Redis that report a broken line at once, so that everyone notices an outage and none sleeps through it.

A read that gave up waiting and a line that the kernel has given up are one and the same exception to redis-py: since
Python 3.11 `asyncio.TimeoutError` is the built-in `TimeoutError`, and so is an `OSError` with ETIMEDOUT. redis-py answers
both with "nothing yet", and a dead line says so without a wait. docket's listener for cancellations then asks for ever,
without once letting its event loop go on: heartbeats stop, signals are not heard, and the timers of all those reads,
which only the loop drops, fill the memory. Here the dead line is an error, after which docket connects anew.
"""

from __future__ import annotations

from typing import Any

from docket._redis import RedisConnection
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

__all__ = ["PromptRedis"]


class PromptRedis(RedisConnection):
    """docket's connections, without retries that would hide an outage and without deaf reads on a dead line."""

    async def _connection_pool_from_url(
        self, decode_responses: bool = False, protocol: int | None = None
    ) -> ConnectionPool:
        pool = await super()._connection_pool_from_url(decode_responses, protocol)
        pool.connection_kwargs["retry"] = Retry(NoBackoff(), 0)
        pool.connection_class = _prompt(pool.connection_class)
        return pool


def _prompt(kind: type[Any]) -> type[Any]:
    """A class of connections whose reads tell a line that timed out from a read that did."""

    class Prompt(kind):
        async def read_response(self, *arguments: Any, **options: Any) -> Any:
            response = await super().read_response(*arguments, **options)
            broken = None if self._reader is None else self._reader.exception()
            if response is None and broken is not None:
                await self.disconnect(nowait=True)
                raise RedisConnectionError(f"The line to Redis is dead: {broken}") from broken
            return response

    Prompt.__name__ = f"Prompt{kind.__name__}"
    return Prompt
