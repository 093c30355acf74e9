"""The dashboard's server: its port, the address that is printed, and its end."""

from __future__ import annotations

import getpass
import logging
import secrets
import socket
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from steer.exceptions import ConfigError, EnvironmentNotReady

if TYPE_CHECKING:
    from steer.dashboard.explorer import Explorer

__all__ = ["PORT", "addresses", "listen", "serve", "token_from"]

PORT = 8417
"""Tried first when no port is asked for."""

_TRIES = 20


def listen(port: int | None) -> socket.socket:
    """A socket on the loopback address.

    Parameters
    ----------
    port : int or None
        None: `PORT`, or the next one that is free; 0: any.

    Raises
    ------
    EnvironmentNotReady
        When the port is taken.
    """
    candidates = range(PORT, PORT + _TRIES) if port is None else (port,)
    for candidate in candidates:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Lines of a dashboard that has just ended linger for a minute; a listener that lives is still respected.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
        else:
            listener.listen(64)
            return listener
    wanted = f"port {port}" if port is not None else f"any of the ports {PORT} to {PORT + _TRIES - 1}"
    raise EnvironmentNotReady(
        f"The dashboard cannot listen on {wanted} of 127.0.0.1: taken, or not allowed; give another --port."
    )


def token_from(path: Path | None) -> str:
    """The token in a file, or a new one.

    Raises
    ------
    ConfigError
        When the file cannot be read, or its first line is too short to be a secret.
    """
    if path is None:
        return secrets.token_urlsafe(24)
    try:
        first = path.read_text(encoding="utf-8").splitlines()[:1]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("the token cannot be read from this file.", file=path) from error
    token = first[0].strip() if first else ""
    if len(token) < 16 or not token.isascii() or not all(c.isalnum() or c in "-_." for c in token):
        raise ConfigError(
            "the first line must be a token of at least 16 letters, digits, '-', '_' or '.', as from: "
            "python -c 'import secrets; print(secrets.token_urlsafe(24))'.",
            file=path,
        )
    return token


def addresses(port: int, token: str) -> dict[str, str]:
    """What to open: ``url`` here, and ``ssh``, the line that makes it reachable from another machine."""
    return {
        "url": f"http://127.0.0.1:{port}/?token={token}",
        "ssh": f"ssh -L {port}:127.0.0.1:{port} {getpass.getuser()}@{socket.gethostname()}",
    }


def serve(explorer: Explorer, listener: socket.socket, token: str) -> None:
    """Answer until a signal comes."""
    import uvicorn

    from steer.dashboard.app import make_app

    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        make_app(explorer, token),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Pages that listen to events are let go first; the server would wait for them.
            explorer.ending = True
            super().handle_exit(sig, frame)

    explorer.start()
    try:
        Server(config).run(sockets=[listener])
    finally:
        explorer.close()
