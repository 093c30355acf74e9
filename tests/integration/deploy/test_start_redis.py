"""The script that starts Redis in containers, with the Redis that is here."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from redis.exceptions import AuthenticationError

from steer.connection import Connection, connect
from steer.redis_binary import find_binary
from steer.server_check import check_server

SCRIPT = Path(__file__).parents[3] / "deploy" / "container" / "start-redis.sh"
PASSWORD = "a-Long_1"


@pytest.fixture
def start(tmp_path):
    """A function that runs the script with a password file of this content."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "redis-server").symlink_to(find_binary().path)
    (tmp_path / "data").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = []

    def start(password: str) -> tuple[subprocess.Popen[str], int]:
        (tmp_path / "password").write_text(password)
        environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "REDIS_PASSWORD_FILE": str(tmp_path / "password"),
            "REDIS_DATA": str(tmp_path / "data"),
            "REDIS_PORT": str(port),
            "TMPDIR": str(tmp_path),
        }
        processes.append(
            subprocess.Popen(
                ["sh", str(SCRIPT)],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return processes[-1], port

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=30)


def ready(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "no server came"
            time.sleep(0.05)
        else:
            return


def test_the_server_keeps_campaigns_and_asks_for_the_password(start, tmp_path) -> None:
    process, port = start(f"{PASSWORD}\n")
    ready(port)
    url = f"redis://127.0.0.1:{port}/0"
    with connect(Connection(url, password=PASSWORD)) as client:
        assert {
            finding.subject: finding.state for finding in check_server(client) if finding.state == "fail"
        } == {}
        assert client.config_get("appendonly")["appendonly"] == "yes"
    with connect(Connection(url)) as client, pytest.raises(AuthenticationError):
        client.ping()
    command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    assert PASSWORD not in command_line
    assert (tmp_path / "steer-redis.conf").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("password", ["", "\n", "with space", 'x"\nappendonly no', "a;b"])
def test_a_password_that_would_be_configuration_is_refused(start, password) -> None:
    process, _ = start(password)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "must be a password of letters" in error
