"""What is shipped to the browser: nothing is loaded from elsewhere, and nothing is parsed as HTML."""

import hashlib
import re

import pytest

from steer.dashboard.app import STATIC

OWN = sorted(path for path in STATIC.iterdir() if path.suffix in (".js", ".css", ".html", ".svg"))
SCRIPTS = [path for path in OWN if path.suffix == ".js"]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_address_of_another_server_is_named(path) -> None:
    found = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+[^\s\"']*", path.read_text()))
    assert found <= {"http://www.w3.org/2000/svg", "//www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_is_ever_parsed_as_html_or_code(path) -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\(|new Function|DOMParser|createContextualFragment"
    assert re.findall(ways, path.read_text()) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_module_that_is_imported_is_there(path) -> None:
    for name in re.findall(r"from \"\./([^\"]+)\"", path.read_text()):
        assert (STATIC / name).is_file(), name


def test_the_page_has_no_inline_script_or_style() -> None:
    page = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\son\w+=|\sstyle=", page) == []


def test_all_modules_are_asked_for_at_once() -> None:
    page = (STATIC / "index.html").read_text()
    named = set(re.findall(r'(?:href|src)="/static/([^"]+\.js)"', page))
    assert named == {path.name for path in SCRIPTS}


def test_the_viewer_is_the_one_whose_licences_are_noted() -> None:
    notes = (STATIC / "vendor" / "LICENSES.txt").read_text()
    (digest,) = re.findall(r"sha256 ([0-9a-f]{64})", notes)
    assert hashlib.sha256((STATIC / "vendor" / "ngl" / "ngl-2.4.0.js").read_bytes()).hexdigest() == digest
    shipped = {path.name for path in (STATIC / "vendor").rglob("*.js")}
    assert all(name in notes for name in shipped)
