"""A server with TLS: encrypted, its certificate checked, ours shown where it asks for one; and real work over it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conformance.fleet import cg_job, collect
from servers import packaged

from steer.access import worker_rules
from steer.connection import Connection, connect, server_errors
from steer.docket_fleet import DocketFleet
from steer.exceptions import ServerError

PASSWORD = "coordinator-secret"
WORKERS = "worker-secret"


def openssl(folder: Path, *arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        missing = "no openssl is on PATH (Debian, Ubuntu: apt-get install openssl)"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    openssl(
        folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2",
    )  # fmt: skip


def certificate(folder: Path, name: str, ca: str) -> None:
    openssl(
        folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
        "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names",
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TlsServer:
    """A Redis as a site would run it: TLS only, with an authority of its own, and our two users."""

    def __init__(self, folder: Path, *, wants_certificates: bool) -> None:
        self.folder, self.port = folder, free_port()
        for name in ("ca", "other"):
            authority(folder, name)
        for name, ca in (("server", "ca"), ("client", "ca"), ("stranger", "other")):
            certificate(folder, name, ca)
        binary = packaged()
        rules = " ".join(worker_rules("trp", binary.version))
        config = folder / "redis.conf"
        config.write_text(
            f"port 0\ntls-port {self.port}\nbind 127.0.0.1 127.0.0.2\nappendonly yes\ndir {folder}\n"
            "tls-cert-file server.pem\ntls-key-file server.key\ntls-ca-cert-file ca.pem\n"
            f"tls-auth-clients {'yes' if wants_certificates else 'no'}\n"
            f"user default reset on >{PASSWORD} ~* &* +@all\nuser worker reset >{WORKERS} {rules}\n"
        )
        with open(folder / "redis.log", "wb") as log:
            self.process = subprocess.Popen([binary.path, config], cwd=folder, stdout=log, stderr=log)

    def url(self, ca: str | None = "ca", client: str | None = None, key: str | None = None) -> str:
        options = [f"ssl_ca_certs={self.folder}/{ca}.pem"] if ca else []
        if client:
            options += [
                f"ssl_certfile={self.folder}/{client}.pem",
                f"ssl_keyfile={self.folder}/{key or client}.key",
            ]
        return f"rediss://localhost:{self.port}/0?{'&'.join(options)}"

    def connection(self, **files: str | None) -> Connection:
        return Connection.parse(self.url(**files), environment={}).as_user("", PASSWORD)

    def wait(self, **files: str | None) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                ping(self.connection(**files))
                return
            except ServerError:
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def log(self) -> str:
        return (self.folder / "redis.log").read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def ping(connection: Connection) -> None:
    with contextlib.closing(connect(connection, retries=0)) as client, server_errors("saying hello"):
        client.ping()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A server with a certificate that asks for none."""
    server = TlsServer(tmp_path_factory.mktemp("tls"), wants_certificates=False)
    server.wait()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server that asks for certificates."""
    server = TlsServer(tmp_path_factory.mktemp("mutual"), wants_certificates=True)
    server.wait(client="client")
    yield server
    server.stop()


@pytest.mark.parametrize("ca", ["other", None], ids=["of somebody else", "of the machine"])
def test_a_certificate_that_the_authority_did_not_sign_is_refused(plain, ca):
    with pytest.raises(ServerError, match=r"signed by nobody this machine trusts.*\?ssl_ca_certs="):
        ping(plain.connection(ca=ca))


def test_a_certificate_for_another_name_is_refused(plain):
    url = plain.url().replace("localhost", "127.0.0.2")
    with pytest.raises(ServerError, match="certificate is for another name"):
        ping(Connection.parse(url, environment={}).as_user("", PASSWORD))


def test_a_server_that_wants_our_certificate_lets_nobody_else_in(strict):
    ping(strict.connection(client="client"))
    for client in (None, "stranger"):
        with pytest.raises(ServerError):
            ping(strict.connection(client=client))


def test_a_key_of_another_certificate_is_named(strict):
    with pytest.raises(ServerError, match="ssl_keyfile is not the key of the certificate"):
        ping(strict.connection(client="client", key="stranger"))


@pytest.mark.parametrize("which", ["plain", "strict"])
def test_jobs_run_over_tls_with_a_workers_rights(which, request, directory, start_daemon):
    server: TlsServer = request.getfixturevalue(which)
    client = "client" if which == "strict" else None
    fleet = DocketFleet(server.connection(client=client).url, "trp", directory.root)
    try:
        worker = server.connection(client=client).as_user("worker", WORKERS)
        daemon = start_daemon(worker.url)
        fleet.submit(cg_job(1))
        (event,) = collect(fleet, 1)
        assert event.status == "done"
        assert event.result.frames == 3
        with contextlib.closing(connect(server.connection(client=client))) as owner:
            assert owner.xlen("trp:frames") == 3
            assert owner.acl_log() == []
            owner.delete("trp:frames")
        fleet.finish()
        assert daemon.wait() == 0
        assert WORKERS not in daemon.log.read_text()
    finally:
        fleet.close()


@pytest.fixture
def start_daemon(tmp_path):
    from .conftest import Daemon

    daemons = []

    def start_daemon(url):
        daemons.append(Daemon(url, tmp_path / "worker.log"))
        return daemons[-1]

    yield start_daemon
    for daemon in daemons:
        if daemon.process.poll() is None:
            daemon.kill()
