"""The dashboard as a person uses it: while a campaign runs, and after it has ended. Tests follow one campaign in time."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .conftest import Watched, colours, end, open_dashboard, pixels, wait_until

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"


def by_id(browser: Chrome, name: str) -> WebElement:
    return browser.find_element("id", name)


def go(browser: Chrome, panel: str) -> None:
    by_id(browser, f"tab-{panel}").click()
    # An empty panel has no height: it is there to be seen when the server has answered.
    wait_until(lambda: by_id(browser, f"panel-{panel}").is_displayed(), f"the panel {panel}")


def click(browser: Chrome, path: str) -> None:
    """Click the first element of an XPath, once it is there; the page may be replacing it at this moment."""

    def clicked() -> bool:
        browser.find_element("xpath", path).click()
        return True

    wait_until(clicked, path)


def value_of(browser: Chrome, tile: str) -> str:
    path = f"//div[@class='tile'][div[@class='name' and text()='{tile}']]/div[@class='value']"
    return browser.find_element("xpath", path).text


def map_data(browser: Chrome) -> dict[str, Any]:
    return browser.execute_script("return {...document.getElementById('latent-map').dataset}")


def tiles_after(browser: Chrome, before: int) -> dict[str, Any]:
    return wait_until(
        lambda: (d := map_data(browser)) and int(d.get("tiles", 0)) > before and d, "a new tile"
    )


def complaints(browser: Chrome) -> list[str]:
    """What the browser's console complains about, but for a library's note about its own future."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] in ("SEVERE", "WARNING") and "useLegacyLights" not in entry["message"]
    ]


@pytest.fixture(scope="module")
def page(chromium: Chrome, watched: Watched) -> Chrome:
    """The overview of the campaign as it runs."""
    chromium.get(watched.url)
    wait_until(
        lambda: chromium.find_element("tag name", "body").get_attribute("data-told"), "the first state"
    )
    return chromium


def test_the_page_loads_and_the_token_leaves_the_address(page: Chrome, watched: Watched) -> None:
    assert page.title == "watched · steer"
    assert "token" not in page.current_url
    assert page.execute_script("return document.cookie") == "", "scripts must not see the cookie"


def test_numbers_follow_the_running_campaign(page: Chrome, watched: Watched) -> None:
    first = wait_until(lambda: value_of(page, "Frames"), "the number of frames")
    wait_until(lambda: value_of(page, "Frames") != first, "a frame more")
    assert watched.process.poll() is None, "the campaign ended before it was looked at"
    assert by_id(page, "phase").text == "running"


def test_the_map_appears_when_the_first_model_is_trained(page: Chrome, watched: Watched) -> None:
    go(page, "map")
    data = tiles_after(page, 0)
    assert int(data["frames"]) >= 100
    wait_until(lambda: colours(by_id(page, "latent-map")) > 20, "a map that is drawn")


def test_the_ended_campaign_is_shown_whole(page: Chrome, watched: Watched) -> None:
    assert watched.process.wait(400) == 0
    go(page, "overview")
    wait_until(lambda: by_id(page, "phase").text == "finished", "the end")
    status = watched.status()
    wait_until(lambda: value_of(page, "Frames") == f"{status['frames']:,}", "all frames")
    wait_until(lambda: page.find_elements("css selector", "#coverage-chart svg polyline"), "the coverage")
    go(page, "map")
    wait_until(lambda: map_data(page)["frames"] == str(status["frames"]), "all frames on the map")


def test_zooming_shows_a_part_and_resetting_shows_everything(page: Chrome) -> None:
    from selenium.webdriver.common.keys import Keys

    go(page, "map")
    canvas = by_id(page, "latent-map")
    canvas.send_keys("0")
    whole = int(tiles_after(page, int(map_data(page)["tiles"]))["count"])
    before = pixels(canvas)
    canvas.send_keys("++++")
    part = wait_until(lambda: 0 <= int(map_data(page)["count"]) < whole and map_data(page), "a part")
    assert (pixels(canvas) != before).any()
    assert int(part["frames"]) == whole
    canvas.send_keys(Keys.ARROW_LEFT + "0")
    wait_until(lambda: int(map_data(page)["count"]) == whole, "everything again")


def test_the_wheel_and_the_mouse_stay_among_the_frames(page: Chrome) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    go(page, "map")
    canvas = by_id(page, "latent-map")
    whole = map_data(page)["frames"]

    def turned(wheel: int) -> None:
        for _ in range(40):
            ActionChains(page).scroll_from_origin(
                ScrollOrigin.from_element(canvas, 30, 20), 0, wheel
            ).perform()

    before = int(map_data(page)["tiles"])
    turned(-1500)
    tiles_after(page, before)
    wait_until(lambda: "frames in view" in by_id(page, "map-count").text, "an answer far inside")
    turned(1500)
    wait_until(lambda: map_data(page)["count"] == whole, "everything from afar")
    for _ in range(12):
        ActionChains(page).click_and_hold(canvas).move_by_offset(150, 0).release().perform()
    turned(-100)
    turned(100)
    wait_until(lambda: map_data(page)["count"] == whole, "the frames are not dragged out of reach")
    before = int(map_data(page)["tiles"])
    canvas.send_keys("0")
    assert tiles_after(page, before)["count"] == whole


