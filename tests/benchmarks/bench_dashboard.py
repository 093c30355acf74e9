"""How fast the dashboard's map is, with many frames: the first view, zooming, picking, colouring.

Run it as ``python tests/benchmarks/bench_dashboard.py [--frames 1000000] [--browser]``. The latent points are
synthetic: a Gaussian cloud and fifty tight clusters. Everything else is the real thing: the dashboard's own
application behind uvicorn in a process of its own, asked over HTTP as the page asks it (a tile of 730 x 530 bins, as
of a laptop's screen), and, with ``--browser``, the page itself in Debian's headless Chromium on the same cores.
Times are medians, with the slowest in brackets. How long points take to be read and placed when the dashboard starts
is told too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import statistics
import time
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

TOKEN = "bench-dashboard-token"
SIZE = {"width": 730, "height": 530}
CLUSTERS = 50


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--browser", action="store_true", help="measure the page in Chromium too")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(options, there), daemon=True)
    server.start()
    port, placed = here.recv()
    print(f"{options.frames:,} latent points in {options.dimensions} dimensions")
    print(f"placed on the map in {placed:.2f} s")
    try:
        report_server(port, options)
        if options.browser:
            report_browser(port, options)
    finally:
        here.send("end")
        print(f"memory of the server: {here.recv()} MB")
        server.join(10)


def synthetic(frames: int, dimensions: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(frames, dimensions)).astype(np.float32)
    centres = rng.normal(0, 2, (CLUSTERS, dimensions))
    clustered = rng.random(frames) < 0.4
    points[clustered] = centres[rng.integers(0, CLUSTERS, clustered.sum())] + 0.1 * points[clustered]
    return points


def serve(options: argparse.Namespace, pipe: Any) -> None:
    """The real application over synthetic points, until told to end."""
    import threading

    import uvicorn

    from steer.dashboard.app import make_app
    from steer.dashboard.serving import listen

    points = synthetic(options.frames, options.dimensions, options.seed)
    begun = time.perf_counter()
    explorer = stand_in(points)
    placed = time.perf_counter() - begun
    server = uvicorn.Server(uvicorn.Config(make_app(explorer, TOKEN), log_config=None, lifespan="off"))
    listener = listen(0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    pipe.send((listener.getsockname()[1], placed))
    pipe.recv()
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def stand_in(points: np.ndarray) -> Any:
    """What the application asks of an explorer, with the real map and colours."""
    from steer.coverage.measures import two_dimensional_view
    from steer.dashboard.atlas import MapPoints
    from steer.dashboard.binning import Window
    from steer.dashboard.colours import Colours

    frames = len(points)
    view = two_dimensional_view(points[:: max(1, frames // 100_000)])
    place = view(points).astype(np.float32)
    low, high = place.min(axis=0), place.max(axis=0)
    number = np.arange(frames, dtype=np.uint32) // 1000
    mapped = MapPoints(
        version=1,
        view=view,
        points=points,
        errors=np.ones(frames, np.float32),
        x=place[:, 0].copy(),
        y=place[:, 1].copy(),
        cg=np.ones(frames, np.bool_),
        aa=np.zeros(frames, np.bool_),
        number=number,
        generation=(number // 100).astype(np.int16),
        unsteered=number % 10 == 0,
        extent=Window(float(low[0]), float(high[0]), float(low[1]), float(high[1])),
    )
    colours = Colours()
    state = {
        "frames": frames, "stored": frames, "problem": "", "version": 1, "extent": mapped.extent,
        "labels": view.labels, "generations": int(mapped.generation.max()) + 1, "colours": colours.offered,
    }  # fmt: skip
    about = {"step": 0, "time": 0.0, "received": 0.0, "force_field": 1}
    return SimpleNamespace(
        points=mapped,
        ending=False,
        colours=colours,
        map_state=lambda: state,
        marks=lambda: [],
        coverage=lambda: None,
        structures=SimpleNamespace(about=lambda row: about),
        view=SimpleNamespace(
            status=lambda: {"campaign": "synthetic", "phase": "finished"},
            series=lambda: {"time": []},
            decisions=lambda count: [],
            log=lambda key: None,
        ),
    )


def get(port: int, path: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request) as answer:
        content: bytes = answer.read()
        return content


def extent_of(port: int) -> tuple[float, float, float, float]:
    import json

    told = json.loads(get(port, "/api/status"))["map"]["extent"]
    return told[0], told[1], told[2], told[3]


def question(window: tuple[float, ...], **more: object) -> str:
    values = {**dict(zip(("x0", "x1", "y0", "y1"), window, strict=True)), **SIZE, **more}
    return "&".join(f"{name}={value}" for name, value in values.items())


def windows(extent: tuple[float, ...], count: int, seed: int) -> list[tuple[float, ...]]:
    """Parts of the map, from a half to a fiftieth of its width, at random places."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        share = 0.5 ** rng.uniform(1, 5.6)
        x, y = (rng.uniform(a, b - share * (b - a)) for a, b in (extent[:2], extent[2:]))
        found.append((x, x + share * (extent[1] - extent[0]), y, y + share * (extent[3] - extent[2])))
    return found


