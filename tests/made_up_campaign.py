"""A campaign of 300 frames whose every number is known, for tests of what is computed and drawn from it."""

import numpy as np

from steer.coverage.data import CoverageData
from steer.journal import JobRow, Model, Promotion, Seed, Simulation

__all__ = ["made_up_campaign"]


def made_up_campaign() -> CoverageData:
    rng = np.random.default_rng(0)
    return CoverageData(
        campaign="known",
        version=2,
        model="vae",
        trained=100,
        points=rng.normal(size=(300, 2)).astype(np.float32),
        errors=np.ones(300, np.float32),
        cg=np.arange(300) < 200,
        aa=np.arange(300) >= 200,
        number=np.where(np.arange(300) < 200, 1 + np.arange(300) // 100, 1),
        step=np.arange(300),
        time=np.arange(300) * 2.0,
        published=1e9 + np.arange(300.0),
        received=1e9 + np.arange(300.0) + 0.5,
        frame_interval=2.0,
        aa_frame_interval=1.0,
        seeds=[Seed(1, "input", 0, "s.pdb"), Seed(2, "aa", 1, "e.pdb", "aa-000001", 10)],
        seed_points=np.array([[0.0, 0.0], [2.0, 2.0]], np.float32),
        simulations={
            "cg-000001": Simulation("cg-000001", "cg", 0, 1, 1, 100, False, "done"),
            "cg-000002": Simulation("cg-000002", "cg", 1, 2, 1, 100, True, "open"),
            "aa-000001": Simulation("aa-000001", "aa", 0, None, 1, 100, True, "done"),
        },
        promotions=[Promotion("aa-000001", "cg-000001", 40, 3, 1, "farthest_point", 1.0, 0)],
        models=[Model(1, 100, "done", {"decode_error": 0.4})],
        jobs=[JobRow("cg:cg-000001", "cg", "done", 1, "here", 1e9, 1e9 + 100, "", "")],
        decisions=[(0, "StartFromSeed", "cg-000001 from seed 1", ""), (1, "Refine", "aa-000001", "")],
    )