def test_a_list_that_is_open_is_left_alone(page: Chrome) -> None:
    go(page, "map")
    option = page.find_element("css selector", "select[aria-label=colour] option[value=error]")
    # What the server tells again and again: a theme switched twice tells it anew.
    by_id(page, "theme").click()
    by_id(page, "theme").click()
    assert option.text == "decode error", "the option is the one that was there before"


def test_a_collective_variable_colours_the_map(page: Chrome) -> None:
    from selenium.webdriver.support.ui import Select

    go(page, "map")
    before = pixels(by_id(page, "latent-map"))
    choose = Select(page.find_element("css selector", "select[aria-label=colour]"))
    choose.select_by_visible_text("ends (nm)")
    frames = map_data(page)["frames"]

    def measured() -> bool:
        # The values are measured when they are first asked for; until then fewer frames are in view.
        page.execute_script(
            "document.getElementById('latent-map').dispatchEvent(new KeyboardEvent('keydown', {key: '0'}))"
        )
        return map_data(page)["colour"] == "ends" and map_data(page)["count"] == frames

    wait_until(measured, "the values of all frames")
    assert (pixels(by_id(page, "latent-map")) != before).any()
    choose.select_by_visible_text("density of frames")


def test_clicking_a_refined_frame_shows_its_structure_with_atoms(page: Chrome) -> None:
    go(page, "refinements")
    click(page, "//button[text()='show on the map']")
    wait_until(lambda: by_id(page, "viewer").get_attribute("data-row"), "the structure")
    wait_until(lambda: colours(by_id(page, "viewer")) > 200, "a structure that is drawn")
    told = by_id(page, "picked").text
    assert "refined as" in told
    assert "nearest of other simulations" in told


def test_an_all_atom_frame_has_its_own_atoms_and_the_panel_says_which(page: Chrome, watched: Watched) -> None:
    import mdtraj
    from selenium.webdriver.support.ui import Select

    go(page, "lineage")
    click(page, "//*[local-name()='g' and starts-with(@aria-label, 'aa-000001')]")
    wait_until(lambda: "aa-000001 at this very frame" in by_id(page, "shown").text, "what is shown")
    frame = wait_until(
        lambda: "aa-000001, step" in by_id(page, "picked").text and by_id(page, "viewer"), "it"
    )
    row = int(wait_until(lambda: frame.get_attribute("data-row"), "the structure"))

    def atoms(stage: str) -> np.ndarray:
        ask = "return fetch(`/api/structure?row=${arguments[0]}&refinement=aa-000001&stage=${arguments[1]}`).then(r => r.text())"
        lines = page.execute_script(ask, row, stage).splitlines()
        return np.array([[float(x[i : i + 8]) for i in (30, 38, 46)] for x in lines if x.startswith("ATOM")])

    folder = watched.root / "aa" / "aa-000001"
    kept = mdtraj.load(sorted(map(str, folder.glob("atoms-*.xtc"))), top=str(folder / "atoms.pdb"))
    shown = atoms("frame")
    # Laid over the beads: distances between atoms are those of the last frame that was kept, and of no other.
    pairs = np.array([[0, 100], [10, 200], [50, 300]])
    there = 0.1 * np.linalg.norm(shown[pairs[:, 0]] - shown[pairs[:, 1]], axis=1)
    truth = mdtraj.compute_distances(kept, pairs, periodic=False)
    np.testing.assert_allclose(there, truth[-1], atol=2e-3)
    choose = Select(page.find_element("css selector", "select[aria-label=atoms]"))
    choose.select_by_visible_text("as backmapped")
    wait_until(lambda: "as backmapped, before relaxation" in by_id(page, "shown").text, "the other atoms")
    assert np.abs(atoms("backmapped") - shown).max() > 0.1


def test_the_middle_of_the_map_is_picked_from_the_keyboard(page: Chrome) -> None:
    from selenium.webdriver.common.keys import Keys

    go(page, "map")
    before = by_id(page, "picked").text
    # What was picked last is brought under the middle, and from there to another frame by its neighbour's button.
    page.find_element("css selector", "#picked .neighbours button").send_keys(Keys.ENTER)
    wait_until(lambda: by_id(page, "picked").text != before, "the neighbour")
    neighbour = by_id(page, "picked").text
    by_id(page, "latent-map").send_keys("0" + Keys.ENTER)
    wait_until(lambda: by_id(page, "picked").text != neighbour, "an answer")


