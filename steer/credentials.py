"""The embedded server's address and passwords, kept where only the campaign's owner can read them."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from urllib.parse import quote

import msgspec

from sims.files import publish
from steer.connection import Connection
from steer.exceptions import ServerError
from steer.messages import UNREADABLE

__all__ = ["WORKER", "Credentials", "write_private"]

WORKER = "worker"
"""Name of the user that workers are."""


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``redis/server.json`` says.

    Attributes
    ----------
    campaign : str
        Name of the campaign.
    machine : str
        Host name of the machine that the server runs on.
    socket : str
        Unix socket, for processes on that machine.
    host : str
        Name under which other machines reach it; empty when it listens on the socket only.
    port : int
        0 when it listens on the socket only.
    password, worker_password : str
        Of the coordinator and of the workers.
    """

    campaign: str
    machine: str
    socket: str
    host: str
    port: int
    password: str
    worker_password: str

    @classmethod
    def new(cls, campaign: str, socket_path: Path, host: str, port: int) -> Credentials:
        """Fresh passwords."""
        password, worker_password = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        return cls(campaign, socket.gethostname(), str(socket_path), host, port, password, worker_password)

    @classmethod
    def read(cls, directory: Path) -> Credentials | None:
        """Those of a server directory; None when there are none yet.

        Raises
        ------
        ServerError
            When the file is damaged or may not be read.
        """
        path = cls.path(directory)
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return None
        except (OSError, *UNREADABLE) as error:
            raise ServerError(
                f"{path} cannot be used ({error}); stop this campaign's Redis server, remove the file and resume."
            ) from error

    @staticmethod
    def path(directory: Path) -> Path:
        """Where they are kept."""
        return directory / "server.json"

    def write(self, directory: Path) -> None:
        """Keep them: mode 0600."""
        write_private(self.path(directory), msgspec.json.format(msgspec.json.encode(self)))

    @property
    def coordinator(self) -> Connection:
        """The coordinator's way in: the socket."""
        return Connection(f"unix://{quote(self.socket)}", password=self.password)

    @property
    def worker(self) -> Connection:
        """A worker's way in: the socket on the server's machine, the network elsewhere.

        Raises
        ------
        ServerError
            On another machine, when the server listens on the socket only.
        """
        if self.machine == socket.gethostname():
            return Connection(f"unix://{quote(self.socket)}", WORKER, self.worker_password)
        return self.remote_worker

    @property
    def remote_worker(self) -> Connection:
        """A worker's way in from other machines.

        Raises
        ------
        ServerError
            When the server listens on the socket only.
        """
        if not self.port:
            raise ServerError(
                f"The Redis server of campaign {self.campaign} runs on {self.machine} and listens there only; let "
                "`steer run` listen on the network, or give it a server of yours with --redis URL."
            )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return Connection(f"redis://{host}:{self.port}/0", WORKER, self.worker_password)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a whole file that only its owner may read or write."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
