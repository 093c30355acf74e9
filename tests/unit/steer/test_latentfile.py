"""Latent points on disk: what was encoded once is read, and whatever is missing or damaged is encoded again."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest

from models.features import BeadFeatures
from models.pca import PcaTrainer
from steer.latentfile import BLOCK, LatentFile, discard_older
from steer.latents import LatentTable

BEADS = 4


class Frames:
    """Frames in memory that remember which rows were read."""

    def __init__(self, positions: np.ndarray) -> None:
        self._positions = positions
        self.count = len(positions)
        self.read: list[int] = []

    def __len__(self) -> int:
        return self.count

    def positions(self, rows: slice) -> np.ndarray:
        self.read.extend(range(*rows.indices(self.count)))
        return self._positions[rows]


@pytest.fixture(scope="module")
def positions():
    return np.random.default_rng(1).normal(size=(3 * BLOCK, BEADS, 3)).astype(np.float32)


@pytest.fixture
def frames(positions):
    frames = Frames(positions)
    frames.count = 2 * BLOCK + 100
    return frames


@pytest.fixture
def model(positions, tmp_path):
    model = PcaTrainer(BeadFeatures.for_molecule(BEADS, [list(range(BEADS))]), n_latents=2).fit(
        positions[:500], version=1, seed=0
    )
    model.save(tmp_path / "models" / "0001")
    return model


@pytest.fixture
def open_file(tmp_path, model):
    def open_file(name="0001", **options) -> LatentFile:
        return LatentFile(tmp_path / "latents" / name, tmp_path / "models" / "0001", 2, **options)

    return open_file


def sanity(positions):
    return positions[:, 0, 0] > 0


def filled(model, frames, file):
    table = LatentTable(model, frames, sanity, file)
    while table.advance(3000):
        pass
    assert table.level
    return table


def assert_right(table, model, positions):
    part = positions[: len(table)]
    np.testing.assert_allclose(table.points, model.encode(part), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(table.errors, model.decode_error(part), rtol=1e-4)
    np.testing.assert_array_equal(table.sane, sanity(part))


def test_the_next_start_reads_whole_blocks_and_encodes_only_the_rest(model, frames, positions, open_file):
    filled(model, frames, open_file())
    frames.read.clear()
    again = filled(model, frames, open_file())
    assert frames.read == list(range(2 * BLOCK, 2 * BLOCK + 100))
    assert_right(again, model, positions)
    frames.count = 3 * BLOCK
    assert_right(filled(model, frames, open_file()), model, positions)
    assert open_file().rows() == 3 * BLOCK


@pytest.mark.parametrize("name", ["points.bin", "errors.bin", "sane.bin", "checksums.bin"])
def test_a_damaged_block_is_reported_and_encoded_again_and_no_other(
    model, frames, positions, open_file, name, caplog
):
    file = open_file()
    filled(model, frames, file)
    content = bytearray((file.directory / name).read_bytes())
    content[-1] ^= 0x01
    (file.directory / name).write_bytes(content)
    frames.read.clear()
    with caplog.at_level(logging.WARNING):
        again = LatentTable(model, frames, sanity, open_file())
    assert f"first at row {BLOCK}" in caplog.text
    assert not again.level
    while again.advance(3000):
        pass
    assert frames.read == list(range(BLOCK, 2 * BLOCK + 100))
    assert_right(again, model, positions)
    assert open_file().load(10**6)[2] == []


def test_a_process_killed_between_points_and_checksum_leaves_nothing_wrong(
    model, frames, positions, open_file
):
    file = open_file()
    filled(model, frames, file)
    with (file.directory / "points.bin").open("ab") as torn:
        torn.write(b"\x77" * 1000)
    frames.count = 3 * BLOCK
    assert_right(filled(model, frames, open_file()), model, positions)
    assert_right(filled(model, frames, open_file()), model, positions)


def test_a_file_that_is_gone_costs_only_its_making(model, frames, positions, open_file):
    file = open_file()
    filled(model, frames, file)
    (file.directory / "errors.bin").unlink()
    assert_right(filled(model, frames, open_file()), model, positions)
    shutil.rmtree(file.directory)
    assert_right(filled(model, frames, open_file()), model, positions)


def test_points_of_another_model_are_not_taken(model, frames, positions, open_file, tmp_path):
    filled(model, frames, open_file())
    other = PcaTrainer(model.featurizer, n_latents=2).fit(positions[-500:], version=1, seed=0)
    shutil.rmtree(tmp_path / "models" / "0001")
    other.save(tmp_path / "models" / "0001")
    assert open_file().rows() == 0
    assert_right(filled(other, frames, open_file()), other, positions)
    assert open_file().rows() == 2 * BLOCK


def test_rows_that_the_frame_store_has_lost_are_not_taken(model, frames, positions, open_file):
    filled(model, frames, open_file())
    frames.count = BLOCK + 7
    table = LatentTable(model, frames, sanity, open_file())
    assert len(table) == BLOCK
    assert_right(filled(model, frames, open_file()), model, positions)


def test_a_reader_takes_what_is_there_and_writes_nothing(model, frames, positions, open_file):
    reader = filled(model, frames, open_file(read_only=True))
    assert_right(reader, model, positions)
    assert open_file().rows() == 0
    filled(model, frames, open_file())
    frames.read.clear()
    filled(model, frames, open_file(read_only=True))
    assert frames.read == list(range(2 * BLOCK, 2 * BLOCK + 100))


def test_a_full_disk_costs_the_file_and_not_the_map(model, frames, positions, open_file, monkeypatch, caplog):
    file = open_file()
    monkeypatch.setattr(
        file, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with caplog.at_level(logging.WARNING):
        assert_right(filled(model, frames, file), model, positions)
    assert "No space left" in caplog.text


def test_only_older_versions_are_discarded(tmp_path, model, frames, open_file):
    for name in ("0001", "0002", "0003"):
        filled(model, frames, open_file(name))
    discard_older(tmp_path / "latents", 2)
    assert sorted(path.name for path in (tmp_path / "latents").iterdir()) == ["0002", "0003"]
