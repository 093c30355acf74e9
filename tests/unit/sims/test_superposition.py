import numpy as np

from sims.superposition import superposition


def rotation(rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else q[:, [1, 0, 2]]


def test_a_moved_and_turned_copy_comes_to_lie_on_the_original() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(12, 3))
    moved = points @ rotation(rng) + [3.0, -2.0, 5.0]
    np.testing.assert_allclose(superposition(moved, points)(moved), points, atol=1e-12)


def test_a_mirror_image_is_turned_and_never_reflected() -> None:
    points = np.random.default_rng(2).normal(size=(12, 3))
    mirrored = points * [1, 1, -1]
    move = superposition(mirrored, points)
    np.testing.assert_allclose(np.linalg.det(move.rotation), 1.0)
    assert np.abs(move(mirrored) - points).max() > 0.1


def test_the_mean_squared_distance_is_the_least_there_is() -> None:
    rng = np.random.default_rng(3)
    fixed, moving = rng.normal(size=(2, 10, 3))
    move = superposition(moving, fixed)
    least = np.square(move(moving) - fixed).sum()
    for _ in range(200):
        other = move._replace(rotation=move.rotation @ rotation(rng))
        assert np.square(other(moving) - fixed).sum() >= least
