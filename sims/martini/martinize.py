"""From a structure to a Martini 3 model in a folder."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sims.exceptions import StructureError, TopologyError
from sims.files import sync_directory, write_atomic
from sims.mapping import BeadMapping
from sims.martini.beadpdb import BeadLabel, format_pdb
from sims.martini.itp import read_molecule_types
from sims.martini.model import CoarseModel, Link, MartinizeOptions, ModelRecord
from sims.martini.parameters import martini_parameters
from sims.martini.vermouth_run import CoarseSystem, coarse_grain
from sims.secondary import LETTERS
from sims.secondary import secondary_structure as judge

if TYPE_CHECKING:
    from sims.structure import Structure

__all__ = ["CoarseModel", "MartinizeOptions", "martinize"]

log = logging.getLogger(__name__)


def martinize(
    structure: Structure,
    options: MartinizeOptions,
    directory: Path,
    secondary_structure: str | None = None,
) -> CoarseModel:
    """Build the Martini 3 model of a structure and keep it in a folder.

    Parameters
    ----------
    structure : Structure
        Complete, hydrogens included; molecules whole.
    options : MartinizeOptions
    directory : Path
        Made whole or not at all. When it holds a model already, that must be the very same one.
    secondary_structure : str, optional
        One letter a residue (see `sims.secondary`); absent: DSSP of the structure.

    Returns
    -------
    CoarseModel
        As loaded back from the folder.

    Raises
    ------
    StructureError
        When martinize2 does not know a residue, or the secondary structure does not fit.
    TopologyError
        When what martinize2 wrote cannot be used, or the folder holds something else.
    """
    letters = _letters(structure, secondary_structure)
    coarse = coarse_grain(structure, options, letters)
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = directory.with_name(f".{directory.name}.{secrets.token_hex(4)}.part")
    draft.mkdir()
    try:
        _write(draft, structure, options, letters, coarse)
        model = CoarseModel.load(draft)
        _check_mapping(model, structure)
        _publish(draft, model, directory)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    log.info("Martini model of %d beads in %s", model.n_beads, directory)
    return model


def _letters(structure: Structure, secondary: str | None) -> str:
    if secondary is None:
        return judge(structure.topology, structure.positions)
    residues = structure.topology.getNumResidues()
    if len(secondary) != residues or not set(secondary) <= set(LETTERS):
        raise StructureError(
            f"The secondary structure {secondary!r} does not fit the {residues} residues.",
            f"Give one letter of {LETTERS} for each residue.",
        )
    return secondary


def _write(
    draft: Path, structure: Structure, options: MartinizeOptions, letters: str, coarse: CoarseSystem
) -> None:
    """Write every file of a model into `draft`."""
    # Beads are numbered through all molecules, in the order in which their topology lists them.
    numbers = [
        {key: number + offset for number, key in enumerate(molecule.nodes)}
        for molecule, offset in zip(
            coarse.molecules, np.cumsum([0, *map(len, coarse.molecules)]).tolist(), strict=False
        )
    ]
    mapping = BeadMapping.from_weights(
        (
            (own[key], atom, weight)
            for molecule, own in zip(coarse.molecules, numbers, strict=True)
            for key, atom, weight in coarse.weights(molecule)
        ),
        n_beads=sum(map(len, numbers)),
        n_atoms=structure.n_atoms,
    )
    mapping.save(draft / "mapping.npz")
    for molecule in coarse.molecules:
        write_atomic(draft / f"{molecule.meta['moltype']}.itp", coarse.itp(molecule))
    record = ModelRecord(
        molecules=tuple(molecule.meta["moltype"] for molecule in coarse.molecules),
        parameter_files=_write_parameters(draft, coarse),
        labels=tuple(_labels(coarse, structure, mapping)),
        bonded=tuple(
            link
            for molecule, own in zip(coarse.molecules, numbers, strict=True)
            for link in _links(molecule, own)
        ),
        secondary_structure=letters,
        options=options,
    )
    positions = np.array(
        [node["position"] for molecule in coarse.molecules for node in molecule.nodes.values()],
        dtype=np.float64,
    )
    write_atomic(draft / "beads.pdb", format_pdb(positions, record.labels, None))
    write_atomic(draft / "model.json", record.to_json(_identity(draft, record, mapping, positions)))


def _identity(draft: Path, record: ModelRecord, mapping: BeadMapping, positions: Any) -> str:
    molecules = [kind for name in record.molecules for kind in read_molecule_types(draft / f"{name}.itp")]
    parameters = martini_parameters()
    if record.parameter_files:
        parameters = parameters.extended(draft / name for name in record.parameter_files)
    return CoarseModel(record, tuple(molecules), parameters, mapping, positions).identity


def _write_parameters(draft: Path, coarse: CoarseSystem) -> tuple[str, ...]:
    """Files with the bead types and pairs that a Gō model adds."""
    if not coarse.nonbonded.get("atomtypes"):
        return ()
    types, pairs = ["[ atomtypes ]"], ["[ nonbond_params ]"]
    for kind in coarse.nonbonded["atomtypes"]:
        node = kind.molecule.nodes[kind.node]
        types.append(f"{node['atype']} {node['mass']} {node['charge']} A {kind.sigma!r} {kind.epsilon!r}")
    for pair in coarse.nonbonded.get("nonbond_params", []):
        first, second = pair.atoms
        pairs.append(f"{first} {second} 1 {float(pair.sigma)!r} {float(pair.epsilon)!r}")
    write_atomic(draft / "go_atomtypes.itp", "\n".join(types) + "\n")
    write_atomic(draft / "go_nbparams.itp", "\n".join(pairs) + "\n")
    return "go_atomtypes.itp", "go_nbparams.itp"


def _labels(coarse: CoarseSystem, structure: Structure, mapping: BeadMapping) -> Iterator[BeadLabel]:
    """Names of the beads, each with the residue its atoms belong to."""
    atoms = list(structure.topology.atoms())
    nodes = [node for molecule in coarse.molecules for node in molecule.nodes.values()]
    for bead, node in enumerate(nodes):
        residue = atoms[int(mapping.atoms_of(bead)[0])].residue
        yield BeadLabel(
            name=node["atomname"],
            residue_name=residue.name,
            residue_id=f"{residue.id}{residue.insertionCode.strip()}",
            chain=residue.chain.id,
            residue_index=residue.index,
        )


def _links(molecule: Any, numbers: dict[Any, int]) -> Iterator[Link]:
    """Chemical bonds: bonds and constraints of the molecule but for networks, each once."""
    seen: set[frozenset[int]] = set()
    for section in ("constraints", "bonds"):
        for interaction in molecule.interactions.get(section, []):
            first, second = (numbers[key] for key in interaction.atoms)
            if not _is_chemical(molecule, interaction) or frozenset((first, second)) in seen:
                continue
            seen.add(frozenset((first, second)))
            yield Link(min(first, second), max(first, second), float(interaction.parameters[1]))


def _is_chemical(molecule: Any, interaction: Any) -> bool:
    network = interaction.meta.get("group", "") == "Rubber band" or interaction.meta.get("edge") is False
    return not network and molecule.has_edge(*interaction.atoms)


def _check_mapping(model: CoarseModel, structure: Structure) -> None:
    """The matrix must give the very positions that martinize2 computed."""
    difference = np.abs(model.mapping.apply(structure.positions) - model.positions).max()
    if not difference < 1e-3:
        raise TopologyError(f"The mapping misses martinize2's bead positions by {difference:.3g} nm.")
    if len(model.backbone) != structure.topology.getNumResidues():
        raise TopologyError(
            f"martinize2 made {len(model.backbone)} backbone beads of {structure.topology.getNumResidues()} residues."
        )


def _publish(draft: Path, model: CoarseModel, directory: Path) -> None:
    """Give the finished folder its name, or make sure that what has the name already is the same model."""
    sync_directory(draft)
    try:
        draft.rename(directory)
    except OSError as error:
        if not directory.exists():
            raise
        _require_same(model, directory, error)
        return
    sync_directory(directory.parent)


def _require_same(model: CoarseModel, directory: Path, cause: OSError) -> None:
    problem = "The folder holds something else already. Choose another folder or remove it."
    try:
        other = CoarseModel.load(directory)
    except TopologyError as error:
        raise TopologyError(problem, directory) from error
    if other.identity != model.identity or other.record != model.record:
        raise TopologyError(problem, directory) from cause
