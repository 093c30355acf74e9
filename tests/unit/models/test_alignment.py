import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from models.alignment import agreement, principal_axes, procrustes


@pytest.mark.parametrize("dimensions", [2, 3, 8])
def test_a_rotation_reflection_and_shift_is_found_again(dimensions: int) -> None:
    rng = np.random.default_rng(dimensions)
    points = rng.normal(size=(50, dimensions))
    turn = ortho_group.rvs(dimensions, random_state=rng)
    turn[:, 0] *= -1
    target = points @ turn + rng.normal(size=dimensions)
    found = procrustes(points, target)
    np.testing.assert_allclose(found.rotation, turn, atol=1e-12)
    np.testing.assert_allclose(found.apply(points), target, atol=1e-12)
    np.testing.assert_allclose(found.inverse().apply(target), points, atol=1e-12)


def test_no_other_rotation_does_better_under_noise() -> None:
    rng = np.random.default_rng(0)
    points, target = rng.normal(size=(2, 80, 3))
    rotation, _ = orthogonal_procrustes(points - points.mean(0), target - target.mean(0))
    np.testing.assert_allclose(procrustes(points, target).rotation, rotation, atol=1e-12)


def test_points_in_one_plane_still_give_a_rigid_map() -> None:
    points = np.random.default_rng(1).normal(size=(20, 3)) * [1, 1, 0]
    rotation = procrustes(points, points[:, [1, 0, 2]]).rotation
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((0, 2), (0, 2)), ((4,), (4,))])
def test_points_that_do_not_correspond_are_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="cannot be aligned"):
        procrustes(*map(np.zeros, shapes))
    with pytest.raises(ValueError, match="not finite"):
        procrustes(np.full((4, 2), np.nan), np.zeros((4, 2)))


def test_principal_axes_order_spreads_and_do_not_care_how_the_cloud_was_turned() -> None:
    rng = np.random.default_rng(2)
    cloud = rng.gamma(2.0, size=(500, 3)) * [1, 5, 3] + 7
    laid = principal_axes(cloud).apply(cloud)
    np.testing.assert_allclose(laid.mean(axis=0), 0, atol=1e-12)
    assert (np.diff(laid.var(axis=0)) < 0).all()
    turned = cloud @ ortho_group.rvs(3, random_state=rng)
    np.testing.assert_allclose(principal_axes(turned).apply(turned), laid, atol=1e-9)


def test_agreement_is_one_for_equals_and_about_minus_one_for_strangers() -> None:
    points, others = np.random.default_rng(3).normal(size=(2, 5000, 2))
    assert agreement(points, points) == 1
    assert agreement(others, points) == pytest.approx(-1, abs=0.1)
    assert agreement(np.zeros((4, 2)), np.zeros((4, 2))) == 1
