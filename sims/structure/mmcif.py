"""Reading mmCIF files, with the authors' own chain names and residue numbers, as papers print them."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

from openmm.app.internal.pdbx.reader.PdbxReader import PdbxReader

from sims.exceptions import StructureError
from sims.structure.records import AtomRecord, RawStructure

__all__ = ["parse_mmcif"]

_REMEDY = "Download the file again, or convert it to PDB."
_UNKNOWN = ("?", ".")

Row = list[str]


def parse_mmcif(text: str, source: str) -> RawStructure:
    """Atoms of the first model of an mmCIF file.

    Parameters
    ----------
    text : str
        The file's content.
    source : str
        Its name, for messages.

    Raises
    ------
    StructureError
        When the file is no mmCIF, or its atom table cannot be read.
    """
    block = _first_block(text, source)
    table = block.getObj("atom_site")
    if table is None or table.getRowCount() == 0:
        raise StructureError("The mmCIF file has no atoms (no _atom_site table).", _REMEDY, source)
    read = {name: _column(table, *names) for name, names in _COLUMNS.items()}
    rows = table.getRowList()
    first_model = read["model"](rows[0])
    segments: dict[str, int] = {}
    atoms = []
    for number, row in enumerate(rows, start=1):
        if read["model"](row) == first_model:
            segment = segments.setdefault(read["segment"](row), len(segments))
            atoms.append(_parse_atom(row, read, segment, number, source))
    return RawStructure(atoms, len({read["model"](row) for row in rows}), _unobserved(block))


_COLUMNS = {
    "name": ("auth_atom_id", "label_atom_id"),
    "alternate": ("label_alt_id",),
    "residue": ("auth_comp_id", "label_comp_id"),
    "chain": ("auth_asym_id", "label_asym_id"),
    "segment": ("label_asym_id", "auth_asym_id"),
    "number": ("auth_seq_id", "label_seq_id"),
    "insertion": ("pdbx_PDB_ins_code",),
    "model": ("pdbx_PDB_model_num",),
    "x": ("Cartn_x",),
    "y": ("Cartn_y",),
    "z": ("Cartn_z",),
    "occupancy": ("occupancy",),
    "element": ("type_symbol",),
}


def _first_block(text: str, source: str) -> Any:
    blocks: list[Any] = []
    try:
        PdbxReader(io.StringIO(text)).read(blocks)
    except Exception as error:  # the reader raises whatever its tokeniser ran into
        raise StructureError(f"The mmCIF file cannot be read ({error}).", _REMEDY, source) from error
    if not blocks:
        raise StructureError("The mmCIF file has no data block.", _REMEDY, source)
    return blocks[0]


def _column(table: Any, *names: str) -> Callable[[Row], str]:
    """A reader of the first of these columns that the table has; empty text where unknown."""
    index = next((found for name in names if (found := table.getAttributeIndex(name)) >= 0), -1)

    def read(row: Row) -> str:
        value = row[index] if 0 <= index < len(row) else "?"
        return "" if value in _UNKNOWN else value

    return read


def _parse_atom(
    row: Row, read: dict[str, Callable[[Row], str]], segment: int, number: int, source: str
) -> AtomRecord:
    try:
        x, y, z = (float(read[axis](row)) for axis in "xyz")
        residue_number = int(read["number"](row))
        occupancy = float(read["occupancy"](row) or 1.0)
    except ValueError as error:
        raise StructureError(
            f"Atom {number} of the mmCIF file cannot be read ({error}).", _REMEDY, source
        ) from error
    name, residue = read["name"](row), read["residue"](row).upper()
    if not all(math.isfinite(value) for value in (x, y, z, occupancy)) or not name or not residue:
        raise StructureError(
            f"Atom {number} of the mmCIF file lacks a name or a coordinate.", _REMEDY, source
        )
    return AtomRecord(
        name=name,
        alternate=read["alternate"](row),
        residue=residue,
        chain=read["chain"](row),
        segment=segment,
        number=residue_number,
        insertion=read["insertion"](row),
        position=(x, y, z),
        occupancy=occupancy,
        element=read["element"](row).upper() or name[:1].upper(),
    )


def _unobserved(block: Any) -> list[tuple[str, str]]:
    table = block.getObj("pdbx_unobs_or_zero_occ_residues")
    if table is None:
        return []
    model, chain, name, number = (
        _column(table, column) for column in ("PDB_model_num", "auth_asym_id", "auth_comp_id", "auth_seq_id")
    )
    polymer = _column(table, "polymer_flag")
    return [
        (chain(row), f"{name(row)} {number(row)}")
        for row in table.getRowList()
        if model(row) in ("", "1") and polymer(row) in ("", "Y")
    ]
