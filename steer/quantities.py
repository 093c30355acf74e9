"""Quantities as text with a unit ('10 ns') to plain floats in OpenMM's units, once, at the edge."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator

__all__ = ["Energy", "ForceConstant", "Length", "Molarity", "Pressure", "Temperature", "Time", "parse"]


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def parse(text: object, unit: str) -> float:
    """A quantity in `unit`.

    Parameters
    ----------
    text : str
        Number and unit, as ``"10 ns"`` or ``"310 K"``.
    unit : str
        The unit wanted, in pint's notation.

    Raises
    ------
    ValueError
        When it is not text with a number and a unit of the right dimension; the message says what was expected.
    """
    import math

    import pint

    if not isinstance(text, str):
        raise ValueError(f"expected a quantity as text with its unit, such as '10 {unit}', not {text!r}")
    try:
        quantity = _registry().Quantity(text)
        value = float(quantity.to(unit).magnitude)
    except Exception as error:
        if isinstance(error, pint.DimensionalityError) and "dimensionless" in str(error):
            raise ValueError(f"{text!r} has no unit; write for example '{text} {unit}'") from None
        raise ValueError(f"{text!r} is not a quantity that converts to {unit}: {error}") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not finite")
    return value


def _quantity(unit: str) -> BeforeValidator:
    return BeforeValidator(lambda text: parse(text, unit))


Time = Annotated[float, _quantity("ps")]
"""Text to ps."""
Length = Annotated[float, _quantity("nm")]
"""Text to nm."""
Temperature = Annotated[float, _quantity("K")]
"""Text to K."""
Pressure = Annotated[float, _quantity("bar")]
"""Text to bar."""
Molarity = Annotated[float, _quantity("mol/L")]
"""Text to mol/L."""
Energy = Annotated[float, _quantity("kJ/mol")]
"""Text to kJ/mol."""
ForceConstant = Annotated[float, _quantity("kJ/mol/nm**2")]
"""Text to kJ/mol/nm^2."""
