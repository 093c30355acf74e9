"""Pictures and tables of a made-up campaign whose numbers are known."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_campaign import made_up_campaign

from steer.coverage.canvas import new_figure
from steer.coverage.control import Control, Gain
from steer.coverage.data import CoverageData
from steer.coverage.lineage import LineageNode
from steer.coverage.measures import Growth
from steer.coverage.plots import COLOURS, MARKERS, draw_growth, draw_latent_density, draw_lineage
from steer.coverage.report import write_coverage
from steer.coverage.resampling import Band
from steer.coverage.selected import selected_configurations
from steer.exceptions import EnvironmentNotReady


@pytest.fixture
def data() -> CoverageData:
    return made_up_campaign()


def test_generation_and_steering_follow_the_journal(data):
    generation, steered = data.generation(), data.steered()
    assert generation[[0, 99, 100, 199, 200]].tolist() == [0, 0, 1, 1, 0]
    assert steered[[0, 99, 100, 199, 200]].tolist() == [False, False, True, True, True]


def test_what_was_selected_follows_the_decisions(data):
    selected = selected_configurations(data)
    assert selected.purpose == ["input", "aa"]
    np.testing.assert_array_equal(selected.points, np.stack([data.seed_points[0], data.points[3]]))


def test_drawing_uses_the_axes_it_is_given():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    growth = Growth(np.arange(5.0), np.arange(5))
    band = Band(np.arange(5.0), np.arange(5.0) - 1, np.arange(5.0) + 1)
    control = Control(np.arange(5.0), band, 2.0, 4)
    gain = Gain(4.0, 1.5, 1.2, 1.9, 2.0)
    assert draw_growth(growth, [(2.0, "generation 1")], ax, control=control, gain=gain) is ax
    assert [line.get_ydata().tolist() for line in ax.lines[:3]] == [[0, 1, 2, 3, 4], [0, 1, 2], [2, 3, 4]]
    assert "1.50 (1.20 to 1.90)" in ax.texts[-1].get_text()
    assert draw_lineage([], Figure().subplots()).get_xlabel()


def test_the_longest_name_a_campaign_may_have_fits_on_every_figure(data):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for width in (9.5, 11.5):
        figure = new_figure(replace(data, campaign="W" * 64), (width, 5.0), ", Markov model of the CG frames")
        FigureCanvasAgg(figure).draw()
        box = figure._suptitle.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_seeds_are_marked_where_they_are():
    ax = draw_latent_density(
        np.random.default_rng(0).normal(size=(100, 2)), {"aa": np.array([[1.0, -2.0]])}, ("a", "b")
    )
    (marks,) = [c for c in ax.collections if c.get_label().startswith("refinement")]
    np.testing.assert_allclose(marks.get_offsets(), [[1.0, -2.0]])
    assert len({(COLOURS[kind], MARKERS[kind], kind == "open") for kind in MARKERS}) == len(MARKERS)


def test_a_refinement_that_is_not_over_is_hollow_in_the_lineage():
    nodes = [LineageNode("seed 1", "input", None, 0, 0.0), LineageNode("aa-000001", "open", "seed 1", 1, 0.0),
             LineageNode("aa-000002", "aa", "seed 1", 1, 1.0)]  # fmt: skip
    drawn = {c.get_label(): c for c in draw_lineage(nodes).collections}
    white = [1.0, 1.0, 1.0, 1.0]
    assert drawn["refinement, still open (1)"].get_facecolor().tolist() == [white]
    assert drawn["refinement (AA), accepted (1)"].get_facecolor().tolist() != [white]


def test_parquet_without_pyarrow_is_refused_before_anything_is_drawn(data, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EnvironmentNotReady, match="pip install 'steer"):
        write_coverage(data, tmp_path / "new", table="parquet")
    assert not (tmp_path / "new").exists()
