"""What is to be explored, and how the steps are dealt out: one entry a problem."""

from __future__ import annotations

from dataclasses import dataclass

from sims.landscapes import DoubleWell, EntropicBottleneck, ManyFunnels, MullerBrown
from sims.landscapes.engine import ToyOptions
from steer.benchmark.landscape_system import LandscapeSystem
from steer.benchmark.systems import System

__all__ = ["PROBLEMS", "Problem"]


@dataclass(frozen=True)
class Problem:
    """One system as a task.

    Attributes
    ----------
    name : str
    system : System
    target : int
        Number of the state whose first hit is told.
    walkers, segment, every : int
        Walkers at once, steps of one simulation of a steered arm, and steps between two frames.
    steps : int
        Aggregate steps of every arm.
    """

    name: str
    system: System
    target: int
    walkers: int
    segment: int
    every: int
    steps: int

    def __post_init__(self) -> None:
        share = self.walkers * self.segment
        if self.steps % share or self.segment % self.every:
            raise ValueError(
                f"{self.name}: {self.steps} steps must be a whole number of rounds of {share}, and a segment of "
                f"{self.segment} a whole number of frames of {self.every} steps"
            )


_TOY = ToyOptions(friction=5.0)

PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("muller_brown", LandscapeSystem(MullerBrown(0.15), _TOY), 0, 16, 50, 10, 160_000),
        Problem("double_well", LandscapeSystem(DoubleWell(20.0), _TOY), 1, 16, 50, 10, 160_000),
        Problem("entropic_bottleneck", LandscapeSystem(EntropicBottleneck(), _TOY), 1, 16, 50, 10, 160_000),
        Problem("many_funnels", LandscapeSystem(ManyFunnels(), _TOY), 11, 16, 100, 20, 1_600_000),
    )
}
"""All problems by name."""
