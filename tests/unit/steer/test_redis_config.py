"""The configuration an embedded server is started with."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from steer.credentials import Credentials
from steer.redis_config import server_config


def config(directory=Path("/c/redis"), port=0, bind="127.0.0.1"):
    credentials = Credentials(
        "trp", "here", str(directory / "redis.sock"), "h", port, "secret one", "secret two"
    )
    return server_config(directory, Path("/c/logs/redis.log"), credentials, bind, (7, 2, 0))


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


def test_one_command_cannot_fill_the_memory():
    assert "proto-max-bulk-len 32mb" in config().splitlines()
