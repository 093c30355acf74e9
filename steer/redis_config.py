"""The configuration that an embedded Redis server is started with."""

from __future__ import annotations

import hashlib
from pathlib import Path

from steer.credentials import WORKER, Credentials
from steer.messages import KINDS

__all__ = ["server_config", "worker_rules"]

_CLIENT_COMMANDS = ("getname", "id", "setinfo", "setname")


def worker_rules(campaign: str) -> list[str]:
    """What workers may do: read and write this campaign's keys, and hear its channels.

    docket listens to one channel pattern a queue, which an access list must contain letter by letter; category
    ``dangerous`` goes last, because ``write`` includes FLUSHALL.

    Parameters
    ----------
    campaign : str
        Name of the campaign, which all its keys begin with.

    Returns
    -------
    list of str
        Rules of ``ACL SETUSER``, without the password.
    """
    categories = ("read", "write", "stream", "pubsub", "connection", "transaction", "scripting", "fast")
    return [
        "on",
        "resetkeys",
        f"~{campaign}:*",
        "resetchannels",
        f"&{campaign}:*",
        *(f"&{campaign}:{kind}:cancel:*" for kind in KINDS),
        "-@all",
        *(f"+@{category}" for category in categories),
        "-@admin",
        "-@dangerous",
        "+info",
        *(f"+client|{command}" for command in _CLIENT_COMMANDS),
    ]


def server_config(directory: Path, log: Path, credentials: Credentials, bind: str) -> str:
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
    """
    network = [("bind", bind), ("port", str(credentials.port))] if credentials.port else [("port", "0")]
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
        (
            "user",
            " ".join(
                [WORKER, "reset", _hashed(credentials.worker_password), *worker_rules(credentials.campaign)]
            ),
        ),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("aof-load-truncated", "yes"),
        ("save", '""'),
        ("maxmemory-policy", "noeviction"),
        ("maxclients", "20000"),
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
