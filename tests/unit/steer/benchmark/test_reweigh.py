from __future__ import annotations

import numpy as np
import pytest

from steer.benchmark.reweigh import frame_weights, stationary


def chain(matrix: np.ndarray, start: int, length: int, rng: np.random.Generator) -> np.ndarray:
    states = [start]
    for _ in range(length - 1):
        states.append(int(rng.choice(len(matrix), p=matrix[states[-1]])))
    return np.array(states)


def test_the_bias_of_restarts_goes():
    matrix = np.array([[0.95, 0.05, 0.0], [0.10, 0.80, 0.10], [0.0, 0.30, 0.70]])
    truth = np.array([6, 3, 1]) / 10
    np.testing.assert_allclose(truth @ matrix, truth)
    rng = np.random.default_rng(0)
    # Two thirds of the runs start in the rarest state.
    walks = [chain(matrix, start, 20, rng) for start in [2, 2, 0] * 300]
    cells, simulation = np.concatenate(walks), np.repeat(np.arange(len(walks)), 20)
    raw = np.bincount(cells) / len(cells)
    weighted = np.bincount(cells, frame_weights(cells, simulation))
    assert np.abs(raw - truth).max() > 0.05
    np.testing.assert_allclose(weighted, truth, atol=0.02)


def test_a_jump_from_one_simulation_to_the_next_is_no_transition():
    cells, simulation = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1])
    assert frame_weights(cells, simulation).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0])


def test_frames_of_two_simulations_may_alternate():
    cells, simulation = np.array([0, 1, 1, 0, 0, 1]), np.array([0, 1, 0, 1, 0, 1])
    ordered = np.argsort(simulation, kind="stable")
    assert frame_weights(cells, simulation)[ordered] == pytest.approx(
        frame_weights(cells[ordered], simulation[ordered])
    )


def test_a_place_without_return_has_no_weight():
    assert stationary(np.array([[90.0, 10, 1], [10, 80, 0], [0, 0, 5]]))[2] == 0
