"""A line that the kernel has given up, as it does with one that crosses a parted network for long enough."""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress

import pytest
from redis.exceptions import RedisError

from steer.job_docket import JobDocket

READS = 100
"""Without a wait, so many reads on a dead line let nothing else run."""


def give_up(pubsub) -> None:
    """What asyncio's transport does when the kernel reports that the other end has not answered for too long."""
    pubsub.connection._reader.set_exception(OSError(errno.ETIMEDOUT, "Connection timed out"))


def listen(server, after_its_death):
    """What `after_its_death` returns when it is given a subscription whose line has died."""

    async def work():
        async with (
            JobDocket(server.connection.url, "parted", "cg") as docket,
            docket._pubsub() as pubsub,
        ):
            await pubsub.psubscribe(docket.key("cancel:*"))
            assert (await pubsub.get_message(timeout=5.0))["type"] == "psubscribe"
            assert await pubsub.get_message(timeout=0.01) is None
            give_up(pubsub)
            return await after_its_death(pubsub)

    return asyncio.run(work())


def test_a_dead_line_is_an_error_and_not_silence(server):
    async def read(pubsub):
        with pytest.raises(RedisError, match="dead"):
            await pubsub.get_message(timeout=0.1)

    listen(server, read)


def test_whoever_listens_on_a_dead_line_lets_the_others_go_on(server):
    async def read(pubsub):
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(tick())
        for _ in range(READS):
            with suppress(RedisError):
                await pubsub.get_message(timeout=0.001)
        other.cancel()
        return ticks

    assert listen(server, read) >= READS