def test_lineage_jobs_logs_and_configuration_are_told(page: Chrome, watched: Watched) -> None:
    go(page, "lineage")
    wait_until(lambda: "seed 1" in by_id(page, "panel-lineage").text, "the tree")
    assert "cg-000001" in by_id(page, "panel-lineage").text
    go(page, "jobs")
    click(page, "//button[text()='cg:cg-000001']")
    wait_until(lambda: "cg:cg-000001" in by_id(page, "log").text, "the log")
    go(page, "configuration")
    wait_until(lambda: 'name = "watched"' in by_id(page, "panel-configuration").text, "the campaign file")


def test_tabs_are_changed_with_the_arrow_keys(page: Chrome) -> None:
    from selenium.webdriver.common.keys import Keys

    by_id(page, "tab-overview").click()
    by_id(page, "tab-overview").send_keys(Keys.ARROW_RIGHT)
    assert by_id(page, "panel-map").is_displayed()
    assert page.switch_to.active_element.get_attribute("id") == "tab-map"


def test_both_themes_can_be_read(page: Chrome) -> None:
    # Contrast as the Web Content Accessibility Guidelines 2.2 define it (relative luminance; 4.5 to 1 for plain text).
    ask = """
      const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
      const light = (text) => rgb(text).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const card = document.querySelector("#panel .card, .card");
      const [ink, paper] = [light(getComputedStyle(card).color), light(getComputedStyle(card).backgroundColor)];
      return [paper, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
    """
    go(page, "overview")
    papers = []
    for _ in range(2):
        paper, contrast = page.execute_script(ask)
        assert contrast >= 4.5
        papers.append(paper)
        by_id(page, "theme").click()
    assert min(papers) < 0.2
    assert max(papers) > 0.8


@pytest.mark.parametrize("panel", ["overview", "map", "lineage", "refinements", "jobs", "configuration"])
def test_nothing_sticks_out_on_a_phone(page: Chrome, panel: str) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        go(page, panel)
        width = page.execute_script("return document.documentElement.scrollWidth")
        assert width <= 390
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_browser_had_nothing_to_complain_about(page: Chrome) -> None:
    assert complaints(page) == []


def test_a_dashboard_that_was_started_anew_is_said(
    chromium: Chrome, watched: Watched, tmp_path: Path
) -> None:
    log = tmp_path / "first.log"
    first, told = open_dashboard(watched.root, log)
    assert told["ssh"].startswith(f"ssh -L {told['port']}:127.0.0.1:{told['port']} ")
    chromium.get(told["url"])
    wait_until(lambda: by_id(chromium, "phase").text == "finished", "the page")
    assert end(first) == 0
    wait_until(lambda: "does not answer" in by_id(chromium, "connection").text, "that nobody is there")
    second, told = open_dashboard(watched.root, tmp_path / "second.log", "--port", str(told["port"]))
    try:
        wait_until(lambda: "started anew" in by_id(chromium, "connection").text, "what to do")
        chromium.get(told["url"])
        wait_until(lambda: by_id(chromium, "phase").text == "finished", "the new page")
        assert by_id(chromium, "connection").text == ""
    finally:
        assert end(second) == 0
    chromium.get_log("browser")


def test_a_wrong_token_is_refused(chromium: Chrome, watched: Watched) -> None:
    chromium.delete_all_cookies()
    chromium.get(watched.url.replace(watched.token, "x" * len(watched.token)))
    assert "is not the one" in chromium.find_element("tag name", "body").text
    chromium.get(watched.url.partition("?")[0])
    assert "A token is needed" in chromium.find_element("tag name", "body").text


def test_hostile_texts_are_shown_as_texts(chromium: Chrome, watched: Watched, tmp_path: Path) -> None:
    root = tmp_path / "hostile"
    shutil.copytree(watched.root, root, ignore=shutil.ignore_patterns("redis"))
    status = json.loads((root / "status.json").read_text())
    (root / "status.json").write_text(
        json.dumps(status | {"campaign": HOSTILE, "reason": HOSTILE, "waiting": HOSTILE})
    )
    with sqlite3.connect(root / "journal.db") as journal:
        journal.execute("UPDATE jobs SET error = ?, state = 'failed' WHERE key = 'cg:cg-000001'", (HOSTILE,))
        journal.execute("UPDATE decisions SET reason = ?, subject = ?", (HOSTILE, HOSTILE))
    journal.close()
    (root / "logs" / "cg-000001.log").write_text(HOSTILE)
    dashboard, told = open_dashboard(root, tmp_path / "dashboard.log")
    try:
        chromium.get(told["url"])
        wait_until(lambda: by_id(chromium, "campaign").text == HOSTILE, "the name as a text")
        wait_until(lambda: HOSTILE in by_id(chromium, "panel-overview").text, "the reasons as texts")
        go(chromium, "jobs")
        click(chromium, "//button[text()='cg:cg-000001']")
        wait_until(lambda: by_id(chromium, "log").text == HOSTILE, "the log as a text")
        assert chromium.find_elements("tag name", "img") == []
        assert chromium.title == f"{HOSTILE} · steer"
    finally:
        assert end(dashboard) == 0
    # Also while a page is open, Ctrl-C ends it in order.
    assert "Traceback" not in (tmp_path / "dashboard.log").read_text()
