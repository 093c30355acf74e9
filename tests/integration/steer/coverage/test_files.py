"""Every file that `steer coverage` writes, from a made-up campaign whose numbers are known."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_campaign import made_up_campaign
from matplotlib.image import imread

from steer.config.state import NamedState
from steer.coverage.analysis import analyse
from steer.coverage.axes import Axis
from steer.coverage.data import CoverageData
from steer.coverage.figures import all_figures
from steer.coverage.free_energy import RESTART_BIAS
from steer.coverage.pages import SCRIPT, write_pages
from steer.coverage.report import write_coverage

PICTURES = ["coverage", "measures", "free_energy", "markov", "learning", "operations"]


@pytest.fixture
def data() -> CoverageData:
    return made_up_campaign()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


TABLES = [
    "latent",
    "coverage",
    "lineage",
    "measures",
    "free_energy",
    "states",
    "markov",
    "novelty",
    "models",
    "refinements",
    "latency",
    "workers",
]


def test_pictures_and_tables_agree_with_the_data(data, tmp_path):
    (tmp_path / "measures.png").write_text("of an earlier call")
    named = replace(
        data,
        axes={"size": Axis("size", "nm", data.points[:, 0].astype(float))},
        states=(NamedState(name="far", ranges={"size": (1.0, 9.0), "latent_2": (-9.0, 9.0)}),),
    )
    files = write_coverage(named, tmp_path, [("size", "latent_2")])
    assert sorted(tmp_path.iterdir()) == sorted(files)
    pictures = [*PICTURES[:3], "free_energy_size_latent_2", "states", *PICTURES[3:]]
    names = [f"{name}.{format}" for name in pictures for format in ("png", "svg")]
    names += [*(f"{name}.html" for name in pictures), SCRIPT]
    assert [file.name for file in files] == [*names, *(f"{name}.csv" for name in TABLES)]
    for picture in files[: 2 * len(pictures) : 2]:
        assert imread(picture)[..., :3].std() > 0.01
    tables = {file.stem: rows_of(file) for file in files[len(names) :]}
    seen = int((data.points[:200, 0] >= 1).sum())
    assert {row["cg_frames"] for row in tables["states"]} == {str(seen)}
    assert tables["latent"][7]["size"] == tables["latent"][7]["latent_1"]
    drawn = {(row["figure"], row["x_axis"]) for row in tables["free_energy"]}
    assert ("free_energy_size_latent_2", "size (nm)") in drawn
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


def test_pages_show_a_hostile_name_as_text_and_forbid_every_connection(data, tmp_path):
    jobs = [replace(data.jobs[0], worker="<img src=x onerror=alert(1)>")]
    hostile = replace(data, campaign="<script>alert(1)</script>", jobs=jobs)
    pages = [file for file in write_pages(hostile, analyse(hostile), tmp_path) if file.suffix == ".html"]
    assert len(pages) == len(PICTURES)
    for page in pages:
        text = page.read_text()
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "&lt;script&gt;alert" in text
        assert "connect-src 'none'" in text
        assert 'modeBarButtonsToRemove": ["sendChartToCloud"]' in text
        assert not re.findall(r"(?:src|href)=.https?:", text)
    assert (tmp_path / SCRIPT).stat().st_size > 1e6


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
    drawn = figures["markov"].axes[1].texts[0].get_text()
    assert drawn.startswith("No Markov model")
    for figure in figures.values():
        figure.draw_without_rendering()


def test_the_bias_of_restarts_stands_on_the_free_energy_where_there_were_any(data):
    unsteered = {id: replace(s, steered=False) for id, s in data.simulations.items()}
    for campaign, warned in ((data, True), (replace(data, simulations=unsteered), False)):
        figure = all_figures(campaign, analyse(campaign))["free_energy"]
        assert (RESTART_BIAS in figure.get_supxlabel()) == warned
