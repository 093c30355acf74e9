"""Pictures and tables of a made-up campaign whose numbers are known."""

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from steer.coverage.data import CoverageData
from steer.coverage.measures import Growth
from steer.coverage.plots import COLOURS, draw_growth, draw_latent_density, draw_lineage
from steer.coverage.report import write_coverage
from steer.journal import Promotion, Seed, Simulation


@pytest.fixture
def data() -> CoverageData:
    rng = np.random.default_rng(0)
    return CoverageData(
        campaign="known",
        version=2,
        model="vae",
        trained=100,
        points=rng.normal(size=(300, 2)).astype(np.float32),
        cg=np.arange(300) < 200,
        number=np.where(np.arange(300) < 200, 1 + np.arange(300) // 100, 1),
        step=np.arange(300),
        time=np.arange(300) * 2.0,
        frame_interval=2.0,
        seeds=[Seed(1, "input", 0, "s.pdb"), Seed(2, "aa", 1, "e.pdb", "aa-000001", 10)],
        seed_points=np.array([[0.0, 0.0], [2.0, 2.0]], np.float32),
        simulations={
            "cg-000001": Simulation("cg-000001", "cg", 0, 1, 1, 100, False, "done"),
            "cg-000002": Simulation("cg-000002", "cg", 1, 2, 1, 100, True, "open"),
            "aa-000001": Simulation("aa-000001", "aa", 0, None, 1, 100, True, "done"),
        },
        promotions=[Promotion("aa-000001", "cg-000001", 40, 3, 1, "farthest_point", 1.0, 0)],
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_generation_and_steering_follow_the_journal(data):
    generation, steered = data.generation(), data.steered()
    assert generation[[0, 99, 100, 199, 200]].tolist() == [0, 0, 1, 1, 0]
    assert steered[[0, 99, 100, 199, 200]].tolist() == [False, False, True, True, True]


def test_pictures_and_tables_agree_with_the_data(data, tmp_path):
    files = write_coverage(data, tmp_path / "plots")
    assert [file.name for file in files] == [
        "coverage.png",
        "coverage.svg",
        "latent.csv",
        "coverage.csv",
        "lineage.csv",
    ]
    image = imread(files[0])
    assert image[..., :3].std() > 0.01
    assert "known" in files[1].read_text() or "<svg" in files[1].read_text()
    latent = rows_of(files[2])
    assert len(latent) == 300
    assert float(latent[7]["latent_1"]) == pytest.approx(float(data.points[7, 0]), rel=1e-4)
    growth = rows_of(files[3])
    assert len([row for row in growth if row["curve"] == "all"]) == 200
    assert len([row for row in growth if row["curve"] == "unsteered"]) == 100
    assert growth[199]["aggregate_time_ns"] == "0.4"
    assert [row["id"] for row in rows_of(files[4])] == [
        "seed 1",
        "cg-000001",
        "aa-000001",
        "cg-000002",
    ]


def test_writing_again_replaces_and_leaves_no_temporary_file(data, tmp_path):
    write_coverage(data, tmp_path)
    write_coverage(data, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "coverage.csv",
        "coverage.png",
        "coverage.svg",
        "latent.csv",
        "lineage.csv",
    ]


def test_drawing_uses_the_axes_it_is_given():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    growth = Growth(np.arange(5.0), np.arange(5))
    assert draw_growth(growth, growth, [(2.0, "generation 1")], ax) is ax
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [[0, 1, 2, 3, 4]] * 2
    assert draw_lineage([], Figure().subplots()).get_xlabel()


def test_seeds_are_marked_where_they_are():
    ax = draw_latent_density(
        np.random.default_rng(0).normal(size=(100, 2)), {"aa": np.array([[1.0, -2.0]])}, ("a", "b")
    )
    (marks,) = [c for c in ax.collections if c.get_label().startswith("refinement")]
    np.testing.assert_allclose(marks.get_offsets(), [[1.0, -2.0]])
    assert len(set(COLOURS.values())) == len(COLOURS)
