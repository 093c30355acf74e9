"""A worker's word is taken when its files bear it out, and is a failure otherwise."""

from __future__ import annotations

import pytest

from sims.exceptions import TopologyError
from steer.campaign import CampaignDirectory
from steer.evidence import believed
from steer.messages import CgResult, JobEvent, RefineResult, TrainResult


def event(key, result):
    return JobEvent(key=key, status="done", worker="w", started=0, finished=1, result=result)


def refined(accepted=True, end_state="aa/aa-000001/end.pdb"):
    return RefineResult(
        simulation="aa-000001",
        accepted=accepted,
        reasons=[],
        report={},
        backmapper="carry_over",
        attempts=1,
        steps=1,
        frames=1,
        seconds=1,
        platform="CPU",
        secondary_structure="C",
        end_state=end_state,
    )


def sound(path):
    assert path.parts[-3:] == ("aa", "aa-000001", "end-beads.pdb")


def broken(path):
    raise TopologyError("The file has 0 beads; 5 were expected.", path)


def missing(path):
    raise FileNotFoundError(2, "No such file or directory", str(path))


@pytest.fixture
def directory(tmp_path):
    return CampaignDirectory(tmp_path)


def test_what_the_files_bear_out_is_believed(directory):
    told = event("refine:aa-000001", refined())
    assert believed(told, directory, sound) is told


@pytest.mark.parametrize("read", [broken, missing])
def test_an_accepted_refinement_without_its_beads_has_failed(directory, read):
    found = believed(event("refine:aa-000001", refined()), directory, read)
    assert (found.status, found.result) == ("failed", None)
    assert "says that it is done, but" in found.error
    assert "end-beads.pdb" in found.error


def test_an_end_state_in_another_folder_is_not_believed(directory):
    found = believed(event("refine:aa-000001", refined(end_state="aa/aa-000002/end.pdb")), directory, sound)
    assert found.status == "failed"
    assert "not in the folder of aa-000001" in found.error


def test_a_model_that_is_not_there_has_failed(directory):
    found = believed(
        event("train:0001", TrainResult(version=1, statistics={}, seconds=1)), directory, missing
    )
    assert found.status == "failed"
    assert "models/0001" in found.error


@pytest.mark.parametrize(
    "told",
    [
        event("refine:aa-000001", refined(accepted=False, end_state="")),
        event(
            "cg:cg-000001",
            CgResult(
                simulation="cg-000001",
                steps=1,
                frames=1,
                seconds=1,
                steps_per_second=1,
                platform="CPU",
                end_state="x",
            ),
        ),
        JobEvent(key="train:0001", status="failed", worker="w", started=0, finished=1, error="no"),
    ],
)
def test_what_leads_to_no_file_needs_none(directory, told):
    assert believed(told, directory, missing) is told
