"""Which frame follows which."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.frames import Frame
from steer.framestore import FrameStore
from steer.training_frames import count_followed, frames_to_learn_from, next_frames, spread_pairs


@st.composite
def stored(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level, simulation and step of frames as they lie in a store: some lost, in any order of simulations."""
    kept = [
        (coarse, number, 10 * place)
        for coarse in (True, False)
        for number in range(1, 4)
        for place in range(1, draw(st.integers(1, 6)) + 1)
    ]
    order = draw(st.permutations(kept))[draw(st.integers(0, 4)) :]
    coarse, number, step = (np.array(column) for column in zip(*order, strict=True))
    return coarse, number.astype(np.uint32), step.astype(np.int64)


@given(stored())
def test_a_frame_is_followed_by_the_next_of_its_simulation(frames: tuple) -> None:
    coarse, number, step = frames
    row_of = {(n, s): row for row, (c, n, s) in enumerate(zip(coarse, number, step, strict=True)) if c}
    order = sorted(row_of)
    pairs = [(a, b) for a, b in pairwise(order) if a[0] == b[0]]
    usual = Counter(b[1] - a[1] for a, b in pairs)
    expected = np.full(len(step), -1)
    for a, b in pairs:
        if b[1] - a[1] == min(usual, key=lambda lag: (-usual[lag], lag)):
            expected[row_of[a]] = row_of[b]
    np.testing.assert_array_equal(next_frames(coarse, number, step), expected)


def test_a_lost_frame_leaves_the_one_before_it_alone() -> None:
    number = np.array([1, 1, 2, 1, 2, 1], np.uint32)
    step = np.array([10, 20, 10, 40, 20, 50])
    assert next_frames(np.ones(6, bool), number, step).tolist() == [1, -1, 4, 5, -1, -1]


def test_no_frames_and_lone_frames_follow_nothing() -> None:
    nothing = np.empty(0, np.int64)
    assert next_frames(nothing.astype(bool), nothing.astype(np.uint32), nothing).tolist() == []
    assert (
        next_frames(np.ones(3, bool), np.array([1, 2, 3], np.uint32), np.array([5, 5, 5])).tolist()
        == [-1] * 3
    )


@given(st.integers(2, 200), st.integers(2, 250))
def test_a_sample_is_made_of_pairs(count: int, most: int) -> None:
    number, step = np.arange(count, dtype=np.uint32) % 7, np.arange(count) // 7
    following = next_frames(np.ones(count, bool), number, step)
    rows, within = spread_pairs(following, most)
    assert len(rows) == count if count <= most else len(rows) <= most
    assert (np.diff(rows) > 0).all()
    followed = within >= 0
    np.testing.assert_array_equal(rows[within[followed]], following[rows[followed]])
    if count > most and count > 7:
        paired = followed | np.isin(np.arange(len(rows)), within)
        assert paired.all()


@pytest.mark.parametrize("most", [8, 100])
def test_a_store_on_disk_gives_rows_and_those_that_follow_them(tmp_path: Path, most: int) -> None:
    with FrameStore(tmp_path / "frames", 2) as store:
        for step in range(10, 60, 10):
            store.append(
                [
                    Frame(
                        "c",
                        name,
                        level,
                        step,
                        0.1 * step,
                        np.zeros(3, np.float32),
                        1,
                        0.0,
                        np.ones((2, 3), np.float32),
                    )
                    for name, level in (("cg-000001", "cg"), ("aa-000001", "aa"), ("cg-000002", "cg"))
                ]
            )
        rows, none = frames_to_learn_from(store, 15, most, lagged=False)
        assert none is None
        assert len(rows) == min(15, most)
        rows, following = frames_to_learn_from(store, 15, most, lagged=True)
        assert following is not None
        first = following >= 0
        before, after = rows[first], rows[following[first]]
        assert len(before) == (8 if most == 100 else most // 2)
        assert store.simulations(before.tolist()) == store.simulations(after.tolist())
        assert set(store.simulations(before.tolist())) == {"cg-000001", "cg-000002"}
        assert (store.step[after] - store.step[before] == 10).all()
        assert count_followed(store) == 8
