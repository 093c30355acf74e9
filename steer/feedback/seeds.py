"""An accepted refinement becomes a seed: the end of its all-atom simulation, mapped to beads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steer.journal import Seed

if TYPE_CHECKING:
    from steer.act import Planner
    from steer.messages import RefineResult

__all__ = ["END_BEADS", "seed_from"]

END_BEADS = "end-beads.pdb"
"""File beside a refinement's end state that holds it mapped to beads."""


def seed_from(result: RefineResult, planner: Planner) -> Seed | None:
    """The seed that this refinement gives, or None when its structure was rejected."""
    if not result.accepted:
        return None
    seed = planner.new_seed("aa", result.simulation, result.steps)
    file = f"{result.end_state.rpartition('/')[0]}/{END_BEADS}"
    return Seed(seed.id, seed.origin, seed.generation, file, seed.parent, seed.step)
