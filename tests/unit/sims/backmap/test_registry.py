from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sims.backmap.protocol import BackmapRequest
from sims.backmap.registry import BACKMAPPERS, make_backmapper, other_than
from sims.exceptions import BackmapError


@pytest.mark.parametrize("name", BACKMAPPERS)
def test_each_name_makes_the_backmapper_of_that_name(name: str) -> None:
    assert make_backmapper(name).name == name
    assert other_than(name) in set(BACKMAPPERS) - {name}


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="carry_over, mstool"):
        make_backmapper("magic")


@pytest.mark.parametrize("name", BACKMAPPERS)
def test_beads_that_cannot_be_backmapped_are_refused_in_one_sentence(
    name: str, request_: BackmapRequest
) -> None:
    beads = request_.beads.copy()
    beads[3, 1] = np.nan
    with pytest.raises(BackmapError, match="target bead 3 is not finite"):
        make_backmapper(name).backmap(replace(request_, beads=beads))
    with pytest.raises(BackmapError, match=r"\(45, 3\) where \(46, 3\)"):
        make_backmapper(name).backmap(replace(request_, beads=beads[1:]))
