"""The fleet on a real Redis with a real worker daemon does what every fleet must."""

from __future__ import annotations

import pytest
from conformance.fleet import FleetConformance


class TestDocketFleet(FleetConformance):
    @pytest.fixture
    def fleet(self, open_fleet, start_worker):
        start_worker()
        return open_fleet()

    @pytest.fixture
    def attempts(self, folder):
        return lambda number: len(folder(number).pids())
