"""Slow motions, against motions that are known and against other people's code."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.hinge import build_chains, hinge_walk
from deeptime.decomposition import TICA
from numpy.typing import NDArray
from scipy.linalg import subspace_angles
from sklearn.covariance import ledoit_wolf

from models.exceptions import TrainingError
from models.features import BeadFeatures
from models.pca import PcaTrainer
from models.slowness import _shrinkage, pairs_among
from models.training import VaeTrainer

N_BEADS = 12


@pytest.fixture
def featurizer() -> BeadFeatures:
    return BeadFeatures(N_BEADS, [], [range(i, i + 4) for i in range(N_BEADS - 3)])


def wobbling_chain(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Frames of a chain whose dihedral 4 drifts by 0.2 rad about its mean while all others jump by 0.4 at every frame."""
    rng = np.random.default_rng(seed)
    drift = np.zeros(count)
    for i, kick in enumerate(rng.normal(0, 0.2 * np.sqrt(1 - 0.98**2), count)):
        drift[i] = 0.98 * drift[i - 1] + kick
    dihedrals = 1.0 + rng.normal(0, 0.4, (count, N_BEADS - 3))
    dihedrals[:, 4] = 1.0 + drift
    return build_chains(np.full((count, N_BEADS - 2), 1.7), dihedrals).astype(np.float32), drift


def test_the_slow_motion_is_first_though_it_is_the_narrowest(featurizer: BeadFeatures) -> None:
    positions, drift = wobbling_chain(4000, 1)
    model = PcaTrainer(featurizer, 3, scaling="slow").fit(positions, version=1, seed=0)
    fresh, fresh_drift = wobbling_chain(1000, 2)
    latents = model.encode(fresh)
    assert abs(np.corrcoef(latents[:, 0], fresh_drift)[0, 1]) > 0.97
    left = model.statistics()["autocorrelations"]
    assert left[0] == pytest.approx(0.98, abs=0.02)
    assert left[2] < 0.2  # the second is the curvature of sine and cosine along the same motion
    assert abs(np.corrcoef(drift, model.encode(positions)[:, 0])[0, 1]) > 0.97


def test_an_autoencoder_of_slow_motions_has_them_on_its_map(featurizer: BeadFeatures) -> None:
    positions, _ = wobbling_chain(2000, 1)
    fresh, drift = wobbling_chain(1000, 2)
    told = {
        scaling: r_squared(
            VaeTrainer(featurizer, 2, epochs=15, scaling=scaling)
            .fit(positions, version=1, seed=0)
            .encode(fresh),
            drift,
        )
        for scaling in ("kind", "slow")
    }
    assert told["slow"] > 0.9
    assert told["kind"] < 0.3


def r_squared(latents: NDArray[np.float32], motion: NDArray[np.float64]) -> float:
    """How much of a motion a plane over the map tells."""
    terms = np.column_stack([np.ones(len(latents)), latents, latents**2])
    missed = motion - terms @ np.linalg.lstsq(terms, motion)[0]
    return float(1 - missed.var() / motion.var())


def test_with_many_frames_it_agrees_with_deeptime(featurizer: BeadFeatures) -> None:
    positions = hinge_walk(20_000, 3, N_BEADS).positions
    model = PcaTrainer(featurizer, 3, scaling="slow").fit(positions, version=1, seed=0)
    features = featurizer.transform(positions).astype(np.float64)
    theirs = TICA(lagtime=1, dim=3, scaling="kinetic_map").fit_fetch(features)
    np.testing.assert_allclose(model.statistics()["autocorrelations"], theirs.singular_values[:3], atol=0.02)
    ours = model.encode(positions).astype(np.float64)
    spaces = (points - points.mean(axis=0) for points in (ours, theirs.transform(features)))
    assert np.degrees(subspace_angles(*spaces)).max() < 6


def test_shrinkage_is_that_of_ledoit_and_wolf() -> None:
    rng = np.random.default_rng(4)
    draws = rng.normal(size=(60, 20)) * np.linspace(0.2, 3, 20)
    covariance = draws.T @ draws / 60
    fourth = float(np.square(np.square(draws).sum(axis=1)).mean())
    assert _shrinkage(covariance, fourth, 60) == pytest.approx(ledoit_wolf(draws, assume_centered=True)[1])
    assert _shrinkage(np.zeros((3, 3)), 0.0, 60) == 1.0


def test_few_frames_make_nothing_look_slow(featurizer: BeadFeatures) -> None:
    rng = np.random.default_rng(5)
    dihedrals = 1.0 + rng.normal(0, 0.3, (40, N_BEADS - 3))
    positions = build_chains(np.full((40, N_BEADS - 2), 1.7), dihedrals).astype(np.float32)
    left = (
        PcaTrainer(featurizer, 2, scaling="slow")
        .fit(positions, version=1, seed=0)
        .statistics()["autocorrelations"]
    )
    assert left[0] < 0.5


def test_frames_of_many_simulations_may_lie_in_any_order(featurizer: BeadFeatures) -> None:
    positions, _ = wobbling_chain(2000, 6)
    order = np.random.default_rng(7).permutation(2000)
    place = np.empty(2000, np.int64)
    place[order] = np.arange(2000)
    following = np.append(place[1:], -1)[order]
    shuffled = PcaTrainer(featurizer, 1, scaling="slow").fit(
        positions[order], version=1, seed=0, following=following
    )
    straight = PcaTrainer(featurizer, 1, scaling="slow").fit(positions, version=1, seed=0)
    ours, theirs = shuffled.encode(positions)[:, 0], straight.encode(positions)[:, 0]
    assert abs(np.corrcoef(ours, theirs)[0, 1]) > 0.99
    assert shuffled.statistics()["pairs"] == pytest.approx(0.81 * 2000, rel=0.05)
    assert straight.statistics()["pairs"] == pytest.approx(0.9 * 2000, rel=0.05)


def test_without_pairs_it_says_what_to_do(featurizer: BeadFeatures) -> None:
    positions, _ = wobbling_chain(100, 8)
    with pytest.raises(TrainingError, match=r"Only 0 of .*frame_interval"):
        PcaTrainer(featurizer, 2, scaling="slow").fit(
            positions, version=1, seed=0, following=np.full(100, -1)
        )


def test_pairs_are_told_in_rows_of_the_sample() -> None:
    following = np.array([2, 3, 4, -1, 6, 7, 8, 9, 10, 11, 12, 13, -1, -1])
    rows = np.array([0, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    pairs = rows[pairs_among(rows, 14, following)]
    assert pairs.tolist() == [[a, following[a]] for a in rows if following[a] in rows]
