"""Encoding with a new model in a child process: nearly level when it ends, the same points, nothing lost or hidden."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.features import BeadFeatures
from models.pca import PcaTrainer
from steer.catchup import FLOOR, CatchUp
from steer.encoding import NEAR, EncodingOrder, catch_up
from steer.explored import ExploredMap
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.latentfile import BLOCK, LatentFile
from steer.latents import LatentTable

BEADS = 4
PAIRS, LENGTHS = np.array([[0, 1]]), np.array([1.5])


def frames(count: int, first: int = 0) -> list[Frame]:
    positions = np.random.default_rng(first).normal(size=(count, BEADS, 3)).astype(np.float32)
    box = np.zeros(3, np.float32)
    return [
        Frame("c", "cg-000001", "cg", first + i, float(i), box, 1, 0.0, each)
        for i, each in enumerate(positions)
    ]


@pytest.fixture
def store(tmp_path):
    with FrameStore(tmp_path / "frames", BEADS) as store:
        yield store


@pytest.fixture
def new_model(tmp_path):
    def new_model(version: int):
        features = BeadFeatures(BEADS, np.array([[0, 3], [0, 2], [1, 3]]), np.empty((0, 4), int))
        positions = np.array([frame.positions for frame in frames(200, first=version)])
        model = PcaTrainer(features, n_latents=2).fit(positions, version=version, seed=version)
        model.save(tmp_path / "models" / f"{version:04d}")
        return model

    return new_model


@pytest.fixture
def file_of(tmp_path):
    def file_of(version: int) -> LatentFile:
        name = f"{version:04d}"
        return LatentFile(tmp_path / "latents" / name, tmp_path / "models" / name, 2)

    return file_of


def order(store: FrameStore, file: LatentFile) -> EncodingOrder:
    return EncodingOrder(
        os.getpid(),
        str(store.directory),
        str(file.directory),
        str(file.model),
        PAIRS.tolist(),
        LENGTHS.tolist(),
    )


def wait(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_all_but_the_newest_rows_are_encoded_and_marked_as_in_the_loop(store, new_model, file_of):
    store.append(frames(5 * BLOCK + 100))
    model, file = new_model(1), file_of(1)
    assert catch_up(order(store, file), near=BLOCK) == 0
    ours = ExploredMap(store, PAIRS, LENGTHS)._sanity
    alone = LatentTable(model, store, ours)
    alone.advance(len(store))
    found, count, damaged = file.load(len(store))
    assert (count, damaged) == (4 * BLOCK, [])
    np.testing.assert_allclose(found.points[:count], alone.points[:count], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.sane[:count], alone.sane[:count])
    assert 0 < alone.sane.mean() < 1


def test_frames_that_come_meanwhile_are_encoded_too(store, new_model, file_of, monkeypatch):
    store.append(frames(2 * BLOCK))
    new_model(1)
    write, came = LatentFile.write, []

    def more_comes(file, start, rows):
        write(file, start, rows)
        if len(came) < 5:
            came.append(store.append(frames(BLOCK, first=len(store))))

    monkeypatch.setattr(LatentFile, "write", more_comes)
    assert catch_up(order(store, file_of(1)), near=1) == 0
    assert len(came) == 5
    assert file_of(1).rows() >= len(store) - BLOCK


def test_damaged_blocks_are_encoded_again(store, new_model, file_of):
    store.append(frames(3 * BLOCK))
    new_model(1)
    catch_up(order(store, file_of(1)), near=1)
    whole = (file_of(1).directory / "points.bin").read_bytes()
    (file_of(1).directory / "points.bin").write_bytes(b"\xff" * 80 + whole[80:])
    assert file_of(1).load(len(store))[2] == [0]
    assert catch_up(order(store, file_of(1)), near=1) == 0
    assert file_of(1).load(len(store))[2] == []
    assert (file_of(1).directory / "points.bin").read_bytes() == whole


def test_a_disk_that_refuses_ends_it_and_the_loop_does_the_work(store, new_model, file_of, tmp_path):
    store.append(frames(3 * BLOCK))
    new_model(1)
    (tmp_path / "latents").write_text("in the way")
    assert catch_up(order(store, file_of(1)), near=1) == 1


def test_a_map_far_behind_comes_into_use_all_the_same(store, new_model, file_of, monkeypatch):
    monkeypatch.setattr("steer.explored.FAR", 1000)
    count = NEAR + 5 * BLOCK
    store.append(frames(count))
    explored = ExploredMap(store, PAIRS, LENGTHS)
    models = [new_model(version) for version in (1, 2, 3)]
    explored.adopt(models[0], 2000, file_of(1))
    assert not explored.advance()
    store.append(frames(100, first=count))
    wait(explored.advance)
    assert explored.version == 1
    assert len(explored.points(range(count + 100))) == count + 100
    np.testing.assert_allclose(
        explored.points(range(count + 100)),
        models[0].encode(store.positions(slice(0, count + 100))),
        rtol=1e-5,
        atol=1e-6,
    )
    explored.adopt(models[1], 2000, file_of(2))
    assert explored.drift == 1.0
    explored.adopt(models[2], 2000, file_of(3))
    wait(explored.advance)
    assert explored.version == 3
    explored.close()


def test_a_child_that_fails_is_told_of_and_the_loop_goes_on(
    store, new_model, file_of, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("steer.explored.FAR", 1000)
    store.append(frames(NEAR + BLOCK))
    explored = ExploredMap(store, PAIRS, LENGTHS)
    model, file = new_model(1), file_of(1)
    (tmp_path / "models" / "0001" / "weights.safetensors").write_bytes(b"broken")
    explored.adopt(model, 2000, file)
    with caplog.at_level(logging.WARNING):
        wait(explored.advance)
    assert "weights.safetensors" in caplog.text
    assert "goes on itself" in caplog.text
    assert len(explored.sample()) == NEAR + BLOCK


def test_a_child_that_is_stopped_is_gone(store, new_model, file_of):
    store.append(frames(NEAR + 3 * BLOCK))
    new_model(1)
    catching_up = CatchUp(file_of(1), store, PAIRS, LENGTHS)
    catching_up.stop()
    assert catching_up.done()
    assert file_of(1).load(len(store))[2] == []


def state(catching_up: CatchUp) -> str:
    """One letter, as the kernel tells it: T is stopped."""
    return Path(f"/proc/{catching_up._child.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the kernel does not tell")
def test_it_pauses_while_frames_wait_but_not_for_ever(store, new_model, file_of):
    store.append(frames(NEAR + 12 * BLOCK))
    new_model(1)
    catching_up = CatchUp(file_of(1), store, PAIRS, LENGTHS)
    ended = [catching_up.done(busy=True)]
    wait(lambda: state(catching_up) == "T")
    ended += [catching_up.done(busy=True) for _ in range(FLOOR - 2)]
    assert state(catching_up) == "T"
    ended.append(catching_up.done(busy=True))
    wait(lambda: state(catching_up) != "T")
    ended.append(catching_up.done(busy=True))
    wait(lambda: state(catching_up) == "T")
    assert not any(ended)
    wait(catching_up.done)
    assert file_of(1).rows() >= NEAR + 12 * BLOCK - 3 * NEAR


def test_under_a_backlog_that_never_ends_the_map_comes_into_use(store, new_model, file_of, monkeypatch):
    monkeypatch.setattr("steer.explored.FAR", 1000)
    store.append(frames(NEAR + 12 * BLOCK))
    explored = ExploredMap(store, PAIRS, LENGTHS)
    explored.adopt(new_model(1), 2000, file_of(1))
    wait(lambda: explored.advance(busy=True))
    assert len(explored.sample()) == NEAR + 12 * BLOCK


def test_one_that_is_paused_can_be_stopped(store, new_model, file_of):
    store.append(frames(NEAR + 3 * BLOCK))
    new_model(1)
    catching_up = CatchUp(file_of(1), store, PAIRS, LENGTHS)
    assert not catching_up.done(busy=True)
    catching_up.stop()
    assert catching_up.done()


def test_it_ends_with_its_coordinator(store, new_model, file_of):
    new_model(1)
    foreign = msgspec.structs.replace(order(store, file_of(1)), parent=os.getppid())
    ended = subprocess.run([sys.executable, "-m", "steer.encoding"], input=msgspec.json.encode(foreign))
    assert ended.returncode == 1
    assert not file_of(1).directory.exists()
