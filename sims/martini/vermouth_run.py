"""martinize2 as a function: vermouth's processors, run in this process on a molecule we hold.

Atoms go in with their index in the structure, and every bead comes out with the atoms and weights it was made of. Bonds
come from the structure's topology and are not guessed from distances, which takes close contacts for bonds. What does
depend on the conformation is meant to: an elastic network, Gō contacts, and the side-chain dihedrals of ``scFix``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sims.exceptions import StructureError
from sims.martini.model import MartinizeOptions
from sims.structure import charmm_residue_names, residue_label

if TYPE_CHECKING:
    from sims.structure import Structure

__all__ = ["CoarseSystem", "coarse_grain"]

MOLECULE_NAME = "protein"
"""Prefix of the names of molecule types; Gō bead types start with it too."""

_SOURCE = "steer_source"  # node attribute: index of the atom in the structure
_FORCE_FIELD, _TARGET = "charmm", "martini3001"
_NEEDED = (_FORCE_FIELD, _TARGET, "amber")  # the target's mappings name amber too


@dataclass(frozen=True, eq=False)
class CoarseSystem:
    """What vermouth made.

    Attributes
    ----------
    molecules : list of vermouth.molecule.Molecule
        Coarse-grained molecules, in the order of the beads.
    nonbonded : dict
        Extra bead types (``atomtypes``) and pairs (``nonbond_params``) of a Gō model.
    """

    molecules: list[Any]
    nonbonded: dict[str, list[Any]]

    def itp(self, molecule: Any) -> str:
        """A molecule's topology as text."""
        from vermouth.gmx.itp import write_molecule_itp

        text = StringIO()
        write_molecule_itp(molecule, text, header=["Written by steer with vermouth."])
        return text.getvalue()

    def weights(self, molecule: Any) -> Iterator[tuple[Any, int, float]]:
        """(bead key, atom index, weight) of everything a molecule's beads are made of."""
        parents = {
            interaction.atoms[0]: interaction.atoms[1]
            for interaction in molecule.interactions.get("virtual_sitesn", [])
            if interaction.meta.get("go_vs")
        }
        for key in molecule.nodes:
            node = molecule.nodes[parents.get(key, key)]
            factors = node.get("mapping_weights", {})
            for atom_key, atom in node["graph"].nodes.items():
                if _SOURCE in atom:
                    yield key, atom[_SOURCE], float(factors.get(atom_key, 1) * atom["mass"])


def coarse_grain(structure: Structure, options: MartinizeOptions, secondary_structure: str) -> CoarseSystem:
    """Run martinize2's steps.

    Parameters
    ----------
    structure : Structure
    options : MartinizeOptions
    secondary_structure : str
        One letter a residue.

    Raises
    ------
    StructureError
        When martinize2 finds something that it does not know; the message is its own.
    """
    import vermouth

    library = _library()
    _require_known_residues(structure, library)
    with _warnings_as_errors():
        system = vermouth.System(force_field=library.force_fields[_FORCE_FIELD])
        for molecule in _molecules(structure):
            system.add_molecule(molecule)
        _repair(system)
        _annotate(system, structure, secondary_structure)
        if options.network == "go":
            _find_contacts(system, structure)
        _map(system, library)
        if options.network == "go":
            _add_go(system, options)
        else:
            _add_elastic(system, options)
            vermouth.SortMoleculeAtoms().run_system(system)
    return CoarseSystem(list(system.molecules), dict(system.gmx_topology_params))


@dataclass(frozen=True, eq=False)
class _Library:
    force_fields: dict[str, Any]
    mappings: Any


@cache
def _library() -> _Library:
    """The force fields and the mappings between them; reading all that vermouth has takes seconds more."""
    import vermouth
    from vermouth.forcefield import ForceField
    from vermouth.map_input import combine_mappings, generate_all_self_mappings, read_mapping_directory

    data = Path(str(vermouth.DATA_PATH))
    with _warnings_as_errors():
        force_fields = {name: ForceField(data / "force_fields" / name) for name in _NEEDED}
        mappings = read_mapping_directory(data / "mappings" / _TARGET, force_fields)
        combine_mappings(mappings, generate_all_self_mappings(force_fields.values()))
    return _Library(force_fields, mappings)


def _require_known_residues(structure: Structure, library: _Library) -> None:
    names = charmm_residue_names(structure.topology)
    for residue, name in zip(structure.topology.residues(), names, strict=True):
        if not all(name in library.force_fields[field].blocks for field in (_FORCE_FIELD, _TARGET)):
            raise _refused(f"{residue_label(residue)} is not among its building blocks")


def _chain_key(index: int) -> str:
    # Sorts as the chains are ordered, and stays unique where chain names repeat.
    return f"{index:05d}"


