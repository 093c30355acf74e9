"""Axes by name, and what is said of names that are none."""

from types import SimpleNamespace

import numpy as np
import pytest

from steer.coverage.axes import Axis, axis_of, measure_axes, parse_axes
from steer.exceptions import ConfigError


@pytest.fixture
def data():
    points = np.arange(6, dtype=np.float32).reshape(3, 2)
    return SimpleNamespace(points=points, axes={"rmsd": Axis("rmsd", "nm", np.zeros(3))})


def test_collective_variables_and_latents_are_axes(data):
    assert axis_of(data, "rmsd") is data.axes["rmsd"]
    np.testing.assert_array_equal(axis_of(data, "latent_2").values, [1, 3, 5])


def test_an_unknown_axis_names_the_nearest(data):
    with pytest.raises(ConfigError, match="did you mean 'rmsd'"):
        axis_of(data, "rmds")


def test_without_a_wish_the_first_two_collective_variables_are_drawn():
    assert parse_axes((), ("a", "b", "c")) == [("a", "b")]
    assert parse_axes((), ("a",)) == [("a", "latent_1")]
    assert parse_axes((), ()) == []
    assert parse_axes(("c, a", "b,latent_2"), ("a", "b", "c")) == [("c", "a"), ("b", "latent_2")]


@pytest.mark.parametrize("wrong", ["a", "a,b,c", "a,a", "a,"])
def test_axes_that_are_no_pair_are_refused(wrong):
    with pytest.raises(ConfigError, match="two different names"):
        parse_axes((wrong,), ("a", "b"))


def test_frames_are_measured_in_pieces_as_they_would_be_at_once(monkeypatch):
    from sims.collective import make_collective

    frames = np.random.default_rng(0).normal(size=(23, 4, 3))
    store = SimpleNamespace(positions=lambda rows: frames[rows])
    monkeypatch.setattr("steer.coverage.axes.READ_AT_ONCE", 5)
    angle = make_collective("dihedral", [0, 1, 2, 3], 4)
    axes = measure_axes({"phi": angle}, store, 23)
    np.testing.assert_allclose(axes["phi"].values, angle(frames))
    assert (axes["phi"].label, axes["phi"].period) == ("phi (deg)", 360.0)
