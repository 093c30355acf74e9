"""Nothing that others wrote can command a terminal."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steer.cli.report import report_error
from steer.console import PlainLines
from steer.exceptions import ServerError
from steer.printable import PrintableFormatter, printable


@given(st.text())
def test_what_comes_out_is_printable_and_can_be_encoded(text):
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_ordinary_text_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;rm -rf ~\x07", "\\x1b[2J\\x1b]0;rm -rf ~\\x07"),
        ("a\rb\nc", "a\\rb\\nc"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_escapes_are_written_out(text, shown):
    assert printable(text) == shown


def test_a_log_line_stays_one_line():
    record = logging.LogRecord("steer", logging.WARNING, "", 0, "worker %s", ("\x1b[2J\nERROR forged",), None)
    assert PrintableFormatter("%(message)s").format(record) == "worker \\x1b[2J\\nERROR forged"


def test_events_and_errors_are_written_out(capsys):
    out = io.StringIO()
    PlainLines(out).event("cg-000001 failed: \x1b[2J")
    assert "\x1b" not in out.getvalue()
    report_error(ServerError("The server says \x1b[2J\nsecond line"))
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\nsecond line" in shown
