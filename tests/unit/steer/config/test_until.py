import pytest

from steer.config import Stop, parse_until
from steer.exceptions import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50 us", {"aggregate_time": "50 us"}),
        ("20 refinements", {"refinements": 20}),
        ("1 refinement", {"refinements": 1}),
        ("coverage 300", {"coverage": 300}),
        ("2 h wall", {"walltime": "2 h"}),
        ("90 min walltime", {"walltime": "90 min"}),
        ("50 us, 20 refinements,2h wall", {"aggregate_time": "50 us", "refinements": 20, "walltime": "2 h"}),
    ],
)
def test_each_criterion_is_understood(text: str, expected: dict[str, object]) -> None:
    assert parse_until(text) == Stop.model_validate(expected)


@pytest.mark.parametrize(
    "text", ["", "20", "foo", "50 K", "0 refinements", "5 us, 6 us", "-5 us", "wall", "20,", "coverage"]
)
def test_anything_else_is_refused_naming_the_option(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--until: ") as raised:
        parse_until(text)
    assert raised.value.exit_code == 2
