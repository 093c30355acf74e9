"""The frame store: durable rows that keep their numbers, whatever is torn, damaged or delivered twice."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer.exceptions import FrameError, StorageError
from steer.framereader import FrameReader
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.shards import record_dtype

N_BEADS = 5
RECORD = record_dtype(N_BEADS).itemsize


def make_frames(count, simulation="cg-000001", first=0, n_beads=N_BEADS):
    rng = np.random.default_rng([first, int(simulation[3:])])
    return [
        Frame(
            campaign="c",
            simulation=simulation,
            level=simulation[:2],
            step=10 * (first + i),
            time=0.2 * (first + i),
            box=np.array([5, 6, 7], np.float32),
            force_field=3,
            published=100.0 + i,
            positions=rng.normal(scale=2.0, size=(n_beads, 3)).astype(np.float32),
        )
        for i in range(count)
    ]


def expected(frames):
    return np.array([frame.positions for frame in frames])


@pytest.fixture
def store(tmp_path):
    with FrameStore(tmp_path / "frames", N_BEADS, rows_per_shard=16) as store:
        yield store


def damage(path, row, at=40):
    with path.open("r+b") as file:
        file.seek(row * RECORD + at)
        byte = file.read(1)
        file.seek(row * RECORD + at)
        file.write(bytes([byte[0] ^ 0x10]))


def test_rows_come_back_in_order_across_shards(store):
    frames = make_frames(40) + make_frames(9, "aa-000002")
    assert store.append(frames[:10]).tolist() == list(range(10))
    assert store.append(frames[10:]).tolist() == list(range(10, 49))
    assert len(store) == 49
    assert np.abs(store.positions(slice(None)) - expected(frames)).max() < 0.00051
    assert store.positions(slice(3, 20)).dtype == np.float32
    rows = [48, 0, 17, 17]
    assert np.array_equal(store.positions(rows), store.positions(slice(None))[rows])
    assert store.level.tolist() == ["cg"] * 40 + ["aa"] * 9
    assert store.step.tolist() == [frame.step for frame in frames]
    assert np.allclose(store.time, [frame.time for frame in frames])
    assert set(store.force_field.tolist()) == {3}
    assert store.simulation(47) == "aa-000002"
    assert store.simulations([0, 48]) == ["cg-000001", "aa-000002"]
    assert (store.count("cg"), store.count("aa")) == (40, 9)


def test_a_frame_delivered_twice_is_stored_once(store):
    frames = make_frames(6)
    store.append(frames[:4])
    assert store.append(frames).tolist() == [4, 5]
    assert store.append(frames).tolist() == []
    assert store.append([*make_frames(1, "aa-000001"), *make_frames(1, "aa-000001")]).tolist() == [6]
    assert store.contains(("cg-000001", 50))
    assert not store.contains(("cg-000001", 55))
    assert not store.contains(("cg-000002", 50))


def test_a_store_opened_again_knows_everything(store):
    frames = make_frames(37)
    store.append(frames, received=123.5)
    store.close()
    with FrameStore(store.directory, N_BEADS) as again:
        assert again.layout.rows_per_shard == 16
        assert len(again) == 37
        assert again.append(frames).tolist() == []
        assert again.append(make_frames(2, first=37)).tolist() == [37, 38]
        records = again.records([0, 36])
        assert records["received"].tolist() == [123.5, 123.5]
        assert records["published"].tolist() == [100.0, 136.0]


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(0, 40), torn=st.integers(1, RECORD - 1), garbage=st.booleans())
def test_a_torn_tail_is_cut_off_and_everything_else_goes_on(tmp_path_factory, rows, torn, garbage):
    directory = tmp_path_factory.mktemp("frames")
    frames = make_frames(rows + 2)
    with FrameStore(directory, N_BEADS, rows_per_shard=16) as store:
        store.append(frames[:rows])
    tail = directory / f"shard-{rows // 16:06d}.bin"
    with tail.open("ab") as file:
        file.write(bytes(2 * RECORD) if garbage else b"")
        file.write(b"\x5a" * torn)
    assert len(FrameReader(directory)) == rows
    with FrameStore(directory, N_BEADS) as store:
        assert len(store) == rows
        assert store.append(frames).tolist() == [rows, rows + 1]
        assert np.abs(store.positions(slice(None)) - expected(frames)).max() < 0.00051


@pytest.mark.parametrize("row", [0, 5, 16, 25])
def test_a_damaged_record_is_reported_and_masked_and_the_others_go_on(store, row, caplog):
    frames = make_frames(30)
    store.append(frames)
    store.close()
    shard = store.directory / f"shard-{row // 16:06d}.bin"
    damage(shard, row % 16)
    with FrameStore(store.directory, N_BEADS) as again, caplog.at_level(logging.WARNING):
        positions = again.positions(slice(None))
        assert str(shard) in caplog.text
        assert len(again) == 30
        assert again.damaged.tolist() == [row]
        assert again.level[row] == ""
        assert again.count("cg") == 29
        others = np.arange(30) != row
        assert np.abs(positions - expected(frames))[others].max() < 0.00051
        stand_in = row - 1 if row else 1
        assert np.array_equal(positions[row], positions[stand_in])
        assert np.array_equal(again.positions([row])[0], positions[stand_in])
        with pytest.raises(StorageError, match=f"row {row}"):
            again.simulation(row)
        assert again.append(make_frames(1, first=30)).tolist() == [30]


def test_rows_of_a_lost_shard_keep_their_place(store, caplog):
    frames = make_frames(50)
    store.append(frames)
    store.close()
    (store.directory / "shard-000001.bin").unlink()
    with pytest.raises(StorageError, match="shard-000001"):
        FrameReader(store.directory).positions([20])
    with FrameStore(store.directory, N_BEADS) as again:
        positions = again.positions(slice(None))
        assert again.damaged.tolist() == list(range(16, 32))
        assert again.simulation(32) == "cg-000001"
        assert [str(loss) for loss in again.missing()] == ["cg-000001: 16 frames, steps 160 to 310"]
        assert np.abs(positions[32:] - expected(frames)[32:]).max() < 0.00051
        assert np.array_equal(positions[20], positions[15])
        assert again.append(make_frames(1, first=50)).tolist() == [50]


def test_a_reader_sees_the_store_grow(store):
    frames = make_frames(40)
    store.append(frames[:3])
    reader = FrameReader(store.directory)
    assert len(reader) == 3
    for stop in (9, 16, 40):
        store.append(frames[:stop])
        assert reader.refresh() == stop
        assert np.array_equal(reader.positions(slice(None)), store.positions(slice(None)))
        assert np.array_equal(reader.step, store.step)
    chunks = list(reader.iter_chunks(rows=12))
    assert [chunk.stop - chunk.start for chunk, _ in chunks] == [12, 12, 12, 4]
    assert np.array_equal(
        np.concatenate([positions for _, positions in chunks]), reader.positions(slice(None))
    )


def test_anybody_can_read_the_shards_as_the_description_says(store):
    frames = make_frames(20)
    store.append(frames)
    description = json.loads((store.directory / "shards.json").read_text())
    dtype = np.dtype([(f[0], f[1], *map(tuple, f[2:])) for f in description["dtype"]])
    assert dtype.itemsize == description["record_bytes"]
    r = np.memmap(store.directory / "shard-000001.bin", dtype, "r")
    positions = r["minimum"][:, None] + r["scale"][:, None, None] * r["positions"]
    assert np.abs(positions - expected(frames)[16:]).max() < 0.00051
    assert [description["levels"][code] for code in r["level"]] == ["cg"] * 4


def test_a_full_shard_whose_table_is_gone_or_foreign_is_read_all_the_same(store):
    store.append(make_frames(40))
    store.close()
    tables = sorted(store.directory.glob("*.columns.npz"))
    assert len(tables) == 2
    tables[0].unlink()
    tables[1].write_bytes(b"no table")
    assert FrameReader(store.directory).step.tolist() == list(range(0, 400, 10))
    with FrameStore(store.directory, N_BEADS) as again:
        assert again.append(make_frames(41)).tolist() == [40]
    assert [path.stat().st_size > 1000 for path in tables] == [True, True], "the tables are not made again"


def test_no_flipped_bit_of_a_table_is_believed(store):
    store.append(make_frames(16))
    store.close()
    table = store.directory / "shard-000000.columns.npz"
    content = table.read_bytes()
    for at in range(0, len(content), 7):
        table.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        reader = FrameReader(store.directory)
        assert reader.step.tolist() == list(range(0, 160, 10))
        assert reader.count("cg") == 16


def test_a_frame_that_is_damaged_is_named_and_stored_again_when_it_comes_again(store, caplog):
    frames = make_frames(40)
    store.append(frames)
    store.close()
    for row in (3, 4, 5, 20):
        damage(store.directory / f"shard-{row // 16:06d}.bin", row % 16)
    with FrameStore(store.directory, N_BEADS) as again, caplog.at_level(logging.WARNING):
        assert again.append(frames).tolist() == [], "a known frame is stored twice"
        while again.verify(7):
            pass
        assert "cg-000001: 3 frames, steps 30 to 50" in caplog.text
        assert [str(loss) for loss in again.missing()] == ["cg-000001: 4 frames, steps 30 to 200"]
        assert again.append(frames[:5]).tolist() == [40, 41]
        assert [str(loss) for loss in again.missing()] == ["cg-000001: 2 frames, steps 50 to 200"]
        assert again.count("cg") == 38
    with FrameStore(store.directory, N_BEADS) as later:
        assert later.damaged.tolist() == [3, 4, 5, 20], "what was found damaged is forgotten"
        assert [str(loss) for loss in later.missing()] == ["cg-000001: 2 frames, steps 50 to 200"]
        assert later.append(frames).tolist() == [42, 43]
        assert later.missing() == []


def test_a_damaged_row_of_the_last_shard_is_reported_when_the_store_is_opened(store, caplog):
    store.append(make_frames(8))
    store.close()
    damage(store.directory / "shard-000000.bin", 2)
    with FrameStore(store.directory, N_BEADS) as again, caplog.at_level(logging.WARNING):
        assert again.count("cg") == 7
        assert "1 damaged records" in caplog.text
        assert [str(loss) for loss in again.missing()] == ["cg-000001: 1 frame, step 20"]
        assert again.append(make_frames(8)).tolist() == [8]
        assert again.missing() == []


def test_a_record_that_is_wiped_out_is_a_frame_of_an_unknown_simulation(store):
    store.append(make_frames(8))
    store.close()
    with (store.directory / "shard-000000.bin").open("r+b") as file:
        file.seek(2 * RECORD)
        file.write(bytes(RECORD))
    with FrameStore(store.directory, N_BEADS) as again:
        assert [str(loss) for loss in again.missing()] == ["1 frame of unknown simulations"]
        assert again.append(make_frames(8)).tolist() == [8]


def test_a_molecule_beyond_sixteen_bits_is_stored_more_coarsely(store):
    frame = make_frames(1)[0]
    positions = np.linspace(0, 300, 3 * N_BEADS, dtype=np.float32).reshape(-1, 3)
    store.append([replace(frame, positions=positions)])
    assert np.abs(store.positions([0])[0] - positions).max() <= 300 / 65535 / 2 + 1e-4


def test_there_is_one_writer(store):
    with pytest.raises(StorageError, match="another process"):
        FrameStore(store.directory, N_BEADS)


def test_a_store_for_other_beads_is_refused(store):
    store.close()
    with pytest.raises(StorageError, match="5 beads"):
        FrameStore(store.directory, 7)
    with pytest.raises(FrameError, match="shape"), FrameStore(store.directory, N_BEADS) as again:
        again.append(make_frames(1, n_beads=7))


@pytest.mark.parametrize(
    "text", ["", "{}", "null", '{"n_beads": -1}', '{"n_beads": 5, "rows_per_shard": 16}']
)
def test_a_foreign_description_is_refused(store, text):
    store.close()
    (store.directory / "shards.json").write_text(text)
    with pytest.raises(StorageError, match=r"shards\.json"):
        FrameReader(store.directory)


def test_a_folder_without_store_is_refused(tmp_path):
    with pytest.raises(StorageError, match="no frame store"):
        FrameReader(tmp_path)


@pytest.mark.parametrize("rows", [[5], [-1], [0.0], [True]])
def test_rows_that_are_not_there_are_refused(store, rows):
    store.append(make_frames(5))
    with pytest.raises(IndexError):
        store.positions(rows)


def test_no_rows_are_no_positions(store):
    assert store.positions(slice(None)).shape == (0, N_BEADS, 3)
    assert store.positions([]).shape == (0, N_BEADS, 3)
    assert store.append([]).tolist() == []


def test_a_full_disk_leaves_only_whole_rows(store, monkeypatch):
    frames = make_frames(30)
    store.append(frames[:10])

    def no_space(file):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("steer.framestore.os.fsync", no_space)
        with pytest.raises(StorageError, match="No space left"):
            store.append(frames)
    assert len(store) == 10
    assert store.append(frames).tolist() == list(range(10, 30))
    assert np.abs(store.positions(slice(None)) - expected(frames)).max() < 0.00051
