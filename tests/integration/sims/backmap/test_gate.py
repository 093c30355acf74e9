"""The quality gate on structures that deserve it, and on some that do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sims.backmap.endurance import endure
from sims.backmap.quality import inspect
from sims.backmap.registry import make_backmapper
from sims.refinement import backmap_with_retries
from sims.structure import Structure

Molecules = Callable[[str], Any]


def test_a_promoted_configuration_passes_the_whole_gate(molecule: Molecules, tmp_path: Path) -> None:
    request = molecule("trpcage").request(noise=0.05, seed=4)
    result = backmap_with_retries(
        request, first=make_backmapper("carry_over"), fallback=None, attempts=2, directory=tmp_path
    )
    assert result.accepted, result.reasons
    assert result.report.endurance is not None
    assert result.report.endurance.time == 10.0
    assert Structure.read(tmp_path / "backmapped.pdb").n_atoms == 304
    assert json.loads((tmp_path / "backmapped.json").read_text())["report"]["endurance"]["survived"] is True


def test_mirrored_beads_do_not_make_d_residues(molecule: Molecules) -> None:
    request = molecule("trpcage").request(noise=0.0, seed=4)
    mirrored = replace(request, beads=request.beads * np.float32([1, 1, -1]))
    positions = make_backmapper("carry_over").backmap(mirrored)
    report = inspect(mirrored, positions, backmapper="carry_over", seconds=0.0)
    assert report.wrong_centres == ()
    assert report.cis_peptides == ()


def test_the_reference_endures(molecule: Molecules) -> None:
    structure = molecule("trpcage").structure
    result = endure(structure, structure.positions, seed=1, time=2.0)
    assert result.survived
    assert result.energy_after < result.energy_before


def test_a_broken_chain_does_not_endure(molecule: Molecules) -> None:
    structure = molecule("trpcage").structure
    torn = np.array(structure.positions)
    torn[150:] = torn[150:] * [1, 1, -1] + [0.0, 0.0, 3.0]
    result = endure(structure, torn, seed=1, time=0.0)
    assert not result.survived
    assert "L form" in result.problem or "broken" in result.problem


def test_atoms_in_one_place_do_not_endure(molecule: Molecules) -> None:
    structure = molecule("trpcage").structure
    result = endure(structure, np.zeros_like(structure.positions), seed=1, time=0.0)
    assert not result.survived
    assert result.problem
