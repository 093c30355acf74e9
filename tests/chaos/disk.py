"""A small disk that can be filled: a tmpfs of its own under the campaign directory (needs the right to mount)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["Disk"]

SIZE = "96m"
BLOCK = bytes(2**20)


class Disk:
    """The disk that a campaign directory lies on.

    Parameters
    ----------
    folder : Path
        Mount point; made when missing. Where nothing can be mounted it stays a plain folder, which cannot be filled.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "chaos", str(folder)]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with self._ballast.open("wb", buffering=0) as file:
            size = len(BLOCK)
            while size:
                try:
                    file.write(BLOCK[:size])
                except OSError:
                    size //= 2

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the mount back; what was on it is gone."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
