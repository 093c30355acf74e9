"""What a backmapped structure is worth: a report of facts, and a judgement of them against stated limits.

The report is computed by us, the same way for every backmapper. `inspect` looks at geometry only and is cheap;
`sims.backmap.endurance` adds energies and whether the structure survives a short simulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sims.backmap.anatomy import Anatomy, ChiralCentre, PeptideBond
from sims.backmap.beads import BeadPlaces
from sims.backmap.geometry import crosses_triangle, dihedral, handedness
from sims.backmap.protocol import BackmapRequest

__all__ = [
    "Endurance",
    "Judgement",
    "Limits",
    "QualityReport",
    "cis_bonds",
    "inspect",
    "judge",
    "wrong_centres",
]

_FLAT = 0.25
_RING_REACH = 0.3
_NAMED = 3

Positions = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Endurance:
    """What a force field says of a structure (`sims.backmap.endurance.endure`).

    Attributes
    ----------
    energy_before, energy_after : float
        Potential energy in the implicit-solvent force field before and after minimisation, kJ/mol per atom; infinite
        when atoms coincide.
    survived : bool
        Whether the short simulation stayed finite, whole and of the same isomers.
    problem : str
        What went wrong; empty when nothing did.
    time : float
        ps that were simulated.
    """

    energy_before: float
    energy_after: float
    survived: bool
    problem: str
    time: float


@dataclass(frozen=True)
class QualityReport:
    """Facts about one backmapped structure. Lists name what is wrong; empty lists are good news.

    Attributes
    ----------
    backmapper : str
        Which implementation made it.
    seed : int
        The randomness it was made with.
    finite : bool
        Whether every coordinate is a number; nothing else was looked at when not.
    centres, peptide_bonds, rings : int
        How many of each were looked at.
    wrong_centres : tuple of str
        Stereogenic centres (every CA, and CB of THR and ILE) that are not in the natural L form, or are flat.
    cis_peptides : tuple of str
        Peptide bonds, not before proline, that are cis while the reference conformation has them trans.
    omega_worst : float
        Largest deviation of a peptide bond from planarity, degrees.
    clashes : tuple of str
        Heavy-atom pairs under 0.24 nm that are more than two bonds apart.
    severe_clashes : tuple of str
        Those under 0.12 nm.
    pierced_rings : tuple of str
        Rings with a bond passing through them.
    bead_rmsd, bead_worst : float
        Root mean square and largest distance in nm between the target beads and the structure mapped back.
    bead_worst_residue : str
        Where the largest is.
    endurance : Endurance or None
        Energies and survival; None when that was not looked at.
    seconds : float
        What making the structure cost.
    """

    backmapper: str
    seed: int
    finite: bool
    centres: int
    peptide_bonds: int
    rings: int
    wrong_centres: tuple[str, ...]
    cis_peptides: tuple[str, ...]
    omega_worst: float
    clashes: tuple[str, ...]
    severe_clashes: tuple[str, ...]
    pierced_rings: tuple[str, ...]
    bead_rmsd: float
    bead_worst: float
    bead_worst_residue: str
    endurance: Endurance | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON types; numbers that are not finite become None."""
        return {key: _as_json(value) for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Limits:
    """What is accepted. Wrong isomers, severe clashes and pierced rings never are.

    Attributes
    ----------
    clashes : int
        Heavy-atom pairs between 0.12 and 0.24 nm at most.
    bead_rmsd : float
        nm.
    omega : float
        Deviation of a peptide bond from planarity at most, degrees.
    energy : float
        kJ/mol per atom after minimisation at most.
    """

    clashes: int = 0
    bead_rmsd: float = 0.3
    omega: float = 60.0
    energy: float = 0.0


@dataclass(frozen=True)
class Judgement:
    """Whether a structure is accepted, and each reason against it as a sentence."""

    accepted: bool
    reasons: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.accepted, self.reasons))


