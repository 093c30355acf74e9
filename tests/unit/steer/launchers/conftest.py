from __future__ import annotations

from pathlib import Path

import pytest

from steer.launchers import Request


@pytest.fixture
def request_of():
    """A function that makes a request, ordinary but for what it is told."""

    def request_of(**told) -> Request:
        ordinary = {
            "campaign": "trp-cage",
            "directory": Path("/shared/trp-cage"),
            "command": "/opt/steer/bin/steer",
        }
        return Request(**{**ordinary, **told})

    return request_of
