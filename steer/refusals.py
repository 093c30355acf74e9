"""Workers that may not work, told on both sides: the worker leaves its reason, the coordinator reads it for a while.

How old a reason is, only the coordinator's clock says: workers' clocks are their own.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import msgspec

from steer.fleet_keys import FleetKeys
from steer.messages import UNREADABLE, Refusal, encode

__all__ = ["RefusalBook", "decode_refusal", "forget_refusals", "leave_refusal"]

log = logging.getLogger(__name__)

SHOWN_FOR = 3600.0
"""s that a refusal stands before it is forgotten; a worker that tries again is told again."""

AT_MOST = 1_000
"""Refusals kept; further ones are dropped, so that nobody fills the server with them."""


async def leave_refusal(redis: Any, keys: FleetKeys, name: str, reason: str) -> None:
    """Tell the coordinator why this worker does not work for it."""
    refusal = Refusal(name=name, host=socket.gethostname(), reason=reason)
    await redis.hset(keys.refusals, name, encode(refusal))


async def forget_refusals(redis: Any, keys: FleetKeys, name: str) -> None:
    """This worker was let in: what kept it, or others on this machine, out before has been mended."""
    here = socket.gethostname()
    entries = {
        key.decode(errors="replace"): decode_refusal(text)
        for key, text in (await redis.hgetall(keys.refusals)).items()
    }
    mended = [key for key, refusal in entries.items() if key == name or (refusal and refusal.host == here)]
    if mended:
        await redis.hdel(keys.refusals, *mended)


def decode_refusal(text: bytes) -> Refusal | None:
    """A refusal from its JSON text; None, and a line in the log, when it is none."""
    try:
        return msgspec.json.decode(text, type=Refusal)
    except UNREADABLE as error:
        log.warning("a refusal of a worker cannot be read: %s", error)
        return None


class RefusalBook:
    """The coordinator's side.

    Parameters
    ----------
    client : redis.Redis
    keys : FleetKeys
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, client: Any, keys: FleetKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._key, self._clock = client, keys.refusals, clock
        self._since: dict[tuple[bytes, bytes], float] = {}

    def read(self) -> list[Refusal]:
        """Refusals of the last hour, by name."""
        entries = dict(sorted(self._client.hgetall(self._key).items()))
        now = self._clock()
        self._since = {entry: self._since.get(entry, now) for entry in entries.items()}
        found = {name: decode_refusal(text) for name, text in entries.items()}
        stale = [
            name
            for count, (name, text) in enumerate(entries.items())
            if found[name] is None or count >= AT_MOST or now - self._since[name, text] > SHOWN_FOR
        ]
        if stale:
            self._client.hdel(self._key, *stale)
        return [refusal for name, refusal in found.items() if refusal and name not in stale]
