"""Landscapes with a known answer, run by the same machinery as molecules.

One particle moves by Langevin dynamics on a two-dimensional energy surface. To the rest of the program it is a
molecule of four beads: three fixed anchors that span a frame, and the walker in the plane of the first two. The
walker's distances to the anchors tell where it is, so that features which do not change under rotation still see the
whole landscape.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import openmm
from numpy.typing import NDArray
from openmm import app, unit

from sims.engines.base import OpenMMEngine
from sims.engines.dynamics import Dynamics, Thermostat
from sims.engines.protocol import Level, Progress
from sims.files import write_atomic
from sims.platforms import PlatformChoice, choose_platform

__all__ = ["DoubleWell", "Landscape", "MullerBrown", "ToyEngine", "ToyOptions", "embed", "project"]

_MARGIN = 0.5
_PLANE_STIFFNESS = 500.0
_BEADS = ("A1", "A2", "A3", "W")


class Landscape(Protocol):
    """An energy surface over a plane.

    Its `repr` is its identity: two landscapes of one `repr` are the same.
    """

    @property
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """((lowest x, highest x), (lowest y, highest y)) in nm of the region that matters."""

    @property
    def minima(self) -> NDArray[np.float64]:
        """Local minima, shape (n, 2), in nm, lowest first."""

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, 2) in nm."""

    def expression(self) -> str:
        """The same energy as an OpenMM expression of ``x`` and ``y``."""


@dataclass(frozen=True)
class MullerBrown:
    """Three minima and two saddles (Müller and Brown 1979, doi:10.1007/BF00547608), one length unit to a nm.

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
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The region of the paper's figure."""
        return (-1.5, 1.2), (-0.5, 2.0)

    @property
    def minima(self) -> NDArray[np.float64]:
        """The three minima, at -146.70, -108.17 and -80.77 units."""
        return np.array([[-0.558224, 1.441726], [0.623499, 0.028038], [-0.050011, 0.466694]])

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, 2) in nm."""
        dx = np.asarray(points, np.float64)[:, 0, None] - self._x
        dy = np.asarray(points, np.float64)[:, 1, None] - self._y
        exponents = np.multiply(self._a, dx**2) + np.multiply(self._b, dx * dy) + np.multiply(self._c, dy**2)
        return self.scale * (np.exp(exponents) @ np.array(self._A))

    def expression(self) -> str:
        """Sum of four exponentials of quadratic forms."""
        terms = (
            f"{A}*exp({a}*(x-({x0}))^2+{b}*(x-({x0}))*(y-({y0}))+{c}*(y-({y0}))^2)"
            for A, a, b, c, x0, y0 in zip(self._A, self._a, self._b, self._c, self._x, self._y, strict=True)
        )
        return f"{self.scale}*({'+'.join(f'({term})' for term in terms)})"


@dataclass(frozen=True)
class DoubleWell:
    """Two wells along x, a harmonic trough along y: barrier ((x/w)^2 - 1)^2 + tilt x/w + stiffness y^2 / 2.

    Attributes
    ----------
    barrier : float
        kJ/mol.
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
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Twice the distance of the wells, and 5 kT at 300 K in the trough."""
        height = float(np.sqrt(25.0 / self.stiffness))
        return (-2 * self.half_distance, 2 * self.half_distance), (-height, height)

    @property
    def minima(self) -> NDArray[np.float64]:
        """The two wells: real roots of the derivative with positive curvature."""
        roots = np.roots([4 * self.barrier, 0.0, -4 * self.barrier, self.tilt])
        real = roots[np.isreal(roots)].real
        points = np.array([[x * self.half_distance, 0.0] for x in real if 3 * x**2 > 1])
        return points[np.argsort(self.energy(points))]

    def energy(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Energies (n,) in kJ/mol at points (n, 2) in nm."""
        x, y = np.asarray(points, np.float64).T
        x = x / self.half_distance
        return self.barrier * (x**2 - 1) ** 2 + self.tilt * x + self.stiffness * y**2 / 2

    def expression(self) -> str:
        """A polynomial."""
        x = f"(x/{self.half_distance})"
        return f"{self.barrier}*({x}^2-1)^2+{self.tilt}*{x}+{self.stiffness}*y^2/2"


