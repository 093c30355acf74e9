from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sims.backmap.protocol import BackmapRequest
from sims.exceptions import BackmapError
from sims.mapping import BeadMapping
from sims.refinement import backmap_with_retries
from sims.structure import Structure

TRPCAGE = Path(__file__).parents[3] / "examples" / "trp-cage" / "trpcage.pdb"


@dataclass
class Scripted:
    """A backmapper whose answers are written down: positions, or why there are none."""

    name: str
    answers: list[NDArray[np.float64] | str]
    seeds: list[int] = field(default_factory=list)

    def backmap(self, request: BackmapRequest) -> NDArray[np.float32]:
        self.seeds.append(request.seed)
        answer = self.answers[len(self.seeds) - 1]
        if isinstance(answer, str):
            raise BackmapError(self.name, answer)
        return answer.astype(np.float32)


@pytest.fixture(scope="module")
def trpcage() -> Structure:
    return Structure.read(TRPCAGE)


@pytest.fixture
def wanted(trpcage: Structure) -> BackmapRequest:
    residues = [[atom.index for atom in residue.atoms()] for residue in trpcage.topology.residues()]
    weights = [(bead, atom, 1.0) for bead, atoms in enumerate(residues) for atom in atoms]
    mapping = BeadMapping.from_weights(weights, len(residues), trpcage.n_atoms)
    return BackmapRequest(mapping.apply(trpcage.positions), trpcage, mapping, seed=11)


def test_a_good_first_structure_is_taken(wanted: BackmapRequest, trpcage: Structure, tmp_path: Path) -> None:
    first, fallback = Scripted("good", [trpcage.positions]), Scripted("never", [])
    told: list[tuple[str, float]] = []
    result = backmap_with_retries(
        wanted,
        first=first,
        fallback=fallback,
        attempts=3,
        directory=tmp_path,
        dynamics=0.0,
        progress=lambda phase, fraction: told.append((phase, fraction)),
    )
    assert result.accepted
    assert (result.backmapper, result.attempts) == ("good", 1)
    assert result.report.endurance is not None
    assert result.report.endurance.energy_after <= result.report.endurance.energy_before < 0
    assert not fallback.seeds
    assert told[-1] == ("backmapped", 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backmapped.json", "backmapped.pdb"]
    again = Structure.read(tmp_path / "backmapped.pdb")
    np.testing.assert_allclose(again.positions, result.positions, atol=1e-4)


def test_rejected_structures_are_kept_with_their_reasons(
    wanted: BackmapRequest, trpcage: Structure, tmp_path: Path
) -> None:
    mirrored = trpcage.positions * [1, 1, -1]
    first, fallback = Scripted("first", [mirrored, "no luck"]), Scripted("second", [trpcage.positions])
    result = backmap_with_retries(
        wanted, first=first, fallback=fallback, attempts=2, directory=tmp_path, dynamics=None
    )
    assert result.accepted
    assert (result.backmapper, result.attempts) == ("second", 3)
    assert len({*first.seeds, *fallback.seeds}) == 3
    assert sorted(path.name for path in tmp_path.glob("rejected*")) == [
        "rejected-01-first.json",
        "rejected-01-first.pdb",
        "rejected-02-first.json",
    ]
    mirror = json.loads((tmp_path / "rejected-01-first.json").read_text())
    assert mirror["accepted"] is False
    assert "L form" in mirror["reasons"][0]
    assert len(mirror["report"]["wrong_centres"]) == 18
    assert "no luck" in json.loads((tmp_path / "rejected-02-first.json").read_text())["reasons"][0]
    np.testing.assert_allclose(
        Structure.read(tmp_path / "rejected-01-first.pdb").positions, mirrored, atol=1e-4
    )


def test_when_all_fail_the_best_comes_back_rejected(
    wanted: BackmapRequest, trpcage: Structure, tmp_path: Path
) -> None:
    nearly = np.array(trpcage.positions)
    nearly += [0.5, 0.0, 0.0]
    broken = np.full_like(nearly, np.nan)
    first = Scripted("first", [broken, trpcage.positions * [1, 1, -1]])
    fallback = Scripted("second", [nearly, broken])
    result = backmap_with_retries(
        wanted, first=first, fallback=fallback, attempts=2, directory=tmp_path, dynamics=None
    )
    assert not result.accepted
    assert (result.backmapper, result.attempts) == ("second", 4)
    assert "rms from its beads" in result.reasons[0]
    assert not (tmp_path / "backmapped.pdb").exists()
    assert not (tmp_path / "rejected-01-first.pdb").exists()
    assert (tmp_path / "rejected-01-first.json").exists()


def test_the_same_seed_tries_the_same_seeds(
    wanted: BackmapRequest, trpcage: Structure, tmp_path: Path
) -> None:
    tried = []
    for run in ("one", "two"):
        first = Scripted("first", [trpcage.positions * -1] * 3)
        backmap_with_retries(
            wanted, first=first, fallback=None, attempts=3, directory=tmp_path / run, dynamics=None
        )
        tried.append(first.seeds)
    assert tried[0] == tried[1]
    assert len(set(tried[0])) == 3


def test_without_any_structure_the_last_error_is_raised(wanted: BackmapRequest, tmp_path: Path) -> None:
    with pytest.raises(BackmapError, match="second time"):
        backmap_with_retries(
            wanted,
            first=Scripted("first", ["first time", "second time"]),
            fallback=None,
            attempts=2,
            directory=tmp_path,
        )


def test_no_attempts_are_refused(wanted: BackmapRequest, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="attempts must be at least 1"):
        backmap_with_retries(
            wanted, first=Scripted("first", []), fallback=None, attempts=0, directory=tmp_path
        )
