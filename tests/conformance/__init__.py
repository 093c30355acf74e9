"""Tests of the seams, to be run on every implementation: subclass in the test file of each."""

import pytest

pytest.register_assert_rewrite("conformance.engine", "conformance.frame_stream")
