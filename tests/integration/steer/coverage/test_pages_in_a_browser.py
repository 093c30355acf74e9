"""The pages of `steer coverage` and `steer report`, opened from disk in a real headless Chromium."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from made_up_campaign import made_up_campaign

from steer.config import CampaignConfig
from steer.config.state import NamedState
from steer.coverage.analysis import analyse
from steer.coverage.axes import Axis
from steer.coverage.pages import write_pages
from steer.report.page import write_report

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

NAMES = (
    "coverage",
    "measures",
    "free_energy",
    "free_energy_size_latent_2",
    "states",
    "markov",
    "learning",
    "operations",
)
NAME = "<img src=x onerror=\"document.title='taken'\">"

LOADED = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
DRAWN = """
const figure = document.querySelector('.js-plotly-plot');
if (!figure) return null;
const seen = (part) => figure.querySelectorAll(part).length;
return {asked: figure.data.length, lines: seen('.scatterlayer .trace'), maps: seen('.heatmaplayer image'),
        bars: seen('.barlayer .trace'), clouds: seen('[data-title*=cloud i]'), panels: seen('.cartesianlayer > .subplot')};
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages of a made-up campaign with a hostile name, and its report."""
    data = made_up_campaign()
    data = replace(
        data,
        campaign=NAME,
        axes={"size": Axis("size", "nm", data.points[:, 0].astype(float))},
        states=(NamedState(name="far", ranges={"size": (1.0, 9.0)}),),
    )
    found = analyse(data, [("size", "latent_2")])
    folder = tmp_path_factory.mktemp("pages")
    write_pages(data, found, folder)
    config = CampaignConfig.model_validate(
        {"campaign": {"name": "known"}, "molecule": {"sequence": "GYDPETGTWG"}, "stop": {"refinements": 2}}
    )
    write_report(folder / "report.html", config, data, found, "Ten residues.")
    return folder


def complaints(browser: Chrome) -> list[str]:
    return [
        entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
    ]


def until(ready: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 120
    while not (answer := ready()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return answer


@pytest.mark.parametrize("name", NAMES)
def test_a_page_draws_its_figure_without_a_network(chromium: Chrome, folder: Path, name: str) -> None:
    complaints(chromium)
    chromium.get((folder / f"{name}.html").as_uri())
    drawn = until(
        lambda: (d := chromium.execute_script(DRAWN)) and d["lines"] + d["maps"] + d["bars"] > 0 and d
    )
    assert drawn["asked"] >= drawn["panels"] > 0
    assert drawn["clouds"] == 0, "the button that uploads pictures is there"
    assert chromium.title.startswith(NAME)
    assert NAME in chromium.find_element("tag name", "h1").text
    assert {url.partition(":")[0] for url in chromium.execute_script(LOADED)} <= {"file", "data", "blob"}
    assert complaints(chromium) == []


def test_zooming_shows_a_part_and_a_double_click_everything(chromium: Chrome, folder: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    chromium.get((folder / "measures.html").as_uri())
    until(lambda: chromium.execute_script(DRAWN))
    ranges = "return document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range"
    whole = until(lambda: chromium.execute_script(ranges))
    panel = chromium.find_element("css selector", ".nsewdrag[data-subplot=xy]")
    ActionChains(chromium).move_to_element(panel).click_and_hold().move_by_offset(120, 60).release().perform()
    part = until(lambda: (found := chromium.execute_script(ranges)) != whole and found)
    assert part[1] - part[0] < whole[1] - whole[0]
    ActionChains(chromium).double_click(panel).perform()
    until(lambda: chromium.execute_script(ranges) == whole)


def test_the_report_opens_offline_with_every_figure_and_loads_nothing(chromium: Chrome, folder: Path) -> None:
    complaints(chromium)
    chromium.get((folder / "report.html").as_uri())
    sizes = chromium.execute_script("return [...document.images].map((image) => image.naturalWidth)")
    assert len(sizes) == len(NAMES)
    assert min(sizes) > 0
    assert chromium.title == f"steer report: {NAME}"
    assert chromium.execute_script(LOADED) == []
    text = chromium.find_element("tag name", "body").text
    for part in ("Methods", "References", "seed", "Versions"):
        assert part.lower() in text.lower()
    assert len(chromium.find_elements("css selector", "a[href^='https://doi.org/']")) > 5
    assert complaints(chromium) == []
