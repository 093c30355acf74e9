"""Quantities as text with a unit ('10 ns') to plain floats in OpenMM's units, once, at the edge; and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

__all__ = [
    "Energy",
    "ForceConstant",
    "Length",
    "Molarity",
    "Pressure",
    "Temperature",
    "Time",
    "at_most",
    "parse",
    "text",
]

DIGITS = 12
"""Significant digits kept, so that 10 ns is 10000 ps and not 10000.000000000002."""

_NAME = r"[A-Za-zµμ°Å]+(?:(?:\^|\*\*)-?[0-9])?"
_QUANTITY = re.compile(
    rf"\s*(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(?P<unit>{_NAME}(?:\s*[*/]\s*{_NAME})*)?\s*"
)

_LADDERS: dict[str, tuple[tuple[str, float], ...]] = {
    "ps": (
        ("h", 3.6e15),
        ("min", 6e13),
        ("s", 1e12),
        ("ms", 1e9),
        ("us", 1e6),
        ("ns", 1e3),
        ("ps", 1.0),
        ("fs", 1e-3),
    ),
    "kJ/mol/nm**2": (("kJ/mol/nm^2", 1.0),),
}
"""Units that people read, largest first, each with its size in the unit that we calculate in."""


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def parse(quantity: object, unit: str) -> float:
    """A quantity in `unit`, rounded to 12 significant digits.

    Parameters
    ----------
    quantity : str
        Number and unit, as ``"10 ns"`` or ``"310 K"``.
    unit : str
        The unit wanted, in pint's notation.

    Raises
    ------
    ValueError
        When it is not text with a number and a unit of the right dimension; the message says what was expected.
    """
    if not isinstance(quantity, str):
        raise ValueError(
            f"expected a quantity as text with its unit, such as {_example(unit)!r}, not {quantity!r}"
        )
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(f"{quantity!r} is not a number with a unit, such as {_example(unit)!r}")
    if match["unit"] is None:
        raise ValueError(
            f"{quantity!r} has no unit; write for example {f'{quantity.strip()} {_written(unit)}'!r}"
        )
    return _convert(float(match["number"]), match["unit"], unit, quantity)


def _convert(number: float, given: str, wanted: str, quantity: str) -> float:
    import pint

    try:
        value = float(_registry().Quantity(number, given).to(wanted).magnitude)
    except pint.UndefinedUnitError:
        raise ValueError(
            f"{quantity!r} has the unknown unit {given!r}; expected one like {_example(wanted)!r}"
        ) from None
    except (pint.PintError, ValueError, ArithmeticError):
        raise ValueError(
            f"{quantity!r} does not convert to {_written(wanted)}; write for example {_example(wanted)!r}"
        ) from None
    if not math.isfinite(value):
        raise ValueError(f"{quantity!r} is not finite")
    return float(f"{value:.{DIGITS}g}")


def text(value: float, unit: str) -> str:
    """A value in `unit` as text that `parse` reads back exactly, in the unit that makes it shortest to read.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        In pint's notation.

    Examples
    --------
    >>> text(10000.0, "ps")
    '10 ns'
    """
    for name, size in _LADDERS.get(unit, ((unit, 1.0),)):
        number = f"{value / size:.{DIGITS}g}"
        if abs(value) >= size and len(number) <= 6 and float(f"{float(number) * size:.{DIGITS}g}") == value:
            return f"{number} {name}"
    return f"{value!r} {_written(unit)}"


def _written(unit: str) -> str:
    return unit.replace("**", "^")


def _example(unit: str) -> str:
    return {"ps": "10 ns", "K": "300 K"}.get(unit, f"1 {_written(unit)}")


def _positive(unit: str, zero: bool = False) -> Callable[[float], float]:
    def check(value: float) -> float:
        if value < 0 or (value == 0 and not zero):
            raise ValueError(f"expected more than 0 {_written(unit)}, not {text(value, unit)!r}")
        return value

    return check


def at_most(limit: float, unit: str) -> AfterValidator:
    """A validator for a quantity in `unit` that must not exceed `limit`."""

    def check(value: float) -> float:
        if value > limit:
            raise ValueError(f"expected at most {text(limit, unit)!r}, not {text(value, unit)!r}")
        return value

    return AfterValidator(check)


def _metadata(unit: str, zero: bool = False) -> tuple[BeforeValidator, AfterValidator, PlainSerializer]:
    return (
        BeforeValidator(lambda quantity: parse(quantity, unit)),
        AfterValidator(_positive(unit, zero)),
        PlainSerializer(lambda value: text(value, unit), return_type=str, when_used="json"),
    )


Time = Annotated[float, *_metadata("ps")]
"""Text to ps, more than zero."""
Length = Annotated[float, *_metadata("nm")]
"""Text to nm, more than zero."""
Temperature = Annotated[float, *_metadata("K")]
"""Text to K, more than zero."""
Pressure = Annotated[float, *_metadata("bar")]
"""Text to bar, more than zero."""
Molarity = Annotated[float, *_metadata("mol/L", zero=True)]
"""Text to mol/L, zero or more."""
Energy = Annotated[float, *_metadata("kJ/mol")]
"""Text to kJ/mol, more than zero."""
ForceConstant = Annotated[float, *_metadata("kJ/mol/nm**2")]
"""Text to kJ/mol/nm^2, more than zero."""
