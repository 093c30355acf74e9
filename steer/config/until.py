"""What `steer run --until` understands."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from steer.config.reading import problem_of
from steer.config.schema import Stop
from steer.exceptions import ConfigError

__all__ = ["parse_until"]

OPTION = "--until"
EXPECTED = "expected for example '50 us', '20 refinements', 'coverage 300' or '2 h wall', several separated by commas"

_PATTERNS = (
    ("refinements", re.compile(r"(?P<value>[0-9]+)\s*refinements?", re.IGNORECASE)),
    ("coverage", re.compile(r"coverage\s*(?P<value>[0-9.]+)", re.IGNORECASE)),
    ("walltime", re.compile(r"(?P<value>.+?)\s*wall(?:\s*time)?", re.IGNORECASE)),
    ("aggregate_time", re.compile(r"(?P<value>[0-9.].*)")),
)


def parse_until(text: str, option: str = OPTION) -> Stop:
    """When to stop, from one line of text.

    Parameters
    ----------
    text : str
        One or more, separated by commas, of: aggregate CG time (``50 us``), accepted refinements
        (``20 refinements``), coverage (``coverage 300``), real time (``2 h wall``).
    option : str
        The option that errors name.

    Raises
    ------
    ConfigError
        When a part is none of these, or a criterion is named twice.

    Examples
    --------
    >>> parse_until("20 refinements, 2 h wall").refinements
    20
    """
    criteria: dict[str, Any] = {}
    for part in text.split(","):
        name, value = _criterion(part.strip(), option)
        if name in criteria:
            raise ConfigError(f"{name} is named twice in {text!r}", key=option)
        criteria[name] = value
    try:
        return Stop.model_validate(criteria)
    except ValidationError as error:
        problems = "; ".join(problem_of(detail, tuple(map(str, detail["loc"]))) for detail in error.errors())
        raise ConfigError(f"{problems}; {EXPECTED}", key=option) from error


def _criterion(part: str, option: str) -> tuple[str, str]:
    for name, pattern in _PATTERNS:
        match = pattern.fullmatch(part)
        if match:
            return name, match["value"]
    raise ConfigError(f"{part!r} is no criterion; {EXPECTED}", key=option)
