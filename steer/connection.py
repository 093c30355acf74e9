"""Where a Redis server is, and how to talk to it without showing its password.

A password never needs to stand in a command line, where every user of the machine can read it: it is taken from the
variable ``STEER_REDIS_PASSWORD``, or from a file.

A ``rediss://`` URL is encrypted, and the server's certificate always checked: against the authorities that this machine
trusts, or those in the file ``ssl_ca_certs``. ``ssl_certfile`` and ``ssl_keyfile`` are our own certificate, for servers
that ask for one: ``rediss://host:6379/0?ssl_ca_certs=/etc/redis/ca.pem``.
"""

from __future__ import annotations

import logging
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

__all__ = ["PASSWORD_VARIABLE", "Connection", "connect", "from_user", "reason", "server_errors"]

log = logging.getLogger(__name__)

PASSWORD_VARIABLE = "STEER_REDIS_PASSWORD"
"""Environment variable that a password is taken from."""

_SCHEMES = ("redis", "rediss", "unix")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_OPTIONS = ("db", *_FILES)
_OURS = (
    "the server may want to see a certificate of ours that its authority has signed; name its files in the URL with "
    "ssl_certfile=/PATH/client.pem&ssl_keyfile=/PATH/client.key"
)
_NO_PASSWORD = (
    f"it wants a password: give it in {PASSWORD_VARIABLE}, or name the campaign directory with --directory"
)
_EXPLAINED = {
    "CERTIFICATE_VERIFY_FAILED": "the server's certificate is for another name, or signed by nobody this machine trusts; "
    "name the file of its authority in the URL with ?ssl_ca_certs=/PATH/ca.pem",
    "CERTIFICATE_REQUIRED": _OURS,
    "UNKNOWN_CA": _OURS,
    "EOF occurred in violation of protocol": _OURS,
    "HELLO must be called": _NO_PASSWORD,
    "Authentication required": _NO_PASSWORD,
    "invalid username-password": "the password does not belong to that user of that server; it is in redis/server.json "
    "of the campaign directory, or is yours to know",
    "DB index is out of range": "the number at the end of the URL is no database of that server",
    "KEY_VALUES_MISMATCH": "ssl_keyfile is not the key of the certificate in ssl_certfile",
}
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

    def check_files(self) -> None:
        """See that the certificates that the URL names are there.

        Raises
        ------
        ConfigError
            Naming the option and the file that cannot be read.
        """
        for option, path in parse_qsl(urlsplit(self.address).query):
            if option in _FILES:
                try:
                    open(path, "rb").close()
                except OSError as error:
                    raise ConfigError(
                        f"the URL's {option} cannot be read: {error.strerror}.", file=path
                    ) from error

    def as_user(self, username: str, password: str) -> Connection:
        """The same server as somebody else."""
        return replace(self, username=username, password=password)

    def _with_user(self, user: str) -> str:
        scheme, rest = self.address.split("://", 1)
        return f"{scheme}://{user}{rest}"


def from_user(url: str) -> Connection:
    """The connection of a URL from a command line, with a warning when a password stands in it.

    Raises
    ------
    ConfigError
        When the URL cannot be used.
    """
    if _split(url).password:
        log.warning(
            "the password in the server's URL can be read by every user of this machine while the command runs: leave "
            "it out and set %s instead",
            PASSWORD_VARIABLE,
        )
    return Connection.parse(url)


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

    Raises
    ------
    ConfigError
        When the URL cannot be used, or names certificates that cannot be read.
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
    connection.check_files()
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
            f"{reason(error)}."
        ) from error


def reason(error: Exception) -> str:
    """What is behind an error of the client library, and what to do: a clause without full stop."""
    for sign, explained in _EXPLAINED.items():
        if sign in str(error):
            return explained
    return "see that it runs, and that it can be reached from here under that address"


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
    database = parts.path.removeprefix("/")
    if parts.scheme != "unix" and database and not (database.isascii() and database.isdigit()):
        raise ConfigError(f"the URL's database {database!r} is no number; {_EXPECTED}.")
    _check_options(parts)
    return parts


def _check_options(parts: SplitResult) -> None:
    for option, value in parse_qsl(parts.query, keep_blank_values=True):
        if option not in _OPTIONS:
            raise ConfigError(f"the URL's option {option!r} is unknown; there are {', '.join(_OPTIONS)}.")
        if option == "db" and not (value.isascii() and value.isdigit()):
            raise ConfigError(f"the URL's database db={value!r} is no number.")
        if option in _FILES and parts.scheme != "rediss":
            raise ConfigError(f"the URL's option {option} is for encrypted connections: use rediss://.")
        if option in _FILES and not value.startswith("/"):
            raise ConfigError(f"the URL's {option} must be an absolute path, not {value!r}.")


def _read_password(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("the password cannot be read from this file.", file=path) from error
    if not lines or not lines[0].strip():
        raise ConfigError("the first line of this file must be the password.", file=path)
    return lines[0].strip()
