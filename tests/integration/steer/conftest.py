"""A real Redis server for each test that asks for one."""

from __future__ import annotations

import os
import signal
import time

import pytest

from steer.connection import connect
from steer.server import EmbeddedRedis


def kill_server(server: EmbeddedRedis) -> None:
    """End the server as a power cut would end it, and wait until it is gone."""
    os.kill(int((server.directory / "redis.pid").read_text()), signal.SIGKILL)
    while server.running:
        time.sleep(0.01)


@pytest.fixture
def kill():
    return kill_server


@pytest.fixture
def server(tmp_path):
    """An embedded server of campaign ``trp``, stopped at the end."""
    server = EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp")
    server.start()
    yield server
    if server.running:
        server.stop()


@pytest.fixture
def open_client(server):
    """A function that opens clients, as the coordinator or, with ``worker=True``, as a worker."""
    clients = []

    def open_client(worker=False, **options):
        clients.append(connect(server.worker_connection if worker else server.connection, **options))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()
