"""Where a Redis server is, and how to talk to it without showing its password.

A password never needs to stand in a command line, where every user of the machine can read it: it is taken from the
variable ``STEER_REDIS_PASSWORD``, or from a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from steer.exceptions import ConfigError, ServerError

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["PASSWORD_VARIABLE", "Connection", "connect", "server_errors"]

PASSWORD_VARIABLE = "STEER_REDIS_PASSWORD"
"""Environment variable that a password is taken from."""

_SCHEMES = ("redis", "rediss", "unix")
_EXPECTED = "expected redis://HOST:PORT/0, rediss://HOST:PORT/0 (encrypted) or unix:///PATH/redis.sock"


@dataclass(frozen=True)
class Connection:
    """Address of a server, and who we are there.

    Attributes
    ----------
    address : str
        URL without user and password.
    username : str
        Empty for the server's default user.
    password : str
        Never shown: `str` of a connection leaves it out.
    """

    address: str
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(
        cls, url: str, *, environment: Mapping[str, str] = os.environ, password_file: Path | None = None
    ) -> Self:
        """Read a URL.

        A password is taken from `password_file`, otherwise from the URL, otherwise from ``STEER_REDIS_PASSWORD``.

        Parameters
        ----------
        url : str
            ``redis://``, ``rediss://`` or ``unix://``; without a scheme, ``HOST[:PORT]`` or an absolute path.
        environment : mapping
            Where variables are looked up.
        password_file : Path, optional
            Its first line is the password.

        Raises
        ------
        ConfigError
            When the URL or the file cannot be used. The message has no password in it.
        """
        parts = _split(url)
        password = unquote(parts.password or "") or environment.get(PASSWORD_VARIABLE, "")
        if password_file is not None:
            password = _read_password(password_file)
        query = f"?{parts.query}" if parts.query else ""
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{query}"
        return cls(address, unquote(parts.username or ""), password)

    @property
    def url(self) -> str:
        """Complete URL, with the password: for client libraries, never for logs or command lines."""
        if not (self.username or self.password):
            return self.address
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return self._with_user(f"{quote(self.username, safe='')}{secret}@")

    @property
    def shown(self) -> str:
        """URL with the user but without the password: for logs, and for command lines people copy."""
        return self._with_user(f"{quote(self.username, safe='')}@" if self.username else "")

    def __str__(self) -> str:
        return self.shown

    def as_user(self, username: str, password: str) -> Connection:
        """The same server as somebody else."""
        return replace(self, username=username, password=password)

    def _with_user(self, user: str) -> str:
        scheme, rest = self.address.split("://", 1)
        return f"{scheme}://{user}{rest}"


def connect(connection: Connection, *, name: str = "steer", retries: int = 3, **options: Any) -> Redis:
    """A client of a server; nothing is sent yet.

    Parameters
    ----------
    connection : Connection
    name : str
        Shown in the server's list of clients.
    retries : int
        How often a command is tried again when the connection breaks, within about two seconds.
    **options
        Of `redis.Redis`, in place of ours.
    """
    from redis import Redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    defaults: dict[str, Any] = {
        "client_name": name,
        "socket_connect_timeout": 5.0,
        "socket_timeout": 30.0,
        "health_check_interval": 30,
        "retry": Retry(ExponentialBackoff(cap=1.0, base=0.1), retries),
    }
    try:
        return Redis.from_url(connection.url, **(defaults | options))
    except ValueError as error:
        raise ConfigError(f"{connection} cannot be used: {_EXPECTED}.") from error


@contextmanager
def server_errors(what: str) -> Iterator[None]:
    """Turn errors of the client library into `ServerError`.

    Parameters
    ----------
    what : str
        What was being done, to follow "While": ``reading frames``.
    """
    from redis.exceptions import RedisError

    try:
        yield
    except (RedisError, OSError) as error:
        raise ServerError(
            f"While {what}, the Redis server did not answer as it must ({type(error).__name__}: {error}); "
            "see that it runs and that user and password are right."
        ) from error


def _split(url: str) -> SplitResult:
    text = url.strip()
    if "://" not in text:
        text = f"unix://{text}" if text.startswith("/") else f"redis://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"the server's URL has no usable address; {_EXPECTED}.") from error
    if parts.scheme not in _SCHEMES:
        raise ConfigError(f"{parts.scheme}:// is no Redis server; {_EXPECTED}.")
    if parts.scheme == "unix" and not (parts.path.startswith("/") and port is None and not parts.hostname):
        raise ConfigError(f"a unix:// URL needs an absolute path; {_EXPECTED}.")
    if parts.scheme != "unix" and not parts.hostname:
        raise ConfigError(f"the server's URL names no host; {_EXPECTED}.")
    if any("password" in key or key == "username" for key, _ in parse_qsl(parts.query)):
        raise ConfigError(
            f"give the password in {PASSWORD_VARIABLE} or a file, not among the URL's options, where logs show it."
        )
    return parts


def _read_password(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("the password cannot be read from this file.", file=path) from error
    if not lines or not lines[0].strip():
        raise ConfigError("the first line of this file must be the password.", file=path)
    return lines[0].strip()
