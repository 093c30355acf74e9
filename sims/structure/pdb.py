"""Reading PDB files: fixed columns, first model only."""

from __future__ import annotations

import math

from sims.exceptions import StructureError
from sims.structure.records import AtomRecord, RawStructure

__all__ = ["parse_pdb"]

_ATOMS = ("ATOM  ", "HETATM")
_REMEDY = "Repair this line, or download the file again."
_ELEMENTS = frozenset(
    [
        "H",
        "D",
        "HE",
        "LI",
        "BE",
        "B",
        "C",
        "N",
        "O",
        "F",
        "NE",
        "NA",
        "MG",
        "AL",
        "SI",
        "P",
        "S",
        "CL",
        "AR",
        "K",
        "CA",
        "SC",
        "TI",
        "V",
        "CR",
        "MN",
        "FE",
        "CO",
        "NI",
        "CU",
        "ZN",
        "GA",
        "GE",
        "AS",
        "SE",
        "BR",
        "KR",
        "RB",
        "SR",
        "Y",
        "ZR",
        "MO",
        "RU",
        "RH",
        "PD",
        "AG",
        "CD",
        "IN",
        "SN",
        "SB",
        "TE",
        "I",
        "XE",
        "CS",
        "BA",
        "LA",
        "CE",
        "SM",
        "EU",
        "GD",
        "TB",
        "YB",
        "LU",
        "W",
        "RE",
        "OS",
        "IR",
        "PT",
        "AU",
        "HG",
        "TL",
        "PB",
        "BI",
        "U",
    ]
)


def parse_pdb(text: str, source: str) -> RawStructure:
    """Atoms of the first model of a PDB file.

    Parameters
    ----------
    text : str
        The file's content.
    source : str
        Its name, for messages.

    Raises
    ------
    StructureError
        When an atom line cannot be read; names the line.
    """
    atoms: list[AtomRecord] = []
    unobserved: list[tuple[str, str]] = []
    models = segment = 0
    for number, line in enumerate(text.splitlines(), start=1):
        record = line[:6].ljust(6)
        if record == "MODEL ":
            models += 1
        elif record == "TER   " or line.strip() == "TER":
            segment += 1
        elif record in _ATOMS and models <= 1:
            atoms.append(_parse_atom(line, segment, number, source))
        elif line.startswith("REMARK 465"):
            unobserved.extend(_parse_unobserved(line))
    return RawStructure(atoms, max(models, 1), unobserved)


def _parse_atom(line: str, segment: int, number: int, source: str) -> AtomRecord:
    try:
        position = (float(line[30:38]), float(line[38:46]), float(line[46:54]))
        residue_number = int(line[22:26])
        occupancy = float(line[54:60].strip() or 1.0)
    except ValueError as error:
        raise StructureError(
            f"Line {number} is no readable atom record ({error}).", _REMEDY, source
        ) from error
    name, residue = line[12:16].strip(), line[17:21].strip().upper()
    if not all(math.isfinite(value) for value in (*position, occupancy)):
        raise StructureError(
            f"Line {number} has a coordinate or occupancy that is not finite.", _REMEDY, source
        )
    if not name or not residue:
        raise StructureError(f"Line {number} lacks an atom or residue name.", _REMEDY, source)
    return AtomRecord(
        name=name,
        alternate=line[16].strip(),
        residue=residue,
        chain=line[21].strip(),
        segment=segment,
        number=residue_number,
        insertion=line[26].strip(),
        position=position,
        occupancy=occupancy,
        element=_element(line[76:78].strip().upper(), line[12:16]),
    )


def _element(symbol: str, name_columns: str) -> str:
    """The element column, or what the atom name's columns say: ``CA`` in the first two is calcium, in 2-3 carbon."""
    if symbol in _ELEMENTS:
        return symbol
    stem = name_columns.strip().lstrip("0123456789").upper()
    if (
        name_columns[:2].isalpha()
        and name_columns[:2].upper() in _ELEMENTS
        and len(name_columns.strip()) <= 2
    ):
        return name_columns[:2].upper()
    return stem[:1] or "X"


def _parse_unobserved(line: str) -> list[tuple[str, str]]:
    fields = line[10:].split()
    if fields and fields[0].isdigit() and len(fields) == 4:
        fields = fields[1:]
    if (
        len(fields) != 3
        or len(fields[0]) > 3
        or len(fields[1]) != 1
        or not fields[2].lstrip("-")[:1].isdigit()
    ):
        return []
    return [(fields[1], f"{fields[0]} {fields[2]}")]
