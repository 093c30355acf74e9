from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sims.backmap.geometry import crosses_triangle, dihedral, handedness, rigid_fit

TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=float)


@pytest.mark.parametrize("degrees", [-179.0, -120.0, -60.0, 0.0, 35.26, 90.0, 179.0])
def test_a_dihedral_is_the_angle_it_was_built_with(degrees: float) -> None:
    angle = np.radians(degrees)
    points = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1.5], [np.cos(angle), np.sin(angle), 2.0]])[:, None]
    # Looking along b-c (towards +z), clockwise is positive; that is counter-clockwise in x and y seen from +z.
    assert np.degrees(dihedral(*points)[0]) == pytest.approx(degrees)


def test_handedness_of_a_tetrahedron_and_its_mirror_image() -> None:
    a, b, c, _ = TETRAHEDRON[:, None]
    centre = np.zeros((1, 3))
    value = handedness(centre, a, b, c)[0]
    assert abs(value) == pytest.approx(4 / (3 * np.sqrt(3)))
    assert handedness(centre, a, c, b)[0] == pytest.approx(-value)
    assert handedness(-centre, -a, -b, -c)[0] == pytest.approx(-value)


def test_handedness_of_coinciding_atoms_is_zero() -> None:
    point = np.ones((1, 3))
    assert handedness(point, point, point, point)[0] == 0.0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_a_rigid_fit_undoes_any_motion(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    mobile = rng.normal(size=(n, 3))
    target = mobile @ Rotation.random(random_state=seed).as_matrix().T + rng.normal(size=3)
    rotation, translation = rigid_fit(mobile, target, rng.uniform(0.1, 1.0, n))
    np.testing.assert_allclose(mobile @ rotation.T + translation, target, atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_a_rigid_fit_never_reflects() -> None:
    mirrored = TETRAHEDRON * [1, 1, -1]
    rotation, _ = rigid_fit(TETRAHEDRON, mirrored, np.ones(4))
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_a_rigid_fit_agrees_with_scipy_on_noisy_points() -> None:
    rng = np.random.default_rng(3)
    mobile, weights = rng.normal(size=(8, 3)), rng.uniform(0.1, 2.0, 8)
    target = mobile @ Rotation.random(random_state=3).as_matrix().T + rng.normal(scale=0.2, size=(8, 3))
    centre = lambda points: points - np.average(points, axis=0, weights=weights)  # noqa: E731
    expected, _ = Rotation.align_vectors(centre(target), centre(mobile), weights=weights)
    rotation, _ = rigid_fit(mobile, target, weights)
    np.testing.assert_allclose(rotation, expected.as_matrix(), atol=1e-9)


@pytest.mark.parametrize(
    ("start", "end", "crosses"),
    [
        ([0.2, 0.2, 1], [0.2, 0.2, -1], True),
        ([0.2, 0.2, -1], [0.2, 0.2, 1], True),
        ([0.2, 0.2, 1], [0.2, 0.2, 0.1], False),
        ([0.9, 0.9, 1], [0.9, 0.9, -1], False),
        ([-0.5, 0.2, 0], [1.5, 0.2, 0], False),
    ],
)
def test_segments_cross_a_triangle_or_miss_it(start: list[float], end: list[float], crosses: bool) -> None:
    triangle = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]]], dtype=float)
    assert crosses_triangle(np.array([start]), np.array([end]), triangle)[0] == crosses
