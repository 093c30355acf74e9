"""What decisions know of seeds: complete, without looking at all of them each time."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from steer.journal import Seed
from steer.seed_book import SeedBook

INPUT = Seed(1, "input", 0, "seeds/seed-000001.pdb")


class World:
    """A ledger and a map, as far as seeds are concerned: beads of seed i lie at i, frames at their row."""

    def __init__(self):
        self.seeds, self.started, self.read = {}, Counter(), []
        self.model = None

    @property
    def last_seed(self):
        return len(self.seeds)

    def add(self, seed):
        self.seeds[seed.id] = seed

    def points(self, rows):
        return self.scale * np.repeat(np.array(rows, np.float32)[:, None], 2, axis=1)

    def use(self, scale):
        self.scale = scale
        self.model = SimpleNamespace(encode=lambda beads: scale * beads[:, 0, :2])

    def beads(self, seed):
        self.read.append(seed.id)
        return np.full((3, 3), seed.id, float)


@pytest.fixture
def world():
    world = World()
    world.add(INPUT)
    return world


@pytest.fixture
def book(world):
    return SeedBook(world, world, world.beads, per_refinement=1)


def refined(id):
    return Seed(id, "aa", 1, f"aa/{id}.pdb", "aa-000001", 10)


def frame(id, row):
    return Seed(id, "cg", 1, f"seeds/{id}.pdb", "cg-000001", row, row)


def test_before_a_model_seeds_have_no_place(book):
    (option,) = book.options()
    assert (option.id, option.origin, option.started, option.point) == (1, "input", 0, None)
    assert len(book.starts()) == 0


def test_every_seed_has_its_place_once_in_the_order_they_came(world, book):
    world.use(1.0)
    book.place()
    assert book.starts()[:, 0].tolist() == [1]
    world.add(frame(2, 40))
    world.add(refined(3))
    world.add(frame(4, 50))
    first = book.starts()
    assert sorted(first[:, 0].tolist()) == [1, 3, 40, 50]
    world.add(frame(5, 60))
    np.testing.assert_array_equal(book.starts()[:4], first)
    assert book.starts()[4:, 0].tolist() == [60]


def test_another_model_places_them_anew_without_reading_files_again(world, book):
    world.use(1.0)
    book.place()
    for seed in (frame(2, 40), refined(3)):
        world.add(seed)
    book.starts()
    world.use(10.0)
    book.place()
    assert sorted(book.starts()[:, 0].tolist()) == [10, 30, 400]
    assert [option.point[0] for option in book.options()] == [10, 30]
    assert world.read == [1, 3]


def test_frames_are_no_options_and_starts_are_counted(world, book):
    world.use(1.0)
    book.place()
    world.add(frame(2, 40))
    world.add(refined(3))
    assert [option.id for option in book.options()] == [1, 3]
    world.started[1] += 4
    world.started[3] += 1
    assert [option.started for option in book.options()] == [4, 1]
    world.started[1] += 1
    assert [option.started for option in book.options()] == [5, 1]


def test_a_seed_whose_place_is_no_number_is_left_out(world, book):
    world.use(1.0)
    book.place()
    world.points = lambda rows: np.full((len(rows), 2), np.nan, np.float32)
    world.add(frame(2, 40))
    assert book.starts()[:, 0].tolist() == [1]
