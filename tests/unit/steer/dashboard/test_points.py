"""Picking frames, tiles and colours, on points whose answers are known."""

import json
import struct

import numpy as np
import pytest

from steer.coverage.measures import View
from steer.dashboard.atlas import MapPoints
from steer.dashboard.binning import Binned, Window, bin_points
from steer.dashboard.colours import Colours
from steer.dashboard.picking import frame_at, last_frame, neighbours
from steer.dashboard.tiles import tile

WINDOW = Window(0.0, 4.0, 0.0, 2.0)


def a_map(places: list[tuple[float, float]], numbers: list[int], aa: list[int] | None = None) -> MapPoints:
    points = np.array(places, np.float32)
    all_atom = np.zeros(len(points), bool)
    all_atom[aa or []] = True
    return MapPoints(
        version=1,
        view=View(np.zeros(2), np.eye(2), ("1", "2"), 1.0),
        points=points,
        errors=np.arange(len(points), dtype=np.float32),
        x=points[:, 0].copy(),
        y=points[:, 1].copy(),
        cg=~all_atom,
        aa=all_atom,
        number=np.array(numbers, np.uint32),
        generation=np.array(numbers, np.int16) % 2,
        unsteered=np.array(numbers) == 1,
        extent=WINDOW,
    )


MAP = a_map([(1, 1), (1.1, 1), (3, 1), (1, 1.2), (3.9, 1.9)], [1, 1, 2, 3, 1], aa=[4])


def test_the_frame_that_looks_nearest_is_picked_on_a_stretched_screen() -> None:
    # 100 pixels for 4 units across and 1,000 for 2 units up: upwards is far.
    assert frame_at(MAP, (2.0, 1.19), WINDOW, (100, 1000), None, 1e9) == 3
    assert frame_at(MAP, (2.2, 1.0), WINDOW, (100, 1000), None, 1e9) == 2


def test_nothing_is_picked_where_nothing_is_near_or_shown() -> None:
    assert frame_at(MAP, (2.0, 0.1), WINDOW, (400, 200), None, 24) is None
    hidden = np.array([False, False, True, True, True])
    assert frame_at(MAP, (1.0, 1.0), WINDOW, (400, 200), hidden, 24) == 3


def test_neighbours_are_of_other_simulations_one_each_and_nearest_first() -> None:
    found = neighbours(MAP, 0, 5)
    assert [row for row, _ in found] == [3, 2, 4]
    np.testing.assert_allclose([distance for _, distance in found], [0.2, 2.0, np.hypot(2.9, 0.9)], rtol=1e-5)


def test_simulations_of_both_levels_with_the_same_number_are_told_apart() -> None:
    assert MAP.simulation(0) == "cg-000001"
    assert MAP.simulation(4) == "aa-000001"
    assert last_frame(MAP, "cg-000001") == 1
    assert last_frame(MAP, "aa-000001") == 4


@pytest.mark.parametrize("name", ["", "cg-000009", "cg", "../../etc", "aa-x", "cg-²"])
def test_what_is_no_simulation_on_the_map_has_no_frame(name: str) -> None:
    assert last_frame(MAP, name) is None


def test_a_layer_shows_what_it_says() -> None:
    assert MAP.chosen("all", None) is None
    assert np.flatnonzero(MAP.chosen("cg", None)).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(MAP.chosen("unsteered", 1)).tolist() == [0, 1, 4]
    assert np.flatnonzero(MAP.chosen("aa", 0)).tolist() == []


def read(data: bytes) -> tuple[dict, np.ndarray]:
    (length,) = struct.unpack("<I", data[:4])
    header = json.loads(data[4 : 4 + length])
    return header, np.frombuffer(data[4 + length :], np.uint8).reshape(header["height"], header["width"])


def test_a_tile_of_the_density_is_empty_where_nothing_is_and_darkest_where_most_is() -> None:
    header, shades = read(tile(Binned(np.array([[0, 1], [10, 100]]), None), colour="density"))
    assert (header["count"], header["low"], header["high"], header["colour"]) == (111, 1.0, 100.0, "density")
    np.testing.assert_array_equal(shades, [[0, 1], [128, 255]])


def test_a_tile_of_a_value_goes_from_the_lowest_to_the_highest_mean() -> None:
    binned = bin_points(MAP.x, MAP.y, WINDOW, 4, 1, values=MAP.errors)
    header, shades = read(tile(binned))
    assert shades[0].tolist() == [0, 1, 0, 255]
    assert header["low"] < header["high"]


def test_tiles_of_nothing_and_of_one_value_are_sound() -> None:
    header, shades = read(tile(Binned(np.zeros((2, 2), np.int64), np.full((2, 2), np.nan))))
    assert (header["count"], int(shades.max())) == (0, 0)
    _, shades = read(tile(Binned(np.ones((1, 1), np.int64), np.full((1, 1), 3.0))))
    assert shades.item() == 1


class Sum:
    unit, period = "nm", None

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        return frames.sum(axis=(1, 2))


class Reader:
    def __len__(self) -> int:
        return 5

    def positions(self, rows: slice) -> np.ndarray:
        return np.arange(5.0)[rows, None, None] * np.ones((1, 1, 3))


def test_a_collective_variable_is_measured_only_once_it_is_asked_for() -> None:
    colours = Colours()
    colours.add({"sum": Sum()})
    assert colours.advance(Reader()) is False
    assert np.isnan(colours.values("sum", MAP)).all()
    while colours.advance(Reader()):
        pass
    np.testing.assert_array_equal(colours.values("sum", MAP), [0, 3, 6, 9, 12])
    assert [colour.label for colour in colours.offered][-1] == "sum (nm)"


def test_the_built_in_colours_are_those_of_the_frames() -> None:
    colours = Colours()
    assert colours.values("density", MAP) is None
    assert colours.values("generation", MAP).tolist() == [1, 1, 0, 1, 1]
    assert colours.values("error", MAP).tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError):
        colours.values("no such", MAP)
