"""Text in a queue describes work that fits together, or is refused; no text is more than refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.docket_codec import JsonCodec
from steer.exceptions import JobError
from steer.messages import JobProgress, RefineResult, WorkerInfo, decode_event, decode_job

JOB = {
    "kind": "cg",
    "key": "cg:cg-000001",
    "simulation": "cg-000001",
    "start": "seeds/1.pdb",
    "force_field": 1,
    "steps": 10,
    "random_seed": 1,
}
RESULT = {
    "kind": "refine",
    "simulation": "aa-000001",
    "accepted": True,
    "reasons": [],
    "report": {},
    "backmapper": "carry_over",
    "attempts": 1,
    "steps": 10,
    "frames": 1,
    "seconds": 1.0,
    "platform": "CPU",
    "secondary_structure": "C",
    "end_state": "aa/aa-000001/end.pdb",
}
EVENT = {
    "key": "refine:aa-000001",
    "status": "done",
    "worker": "w",
    "started": 1.0,
    "finished": 2.0,
    "result": RESULT,
    "log": "logs/aa-000001.log",
}


def test_what_the_coordinator_and_the_workers_write_is_taken():
    assert decode_job(json.dumps(JOB)).key == "cg:cg-000001"
    assert isinstance(decode_event(json.dumps(EVENT)).result, RefineResult)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "cg:cg-000002"},
        {"key": "cg:cg-000001\n"},
        {"key": "cg:cg-000001\n", "simulation": "cg-000001\n"},
        {"key": "cg:aa-000001", "simulation": "aa-000001"},
        {"key": "cg:../../../tmp", "simulation": "../../../tmp"},
        {"start": "/etc/passwd"},
        {"start": "seeds/../../../etc/passwd"},
        {"start": "seeds/1.pdb\n"},
        {"start": "seeds/$(reboot).pdb"},
        {"steps": 10**30},
        {"steps": -1},
        {"steps": 1e3},
        {"force_field": "1"},
        {"runner": "os:system"},
    ],
)
def test_a_job_that_does_not_fit_together_is_refused(change):
    with pytest.raises(JobError):
        decode_job(json.dumps(JOB | change))


@pytest.mark.parametrize(
    "change",
    [
        {"result": None},
        {"status": "failed"},
        {"status": "returned"},
        {"key": "refine:aa-000002"},
        {"key": "cg:cg-000001"},
        {"log": "/etc/passwd"},
        {"log": "logs/../../x"},
        {"log": "logs/\x1b[2J"},
        {"result": RESULT | {"steps": 2**63}},
        {"result": RESULT | {"end_state": "/etc/passwd"}},
        {"result": RESULT | {"end_state": "aa/aa-000001/\x00"}},
    ],
)
def test_an_event_that_does_not_fit_together_is_refused(change):
    with pytest.raises(JobError):
        decode_event(json.dumps(EVENT | change))


def test_nesting_without_end_is_refused():
    deep = "[" * 100_000 + "]" * 100_000
    event = json.dumps(EVENT).replace('"report": {}', f'"report": {{"a": {deep}}}')
    with pytest.raises(JobError):
        decode_event(event)
    with pytest.raises(JobError):
        decode_job(deep)
    with pytest.raises(JobError):
        JsonCodec.loads(deep.encode())


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_message_or_refused(data):
    for read in (decode_job, decode_event, JsonCodec.loads):
        try:
            read(data)
        except JobError:
            continue


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (JobProgress, {"key": "a", "worker": "w", "phase": "p", "fraction": 1e300, "step": 1, "updated": 0}),
        (
            WorkerInfo,
            {"name": "w", "host": "h", "pid": 1, "version": "1", "slots": 10**12, "kinds": [], "devices": [],
             "busy": [], "seen": 0},
        ),
    ],
)  # fmt: skip
def test_numbers_that_no_worker_tells_are_refused(kind, text):
    import msgspec

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(text), type=kind)
