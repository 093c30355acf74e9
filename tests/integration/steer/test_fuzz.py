"""A sample of `tests/fuzz`: damaged input is accepted as what it says, or refused with one of our own errors."""

from __future__ import annotations

import pytest
from fuzz.configs import CampaignFiles
from fuzz.frames import FrameMessages
from fuzz.journals import JournalFiles
from fuzz.outcome import run
from fuzz.structures import StructureFiles


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda folder: FrameMessages(), 20_000),
        (CampaignFiles, 400),
        (StructureFiles, 500),
        (JournalFiles, 150),
    ],
    ids=["frames", "configs", "structures", "journals"],
)
def test_damaged_input_is_refused_or_accepted_for_what_it_is(tmp_path, make, count):
    tally = run(make(tmp_path), count, seed=3)
    assert tally.findings == []
    assert tally.accepted > 0
    assert tally.refused > tally.accepted / 2
