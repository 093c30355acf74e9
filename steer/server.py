"""The embedded server: a real Redis that `steer run` starts for a campaign, finds again, and stops.

It is a daemon of its own: the death of the coordinator does not end it, and a coordinator that comes back finds it
by ``redis/server.json``. It holds a lock on its directory through an inherited file descriptor, so that no second
server is ever started on the same data, whatever became of pid files and sockets. It listens on a Unix socket in a
private directory, and on the network only when asked; always with a password.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from steer.connection import Connection, connect
from steer.credentials import Credentials, write_private
from steer.exceptions import ConfigError, ServerError
from steer.redis_binary import OLDEST_ON_PATH, RedisBinary, find_binary
from steer.redis_config import server_config

__all__ = ["EmbeddedRedis"]

log = logging.getLogger(__name__)

STARTUP = 120.0
"""s that a server may take to read its append-only file."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST = re.compile(r"[A-Za-z0-9.:*_-]+")
_SOCKET_LIMIT = 100
LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this machine that mean another one on every other machine."""
_ANY = ("0.0.0.0", "::", "*")


class EmbeddedRedis:
    """The Redis server of one campaign.

    Parameters
    ----------
    directory : Path
        Its data, ``redis/`` in the campaign directory; made when missing, mode 0700.
    log_file : Path
        Its log; the folder exists.
    campaign : str
        Name of the campaign, which all its keys begin with.
    listen : str, optional
        ``HOST[:PORT]`` to listen on besides the socket; without a port a free one is taken, and kept.
    binary : RedisBinary, optional
        The program; `find_binary` when absent.

    Raises
    ------
    ConfigError
        When name or address cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        log_file: Path,
        campaign: str,
        listen: str | None = None,
        binary: RedisBinary | None = None,
    ) -> None:
        if not _NAME.fullmatch(campaign):
            raise ConfigError(
                f"{campaign!r} is no name of a campaign: use letters, digits, '.', '_' and '-'."
            )
        self.directory, self.log_file, self.campaign = directory.resolve(), log_file.resolve(), campaign
        self._listen = _parse_listen(listen) if listen else None
        self._binary = binary
        self._credentials: Credentials | None = None

    # -- who it is ----------------------------------------------------------------------------------------------

    @property
    def credentials(self) -> Credentials:
        """Address and passwords.

        Raises
        ------
        ServerError
            Before the first start.
        """
        found = self._credentials or Credentials.read(self.directory)
        if found is None:
            raise ServerError(f"No Redis server was ever started in {self.directory}; `steer run` starts it.")
        return found

    @property
    def connection(self) -> Connection:
        """The coordinator's way in."""
        return self.credentials.coordinator

    @property
    def worker_connection(self) -> Connection:
        """A worker's way in, from this machine."""
        return self.credentials.worker

    def worker_url(self) -> str:
        """URL for ``steer worker``, without the password: that is in ``redis/server.json``, or goes by environment."""
        credentials = self.credentials
        return (credentials.remote_worker if credentials.port else credentials.worker).shown

    @property
    def running(self) -> bool:
        """Whether the server's process lives, ready or not."""
        lock = self._take_lock()
        if lock is None:
            return True
        os.close(lock)
        return False

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Start the server, or find it running; it answers when this returns. True when it was started now.

        Raises
        ------
        ServerError
            When it cannot be started, or runs but does not answer.
        """
        self._make_directory()
        lock = self._take_lock()
        if lock is None:
            self._check_machine()
            self._wait_until_ready()
            log.info("the Redis server of this campaign was running already (pid %s)", self._pid())
            return False
        try:
            self._launch(lock)
        except OSError as error:
            raise ServerError(f"A Redis server cannot be set up in {self.directory}: {error}.") from error
        finally:
            os.close(lock)
        self._wait_until_ready()
        return True

    def stop(self, timeout: float = 30.0) -> None:
        """Have the server sync its append-only file and end. Harmless when it does not run.

        Raises
        ------
        ServerError
            When it does not end within `timeout` seconds.
        """
        from redis.exceptions import RedisError

        if not self.running:
            return
        self._check_machine()
        client = connect(self.connection, name="steer-stop", retries=0)
        try:
            client.shutdown(nosave=True)
        except RedisError as error:
            raise ServerError(
                f"The Redis server of {self.directory} (pid {self._pid()}) could not be told to end: {error}. "
                f"Its log is {self.log_file}."
            ) from error
        finally:
            client.close()
        self._wait_until_gone(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- starting -----------------------------------------------------------------------------------------------

    def _make_directory(self) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.directory.chmod(0o700)
        except OSError as error:
            raise ServerError(f"{self.directory} cannot be made: {error.strerror}.") from error

    def _take_lock(self) -> int | None:
        """A descriptor that holds the directory; None while a server does."""
        if not self.directory.is_dir():
            return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        path = self.directory / "server.lock"
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ServerError(f"{path} cannot be opened: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if isinstance(error, BlockingIOError):
                return None
            raise ServerError(
                f"{path} cannot be locked ({error.strerror}); this file system has no locks."
            ) from error
        return lock

    def _check_machine(self) -> None:
        machine = self.credentials.machine
        if machine != socket.gethostname():
            raise ServerError(
                f"The Redis server of this campaign runs on {machine}; resume the campaign there, or stop it there."
            )

    def _launch(self, lock: int) -> None:
        binary = self._binary or find_binary()
        self._credentials = self._renewed_credentials()
        self._credentials.write(self.directory)
        bind = self._listen[0] if self._listen else ""
        config = self.directory / "redis.conf"
        settings = server_config(self.directory, self.log_file, self._credentials, bind, binary.version)
        write_private(config, settings)
        if bind not in ("", *LOOPBACK) and binary.version < OLDEST_ON_PATH:
            log.warning(
                "%s gets no security fixes any more, and whoever has a password can use the known flaws of its script "
                "engine: put redis or valkey 7.2 or later on PATH before other machines may reach it",
                binary,
            )
        Path(self._credentials.socket).unlink(missing_ok=True)
        try:
            started = subprocess.run(
                [binary.path, config],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,
                pass_fds=(lock,),
                timeout=STARTUP,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServerError(f"{binary} cannot be started: {error}.") from error
        if started.returncode:
            said = (started.stdout + started.stderr).decode(errors="replace").strip()
            raise ServerError(f"{binary} refuses to start with {config}: {said}")
        log.info("started %s", binary)

    def _renewed_credentials(self) -> Credentials:
        """Those of the last start, as far as they still hold, so that workers that know them come back."""
        old = Credentials.read(self.directory)
        host, port = "", 0
        if self._listen:
            bind, wanted = self._listen
            kept = old.port if old and old.port and _is_free(bind, old.port) else 0
            host, port = _advertised(bind), wanted or kept or _free_port(bind)
        path = self._socket_path(old)
        if old is None:
            return Credentials.new(self.campaign, path, host, port)
        return Credentials(
            self.campaign, socket.gethostname(), str(path), host, port, old.password, old.worker_password
        )

    def _socket_path(self, old: Credentials | None) -> Path:
        path = self.directory / "redis.sock"
        if len(os.fsencode(path)) < _SOCKET_LIMIT and _can_bind(path):
            return path
        if old and Path(old.socket) != path and _is_private(Path(old.socket).parent):
            return Path(old.socket)
        return Path(tempfile.mkdtemp(prefix="steer-redis-", dir="/tmp")) / "redis.sock"

    # -- waiting ------------------------------------------------------------------------------------------------

    def _wait_until_ready(self) -> None:
        from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError

        client = connect(self.connection, name="steer-start", retries=0)
        deadline = time.monotonic() + STARTUP
        problem: Exception | None = None
        try:
            while time.monotonic() < deadline:
                try:
                    client.ping()
                    return
                except AuthenticationError as error:
                    raise ServerError(f"{self._name()} does not know our password: {error}") from error
                except BusyLoadingError as error:
                    problem = error
                except RedisError as error:
                    problem = error
                    if not self.running:
                        raise ServerError(f"{self._name()} ended at once. {self._last_words()}") from error
                time.sleep(0.02)
        finally:
            client.close()
        raise ServerError(f"{self._name()} does not answer: {problem}. {self._last_words()}")

    def _wait_until_gone(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while self.running:
            if time.monotonic() > deadline:
                raise ServerError(f"{self._name()} did not end within {timeout:g} s. {self._last_words()}")
            time.sleep(0.02)
        folder = Path(self.credentials.socket).parent
        if folder != self.directory and _is_private(folder):
            Path(self.credentials.socket).unlink(missing_ok=True)
            folder.rmdir()

    def _name(self) -> str:
        return f"The Redis server of {self.directory} (pid {self._pid()})"

    def _pid(self) -> str:
        try:
            return (self.directory / "redis.pid").read_text().strip()
        except OSError:
            return "unknown"

    def _last_words(self) -> str:
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()[-3:]
        except OSError:
            return f"It wrote no log to {self.log_file}."
        said = " | ".join(re.sub(r"^\S+ \d+ \w+ \d+ [\d:.]+ ", "", line) for line in lines)
        return f"The last lines of {self.log_file} are: {said}"


def _parse_listen(listen: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port or 0
    except ValueError:
        host = None
    if not host or parts.path or not _HOST.fullmatch(host):
        raise ConfigError(f"{listen!r} is no address to listen on; expected HOST or HOST:PORT.")
    return host, port


def _advertised(bind: str) -> str:
    return socket.gethostname() if bind in _ANY else "127.0.0.1" if bind == "localhost" else bind


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _free_port(host: str) -> int:
    with socket.socket(_family(host)) as probe:
        try:
            probe.bind(("0.0.0.0" if host == "*" else host, 0))
        except OSError as error:
            raise ServerError(f"This machine cannot listen on {host}: {error.strerror}.") from error
        return int(probe.getsockname()[1])


def _is_free(host: str, port: int) -> bool:
    with socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0" if host == "*" else host, port))
        except OSError:
            return False
    return True


def _can_bind(path: Path) -> bool:
    """Whether this file system takes sockets: some network ones do not."""
    trial = path.with_name(".s")
    trial.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(trial))
        except OSError:
            return False
        finally:
            trial.unlink(missing_ok=True)
    return True


def _is_private(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and status.st_uid == os.getuid() and status.st_mode & 0o077 == 0
