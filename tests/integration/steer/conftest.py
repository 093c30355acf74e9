"""A real Redis server for each test that asks for one, and one real headless Chromium for all that do."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from steer.connection import connect
from steer.server import EmbeddedRedis

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def kill_server(server: EmbeddedRedis) -> None:
    """End the server as a power cut would end it, and wait until it is gone."""
    os.kill(int((server.directory / "redis.pid").read_text()), signal.SIGKILL)
    while server.running:
        time.sleep(0.01)


@pytest.fixture
def kill():
    return kill_server


@pytest.fixture
def server(tmp_path):
    """An embedded server of campaign ``trp``, stopped at the end."""
    server = EmbeddedRedis(tmp_path / "redis", tmp_path / "redis.log", "trp")
    server.start()
    yield server
    if server.running:
        server.stop()


@pytest.fixture
def open_client(server):
    """A function that opens clients, as the coordinator or, with ``worker=True``, as a worker."""
    clients = []

    def open_client(worker=False, **options):
        clients.append(connect(server.worker_connection if worker else server.connection, **options))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Debian's Chromium without a screen; under CI=true it must be there."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        reason = (
            "Chromium and its driver are not installed (Debian: apt-get install chromium chromium-driver)"
        )
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--window-size=1366,850",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()
