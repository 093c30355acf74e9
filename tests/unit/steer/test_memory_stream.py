"""The stream in memory does what every frame stream must."""

from __future__ import annotations

import pytest
from conformance.frame_stream import FrameStreamConformance

from steer.memory_stream import MemoryBroker, MemoryFrameStream


class TestMemoryFrameStream(FrameStreamConformance):
    @pytest.fixture
    def reopen(self):
        broker = MemoryBroker()
        return lambda: MemoryFrameStream(broker)