def measured(calls: list[Callable[[], object]]) -> list[float]:
    times = []
    for call in calls:
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return times


def told(name: str, times: list[float]) -> None:
    print(f"{name:<44}{1e3 * statistics.median(times):>8.0f} ms  ({1e3 * max(times):.0f})")


def report_server(port: int, options: argparse.Namespace) -> None:
    extent = extent_of(port)
    everything = f"/api/map?{question(extent)}"

    def first_view() -> None:
        for path in (
            "/",
            "/static/style.css",
            "/static/main.js",
            "/static/map.js",
            "/api/status",
            everything,
        ):
            get(port, path)

    parts = windows(extent, options.repeats, options.seed)
    told("page and first tile, over HTTP", measured([first_view] * options.repeats))
    told("tile of everything", measured([lambda: get(port, everything)] * options.repeats))
    told("tile of a part (zoom)", measured([lambda w=w: get(port, f"/api/map?{question(w)}") for w in parts]))
    coloured = [lambda w=w: get(port, f"/api/map?{question(w, colour='error')}") for w in (extent, *parts)]
    told("tile coloured by a value", measured(coloured))
    layered = [lambda w=w: get(port, f"/api/map?{question(w, level='cg', generation=0)}") for w in parts]
    told("tile of one generation", measured(layered))
    picks = [lambda w=w: get(port, f"/api/pick?{question(w, x=w[0], y=w[2], neighbours=3)}") for w in parts]
    told("frame at a place, with its neighbours", measured(picks))


def report_browser(port: int, options: argparse.Namespace) -> None:
    browser = chromium()
    try:
        views, zooms = [], []
        for _ in range(options.repeats):
            browser.get("about:blank")
            begun = time.perf_counter()
            browser.get(f"http://127.0.0.1:{port}/?token={TOKEN}#map")
            wait_for_tiles(browser, 0)
            views.append(time.perf_counter() - begun)
        told("Chromium: from address to drawn map", views)
        for key in "+" * options.repeats:
            before = tiles(browser)
            begun = time.perf_counter()
            browser.find_element("id", "latent-map").send_keys(key)
            wait_for_tiles(browser, before)
            zooms.append(time.perf_counter() - begun)
        told("Chromium: from zoom to drawn map", zooms)
    finally:
        browser.quit()


def chromium() -> Any:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1366,850"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def tiles(browser: Any) -> int:
    script = "return Number(document.getElementById('latent-map')?.dataset.tiles ?? 0)"
    return int(browser.execute_script(script))


def wait_for_tiles(browser: Any, before: int) -> None:
    while tiles(browser) <= before:
        time.sleep(0.005)


if __name__ == "__main__":
    main()