def inspect(
    request: BackmapRequest,
    positions: Positions,
    *,
    backmapper: str,
    seconds: float,
    anatomy: Anatomy | None = None,
) -> QualityReport:
    """Look at the geometry of one backmapped structure.

    Parameters
    ----------
    request : BackmapRequest
        What was asked for.
    positions : ndarray, shape (n_atoms, 3)
        nm, in the order of the request's topology.
    backmapper : str
        Who made it.
    seconds : float
        What it cost.
    anatomy : Anatomy, optional
        Of the request's topology, when it is at hand already.

    Returns
    -------
    QualityReport
        Without `endurance`.
    """
    anatomy = anatomy or Anatomy(request.structure.topology)
    xyz = np.asarray(positions, dtype=np.float64)
    finite = bool(np.isfinite(xyz).all())
    near, severe = _clashes(anatomy, xyz) if finite else ((), ())
    distances = _bead_distances(request, xyz) if finite else np.array([math.nan])
    return QualityReport(
        backmapper=backmapper,
        seed=request.seed,
        finite=finite,
        centres=len(anatomy.centres),
        peptide_bonds=len(anatomy.peptide_bonds),
        rings=len(anatomy.rings),
        wrong_centres=tuple(centre.label for centre in wrong_centres(anatomy, xyz)) if finite else (),
        cis_peptides=tuple(_new_cis(anatomy, xyz, request.structure.positions)) if finite else (),
        omega_worst=_omega_worst(anatomy, xyz) if finite else math.nan,
        clashes=near,
        severe_clashes=severe,
        pierced_rings=tuple(_pierced(anatomy, xyz)) if finite else (),
        bead_rmsd=float(np.sqrt(np.mean(distances**2))),
        bead_worst=float(distances.max()),
        bead_worst_residue=_residue_of_bead(request, anatomy, int(distances.argmax())) if finite else "",
        endurance=None,
        seconds=seconds,
    )


def judge(report: QualityReport, limits: Limits | None = None) -> Judgement:
    """Accept or reject a structure on its report.

    Parameters
    ----------
    report : QualityReport
        Its `endurance` is judged when present.
    limits : Limits, optional
        The defaults of `Limits` when absent.
    """
    reasons = tuple(_reasons(report, limits or Limits()))
    return Judgement(not reasons, reasons)


def wrong_centres(anatomy: Anatomy, positions: NDArray[np.float64]) -> list[ChiralCentre]:
    """Centres that are D or nearly flat."""
    centres = anatomy.centres
    if not centres:
        return []
    atoms = np.array([(centre.centre, *centre.neighbours) for centre in centres])
    values = handedness(*(positions[atoms[:, at]] for at in range(4)))
    return [centre for centre, value in zip(centres, values, strict=True) if value < _FLAT]


def cis_bonds(anatomy: Anatomy, positions: NDArray[np.float64]) -> list[PeptideBond]:
    """Peptide bonds with an omega nearer to 0 than to 180 degrees, prolines included."""
    omegas = _omegas(anatomy, positions)
    return [
        bond for bond, omega in zip(anatomy.peptide_bonds, omegas, strict=True) if abs(omega) < math.pi / 2
    ]


def _new_cis(anatomy: Anatomy, positions: NDArray[np.float64], reference: Positions) -> Iterator[str]:
    natural = {bond.atoms for bond in cis_bonds(anatomy, np.asarray(reference, dtype=np.float64))}
    for bond in cis_bonds(anatomy, positions):
        if not bond.proline and bond.atoms not in natural:
            yield bond.label


