"""What is to be explored, and how the steps are dealt out: one entry a problem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from sims.landscapes import DoubleWell, EntropicBottleneck, ManyFunnels, MullerBrown
from sims.landscapes.engine import ToyOptions
from steer.benchmark.arms import Arm
from steer.benchmark.landscape_system import LandscapeSystem
from steer.benchmark.molecule_system import MoleculeSystem
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
        Aggregate steps of every arm, at which arms are compared.
    further : int
        Plain parallel runs, which cost next to nothing, go on for this many times as many steps, so that it is known
        when they arrive.
    latents : int
        Latent dimensions of the steered arms: as many as the system has, so that none hides behind another.
    """

    name: str
    system: System
    target: int
    walkers: int
    segment: int
    every: int
    steps: int
    further: int = 1
    latents: int = 2

    def __post_init__(self) -> None:
        share = self.walkers * self.segment
        if self.steps % share or self.segment % self.every:
            raise ValueError(
                f"{self.name}: {self.steps} steps must be a whole number of rounds of {share}, and a segment of "
                f"{self.segment} a whole number of frames of {self.every} steps"
            )

    @property
    def dealing(self) -> tuple[int, int, int]:
        """Walkers, segment and steps between frames."""
        return self.walkers, self.segment, self.every

    def dealt(self, walkers: int | None = None, segment: int | None = None, every: int | None = None) -> Self:
        """The same with its steps dealt out in another way, and named so: its runs are others.

        Raises
        ------
        ValueError
            If its steps are not a whole number of rounds then, or a segment none of frames.
        """
        dealing = (walkers or self.walkers, segment or self.segment, every or self.every)
        words = ("walkers", "steps", "between")
        changed = [
            f"_{number}_{word}"
            for number, own, word in zip(dealing, self.dealing, words, strict=True)
            if number != own
        ]
        if not changed:
            return self
        walkers, segment, every = dealing
        return replace(self, name=self.name + "".join(changed), walkers=walkers, segment=segment, every=every)

    def steps_of(self, arm: Arm) -> int:
        """Aggregate steps that an arm gets."""
        return self.steps * (self.further if arm.schedule == "plain" else 1)


_TOY = ToyOptions(friction=8.0, mass=3.0)
"""Light, so that a step goes far: a thermal 0.018 nm, of channels and basins that are 0.05 nm wide and more."""

PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("muller_brown", LandscapeSystem(MullerBrown(0.25), _TOY), 0, 4, 80, 5, 16_000, 20),
        Problem("double_well", LandscapeSystem(DoubleWell(20.0), _TOY), 1, 4, 80, 5, 16_000, 40),
        Problem(
            "entropic_bottleneck", LandscapeSystem(EntropicBottleneck(3.0), _TOY), 1, 4, 80, 5, 19_200, 20
        ),
        Problem("many_funnels", LandscapeSystem(ManyFunnels(), _TOY), 5, 16, 200, 10, 48_000, 15, latents=10),
        Problem(
            "alanine_dipeptide", MoleculeSystem("alanine_dipeptide"), 2, 32, 20, 10, 192_000, 4, latents=4
        ),
        Problem(
            "alanine_tripeptide", MoleculeSystem("alanine_tripeptide"), 3, 32, 20, 10, 384_000, 2, latents=4
        ),
        Problem("chignolin", MoleculeSystem("chignolin"), 5, 4, 400, 100, 40_000, latents=4),
    )
}
"""All problems by name."""
