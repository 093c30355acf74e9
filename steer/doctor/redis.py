"""Redis: one that is running, or one started for the occasion."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from steer.connection import Connection, connect, server_errors
from steer.doctor.finding import Finding
from steer.exceptions import ConfigError, ServerError
from steer.server import EmbeddedRedis
from steer.server_check import check_server

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["check_redis", "examine"]

SKEW = 2.0
"""s between our clock and the server's beyond which leases and heartbeats become unreliable."""
ROUND_TRIPS = 100
FRAME = 4096
"""Bytes, about a frame of a large protein."""


def check_redis(url: str | None = None) -> Iterator[Finding]:
    """Find or start a Redis and put it to use.

    Parameters
    ----------
    url : str, optional
        A running one; absent: one is started in a temporary folder and stopped again.
    """
    try:
        with _connected(url) as client:
            yield from examine(client)
    except (ServerError, ConfigError) as error:
        yield Finding("Redis", "fail", str(error))


@contextmanager
def _connected(url: str | None) -> Iterator[Redis]:
    if url is not None:
        with closing(connect(Connection.parse(url), name="steer-doctor", retries=0)) as client:
            yield client
        return
    with TemporaryDirectory(prefix="steer-doctor-") as folder:
        server = EmbeddedRedis(Path(folder) / "redis", Path(folder) / "redis.log", "doctor")
        with server, closing(connect(server.connection, name="steer-doctor")) as client:
            yield client


def examine(client: Redis) -> Iterator[Finding]:
    """Findings about a Redis: version, persistence, eviction, password, round trip, clock.

    Raises
    ------
    ServerError
        When it does not answer.
    """
    for found in check_server(client):
        yield Finding(f"Redis {found.subject}", found.state, found.text)
    with server_errors("writing to a stream and reading it"):
        yield _round_trip(client)
        yield _clock(client)


def _round_trip(client: Redis) -> Finding:
    key = f"steer:doctor:{secrets.token_hex(8)}"
    frame = secrets.token_bytes(FRAME)
    begin = time.perf_counter()
    try:
        for _ in range(ROUND_TRIPS):
            client.xadd(key, {"frame": frame}, maxlen=10)
        entries: Any = client.xrange(key)
    finally:
        client.delete(key)
    milliseconds = (time.perf_counter() - begin) / ROUND_TRIPS * 1e3
    if not entries or any(fields[b"frame"] != frame for _, fields in entries):
        return Finding(
            "Redis streams", "fail", "what was written did not come back", "Use another Redis server."
        )
    return Finding("Redis streams", "ok", f"{milliseconds:.2f} ms to write a frame of {FRAME} bytes")


def _clock(client: Redis) -> Finding:
    before = time.time()
    answer: Any = client.time()
    skew = answer[0] + answer[1] * 1e-6 - (before + time.time()) / 2
    if abs(skew) <= SKEW:
        return Finding("clock", "ok", f"within {abs(skew):.3f} s of the server's")
    remedy = "Synchronise both machines (chrony, systemd-timesyncd)."
    return Finding("clock", "warn", f"{skew:+.1f} s away from the server's", remedy)
