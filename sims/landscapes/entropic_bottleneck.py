"""Two chambers joined by a narrow channel: nothing to climb, but the way is hard to find.

The energy is flat along x between two soft walls; across, a harmonic trough is wide in the chambers and narrow in
the channel. Integrating over y leaves the free energy kT/2 ln k(x): the barrier is one of entropy, grows with the
temperature, and a rule that looks at energies cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.landscapes.protocol import BOLTZMANN
from sims.landscapes.quadrature import populations_on_grid

__all__ = ["EntropicBottleneck"]


@dataclass(frozen=True)
class EntropicBottleneck:
    """Energy (x/w)^8 + tilt x/w + k(x) y^2 / 2, where ln k(x) = ln k0 + 2 b exp(-x^2 / (2 s^2)).

    Attributes
    ----------
    bottleneck : float
        b, in kT: free energy of the channel's middle over the chambers'.
    half_length : float
        w, nm; the walls rise there.
    channel : float
        s, nm; half the length of the channel.
    stiffness : float
        k0, kJ/mol/nm^2: 2.5 makes the chambers about 1 nm wide at 300 K.
    tilt : float
        kJ/mol; positive favours the left chamber.
    """

    bottleneck: float = 4.0
    half_length: float = 2.0
    channel: float = 0.4
    stiffness: float = 2.5
    tilt: float = 1.0

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """A little beyond the walls, and 5 kT at 300 K across the chambers."""
        height = float(np.sqrt(25.0 / self.stiffness))
        return (-1.3 * self.half_length, 1.3 * self.half_length), (-height, height)

    @property
    def minima(self) -> NDArray[np.float64]:
        """Where wall and tilt balance in the left chamber, and the middle of the right one. The energy is so flat
        that the second is the centre of a state rather than a minimum."""
        left = -self.half_length * (self.tilt / 8) ** (1 / 7) if self.tilt > 0 else -0.75 * self.half_length
        return np.array([[left, 0.0], [0.75 * self.half_length, 0.0]])

    @property
    def cores(self) -> NDArray[np.float64]:
        """Half of the half length: most of a chamber, and nothing of the channel."""
        return np.full(2, self.half_length / 2)

    @property
    def start(self) -> NDArray[np.float64]:
        """In the left chamber."""
        return self.minima[0]

    @property
    def truth(self) -> str:
        """How populations are known."""
        return "Boltzmann weights summed over a fine grid"

    def climb(self, temperature: float) -> float:
        """Free energy of the channel's middle over the start."""
        return float(
            self.free_energy(np.zeros(1), temperature)[0] - self.free_energy(self.start[:1], temperature)[0]
        )

    def free_energy(self, x: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
        """Exact free energy (n,) in kJ/mol along x (n,) in nm, up to a constant."""
        reduced = np.asarray(x, np.float64) / self.half_length
        return (
            reduced**8 + self.tilt * reduced + 0.5 * BOLTZMANN * temperature * self._log_ratio(np.asarray(x))
        )

    def populations(self, temperature: float) -> NDArray[np.float64]:
        """Probability of each state by quadrature."""
        return populations_on_grid(self, temperature)

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, 2) in nm."""
        x, y = np.asarray(points, np.float64).T
        reduced = x / self.half_length
        return reduced**8 + self.tilt * reduced + self.stiffness * np.exp(self._log_ratio(x)) * y**2 / 2

    def expression(self, names: Sequence[str]) -> str:
        """A power, a line, and a trough whose stiffness depends on x."""
        x, y = names
        reduced = f"({x}/{self.half_length})"
        log_ratio = f"{2 * self.bottleneck}*exp(-{x}^2/{2 * self.channel**2})"
        return f"{reduced}^8+{self.tilt}*{reduced}+{self.stiffness}*exp({log_ratio})*{y}^2/2"

    def _log_ratio(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """ln k(x)/k0."""
        return np.asarray(2 * self.bottleneck * np.exp(-(x**2) / (2 * self.channel**2)))
