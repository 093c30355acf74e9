"""`CoarseModel`: what one force-field version knows about the followed molecules, kept in a folder of plain files.

The folder holds ``model.json`` (order of molecules, options, residues), one ``.itp`` a molecule, the extra bead types
and pairs of a Gō model, ``beads.pdb`` (bead positions of the structure it was built from) and ``mapping.npz``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sims.exceptions import TopologyError
from sims.files import write_atomic
from sims.mapping import BeadMapping
from sims.martini.beadpdb import BeadLabel, format_pdb, parse_pdb
from sims.martini.itp import read_molecule_types
from sims.martini.parameters import BeadParameters, martini_parameters
from sims.martini.topology import MoleculeType

if TYPE_CHECKING:
    from openmm.app import Topology

__all__ = ["CoarseModel", "Link", "MartinizeOptions", "ModelRecord", "Network"]

Network = Literal["elastic", "go", "none"]
"""What keeps the fold: springs between backbone beads, Gō contacts, or nothing."""

_LAYOUT = 1


@dataclass(frozen=True)
class MartinizeOptions:
    """How a structure becomes a Martini 3 model.

    Attributes
    ----------
    network : {"elastic", "go", "none"}
        What keeps the fold.
    elastic_force_constant : float
        kJ/mol/nm^2.
    elastic_cutoff : float
        nm. Backbone beads farther apart get no spring.
    go_strength : float
        kJ/mol. Depth of a Gō contact.
    one_molecule : bool
        Whether all chains become one molecule, with a network between them too. A Gō model always does so; otherwise
        chains without a disulfide bond between them stay molecules of their own.
    """

    network: Network = "elastic"
    elastic_force_constant: float = 700.0
    elastic_cutoff: float = 0.8
    go_strength: float = 9.414
    one_molecule: bool = False

    def __post_init__(self) -> None:
        if self.network not in ("elastic", "go", "none"):
            raise ValueError(f"network is {self.network!r}; it must be one of elastic, go, none.")
        for name in ("elastic_force_constant", "elastic_cutoff", "go_strength"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be positive.")


class Link(NamedTuple):
    """Two beads that are chemically bonded, and their distance in nm when at rest."""

    first: int
    second: int
    length: float


@dataclass(frozen=True)
class ModelRecord:
    """What ``model.json`` says.

    Attributes
    ----------
    molecules : tuple of str
        Names of the molecule types, in the order of the beads; ``NAME.itp`` holds each.
    parameter_files : tuple of str
        Files with extra bead types and pairs, in reading order.
    labels : tuple of BeadLabel
        One for each bead.
    bonded : tuple of Link
        Chemical bonds only: no network, no long-range strand springs.
    secondary_structure : str
        One letter a residue.
    options : MartinizeOptions
    """

    molecules: tuple[str, ...]
    parameter_files: tuple[str, ...]
    labels: tuple[BeadLabel, ...]
    bonded: tuple[Link, ...]
    secondary_structure: str
    options: MartinizeOptions

    def to_json(self, identity: str) -> str:
        """The file's text."""
        content = {"layout": _LAYOUT, "identity": identity, **asdict(self)}
        content["labels"] = [list(label) for label in self.labels]
        content["bonded"] = [list(link) for link in self.bonded]
        return json.dumps(content, indent=1) + "\n"

    @classmethod
    def from_json(cls, path: Path) -> tuple[ModelRecord, str]:
        """Record and identity of a ``model.json``.

        Raises
        ------
        TopologyError
            When the file is missing, damaged or of another layout.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["layout"] != _LAYOUT:
                raise TopologyError(
                    f"The model has layout {content['layout']}; {_LAYOUT} was expected.", path
                )
            return cls._from_content(content), str(content["identity"])
        except OSError as error:
            raise TopologyError(f"There is no model here: {error.strerror}.", path) from error
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, TopologyError):
                raise
            raise TopologyError(f"The model is damaged ({error}). Build it again.", path) from error

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> ModelRecord:
        return cls(
            molecules=tuple(map(_file_stem, content["molecules"])),
            parameter_files=tuple(map(_file_stem, content["parameter_files"])),
            labels=tuple(
                BeadLabel(str(name), str(residue), str(number), str(chain), int(index))
                for name, residue, number, chain, index in content["labels"]
            ),
            bonded=tuple(Link(int(i), int(j), float(length)) for i, j, length in content["bonded"]),
            secondary_structure=str(content["secondary_structure"]),
            options=MartinizeOptions(**content["options"]),
        )


def _file_stem(name: Any) -> str:
    text = str(name)
    if Path(text).name != text or not text:
        raise ValueError(f"{text!r} is no file name")
    return text


@dataclass(frozen=True, eq=False)
class CoarseModel:
    """One Martini 3 model of the followed molecules.

    Attributes
    ----------
    record : ModelRecord
        Names, residues, bonds and options.
    molecules : tuple of MoleculeType
        In the order of the beads, one for each molecule.
    parameters : BeadParameters
        The Martini table, with what a Gō model adds.
    mapping : BeadMapping
        From the structure's atoms to the beads.
    positions : ndarray, shape (n_beads, 3), float64
        nm. Beads of the structure it was built from.
    """

    record: ModelRecord
    molecules: tuple[MoleculeType, ...]
    parameters: BeadParameters
    mapping: BeadMapping
    positions: NDArray[np.float64]

    @classmethod
    def load(cls, directory: Path) -> CoarseModel:
        """Read a model that `sims.martini.martinize.martinize` wrote.

        Raises
        ------
        TopologyError
            When a file is missing or damaged, or was changed since.
        """
        record, identity = ModelRecord.from_json(directory / "model.json")
        molecules = []
        for name in record.molecules:
            molecules += read_molecule_types(directory / f"{name}.itp")
        parameters = martini_parameters()
        if record.parameter_files:
            parameters = parameters.extended(directory / name for name in record.parameter_files)
        positions = parse_pdb(directory / "beads.pdb", record.labels)
        model = cls(
            record, tuple(molecules), parameters, BeadMapping.load(directory / "mapping.npz"), positions
        )
        model._check(directory)
        if model.identity != identity:
            raise TopologyError(
                "The topology files do not match model.json: they were changed, or the Martini table of this "
                "installation is another one. Build the model again.",
                directory,
            )
        return model

    def _check(self, directory: Path) -> None:
        counts = {
            "itp files": sum(map(len, self.molecules)),
            "model.json": len(self.record.labels),
            "mapping.npz": self.mapping.n_beads,
        }
        if len(set(counts.values())) != 1:
            told = ", ".join(f"{count} in {name}" for name, count in counts.items())
            raise TopologyError(f"The model's files disagree on the number of beads: {told}.", directory)
        if self.bead_names != tuple(atom.name for molecule in self.molecules for atom in molecule.atoms):
            raise TopologyError(
                "The itp files name other beads than model.json, or in another order.", directory
            )

    @property
    def labels(self) -> tuple[BeadLabel, ...]:
        """What each bead is called."""
        return self.record.labels

    @property
    def n_beads(self) -> int:
        """Number of followed beads, virtual sites included."""
        return len(self.record.labels)

    @cached_property
    def identity(self) -> str:
        """Hash of all interactions: two models with the same one have the same forces."""
        parts = [molecule.identity for molecule in self.molecules] + [self.parameters.identity]
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    @property
    def options(self) -> MartinizeOptions:
        """How it was made."""
        return self.record.options

    @property
    def secondary_structure(self) -> str:
        """One letter a residue, as given to martinize2."""
        return self.record.secondary_structure

    @property
    def bead_names(self) -> tuple[str, ...]:
        """``BB``, ``SC1``, …; ``CA`` for Gō sites."""
        return tuple(label.name for label in self.record.labels)

    @property
    def residue_names(self) -> tuple[str, ...]:
        """Residue name of each bead."""
        return tuple(label.residue_name for label in self.record.labels)

    @property
    def residue_ids(self) -> tuple[str, ...]:
        """Residue number of each bead as the structure has it, with its insertion code."""
        return tuple(label.residue_id for label in self.record.labels)

    @property
    def chains(self) -> tuple[str, ...]:
        """Chain name of each bead."""
        return tuple(label.chain for label in self.record.labels)

    @cached_property
    def residues(self) -> NDArray[np.int64]:
        """Index of each bead's residue in the structure's topology, shape (n_beads,)."""
        return np.array([label.residue_index for label in self.record.labels], dtype=np.int64)

    @cached_property
    def backbone(self) -> NDArray[np.int64]:
        """Indices of the backbone beads, one for each residue."""
        return np.flatnonzero(np.array(self.bead_names) == "BB")

    @cached_property
    def virtual(self) -> NDArray[np.int64]:
        """Indices of the massless beads whose place follows from others."""
        offsets = np.cumsum([0, *map(len, self.molecules)])
        return np.array(
            [
                site.site + offset
                for molecule, offset in zip(self.molecules, offsets[:-1], strict=True)
                for site in molecule.virtual_sites
            ],
            dtype=np.int64,
        )

    @cached_property
    def charge(self) -> float:
        """Net charge in elementary charges."""
        return float(
            sum(
                self.parameters.charges[self.parameters.index(atom.bead)]
                if atom.charge is None
                else atom.charge
                for molecule in self.molecules
                for atom in molecule.atoms
            )
        )

    @cached_property
    def bonded(self) -> NDArray[np.int64]:
        """Chemically bonded pairs of beads, shape (m, 2)."""
        return np.array([link[:2] for link in self.record.bonded], dtype=np.int64).reshape(-1, 2)

    @cached_property
    def bonded_lengths(self) -> NDArray[np.float64]:
        """Length of each bonded pair at rest in nm, shape (m,)."""
        return np.array([link.length for link in self.record.bonded], dtype=np.float64)

    def openmm_topology(self) -> Topology:
        """The beads as an OpenMM topology, for OpenMM's reporters: chains, residues, and bonds between beads."""
        from openmm.app import Topology

        topology = Topology()
        atoms: dict[int, Any] = {}
        chain = residue = None
        place: tuple[str, int] | None = None
        for index in np.lexsort((np.arange(self.n_beads), self.residues)).tolist():
            label = self.record.labels[index]
            if chain is None or place is None or place[0] != label.chain:
                chain = topology.addChain(label.chain)
            if place != (label.chain, label.residue_index):
                residue = topology.addResidue(label.residue_name, chain, label.residue_id)
            place = label.chain, label.residue_index
            atoms[index] = topology.addAtom(label.name, None, residue)
        for first, second in self.bonded.tolist():
            topology.addBond(atoms[first], atoms[second])
        return topology

    def write_pdb(self, path: Path, positions: NDArray[np.floating], *, durable: bool = True) -> None:
        """Write bead positions as a PDB file, atomically.

        Parameters
        ----------
        path : Path
        positions : ndarray, shape (n_beads, 3)
            nm.
        durable : bool
            As for `sims.files.write_atomic`.
        """
        write_atomic(path, format_pdb(positions, self.record.labels, self.bonded), durable=durable)

    def read_pdb(self, path: Path) -> NDArray[np.float64]:
        """Bead positions of a PDB file of this model, shape (n_beads, 3), nm.

        Raises
        ------
        TopologyError
            When the file's beads are not those of this model.
        """
        return parse_pdb(path, self.record.labels, self.bonded)
