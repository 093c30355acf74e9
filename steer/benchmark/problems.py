"""Landscapes to be explored: how the walkers move on each, and how the steps are dealt out. One entry a problem."""

from __future__ import annotations

from dataclasses import dataclass

from sims.landscapes import DoubleWell, EntropicBottleneck, Landscape, ManyFunnels, MullerBrown
from sims.landscapes.engine import ToyOptions

__all__ = ["PROBLEMS", "Problem"]


@dataclass(frozen=True)
class Problem:
    """One landscape as a task.

    Attributes
    ----------
    name : str
    landscape : Landscape
    target : int
        The state that is to be hit first: index into the landscape's minima.
    walkers, segment, every : int
        Walkers at once, steps of one simulation of a steered arm, and steps between two frames.
    steps : int
        Aggregate steps of every arm.
    options : ToyOptions
    """

    name: str
    landscape: Landscape
    target: int
    walkers: int
    segment: int
    every: int
    steps: int
    options: ToyOptions

    def __post_init__(self) -> None:
        share = self.walkers * self.segment
        if self.steps % share or self.segment % self.every:
            raise ValueError(
                f"{self.name}: {self.steps} steps must be a whole number of rounds of {share}, and a segment of "
                f"{self.segment} a whole number of frames of {self.every} steps"
            )


PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("muller_brown", MullerBrown(0.15), 0, 16, 50, 10, 160_000, ToyOptions(friction=5.0)),
        Problem("double_well", DoubleWell(20.0), 1, 16, 50, 10, 160_000, ToyOptions(friction=5.0)),
        Problem(
            "entropic_bottleneck", EntropicBottleneck(), 1, 16, 50, 10, 160_000, ToyOptions(friction=5.0)
        ),
        Problem("many_funnels", ManyFunnels(), 11, 16, 100, 20, 1_600_000, ToyOptions(friction=5.0)),
    )
}
"""All problems by name."""
