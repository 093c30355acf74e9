"""The configuration that an embedded Redis server is started with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from steer.access import worker_rules
from steer.credentials import WORKER, Credentials

__all__ = ["server_config"]

LONGEST_VALUE = "32mb"
"""Longest value that a client may send, twice the longest frame: nobody fills the memory with one command."""


def server_config(
    directory: Path, log: Path, credentials: Credentials, bind: str, version: Sequence[int]
) -> str:
    """The text of ``redis.conf``.

    Parameters
    ----------
    directory : Path
        Where data, socket and pid file are.
    log : Path
        The server's log file.
    credentials : Credentials
    bind : str
        Address to listen on; ignored without a port.
    version : sequence of int
        Of the server program.
    """
    network = [("bind", bind), ("port", str(credentials.port))] if credentials.port else [("port", "0")]
    rules = worker_rules(credentials.campaign, version)
    settings = [
        ("daemonize", "yes"),
        ("supervised", "no"),
        ("dir", _quoted(directory)),
        ("pidfile", _quoted(directory / "redis.pid")),
        ("logfile", _quoted(log)),
        ("unixsocket", _quoted(Path(credentials.socket))),
        ("unixsocketperm", "600"),
        *network,
        ("protected-mode", "yes"),
        ("user", f"default reset on {_hashed(credentials.password)} ~* &* +@all"),
        ("user", " ".join([WORKER, "reset", _hashed(credentials.worker_password), *rules])),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("aof-load-truncated", "yes"),
        ("save", '""'),
        ("maxmemory-policy", "noeviction"),
        ("maxclients", "20000"),
        ("proto-max-bulk-len", LONGEST_VALUE),
        ("tcp-keepalive", "60"),
        ("timeout", "0"),
    ]
    return "".join(f"{key} {value}\n" for key, value in settings)


def _hashed(password: str) -> str:
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"


def _quoted(path: Path) -> str:
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in bytes(path)
    )
    return f'"{plain}"'
