"""Virtual sites of a molecule type as OpenMM's."""

from __future__ import annotations

from collections.abc import Sequence

import openmm

from sims.exceptions import TopologyError
from sims.martini.topology import MoleculeType, VirtualSite

__all__ = ["add_virtual_sites"]


def add_virtual_sites(
    system: openmm.System, molecule: MoleculeType, masses: Sequence[float], offset: int
) -> None:
    """Make the virtual sites of one copy of a molecule.

    Parameters
    ----------
    system : openmm.System
        Already holds the molecule's particles, those of the sites massless.
    molecule : MoleculeType
    masses : sequence of float
        Dalton, one for each bead.
    offset : int
        Index of the copy's first particle.

    Raises
    ------
    TopologyError
        When a centre of mass is asked of massless parents, or no second bead is there to build a site upon.
    """
    for site in molecule.virtual_sites:
        system.setVirtualSite(site.site + offset, _virtual_site(site, molecule, masses, offset))


def _virtual_site(
    site: VirtualSite, molecule: MoleculeType, masses: Sequence[float], offset: int
) -> openmm.VirtualSite:
    weights = _weights(site, molecule, masses)
    parents = [parent + offset for parent in site.parents]
    if site.cross:
        return openmm.OutOfPlaneSite(*parents, weights[1], weights[2], site.cross)
    if len(parents) == 1:
        return openmm.TwoParticleAverageSite(parents[0], _companion(site, molecule) + offset, 1.0, 0.0)
    if len(parents) == 2:
        return openmm.TwoParticleAverageSite(*parents, *weights)
    if len(parents) == 3:
        return openmm.ThreeParticleAverageSite(*parents, *weights)
    # A local frame whose origin is the weighted mean, and a site at that origin; the axes do not matter.
    rest = [0.0] * (len(parents) - 3)
    return openmm.LocalCoordinatesSite(
        parents, list(weights), [-1.0, 1.0, 0.0, *rest], [-1.0, 0.0, 1.0, *rest], openmm.Vec3(0, 0, 0)
    )


def _weights(site: VirtualSite, molecule: MoleculeType, masses: Sequence[float]) -> tuple[float, ...]:
    if site.weights is not None:
        return site.weights
    total = sum(masses[parent] for parent in site.parents)
    if total <= 0:
        raise TopologyError(
            f"Virtual site {site.site + 1} of {molecule.name} is a centre of mass of beads without mass."
        )
    return tuple(masses[parent] / total for parent in site.parents)


def _companion(site: VirtualSite, molecule: MoleculeType) -> int:
    """A real bead other than the parent: OpenMM builds an average site upon two, the second with weight zero."""
    virtual = {other.site for other in molecule.virtual_sites}
    parent = site.parents[0]
    candidates = [bead for bead in range(len(molecule)) if bead != parent and bead not in virtual]
    if not candidates:
        raise TopologyError(
            f"Virtual site {site.site + 1} of {molecule.name} sits on its only real bead, which is not supported."
        )
    return min(candidates, key=lambda bead: (abs(bead - parent), bead))
