"""What a queue's message must be to reach a worker."""

from __future__ import annotations

import pytest
from conformance.fleet import cg_job
from hypothesis import given
from hypothesis import strategies as st

from steer.docket_codec import JsonCodec
from steer.exceptions import JobError
from steer.gate import admissible
from steer.messages import encode

JOB = cg_job(7)
GOOD = {
    b"key": b"cg:cg-000007",
    b"when": b"2026-01-01T00:00:00+00:00",
    b"function": b"run_job",
    b"args": JsonCodec.dumps((encode(JOB),)),
    b"kwargs": b"{}",
    b"attempt": b"1",
    b"generation": b"1",
}


def test_our_own_message_passes():
    assert admissible(GOOD, "cg", "run_job") == "cg:cg-000007"


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        (b"key", b"cg:cg-000008", "stands under the key 'cg:cg-000008'"),
        (b"function", b"trace", "something else than 'run_job'"),
        (b"kwargs", b'{"a": 1}', "something else than 'run_job'"),
        (b"args", b"[]", "something else than 'run_job'"),
        (b"args", b"[1]", "not the text of a job"),
        (b"args", b'["{}"]', "does not fit its schema"),
        (b"attempt", b"one", "not one of a job queue"),
        (b"generation", b"", "not one of a job queue"),
        (b"when", b"yesterday", "not one of a job queue"),
    ],
)
def test_anything_else_is_refused(field, value, complaint):
    with pytest.raises(JobError, match=complaint):
        admissible(GOOD | {field: value}, "cg", "run_job")


def test_a_job_in_the_wrong_queue_is_refused():
    with pytest.raises(JobError, match="of the queue 'refine'"):
        admissible(GOOD, "refine", "run_job")


@pytest.mark.parametrize("missing", list(GOOD))
def test_a_message_that_lacks_something_is_refused(missing):
    with pytest.raises(JobError):
        admissible({field: value for field, value in GOOD.items() if field != missing}, "cg", "run_job")


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.binary()))
def test_no_bytes_do_anything_but_be_refused(fields):
    try:
        admissible(GOOD | fields, "cg", "run_job")
    except JobError:
        return