def _omegas(anatomy: Anatomy, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    if not anatomy.peptide_bonds:
        return np.zeros(0)
    atoms = np.array([bond.atoms for bond in anatomy.peptide_bonds])
    return dihedral(*(positions[atoms[:, at]] for at in range(4)))


def _omega_worst(anatomy: Anatomy, positions: NDArray[np.float64]) -> float:
    omegas = np.abs(_omegas(anatomy, positions))
    return float(np.degrees(np.minimum(omegas, math.pi - omegas).max(initial=0.0)))


def _clashes(anatomy: Anatomy, positions: NDArray[np.float64]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    heavy = np.flatnonzero(anatomy.heavy)
    pairs = heavy[cKDTree(positions[heavy]).query_pairs(0.24, output_type="ndarray")]
    pairs = np.sort(pairs.reshape(-1, 2), axis=1)
    bonded = anatomy.close_by_bonds
    near: list[str] = []
    severe: list[str] = []
    for i, j in sorted(map(tuple, pairs.tolist())):
        if (i, j) in bonded:
            continue
        distance = float(np.linalg.norm(positions[i] - positions[j]))
        text = f"{anatomy.atom_labels[i]} - {anatomy.atom_labels[j]} ({distance:.3f} nm)"
        near.append(text)
        if distance < 0.12:
            severe.append(text)
    return tuple(near), tuple(severe)


def _pierced(anatomy: Anatomy, positions: NDArray[np.float64]) -> Iterator[str]:
    if not anatomy.rings:
        return
    tree = cKDTree(positions[anatomy.bonds].mean(axis=1))
    for ring in anatomy.rings:
        corners = positions[list(ring.atoms)]
        near = np.sort(np.array(tree.query_ball_point(corners.mean(axis=0), _RING_REACH), dtype=np.int64))
        for bond in near[~np.isin(anatomy.bonds[near], ring.atoms).any(axis=1)]:
            start, end = anatomy.bonds[bond]
            if _passes_through(corners, positions[start], positions[end]):
                yield f"{ring.label} by the bond {anatomy.atom_labels[start]} - {anatomy.atom_labels[end]}"


def _passes_through(
    corners: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> bool:
    n = len(corners)
    middle = np.broadcast_to(corners.mean(axis=0), corners.shape)
    fan = np.stack([middle, corners, np.roll(corners, -1, axis=0)], axis=1)
    return bool(crosses_triangle(np.tile(start, (n, 1)), np.tile(end, (n, 1)), fan).any())


def _bead_distances(request: BackmapRequest, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    mapped = request.mapping.apply(positions[None])[0]
    distances: NDArray[np.float64] = np.linalg.norm(mapped - request.beads.astype(np.float64), axis=1)
    return distances


def _residue_of_bead(request: BackmapRequest, anatomy: Anatomy, bead: int) -> str:
    return anatomy.residue_labels[BeadPlaces(request.mapping, anatomy).residue[bead]]


def _reasons(report: QualityReport, limits: Limits) -> Iterator[str]:
    if not report.finite:
        yield "Coordinates are not finite."
        return
    if report.wrong_centres:
        yield f"Not in the L form: {_some(report.wrong_centres)}."
    if report.cis_peptides:
        yield f"Peptide bonds turned cis: {_some(report.cis_peptides)}."
    if report.omega_worst > limits.omega:
        yield (
            f"A peptide bond is {report.omega_worst:.0f} degrees away from planarity "
            f"(limit {limits.omega:.0f})."
        )
    if report.severe_clashes:
        yield f"Atoms on top of each other (under 0.12 nm): {_some(report.severe_clashes)}."
    elif len(report.clashes) > limits.clashes:
        yield f"{len(report.clashes)} clashes under 0.24 nm (limit {limits.clashes}): {_some(report.clashes)}."
    if report.pierced_rings:
        yield f"Rings pierced by a bond: {_some(report.pierced_rings)}."
    if report.bead_rmsd > limits.bead_rmsd:
        yield (
            f"Mapped back, the structure lies {report.bead_rmsd:.2f} nm rms from its beads "
            f"(limit {limits.bead_rmsd:.2f} nm), farthest in {report.bead_worst_residue}."
        )
    if report.endurance is not None:
        yield from _endurance_reasons(report.endurance, limits)


def _endurance_reasons(endurance: Endurance, limits: Limits) -> Iterator[str]:
    if not endurance.energy_after <= limits.energy:
        yield (
            f"The minimised energy is {endurance.energy_after:.1f} kJ/mol per atom (limit {limits.energy:.1f})."
        )
    if not endurance.survived:
        yield endurance.problem


def _some(items: Iterable[str]) -> str:
    named = list(items)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return "; ".join(named[:_NAMED]) + more


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
