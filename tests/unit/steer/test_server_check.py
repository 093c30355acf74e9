"""What is said about a server, from what servers say about themselves."""

from __future__ import annotations

import pytest
from redis.exceptions import NoPermissionError

from steer.server_check import check_server

SOUND = {
    "redis_version": "7.4.1",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "maxmemory_policy": "noeviction",
}


class Answers:
    """The two answers that are looked at, as redis-py gives them."""

    def __init__(self, user=None, **info):
        self._info, self._user = SOUND | info, user

    def info(self):
        return self._info

    def acl_getuser(self, name):
        if self._user is None:
            raise NoPermissionError
        return self._user


def states(answers):
    return {finding.subject: finding.state for finding in check_server(answers)}


def test_a_sound_server_is_sound():
    assert set(states(Answers()).values()) == {"ok"}


@pytest.mark.parametrize(
    ("info", "subject", "state"),
    [
        ({"redis_version": "5.0.7"}, "version", "fail"),
        ({"redis_version": "6.2.14"}, "version", "warn"),
        ({"redis_version": "7.2.4", "valkey_version": "8.1.0"}, "version", "ok"),
        ({"aof_enabled": 0}, "persistence", "warn"),
        ({"aof_last_write_status": "err"}, "persistence", "fail"),
        ({"maxmemory_policy": "allkeys-lru"}, "eviction", "warn"),
        ({"maxmemory_policy": "allkeys-lru", "maxmemory": 10**9}, "eviction", "fail"),
        ({"user": {"flags": ["on", "nopass"], "enabled": True}}, "password", "fail"),
        ({"user": {"flags": ["on"], "enabled": True}}, "password", "ok"),
        ({"user": {"flags": ["off", "nopass"], "enabled": False}}, "password", "ok"),
    ],
)
def test_what_would_lose_something_is_said(info, subject, state):
    found = states(Answers(**info))
    assert found.pop(subject) == state
    assert set(found.values()) == {"ok"}
