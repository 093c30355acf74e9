"""Markov models of chains whose timescales are known, estimated with the real deeptime."""

import numpy as np
import pytest

from steer.coverage.markov import markov_model, timescales_at

STAY, LEAVE, RETURN = 3.0, 0.01, 0.02
TIMESCALE = -1 / np.log(1 - LEAVE - RETURN)


def two_state(rng: np.random.Generator, length: int) -> np.ndarray:
    state, visited = 0, []
    for chance in rng.random(length):
        visited.append(state)
        if chance < (LEAVE if state == 0 else RETURN):
            state = 1 - state
    return np.array(visited)


@pytest.fixture(scope="module")
def chains() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.array([two_state(rng, 1000) for _ in range(20)])


def model_of(chains: np.ndarray, **options):
    points = np.column_stack([STAY * chains.ravel(), np.zeros(chains.size)])
    count, length = chains.shape
    return markov_model(
        points, np.repeat(np.arange(count), length), np.tile(np.arange(length), count), 1000.0, **options
    )


def test_a_two_state_chain_gives_its_known_timescale_and_equilibrium(chains):
    model = model_of(chains)
    chosen = list(model.lags).index(model.lag)
    assert model.timescales[chosen, 0] == pytest.approx(TIMESCALE, rel=0.15)
    assert model.low[chosen, 0] < TIMESCALE < model.high[chosen, 0]
    assert model.warnings == []
    assert model.notes == []
    second = chains.ravel() == 1
    assert model.weights[second].sum() == pytest.approx(LEAVE / (LEAVE + RETURN), abs=0.05)


def test_starting_where_it_is_rare_does_not_move_the_equilibrium(chains):
    rare = np.concatenate([chain[np.argmax(chain) :][:200] for chain in chains if chain[:800].any()])
    chains_from_rare = rare.reshape(-1, 200)
    model = model_of(chains_from_rare, steered=5)
    second = chains_from_rare.ravel() == 1
    assert second.mean() > 0.36
    assert model.weights[second].sum() == pytest.approx(1 / 3, abs=abs(second.mean() - 1 / 3))
    assert "5 of" in model.notes[0]


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = 0
    for seed in range(40):
        _, low, high = timescales_at([two_state(rng, 1500) for _ in range(2)], 3, seed)
        held += low[0] <= TIMESCALE <= high[0]
    assert held >= 34


def test_a_timescale_lies_in_its_own_interval_also_where_counts_are_few():
    steps = np.random.default_rng(2).integers(-1, 2, (10, 60))
    walks = [np.clip(np.cumsum(each), -4, 3) + 4 for each in steps]
    for lag in (1, 4, 8):
        median, low, high = timescales_at(walks, lag)
        assert ((low <= median) & (median <= high)).all(), (median, low, high)
    # With 2.5 transitions a state the most likely matrix has timescales outside the posterior's interval, which is
    # then the prior's: nothing is told.
    assert np.isnan(timescales_at(walks, 20)).all()


def test_the_same_seed_gives_the_same_intervals(chains):
    discrete = list(chains[:4])
    np.testing.assert_array_equal(timescales_at(discrete, 2, 7)[2], timescales_at(discrete, 2, 7)[2])


def test_too_little_data_is_said_and_not_papered_over(chains):
    apart = np.sort(chains[:, :60], axis=1)
    model = model_of(apart)
    assert model.warnings
    walk = np.cumsum(np.random.default_rng(0).normal(size=(12, 150, 2)), axis=1).reshape(-1, 2)
    index = np.repeat(np.arange(12), 150)
    model = markov_model(walk, index, np.tile(np.arange(150), 12), 1000.0, force_fields=2)
    told = " ".join(model.warnings)
    assert "longer than the longest simulation" in told
    assert "2 versions of the force field" in told


def test_a_missing_frame_cuts_a_trajectory_instead_of_faking_a_jump():
    from steer.coverage.markov import discrete_trajectories

    labels, step = np.arange(6), np.array([0, 10, 20, 40, 50, 60])
    pieces = discrete_trajectories(labels[::-1], np.zeros(6, int), step[::-1])
    assert [piece.tolist() for piece in pieces] == [[0, 1, 2], [3, 4, 5]]