@dataclass(frozen=True)
class ToyOptions:
    """How the walker moves.

    Attributes
    ----------
    temperature : float
        K.
    friction : float
        1/ps.
    timestep : float
        ps.
    mass : float
        Da.
    """

    temperature: float = 300.0
    friction: float = 1.0
    timestep: float = 0.02
    mass: float = 50.0


def embed(landscape: Landscape, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bead positions (n, 4, 3) in nm of walkers at points (n, 2)."""
    points = np.asarray(points, np.float64)
    beads = np.empty((len(points), 4, 3))
    beads[:, :3] = _anchors(landscape)
    beads[:, 3, :2] = points
    beads[:, 3, 2] = 0.0
    return beads


def project(landscape: Landscape, positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where the walkers are, (n, 2) in nm, from bead positions (n, 4, 3), moved and turned in any way."""
    positions = np.asarray(positions, np.float64)
    origin = positions[:, 0]
    along = _unit(positions[:, 1] - origin)
    normal = _unit(positions[:, 2] - origin)
    axes = np.stack([along, np.cross(normal, along)], axis=1)
    return _anchors(landscape)[0, :2] + np.einsum("nij,nj->ni", axes, positions[:, 3] - origin)


class ToyEngine(OpenMMEngine):
    """The `Engine` seam on a landscape.

    Parameters
    ----------
    landscape : Landscape
    options : ToyOptions, optional
    platform : PlatformChoice, optional
        Absent: Reference, which is a thousand times faster than CPU for one particle.
    """

    name = "toy"
    level: Level = "cg"

    def __init__(
        self,
        landscape: Landscape,
        options: ToyOptions | None = None,
        platform: PlatformChoice | None = None,
    ) -> None:
        options = options or ToyOptions()
        thermostat = Thermostat(options.temperature, options.friction, options.timestep)
        super().__init__(repr(landscape), len(_BEADS), thermostat, platform or choose_platform("Reference"))
        self._landscape = landscape
        self._mass = options.mass

    def write_topology(self, directory: Path) -> None:
        """Write ``topology.pdb``: three anchors and the walker."""
        topology = app.Topology()
        chain = topology.addChain("A")
        for name in _BEADS:
            topology.addAtom(name, None, topology.addResidue("TOY", chain))
        text = io.StringIO()
        app.PDBFile.writeFile(topology, self.solute() * unit.nanometer, text)
        write_atomic(directory / "topology.pdb", text.getvalue())

    def _prepare(self, positions: NDArray[np.float64], seed: int, progress: Progress) -> Dynamics:
        """The walker may start anywhere; it only needs velocities."""
        beads = embed(self._landscape, project(self._landscape, positions[None]))[0]
        dynamics = self._set_up(self._system(), beads, None, seed)
        dynamics.draw_velocities()
        return dynamics

    def _system(self) -> openmm.System:
        system = openmm.System()
        for mass in (0.0, 0.0, 0.0, self._mass):
            system.addParticle(mass)
        force = openmm.CustomExternalForce(f"{self._landscape.expression()}+{_PLANE_STIFFNESS}/2*z^2")
        force.addParticle(3, [])
        system.addForce(force)
        return system


def _anchors(landscape: Landscape) -> NDArray[np.float64]:
    (left, right), (bottom, _) = landscape.bounds
    corner = np.array([left - _MARGIN, bottom - _MARGIN, 0.0])
    return corner + np.array([[0.0, 0.0, 0.0], [right - left + 2 * _MARGIN, 0.0, 0.0], [0.0, 0.0, 1.0]])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
