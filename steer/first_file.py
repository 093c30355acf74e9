"""What `steer init` writes: a first campaign file for a molecule, checked before it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sims.files import write_atomic
from steer.config import Molecule, commented_config
from steer.exceptions import ConfigError
from steer.molecule import prepare_molecule

if TYPE_CHECKING:
    from sims.structure import Structure

__all__ = ["FirstFile", "write_first_file"]

EXAMPLE = "NLYIQWLKDGGPSSGRPPPS"
"""Trp-cage, a protein of 20 residues that folds by itself (Neidigh et al., Nat. Struct. Biol. 9, 425, 2002)."""

REFINEMENTS = 20
"""Where a first campaign ends unless the user says otherwise."""


@dataclass(frozen=True)
class FirstFile:
    """A campaign file that was written, and the molecule it names.

    Attributes
    ----------
    path : Path
    structure : Structure
    """

    path: Path
    structure: Structure


def write_first_file(source: str | None, path: Path, *, force: bool = False) -> FirstFile:
    """Write a commented campaign file for a structure file or a sequence.

    Parameters
    ----------
    source : str, optional
        A PDB or mmCIF file, or a one-letter sequence; absent: the Trp-cage mini-protein as an example.
    path : Path
        The file to write.
    force : bool, optional
        Replace a file that exists.

    Raises
    ------
    ConfigError
        When `path` exists already, or `source` is neither a file nor a sequence.
    StructureError
        When the molecule cannot be simulated as it is.
    """
    if path.exists() and not force:
        raise ConfigError("this file exists; choose another --output, or replace it with --force", path)
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}; make it first", path)
    molecule = Molecule(sequence=EXAMPLE) if source is None else _named(source)
    structure = prepare_molecule(molecule)
    name = "trp-cage" if source is None else _campaign_name(molecule)
    text = commented_config(
        {
            "campaign": {"name": name},
            "molecule": _written(molecule, path),
            "stop": {"refinements": REFINEMENTS},
        }
    )
    write_atomic(path, text)
    return FirstFile(path, structure)


def _named(source: str) -> Molecule:
    file = Path(source).expanduser()
    if file.is_file():
        return Molecule(structure=file.resolve())
    if re.fullmatch(r"[A-Za-z:]+", source):
        return Molecule(sequence=source.upper())
    raise ConfigError(
        f"{source!r} is neither a file that exists nor a one-letter sequence such as {EXAMPLE!r}",
        key="--from",
    )


def _campaign_name(molecule: Molecule) -> str:
    if molecule.structure is None:
        return f"{(molecule.sequence or '').replace(':', '-')[:24].lower()}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", molecule.structure.stem).lstrip("._-")[:64]
    return name or "campaign"


def _written(molecule: Molecule, path: Path) -> dict[str, Any]:
    if molecule.structure is None:
        return {"sequence": molecule.sequence}
    folder = path.resolve().parent
    inside = molecule.structure.is_relative_to(folder)
    return {"structure": str(molecule.structure.relative_to(folder) if inside else molecule.structure)}
