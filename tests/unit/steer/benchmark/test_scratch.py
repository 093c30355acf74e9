"""What a run keeps in memory must look like what a campaign keeps on disk."""

import numpy as np

from sims.landscapes import MullerBrown
from sims.landscapes.beads import WalkerBeads
from steer.benchmark.scratch import ScratchBeads, ScratchStore
from steer.frames import Frame
from steer.framestore import FrameStore
from steer.shards import positions_of


def test_its_store_answers_as_the_one_on_disk(tmp_path):
    rng = np.random.default_rng(0)
    steps = np.arange(10, 60, 10)
    scratch = ScratchStore(4)
    with FrameStore(tmp_path / "frames", 4) as store:
        for name in ("cg-000001", "cg-000002", "cg-000005"):
            positions = rng.normal(size=(len(steps), 4, 3)).astype(np.float32)
            scratch.add(name, steps, 0.02, positions)
            store.append(
                [
                    Frame("c", name, "cg", int(step), step * 0.02, np.zeros(3, np.float32), 1, 0.0, each)
                    for step, each in zip(steps, positions, strict=True)
                ]
            )
        assert len(scratch) == len(store) == 15
        assert scratch.count("cg") == store.count("cg")
        assert scratch.count("aa") == store.count("aa")
        assert scratch.frames_of_simulations() == store.frames_of_simulations()
        assert [scratch.simulation(row) for row in range(15)] == [store.simulation(row) for row in range(15)]
        for rows in (slice(3, 9), np.array([14, 0, 7])):
            np.testing.assert_allclose(scratch.positions(rows), store.positions(rows), atol=0.00051)
        some = [1, 4, 13]
        assert scratch.simulations(some) == store.simulations(some)
        ours, theirs = scratch.records(some), store.records(some)
        assert ours["step"].tolist() == theirs["step"].tolist()
        np.testing.assert_array_equal(positions_of(ours), scratch.positions(np.array(some)))
        np.testing.assert_allclose(positions_of(ours), positions_of(theirs), atol=0.00051)
        for name in ("number", "step"):
            np.testing.assert_array_equal(getattr(scratch, name), getattr(store, name))
        np.testing.assert_array_equal(scratch.is_level("cg", slice(2, 5)), store.is_level("cg", slice(2, 5)))
        assert scratch.n_damaged == store.n_damaged
        assert scratch.verify(10) == store.verify(10)
        assert scratch.missing() == store.missing()


def test_its_structures_are_those_that_were_written(tmp_path):
    beads = ScratchBeads(WalkerBeads(MullerBrown()))
    positions = beads.positions + 0.1
    beads.write_pdb(tmp_path / "seed.pdb", positions)
    np.testing.assert_array_equal(beads.read_pdb(tmp_path / "seed.pdb"), positions)
