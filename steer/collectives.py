"""The collective variables that a campaign file names, ready to be measured on its molecule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steer.config.collective import CollectiveVariable
from steer.exceptions import ConfigError

if TYPE_CHECKING:
    from sims.collective import Collective
    from steer.beads import BeadMolecule

__all__ = ["bind_collectives"]


def bind_collectives(wanted: Sequence[CollectiveVariable], molecule: BeadMolecule) -> dict[str, Collective]:
    """Find the beads of each collective variable.

    Parameters
    ----------
    wanted : sequence of CollectiveVariable
        ``config.collective``.
    molecule : BeadMolecule
        Its positions, those of the input structure, are the reference of every ``rmsd``.

    Returns
    -------
    dict of str to Collective
        By name, in the order of the file.

    Raises
    ------
    ConfigError
        When a bead is not there; names the nearest that is.
    """
    return {each.name: _bind(each, molecule) for each in wanted}


def _bind(wanted: CollectiveVariable, molecule: BeadMolecule) -> Collective:
    from sims.beadnames import find_beads
    from sims.collective import make_collective

    try:
        beads = find_beads(wanted.beads, molecule.labels)
        return make_collective(wanted.kind, beads, len(molecule.positions), molecule.positions)
    except ValueError as error:
        raise ConfigError(str(error), key=f"collective {wanted.name}.beads") from error
