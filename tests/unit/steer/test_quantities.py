import contextlib
import math

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from steer.quantities import Molarity, Time, parse, text

UNITS = ["ps", "nm", "K", "bar", "mol/L", "kJ/mol", "kJ/mol/nm**2"]


@pytest.mark.parametrize(
    ("written", "unit", "value"),
    [
        ("10 ns", "ps", 10000.0),
        ("50 us", "ps", 5e7),
        ("50 µs", "ps", 5e7),
        ("0.1 ns", "ps", 100.0),
        ("20fs", "ps", 0.02),
        ("8 h", "ps", 2.88e16),
        ("12 angstrom", "nm", 1.2),
        ("27 degC", "K", 300.15),
        ("1 atm", "bar", 1.01325),
        ("150 mmol/L", "mol/L", 0.15),
        ("150 mM", "mol/L", 0.15),
        ("1 kcal/mol", "kJ/mol", 4.184),
        ("700 kJ/mol/nm^2", "kJ/mol/nm**2", 700.0),
        ("700 kJ / mol / nm**2", "kJ/mol/nm**2", 700.0),
        ("1e3 ps", "ps", 1000.0),
        (".5 nm", "nm", 0.5),
    ],
)
def test_text_becomes_exactly_the_number_a_person_would_write(written: str, unit: str, value: float) -> None:
    assert parse(written, unit) == value


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (10, "such as '10 ns'"),
        ("10", "has no unit; write for example '10 ps'"),
        ("ten ns", "not a number with a unit"),
        ("10 K", "does not convert to ps"),
        ("10 parsnips", "unknown unit 'parsnips'"),
        ("1e999 ns", "not finite"),
        ("", "not a number"),
        ("10 ns + 5 ns", "not a number"),
        ("9**9**9**9 ns", "not a number"),
        ("1 ns^99999999", "not a number"),
    ],
)
def test_what_is_no_time_is_refused_with_what_was_expected(written: object, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        parse(written, "ps")


@given(st.text(max_size=30))
def test_no_text_does_anything_but_parse_or_be_refused(written: str) -> None:
    with contextlib.suppress(ValueError):
        assert math.isfinite(parse(written, "ps"))


@given(st.floats(min_value=1e-9, max_value=1e20), st.sampled_from(UNITS))
def test_a_value_written_as_text_is_read_back_exactly(raw: float, unit: str) -> None:
    value = float(f"{raw:.12g}")
    assert parse(text(value, unit), unit) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (10000.0, "10 ns"),
        (0.02, "20 fs"),
        (100.0, "100 ps"),
        (5e7, "50 us"),
        (2.88e16, "8 h"),
        (6e14, "10 min"),
    ],
)
def test_times_are_written_in_the_unit_that_reads_best(value: float, written: str) -> None:
    assert text(value, "ps") == written


def test_the_conversion_agrees_with_pint_itself() -> None:
    registry = pint.UnitRegistry()
    assert parse("3.7 kcal/mol", "kJ/mol") == pytest.approx(registry("3.7 kcal/mol").to("kJ/mol").magnitude)


def test_signs_are_checked_by_kind_of_quantity() -> None:
    class Sample(BaseModel):
        time: Time = 1.0
        salt: Molarity = 1.0

    assert Sample(salt="0 mol/L").salt == 0.0  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="more than 0 ps, not '-10 ns'"):
        Sample(time="-10 ns")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="more than 0 ps"):
        Sample(time="0 ns")  # type: ignore[arg-type]
