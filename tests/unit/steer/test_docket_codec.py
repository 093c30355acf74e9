"""docket speaks JSON in this package, and nothing it is sent can run code."""

from __future__ import annotations

import os
import pickle

import docket.execution
import docket.strikelist
import docket.worker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer import docket_codec
from steer.docket_codec import JsonCodec, install
from steer.exceptions import EnvironmentNotReady, JobError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), JSON))
def test_json_values_come_back(value):
    assert JsonCodec.loads(JsonCodec.dumps(value)) == value


@given(st.lists(JSON).map(tuple))
def test_arguments_come_back_as_a_tuple(arguments):
    assert JsonCodec.loads(JsonCodec.dumps(arguments)) == arguments


def test_an_exception_becomes_its_sentence():
    assert JsonCodec.loads(JsonCodec.dumps(OSError("no space"))) == {"error": "OSError: no space"}


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_and_never_run(tmp_path, protocol):
    trap = tmp_path / "trap"
    with pytest.raises(JobError, match="not JSON"):
        JsonCodec.loads(pickle.dumps(Bomb(trap), protocol))
    assert not trap.exists()


@given(st.binary())
def test_bytes_are_json_or_refused(data):
    try:
        JsonCodec.loads(data)
    except JobError:
        return


def test_what_is_not_json_is_not_sent():
    with pytest.raises(JobError, match="Only JSON types"):
        JsonCodec.dumps(object())


def test_installed_it_is_what_docket_calls():
    install()
    for module in (docket.execution, docket.worker, docket.strikelist):
        assert module.cloudpickle is JsonCodec


def test_another_version_of_docket_is_refused(monkeypatch):
    monkeypatch.setattr(docket_codec, "version", lambda name: "0.28.0")
    with pytest.raises(EnvironmentNotReady, match=r"needs pydocket 0\.27\.0, found 0\.28\.0"):
        install()
