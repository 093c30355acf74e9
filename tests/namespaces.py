"""Several hosts on one machine: network namespaces joined by a bridge, each with an address and a name of its own.

They need root and Debian's iproute2 (``ip``) and util-linux (``unshare``). The bridge is in a namespace too, so that
nothing of the machine's own network is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

__all__ = ["Hosts", "require_hosts"]

_AS_HOST = 'hostname "$0" && exec "$@"'


class Hosts:
    """Hosts with addresses 10.77.0.1, 10.77.0.2, … on a network of their own.

    Parameters
    ----------
    names : sequence of str
        Short names; they are the hosts' names too.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._prefix = f"steer{os.getpid()}"
        self._made: list[str] = []
        self.addresses = {name: f"10.77.0.{number}" for number, name in enumerate(names, start=1)}

    def __enter__(self) -> Hosts:
        try:
            self._make("hub")
            self._ip("-n", self._space("hub"), "link", "add", "name", "bridge", "type", "bridge")
            self._ip("-n", self._space("hub"), "link", "set", "bridge", "up")
            for name, address in self.addresses.items():
                self._join(name, address)
        except subprocess.CalledProcessError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for space in self._made:
            self._ip("netns", "delete", space)

    def start(self, host: str, command: Sequence[str], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
        """Start a command on a host; what it says goes to a file."""
        before = ["ip", "netns", "exec", self._space(host), "unshare", "--uts", "sh", "-c", _AS_HOST, host]
        with log.open("ab") as output:
            return subprocess.Popen([*before, *command], cwd=cwd, stdout=output, stderr=output)

    def cut(self, host: str) -> None:
        """Pull a host's plug: packets vanish, and no connection is told."""
        self._ip("-n", self._space("hub"), "link", "set", host, "down")

    def heal(self, host: str) -> None:
        """Put the plug in again."""
        self._ip("-n", self._space("hub"), "link", "set", host, "up")

    def _join(self, name: str, address: str) -> None:
        hub, own = self._space("hub"), self._make(name)
        self._ip("-n", hub, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", own)
        self._ip("-n", hub, "link", "set", name, "master", "bridge", "up")
        self._ip("-n", own, "address", "add", f"{address}/24", "dev", "eth0")
        self._ip("-n", own, "link", "set", "eth0", "up")
        self._ip("-n", own, "link", "set", "lo", "up")

    def _make(self, name: str) -> str:
        space = self._space(name)
        self._ip("netns", "add", space)
        self._made.append(space)
        return space

    def _space(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def require_hosts() -> None:
    """Skip the test where there can be no hosts; in continuous integration a missing tool is a failure."""
    missing = [tool for tool in ("ip", "unshare", "hostname") if shutil.which(tool) is None]
    if missing:
        text = f"{', '.join(missing)} is not installed (Debian, Ubuntu: apt-get install iproute2 util-linux hostname)"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    try:
        with Hosts(["probe"]):
            return
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces cannot be made here: {error.stderr.strip()}")
