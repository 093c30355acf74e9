"""Two wells with a barrier of energy between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.quadrature import populations_on_grid

__all__ = ["DoubleWell"]


@dataclass(frozen=True)
class DoubleWell:
    """Two wells along x, a harmonic trough along y: barrier ((x/w)^2 - 1)^2 + tilt x/w + stiffness y^2 / 2.

    Attributes
    ----------
    barrier : float
        kJ/mol, at the middle without tilt.
    half_distance : float
        w, nm; the wells lie near -w and +w.
    tilt : float
        kJ/mol; positive makes the left well the deeper one.
    stiffness : float
        kJ/mol/nm^2.
    """

    barrier: float = 6.0
    half_distance: float = 1.0
    tilt: float = 1.0
    stiffness: float = 50.0

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Twice the distance of the wells, and 5 kT at 300 K in the trough."""
        height = float(np.sqrt(25.0 / self.stiffness))
        return (-2 * self.half_distance, 2 * self.half_distance), (-height, height)

    @property
    def minima(self) -> NDArray[np.float64]:
        """The two wells, the deeper one first."""
        points = self._stationary(lambda x: 3 * x**2 > 1)
        return points[np.argsort(self.energy(points))]

    @property
    def cores(self) -> NDArray[np.float64]:
        """Half the way to the middle."""
        return np.full(len(self.minima), self.half_distance / 2)

    @property
    def start(self) -> NDArray[np.float64]:
        """The deeper well."""
        return self.minima[0]

    @property
    def truth(self) -> str:
        """How populations are known."""
        return "Boltzmann weights summed over a fine grid"

    def climb(self, temperature: float) -> float:
        """From the deeper well to the top between the two."""
        (top,) = self.energy(self._stationary(lambda x: 3 * x**2 < 1))
        return float(top - self.energy(self.start[None])[0])

    def populations(self, temperature: float) -> NDArray[np.float64]:
        """Probability of each state by quadrature."""
        return populations_on_grid(self, temperature)

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, 2) in nm."""
        x, y = np.asarray(points, np.float64).T
        x = x / self.half_distance
        return self.barrier * (x**2 - 1) ** 2 + self.tilt * x + self.stiffness * y**2 / 2

    def expression(self, names: Sequence[str]) -> str:
        """A polynomial."""
        x, y = f"({names[0]}/{self.half_distance})", names[1]
        return f"{self.barrier}*({x}^2-1)^2+{self.tilt}*{x}+{self.stiffness}*{y}^2/2"

    def _stationary(self, where: Callable[[NDArray[np.float64]], NDArray[np.bool_]]) -> NDArray[np.float64]:
        roots = np.roots([4 * self.barrier, 0.0, -4 * self.barrier, self.tilt])
        real = roots[np.isreal(roots)].real
        return np.array([[x * self.half_distance, 0.0] for x in real[where(real)]])
