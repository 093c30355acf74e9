from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sims.exceptions import TopologyError
from sims.martini.parameters import BeadParameters, martini_parameters, read_parameters

TABLE = """[ defaults ]
1 2
[ atomtypes ]
A 72.0 0.0 A 0.0 0.0
B 36.0 1.0 A 0.0 0.0
[ nonbond_params ]
A A 1 4.7e-01 5.0
B A 1 0.4 2.0 ; a comment
[ moleculetype ]
ignored 1
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.itp"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("pair", "values"),
    [
        # martini_v3.0.0.itp as published: water, the most and the least polar beads, tiny ones, and an ion.
        (("W", "W"), (0.470, 4.65)),
        (("P6", "P6"), (0.470, 4.99)),
        (("P2", "SC2"), (0.430, 2.16)),
        (("TC5", "TC5"), (0.340, 1.51)),
        (("TQ5", "W"), (0.385, 11.46)),
    ],
)
def test_the_published_pairs(
    parameters: BeadParameters, pair: tuple[str, str], values: tuple[float, float]
) -> None:
    assert parameters.pair(*pair) == values
    assert parameters.pair(*reversed(pair)) == values


def test_masses_by_bead_size(parameters: BeadParameters) -> None:
    assert [parameters.masses[parameters.index(bead)] for bead in ("P2", "SP2", "TP2")] == [72.0, 54.0, 36.0]
    assert len(parameters.names) == 844
    assert np.array_equal(parameters.epsilon, parameters.epsilon.T)


def test_the_table_is_read_once(parameters: BeadParameters) -> None:
    assert martini_parameters() is parameters


def test_reading_and_the_cached_copy_agree(table: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    parsed = read_parameters(table, cache)
    (file,) = cache.iterdir()
    cached = read_parameters(table, cache)
    assert parsed.names == cached.names == ("A", "B")
    assert parsed.identity == cached.identity
    for field in ("masses", "charges", "sigma", "epsilon"):
        assert np.array_equal(getattr(parsed, field), getattr(cached, field))
    assert parsed.pair("A", "B") == (0.4, 2.0)
    assert parsed.pair("B", "B") == (0.0, 0.0)
    assert file.suffix == ".npz"


def test_another_text_is_not_taken_from_the_cache(table: Path, tmp_path: Path) -> None:
    first = read_parameters(table, tmp_path)
    table.write_text(TABLE.replace("5.0", "6.0"))
    second = read_parameters(table, tmp_path)
    assert second.pair("A", "A") == (0.47, 6.0)
    assert first.identity != second.identity


def test_a_damaged_cache_is_replaced(table: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    read_parameters(table, cache)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert read_parameters(table, cache).pair("A", "A") == (0.47, 5.0)
    assert len(file.read_bytes()) > 100


def test_a_cache_that_cannot_be_written_is_done_without(table: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert read_parameters(table, blocked / "cache").pair("A", "A") == (0.47, 5.0)


def test_extended_keeps_the_old_pairs_and_adds_new_ones(table: Path, tmp_path: Path) -> None:
    base = read_parameters(table, tmp_path / "cache")
    more = tmp_path / "go.itp"
    more.write_text(
        "[ atomtypes ]\ng_1 0.0 0 A 0 0\ng_2 0.0 0 A 0 0\n[ nonbond_params ]\ng_1 g_2 1 0.5 9.4 ; go bond\n"
    )
    extended = base.extended([more])
    assert extended.names == ("A", "B", "g_1", "g_2")
    assert extended.pair("g_2", "g_1") == (0.5, 9.4)
    assert extended.pair("g_1", "A") == (0.0, 0.0)
    assert extended.pair("A", "B") == base.pair("A", "B")
    assert extended.identity != base.identity
    assert base.names == ("A", "B")


def test_types_with_parameters_of_their_own_combine(table: Path, tmp_path: Path) -> None:
    base = read_parameters(table, tmp_path / "cache")
    more = tmp_path / "own.itp"
    more.write_text("[ atomtypes ]\nX 10 0 A 0.2 4.0\nY 10 0 A 0.4 1.0\n")
    assert base.extended([more]).pair("X", "Y") == pytest.approx((0.3, 2.0))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (TABLE.replace("1 2\n", "1 1\n"), "sigma-epsilon form", 2),
        (TABLE.replace("B A 1", "B Z 1"), "Bead type Z is not defined", 8),
        (TABLE.replace("B A 1", "B A 2"), "function type 1", 8),
        (TABLE.replace("B 36.0 1.0", "A 36.0 1.0"), "defined twice", 5),
        (TABLE.replace("A 72.0", "A heavy"), "'heavy'", 4),
        (TABLE.replace("A 72.0", "A -72.0"), "negative", 4),
        (TABLE.replace("atomtypes", "bondtypes"), "bondtypes", 3),
    ],
)
def test_bad_tables_are_named_with_their_line(
    table: Path, tmp_path: Path, text: str, message: str, line: int
) -> None:
    table.write_text(text)
    with pytest.raises(TopologyError, match=message) as caught:
        read_parameters(table, tmp_path / "cache")
    assert caught.value.line == line


def test_unknown_types_and_missing_files(parameters: BeadParameters, tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="NOPE"):
        parameters.index("NOPE")
    with pytest.raises(TopologyError, match="cannot be read"):
        read_parameters(tmp_path / "absent.itp")