def _molecules(structure: Structure) -> Iterator[Any]:
    """The structure's atoms as vermouth molecules, one for each set of bonded atoms."""
    import networkx
    import vermouth

    names = charmm_residue_names(structure.topology)
    graph = networkx.Graph()
    for chain in structure.topology.chains():
        residues = list(chain.residues())
        for number, residue in enumerate(residues, 1):
            termini = ["N-ter", "+"] * (number == 1) + ["C-ter", "+"] * (number == len(residues))
            for atom in residue.atoms():
                graph.add_node(
                    atom.index,
                    atomname=atom.name,
                    element=atom.element.symbol,
                    resname=names[residue.index],
                    resid=number,
                    chain=_chain_key(chain.index),
                    insertion_code="",
                    atomid=atom.index + 1,
                    _res_serial=residue.index,
                    position=np.array(structure.positions[atom.index], dtype=float),
                    **{_SOURCE: atom.index},
                    **({"annotated_modifications": termini} if termini else {}),
                )
    graph.add_edges_from((first.index, second.index) for first, second in structure.topology.bonds())
    for component in networkx.connected_components(graph):
        molecule = vermouth.Molecule()
        keys = {index: key for key, index in enumerate(sorted(component))}
        molecule.add_nodes_from((key, dict(graph.nodes[index])) for index, key in keys.items())
        molecule.add_edges_from((keys[a], keys[b]) for a, b in graph.subgraph(component).edges)
        yield molecule


def _repair(system: Any) -> None:
    import vermouth

    vermouth.RepairGraph(delete_unknown=False, include_graph=False).run_system(system)
    vermouth.CanonicalizeModifications().run_system(system)
    vermouth.AttachMass(attribute="mass").run_system(system)
    vermouth.SortMoleculeAtoms().run_system(system)
    vermouth.StashAttributes(attributes=("resid",), stash_name="stash").run_system(system)


def _annotate(system: Any, structure: Structure, secondary_structure: str) -> None:
    """Give each atom the letter of its residue, and set what the links ask for."""
    import vermouth
    from vermouth.dssp.dssp import AnnotateMartiniSecondaryStructures

    letters = {
        (_chain_key(chain.index), number): secondary_structure[residue.index]
        for chain in structure.topology.chains()
        for number, residue in enumerate(chain.residues(), 1)
    }
    for molecule in system.molecules:
        for node in molecule.nodes.values():
            node["aasecstruct"] = letters[node["chain"], node["resid"]]
    AnnotateMartiniSecondaryStructures().run_system(system)
    vermouth.SetMoleculeMeta(extdih=False).run_system(system)
    vermouth.SetMoleculeMeta(scfix=True).run_system(system)
    vermouth.SetMoleculeMeta(idr=False).run_system(system)


def _find_contacts(system: Any, structure: Structure) -> None:
    """Contacts of the all-atom structure, which the Gō model is made from."""
    import vermouth
    from vermouth.rcsu.contact_map import GenerateContactMap

    vermouth.MergeAllMolecules().run_system(system)
    named = system.copy()
    # The contact map knows atoms by plain residue names; a name that it does not know would have no contacts.
    plain = {atom.index: atom.residue.name for atom in structure.topology.atoms()}
    for molecule in named.molecules:
        for node in molecule.nodes.values():
            if _SOURCE in node:
                node["resname"] = plain[node[_SOURCE]]
    GenerateContactMap(write_file=False).run_system(named)
    system.go_params["go_map"] = named.go_params["go_map"]


def _map(system: Any, library: _Library) -> None:
    import vermouth

    vermouth.DoMapping(
        mappings=library.mappings,
        to_ff=library.force_fields[_TARGET],
        delete_unknown=False,
        attribute_keep=("cgsecstruct", "chain", "aasecstruct", "resname", "stash"),
        attribute_must=("resname", "atype"),
    ).run_system(system)
    vermouth.DoAverageBead(ignore_missing_graphs=True).run_system(system)
    vermouth.DoLinks().run_system(system)
    vermouth.LocateChargeDummies().run_system(system)


def _add_elastic(system: Any, options: MartinizeOptions) -> None:
    """Name the molecules, and add springs when asked for."""
    import vermouth
    from vermouth.processors.apply_rubber_band import always_true
    from vermouth.selectors import select_backbone

    if options.one_molecule:
        vermouth.MergeChains(chains=[], all_chains=True).run_system(system)
    vermouth.NameMolType(deduplicate=False, molname=MOLECULE_NAME).run_system(system)
    if options.network == "elastic":
        vermouth.ApplyRubberBand(
            lower_bound=0.0,
            upper_bound=options.elastic_cutoff,
            decay_factor=0,
            decay_power=1,
            base_constant=options.elastic_force_constant,
            minimum_force=0,
            selector=select_backbone,
            domain_criterion=always_true,
        ).run_system(system)


def _add_go(system: Any, options: MartinizeOptions) -> None:
    from vermouth.rcsu.go_pipeline import GoPipeline

    # The ends of the distance window and the sequence distance are martinize2's own defaults.
    GoPipeline.run_system(
        system,
        moltype=MOLECULE_NAME,
        cutoff_short=0.3,
        cutoff_long=1.1,
        go_eps=options.go_strength,
        res_dist=3,
        go_anchor_bead="BB",
        go_atomname="CA",
    )


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))


@contextmanager
def _warnings_as_errors() -> Iterator[None]:
    """Raise what vermouth warns of, once it is through: its own command line writes nothing after a warning."""
    logger = logging.getLogger("vermouth")
    collector = _Collector()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        yield
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate
    if collector.messages:
        more = f" (and {len(collector.messages) - 1} more)" if len(collector.messages) > 1 else ""
        raise _refused(f"it says: {collector.messages[0]}{more}")


def _refused(why: str) -> StructureError:
    return StructureError(
        f"martinize2 cannot coarse-grain this structure: {why.rstrip('.')}.",
        "Remove or rebuild the residue it names; only the twenty amino acids are supported.",
    )
