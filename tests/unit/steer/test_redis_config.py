"""The configuration an embedded server is started with."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from steer.credentials import Credentials
from steer.redis_config import server_config, worker_rules


def config(directory=Path("/c/redis"), port=0, bind="127.0.0.1"):
    credentials = Credentials(
        "trp", "here", str(directory / "redis.sock"), "h", port, "secret one", "secret two"
    )
    return server_config(directory, Path("/c/logs/redis.log"), credentials, bind)


def test_no_password_stands_in_the_file():
    assert "secret" not in config()


def test_without_a_port_nothing_listens_on_the_network():
    assert "port 0\n" in config()
    assert "bind" not in config()
    assert "bind 127.0.0.1\nport 6390\n" in config(port=6390)


def test_jobs_are_kept_and_nothing_is_evicted():
    lines = config().splitlines()
    for line in (
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        "protected-mode yes",
    ):
        assert line in lines


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=30))
def test_no_folder_name_can_add_a_setting(name):
    plain = config(Path("/c/redis")).splitlines()
    odd = config(Path("/c") / name / "redis").splitlines()
    assert [line.split()[0] for line in odd] == [line.split()[0] for line in plain]


def test_what_is_dangerous_is_taken_away_after_what_is_given():
    rules = worker_rules("trp")
    given_last = max(i for i, rule in enumerate(rules) if rule.startswith("+@"))
    assert rules.index("-@dangerous") > given_last
    assert rules.index("resetchannels") < rules.index("&trp:*")
