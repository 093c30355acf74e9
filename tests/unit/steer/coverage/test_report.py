"""Pictures and tables of a made-up campaign whose numbers are known."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from steer.coverage.analysis import analyse
from steer.coverage.control import Control, Gain
from steer.coverage.data import CoverageData
from steer.coverage.figures import all_figures
from steer.coverage.free_energy import RESTART_BIAS
from steer.coverage.measures import Growth
from steer.coverage.plots import COLOURS, draw_growth, draw_latent_density, draw_lineage
from steer.coverage.report import write_coverage
from steer.coverage.resampling import Band
from steer.coverage.selected import selected_configurations
from steer.journal import JobRow, Model, Promotion, Seed, Simulation


@pytest.fixture
def data() -> CoverageData:
    rng = np.random.default_rng(0)
    return CoverageData(
        campaign="known",
        version=2,
        model="vae",
        trained=100,
        points=rng.normal(size=(300, 2)).astype(np.float32),
        errors=np.ones(300, np.float32),
        cg=np.arange(300) < 200,
        aa=np.arange(300) >= 200,
        number=np.where(np.arange(300) < 200, 1 + np.arange(300) // 100, 1),
        step=np.arange(300),
        time=np.arange(300) * 2.0,
        published=1e9 + np.arange(300.0),
        received=1e9 + np.arange(300.0) + 0.5,
        frame_interval=2.0,
        aa_frame_interval=1.0,
        seeds=[Seed(1, "input", 0, "s.pdb"), Seed(2, "aa", 1, "e.pdb", "aa-000001", 10)],
        seed_points=np.array([[0.0, 0.0], [2.0, 2.0]], np.float32),
        simulations={
            "cg-000001": Simulation("cg-000001", "cg", 0, 1, 1, 100, False, "done"),
            "cg-000002": Simulation("cg-000002", "cg", 1, 2, 1, 100, True, "open"),
            "aa-000001": Simulation("aa-000001", "aa", 0, None, 1, 100, True, "done"),
        },
        promotions=[Promotion("aa-000001", "cg-000001", 40, 3, 1, "farthest_point", 1.0, 0)],
        models=[Model(1, 100, "done", {"decode_error": 0.4})],
        jobs=[JobRow("cg:cg-000001", "cg", "done", 1, "here", 1e9, 1e9 + 100, "", "")],
        decisions=[(0, "StartFromSeed", "cg-000001 from seed 1", ""), (1, "Refine", "aa-000001", "")],
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_generation_and_steering_follow_the_journal(data):
    generation, steered = data.generation(), data.steered()
    assert generation[[0, 99, 100, 199, 200]].tolist() == [0, 0, 1, 1, 0]
    assert steered[[0, 99, 100, 199, 200]].tolist() == [False, False, True, True, True]


PICTURES = ["coverage", "measures", "free_energy", "learning", "operations"]
TABLES = [
    "latent",
    "coverage",
    "lineage",
    "measures",
    "free_energy",
    "novelty",
    "models",
    "refinements",
    "latency",
    "workers",
]


def test_pictures_and_tables_agree_with_the_data(data, tmp_path):
    (tmp_path / "measures.png").write_text("of an earlier call")
    files = write_coverage(data, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    names = [f"{name}.{format}" for name in PICTURES for format in ("png", "svg")]
    assert [file.name for file in files] == [*names, *(f"{name}.csv" for name in TABLES)]
    for picture in files[: len(names) : 2]:
        assert imread(picture)[..., :3].std() > 0.01
    tables = {file.stem: rows_of(file) for file in files[len(names) :]}
    assert len(tables["latent"]) == 300
    assert float(tables["latent"][7]["latent_1"]) == pytest.approx(float(data.points[7, 0]), rel=1e-4)
    growth = tables["coverage"]
    assert len([row for row in growth if row["curve"] == "all"]) == 200
    assert len([row for row in growth if row["curve"] == "unsteered"]) == 100
    assert growth[199]["aggregate_time_ns"] == "0.4"
    assert [row["id"] for row in tables["lineage"]] == ["seed 1", "cg-000001", "aa-000001", "cg-000002"]
    cells = [row for row in tables["measures"] if row["measure"] == "occupied_cells"]
    assert cells[-1]["value"] == growth[199]["occupied_cells"]
    assert tables["latency"][0]["p99_s"] == "0.5"
    assert tables["workers"][0]["cg_ns"] == "0.2"
    assert [row["simulation"] for row in tables["novelty"]] == ["aa-000001"]


def test_figures_name_the_campaign_as_it_is(data):
    hostile = replace(data, campaign="$\\frac{a}$ <b>")
    for figure in all_figures(hostile, analyse(hostile)).values():
        figure.draw_without_rendering()
        assert figure.get_suptitle().replace("\\$", "$").startswith(hostile.campaign)


def test_a_campaign_of_only_a_few_unsteered_frames_is_drawn(data):
    few = replace(
        data,
        **{
            name: getattr(data, name)[:3]
            for name in ("points", "errors", "cg", "aa", "number", "step", "time", "published", "received")
        },
        promotions=[],
        jobs=[],
        decisions=[],
        trained=3,
    )
    figures = all_figures(few, analyse(few))
    assert list(figures) == PICTURES
    for figure in figures.values():
        figure.draw_without_rendering()


def test_the_bias_of_restarts_stands_on_the_free_energy_where_there_were_any(data):
    unsteered = {id: replace(s, steered=False) for id, s in data.simulations.items()}
    for campaign, warned in ((data, True), (replace(data, simulations=unsteered), False)):
        figure = all_figures(campaign, analyse(campaign))["free_energy"]
        assert (RESTART_BIAS in figure.get_supxlabel()) == warned


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


def test_seeds_are_marked_where_they_are():
    ax = draw_latent_density(
        np.random.default_rng(0).normal(size=(100, 2)), {"aa": np.array([[1.0, -2.0]])}, ("a", "b")
    )
    (marks,) = [c for c in ax.collections if c.get_label().startswith("refinement")]
    np.testing.assert_allclose(marks.get_offsets(), [[1.0, -2.0]])
    assert len(set(COLOURS.values())) == len(COLOURS)
