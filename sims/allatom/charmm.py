"""CHARMM36m for proteins, cut out of OpenMM's force-field file.

``charmm36_2024.xml`` holds lipids, carbohydrates and nucleic acids too: reading it and matching protein residues
against all its patches takes half a minute. What is kept here, the amino acids and their terminal and protonation
patches with the parameters of their atom types, is read in about a second and gives the same system (tested).
"""

from __future__ import annotations

import functools
import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import openmm.app
from openmm.app import ForceField

__all__ = ["charmm36m"]

_LAST_PROTEIN_RESIDUE = "CYM"
_PROTEIN_PATCHES = frozenset(
    {"NTER", "GLYP", "PROP", "CTER", "NNEU", "NGNE", "CNEU", "ASPP", "GLUP", "LSN", "CYSD", "HS2", "DISU"}
)
_BY_CLASS = ("class1", "class2", "class3", "class4", "class5", "class")


@functools.cache
def charmm36m() -> ForceField:
    """CHARMM36m (July 2024 parameters) for proteins, water and ions; read once a process.

    References
    ----------
    Huang et al., Nature Methods 14, 71 (2017), doi:10.1038/nmeth.4067.
    """
    tree = ElementTree.parse(Path(openmm.app.__file__).parent / "data" / "charmm36_2024.xml")
    root = tree.getroot()
    _keep_protein_templates(root)
    _keep_used_parameters(root)
    protein = io.StringIO(ElementTree.tostring(root, encoding="unicode"))
    return ForceField(protein, "charmm36_2024/water.xml")


def _keep_protein_templates(root: ElementTree.Element) -> None:
    residues, patches = _section(root, "Residues"), _section(root, "Patches")
    names = [residue.get("name") for residue in residues]
    for residue in residues[names.index(_LAST_PROTEIN_RESIDUE) + 1 :]:
        residues.remove(residue)
    for patch in list(patches):
        if _family(patch.get("name", "")) not in _PROTEIN_PATCHES:
            patches.remove(patch)
    for residue in residues:
        for allowed in residue.findall("AllowPatch"):
            if _family(allowed.get("name", "")) not in _PROTEIN_PATCHES:
                residue.remove(allowed)


def _keep_used_parameters(root: ElementTree.Element) -> None:
    used = {
        atom.get("type")
        for section in ("Residues", "Patches")
        for template in _section(root, section)
        for atom in template
        if atom.get("type")
    }
    types = _section(root, "AtomTypes")
    for atom_type in list(types):
        if atom_type.get("name") not in used:
            types.remove(atom_type)
    classes = {atom_type.get("class") for atom_type in types} | {"", None}
    for section in root:
        if section.tag.endswith("Force"):
            for entry in list(section):
                if any(entry.get(attribute) not in classes for attribute in _BY_CLASS):
                    section.remove(entry)


def _family(patch: str) -> str:
    """``NTER`` of ``NTER_1``: OpenMM numbers a patch's versions for different residues."""
    return patch.rsplit("_", 1)[0]


def _section(root: ElementTree.Element, name: str) -> ElementTree.Element:
    section = root.find(name)
    if section is None:
        raise KeyError(f"charmm36_2024.xml has no {name} section")
    return section
