"""Whether a Redis server keeps what is entrusted to it: version, persistence, eviction, password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from steer.connection import server_errors

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["Finding", "check_server"]

_OLDEST, _RECOMMENDED = (6, 2), (7, 2)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject : str
        ``version``, ``persistence``, ``eviction`` or ``password``.
    state : {"ok", "warn", "fail"}
        ``fail``: a campaign would lose jobs or frames, or be open to anybody.
    text : str
        What was found and, unless all is well, what to do.
    """

    subject: str
    state: Literal["ok", "warn", "fail"]
    text: str


def check_server(client: Redis) -> list[Finding]:
    """Look at a server.

    Parameters
    ----------
    client : redis.Redis

    Raises
    ------
    ServerError
        When it does not answer.
    """
    with server_errors("asking the server about itself"):
        info: dict[str, Any] = client.info()
    return [_version(info), _persistence(info), _eviction(info), _password(client)]


def _version(info: dict[str, Any]) -> Finding:
    text = str(info.get("valkey_version") or info.get("redis_version", "0"))
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
    if version < _OLDEST:
        return Finding("version", "fail", f"{name} {text} is too old; install 7.2 or later.")
    if version < _RECOMMENDED:
        return Finding(
            "version", "warn", f"{name} {text} works but gets no security fixes; put 7.2 or later on PATH."
        )
    return Finding("version", "ok", f"{name} {text}")


def _persistence(info: dict[str, Any]) -> Finding:
    if info.get("aof_enabled") != 1:
        return Finding(
            "persistence",
            "warn",
            "no append-only file: a restart of the server forgets queued jobs and frames under way; "
            "set appendonly yes.",
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        return Finding(
            "persistence", "fail", "the append-only file cannot be written; make room on its disk."
        )
    return Finding("persistence", "ok", "append-only file")


def _eviction(info: dict[str, Any]) -> Finding:
    policy, limit = info.get("maxmemory_policy", "noeviction"), int(info.get("maxmemory", 0))
    if policy == "noeviction":
        return Finding("eviction", "ok", "noeviction")
    if limit == 0:
        return Finding(
            "eviction",
            "warn",
            f"{policy}, harmless while there is no maxmemory; set maxmemory-policy noeviction.",
        )
    return Finding(
        "eviction", "fail", f"{policy} with a memory limit throws jobs away; set maxmemory-policy noeviction."
    )


def _password(client: Redis) -> Finding:
    from redis.exceptions import RedisError

    with server_errors("asking the server who may come in"):
        try:
            default: Any = client.acl_getuser("default")
        except RedisError:
            return Finding("password", "ok", "needed, or not ours to see")
    flags = default.get("flags", []) if default else []
    if default and default.get("enabled", "on" in flags) and "nopass" in flags:
        return Finding("password", "fail", "anybody who reaches the server may use it; set requirepass.")
    return Finding("password", "ok", "needed")
