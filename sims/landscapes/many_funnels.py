"""Many funnels in ten dimensions, some of their neighbours rare and narrow.

The energy is -kT0 ln p(x) of a mixture of Gaussians p, so that at the temperature T0 everything is known exactly: the
weights are the populations, and independent samples cost nothing. Each funnel is two Gaussians about one centre, the
inner one narrower; funnels hang together as a tree. Rare basins are single narrow Gaussians, each beside a funnel other
than the first. A last, very broad Gaussian of next to no weight keeps the logarithm finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.protocol import BOLTZMANN, states

__all__ = ["ManyFunnels"]

_SAMPLES = 200_000
_CLOSEST = 0.9
"""No centre comes closer to one that it does not hang on than this times their distance along the tree."""


class _Tree(NamedTuple):
    centres: NDArray[np.float64]
    hosts: tuple[int, ...]


class _Gaussians(NamedTuple):
    centres: NDArray[np.float64]
    widths: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class ManyFunnels:
    """A tree of funnels with rare basins.

    Attributes
    ----------
    dimensions : int
        Even.
    funnels, rare : int
        How many of each.
    seed : int
        Of the centres.
    distance, rare_distance : float
        nm from a funnel to its neighbour, and to a rare basin beside it.
    width, inner_width, rare_width : float
        nm: standard deviations of the funnels' outer and inner Gaussians, and of the rare ones.
    rare_weight : float
        Population of each rare basin; the funnels share the rest evenly, half of it in the inner Gaussians.
    temperature : float
        T0, K.
    """

    dimensions: int = 10
    funnels: int = 8
    rare: int = 4
    seed: int = 1
    distance: float = 1.7
    rare_distance: float = 1.4
    width: float = 0.3
    inner_width: float = 0.2
    rare_width: float = 0.12
    rare_weight: float = 0.002
    temperature: float = 300.0

    def __post_init__(self) -> None:
        if self.dimensions < 2 or self.dimensions % 2:
            raise ValueError(f"A landscape needs an even number of dimensions, not {self.dimensions}.")
        if self.funnels < 2 or not 0 <= self.rare * self.rare_weight < 1:
            raise ValueError(
                "There must be two funnels at least, and rare basins of less than all the weight."
            )

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Four widths around the centres."""
        low, high = self.minima.min(axis=0) - 4 * self.width, self.minima.max(axis=0) + 4 * self.width
        return tuple(zip(low.tolist(), high.tolist(), strict=True))

    @property
    def minima(self) -> NDArray[np.float64]:
        """Centres of the funnels, the start first, then of the rare basins."""
        return self._tree.centres

    @property
    def hosts(self) -> tuple[int, ...]:
        """Number of the minimum that each one hangs on; the first hangs on itself."""
        return self._tree.hosts

    @property
    def cores(self) -> NDArray[np.float64]:
        """As far out as 7 in 8 samples of a Gaussian in ten dimensions lie, but less than half the way to the next."""
        radius = np.sqrt(1.5 * self.dimensions)
        funnel = min(radius * self.width, 0.49 * self.distance)
        rare = min(radius * self.rare_width, self.rare_distance - funnel)
        return np.repeat([funnel, rare], [self.funnels, self.rare])

    @property
    def start(self) -> NDArray[np.float64]:
        """The first funnel."""
        return self.minima[0]

    @property
    def truth(self) -> str:
        """How populations are known."""
        return f"counted over {_SAMPLES:,} independent exact samples"

    def climb(self, temperature: float) -> float:
        """The highest rise on the straight ways from each centre to those that hang on it."""
        rises = []
        for centre, host in zip(self.minima[1:], self.hosts[1:], strict=True):
            energies = self.energy(np.linspace(self.minima[host], centre, 400))
            rises.append(energies.max() - energies[0])
        return float(max(rises))

    def populations(self, temperature: float) -> NDArray[np.float64]:
        """Probability of each state, from exact samples.

        Raises
        ------
        ValueError
            At another temperature than T0, where nothing is known exactly.
        """
        if temperature != self.temperature:
            raise ValueError(
                f"Populations of these funnels are known at {self.temperature:g} K, not at {temperature:g} K."
            )
        found = states(self, self.sample(_SAMPLES, np.random.default_rng(0)))
        return np.bincount(found[found >= 0], minlength=len(self.minima)) / _SAMPLES

    def sample(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Independent samples of the Boltzmann distribution at T0, shape (count, d)."""
        centres, widths, weights = self._gaussians
        which = rng.choice(len(weights), size=count, p=weights)
        return centres[which] + widths[which, None] * rng.normal(size=(count, self.dimensions))

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, d) in nm."""
        centres, widths, _ = self._gaussians
        total = np.zeros(len(points))
        for centre, width, factor in zip(centres, widths, self._factors, strict=True):
            squared = ((np.asarray(points, np.float64) - centre) ** 2).sum(axis=1)
            total += factor * np.exp(-squared / (2 * width**2))
        return -BOLTZMANN * self.temperature * np.log(total)

    def expression(self, names: Sequence[str]) -> str:
        """The logarithm of a sum of exponentials."""
        centres, widths, _ = self._gaussians
        terms = []
        for centre, width, factor in zip(
            centres.tolist(), widths.tolist(), self._factors.tolist(), strict=True
        ):
            squared = "+".join(f"({name}-({c!r}))^2" for name, c in zip(names, centre, strict=True))
            terms.append(f"{factor!r}*exp(-({squared})/{2 * width**2!r})")
        return f"-{BOLTZMANN * self.temperature!r}*log({'+'.join(terms)})"

    @cached_property
    def _tree(self) -> _Tree:
        rng = np.random.default_rng(self.seed)
        centres, hosts = [np.zeros(self.dimensions)], [0]
        for number in range(1, self.funnels + self.rare):
            is_rare = number >= self.funnels
            host = 1 + (number - self.funnels) % (self.funnels - 1) if is_rare else int(rng.integers(number))
            centres.append(_beside(host, self.rare_distance if is_rare else self.distance, centres, rng))
            hosts.append(host)
        return _Tree(np.array(centres), tuple(hosts))

    @cached_property
    def _gaussians(self) -> _Gaussians:
        funnels, rare = self.minima[: self.funnels], self.minima[self.funnels :]
        background = 1e-6
        shared = (1 - self.rare * self.rare_weight - background) / (2 * self.funnels)
        return _Gaussians(
            np.concatenate([funnels, funnels, rare, self.minima.mean(axis=0)[None]]),
            np.repeat(
                [self.width, self.inner_width, self.rare_width, 2 * self.distance],
                [self.funnels, self.funnels, self.rare, 1],
            ),
            np.repeat(
                [shared, shared, self.rare_weight, background], [self.funnels, self.funnels, self.rare, 1]
            ),
        )

    @property
    def _factors(self) -> NDArray[np.float64]:
        """Weights over normalisations, in units of the funnels' own."""
        _, widths, weights = self._gaussians
        return np.asarray(weights * (self.width / widths) ** self.dimensions)


def _beside(
    host: int, distance: float, centres: list[NDArray[np.float64]], rng: np.random.Generator
) -> NDArray[np.float64]:
    """A centre at this distance from its host, in a random direction away from all others."""
    others = [centre for number, centre in enumerate(centres) if number != host]
    while True:
        direction = rng.normal(size=len(centres[0]))
        place = centres[host] + distance * direction / np.linalg.norm(direction)
        if all(np.linalg.norm(place - other) >= _CLOSEST * distance for other in others):
            return np.asarray(place)
