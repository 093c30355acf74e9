"""The nearest selected points are the nearest, however many there are and in however many dimensions."""

import numpy as np
import pytest

from steer.selection.nearest_selected import MANY, NearestSelected, nearest_selected


@pytest.mark.parametrize("selected", [3, 10, MANY - 1, MANY, 2 * MANY])
@pytest.mark.parametrize("dimensions", [1, 4, 9])
def test_they_are_those_of_looking_at_all(selected, dimensions):
    rng = np.random.default_rng(selected)
    points = rng.normal(size=(200, dimensions)).astype(np.float32)
    chosen = rng.normal(size=(selected, dimensions)).astype(np.float32)
    apart = points[:, None, :].astype(float) - chosen[None, :, :]
    expected = np.sort(np.sqrt((apart**2).sum(axis=2)), axis=1)[:, :10]
    np.testing.assert_allclose(np.sort(nearest_selected(points, chosen), axis=1), expected, rtol=1e-6)


@pytest.mark.parametrize("neighbours", [1, 10, 80])
@pytest.mark.parametrize("spread", [0.0, 1.0, 1e3])
def test_of_very_many_none_is_overlooked_though_they_are_as_far(neighbours, spread):
    rng = np.random.default_rng(5)
    points, chosen = (np.round(spread * rng.normal(size=(count, 9))) for count in (100, 3001))
    expected = np.sort(np.linalg.norm(points[:, None] - chosen[None], axis=2), axis=1)[:, :neighbours]
    nearest = np.sort(nearest_selected(points, chosen, neighbours), axis=1)
    np.testing.assert_allclose(nearest, expected, rtol=1e-6)


def test_adding_one_by_one_is_asking_anew():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(300, 3)).astype(np.float32)
    chosen = rng.normal(size=(MANY + 30, 3)).astype(np.float32)
    nearest = NearestSelected(points, chosen[: MANY - 5])
    for point in chosen[MANY - 5 :]:
        nearest.add(np.sqrt(((points - point) ** 2).sum(axis=1)))
    np.testing.assert_allclose(nearest.mean, NearestSelected(points, chosen).mean, rtol=1e-5)


def test_adding_all_together_is_adding_one_by_one():
    rng = np.random.default_rng(2)
    points, chosen = rng.normal(size=(300, 3)), rng.normal(size=(60, 3))
    for before in (2, 12):
        one_by_one, together = (NearestSelected(points, chosen[:before]) for _ in range(2))
        distances = np.linalg.norm(points[:, None] - chosen[None, before:], axis=2).astype(np.float32)
        for distance in distances.T:
            one_by_one.add(distance)
        together.add_all(distances)
        np.testing.assert_array_equal(together.mean, one_by_one.mean)


def test_parts_go_on_as_the_whole():
    rng = np.random.default_rng(3)
    points, chosen = rng.normal(size=(50, 3)), rng.normal(size=(40, 3))
    whole = NearestSelected(points, chosen[:20])
    rows = rng.permutation(50)
    parts = whole.part(rows[:10]).and_then(whole.part(rows[10:]))
    for point in chosen[20:]:
        distance = np.linalg.norm(points - point, axis=1).astype(np.float32)
        whole.add(distance)
        parts.add(distance[rows])
    np.testing.assert_array_equal(parts.mean, whole.mean[rows])


def test_a_selected_point_that_is_nowhere_gives_way_to_others():
    rng = np.random.default_rng(4)
    points, chosen = rng.normal(size=(50, 3)), rng.normal(size=(12, 3))
    nearest = NearestSelected(points, np.concatenate([np.full((2, 3), np.inf), chosen[:8]]))
    for point in chosen[8:]:
        nearest.add(np.linalg.norm(points - point, axis=1).astype(np.float32))
    np.testing.assert_allclose(nearest.mean, NearestSelected(points, chosen).mean, rtol=1e-6)
