from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sims.whole import gather

BOX = np.array([4.0, 5.0, 6.0])
MOLECULES = [np.arange(0, 5), np.arange(5, 9), np.arange(9, 12)]


def cluster(seed: int) -> np.ndarray:
    """Three chains side by side, 0.5 nm apart, each longer than half the box."""
    random = np.random.default_rng(seed)
    chain = np.column_stack([np.linspace(0, 2.5, 5), np.zeros(5), np.zeros(5)])
    parts = [chain, chain[:4] + np.array([0.0, 0.5, 0.0]), chain[:3] + np.array([0.0, 1.0, 0.0])]
    return np.concatenate(parts) + random.normal(scale=0.02, size=(12, 3)) + random.uniform(-20, 20, 3)


@given(st.integers(0, 500), st.lists(st.tuples(*[st.integers(-4, 4)] * 3), min_size=2, max_size=2))
def test_molecules_that_drifted_apart_come_back(seed: int, images: list[tuple[int, int, int]]) -> None:
    together = cluster(seed)
    apart = together.copy()
    for molecule, image in zip(MOLECULES[1:], images, strict=True):
        apart[molecule] += BOX * np.array(image)
    np.testing.assert_allclose(gather(apart, MOLECULES, BOX), together, atol=1e-9)


def test_one_molecule_and_no_box_are_left_as_they_are() -> None:
    positions = cluster(1)
    np.testing.assert_array_equal(gather(positions, [np.arange(12)], BOX), positions)
    np.testing.assert_array_equal(gather(positions, MOLECULES, np.zeros(3)), positions)


def test_input_is_not_changed() -> None:
    positions = cluster(2)
    positions[5:9] += BOX
    before = positions.copy()
    gather(positions, MOLECULES, BOX)
    np.testing.assert_array_equal(positions, before)


def test_particles_on_the_edge_of_the_box() -> None:
    positions = np.array([[-1e-17, 0.0, 0.0], [4.0, 5.0, 6.0]])
    gathered = gather(positions, [np.array([0]), np.array([1])], BOX)
    np.testing.assert_allclose(gathered[1], gathered[0], atol=1e-9)
