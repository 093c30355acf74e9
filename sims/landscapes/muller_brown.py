"""The Müller-Brown surface: three minima and two saddles, and a path that is not straight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.quadrature import populations_on_grid

__all__ = ["MullerBrown"]


@dataclass(frozen=True)
class MullerBrown:
    """Müller and Brown, Theor. Chim. Acta 53, 75, 1979 (doi:10.1007/BF00547608), one length unit to a nm.

    Attributes
    ----------
    scale : float
        kJ/mol for one energy unit of the paper. With 0.05 the higher barrier is about 2 kT at 300 K.
    """

    scale: float = 0.05

    _A = (-200.0, -100.0, -170.0, 15.0)
    _a = (-1.0, -1.0, -6.5, 0.7)
    _b = (0.0, 0.0, 11.0, 0.6)
    _c = (-10.0, -10.0, -6.5, 0.7)
    _x = (1.0, 0.0, -0.5, -1.0)
    _y = (0.0, 0.5, 1.5, 1.0)

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """The region of the paper's figure."""
        return (-1.5, 1.2), (-0.5, 2.0)

    @property
    def minima(self) -> NDArray[np.float64]:
        """The three minima, at -146.70, -108.17 and -80.77 units, lowest first."""
        return np.array([[-0.558224, 1.441726], [0.623499, 0.028038], [-0.050011, 0.466694]])

    @property
    def saddles(self) -> NDArray[np.float64]:
        """The two saddles, at -40.66 and -72.25 units."""
        return np.array([[-0.822002, 0.624313], [0.212487, 0.292988]])

    @property
    def cores(self) -> NDArray[np.float64]:
        """0.2 nm around each minimum."""
        return np.full(3, 0.2)

    @property
    def start(self) -> NDArray[np.float64]:
        """The second lowest minimum; the lowest lies beyond both saddles."""
        return self.minima[1]

    @property
    def truth(self) -> str:
        """How populations are known."""
        return "Boltzmann weights summed over a fine grid"

    def climb(self, temperature: float) -> float:
        """From the start to the higher saddle."""
        energies = self.energy(np.array([self.saddles[0], self.start]))
        return float(energies[0] - energies[1])

    def populations(self, temperature: float) -> NDArray[np.float64]:
        """Probability of each state by quadrature."""
        return populations_on_grid(self, temperature)

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, 2) in nm."""
        dx = np.asarray(points, np.float64)[:, 0, None] - self._x
        dy = np.asarray(points, np.float64)[:, 1, None] - self._y
        exponents = np.multiply(self._a, dx**2) + np.multiply(self._b, dx * dy) + np.multiply(self._c, dy**2)
        return self.scale * (np.exp(exponents) @ np.array(self._A))

    def expression(self, names: Sequence[str]) -> str:
        """Sum of four exponentials of quadratic forms."""
        x, y = names
        terms = (
            f"{A}*exp({a}*({x}-({x0}))^2+{b}*({x}-({x0}))*({y}-({y0}))+{c}*({y}-({y0}))^2)"
            for A, a, b, c, x0, y0 in zip(self._A, self._a, self._b, self._c, self._x, self._y, strict=True)
        )
        return f"{self.scale}*({'+'.join(f'({term})' for term in terms)})"
