"""Tables on disk say the same in both formats."""

import csv

from pyarrow import parquet

from steer.coverage.table_files import write_table

ROWS = [
    ["id", "count", "value", "mixed"],
    ["a", 1, "0.5", "all"],
    ["b", 22, "", "3"],
    ["c,d", 3, "1e-07", "4"],
]


def test_csv_holds_the_text_as_it_is(tmp_path):
    file = write_table(tmp_path / "numbers", ROWS)
    assert file.name == "numbers.csv"
    assert list(csv.reader(file.read_text().splitlines())) == [[str(value) for value in row] for row in ROWS]


def test_parquet_holds_numbers_as_numbers_and_gaps_as_nulls(tmp_path):
    file = write_table(tmp_path / "numbers", ROWS, "parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.parquet"] == [file.name]
    assert parquet.read_table(file).to_pydict() == {
        "id": ["a", "b", "c,d"],
        "count": [1, 22, 3],
        "value": [0.5, None, 1e-07],
        "mixed": ["all", "3", "4"],
    }


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    file = write_table(tmp_path / "empty", ROWS[:1], "parquet")
    assert parquet.read_table(file).column_names == ROWS[0]
