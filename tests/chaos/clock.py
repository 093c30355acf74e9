"""Wall clocks that jump: one a host, shared by the processes that are started with its environment."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

__all__ = ["Clock", "build_shim", "find_compiler"]

SOURCE = Path(__file__).with_name("clock.c")


def find_compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("cc") or shutil.which("gcc")


def build_shim(folder: Path) -> Path | None:
    """Compile the shared library that makes clocks jump; None without a C compiler."""
    compiler = find_compiler()
    if compiler is None:
        return None
    library = folder / "clock.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


class Clock:
    """The wall clock of one host.

    Parameters
    ----------
    file : Path
        Holds how far the clock is off, in ns.
    shim : Path or None
        The library; without it the clock cannot jump.
    """

    def __init__(self, file: Path, shim: Path | None) -> None:
        self._file, self._shim, self._offset = file, shim, 0
        file.write_bytes(struct.pack("q", 0))

    @property
    def environment(self) -> dict[str, str]:
        """For the processes of this host."""
        return {"LD_PRELOAD": str(self._shim), "CHAOS_CLOCK": str(self._file)} if self._shim else {}

    def jump(self, seconds: float) -> None:
        """Set the clock forward, or back."""
        self._offset += int(seconds * 1e9)
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", self._offset))
