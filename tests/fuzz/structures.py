"""PDB and mmCIF files, damaged, up to the chains that a molecule is made of."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

from fuzz.mutate import mutate_text
from fuzz.outcome import Silent
from sims.exceptions import StructureError
from sims.structure.reading import read_records
from sims.structure.records import RawStructure

__all__ = ["StructureFiles"]

DATA = Path(__file__).parents[1] / "data" / "structures"
_ATOMS = 120
_WORDS = (
    "nan", "inf", "1e400", "********", "-9999.999", "99999999", "0.000", "", " ", "'", '"', ";", "?", ".", "#", "loop_",
    "data_x", "_atom_site.Cartn_x", "ATOM  ", "HETATM", "TER", "MODEL        2", "ENDMDL", "END", "REMARK 465     GLY A   1",
    "\x1b[2J", "\x00", "\u202e", "../../x", "$(reboot)", "A" * 5000,
)  # fmt: skip


def _mmcif(pdb: str) -> str:
    columns = ("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
               "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "pdbx_PDB_model_num")  # fmt: skip
    rows = [
        f"ATOM {line[6:11]} {line[76:78].strip() or 'C'} {line[12:16].strip()} . {line[17:20]} {line[21].strip() or 'A'} "
        f"{line[22:26]} {line[30:38]} {line[38:46]} {line[46:54]} 1.00 1"
        for line in pdb.split("\n")
        if line.startswith("ATOM")
    ]
    head = "".join(f"_atom_site.{column}\n" for column in columns)
    return f"data_x\nloop_\n{head}" + "\n".join(rows) + "\n#\n"


class StructureFiles:
    """What a user may give as a structure.

    Parameters
    ----------
    folder : Path
        Where the files are written.
    """

    name = "PDB and mmCIF"
    refusals = (StructureError,)

    def __init__(self, folder: Path) -> None:
        self._file = folder / "structure"
        pdbs = [
            "\n".join(
                [line for line in path.read_text().split("\n") if line[:4] in ("ATOM", "TER", "REMA")][
                    :_ATOMS
                ]
            )
            for path in sorted(DATA.glob("*.pdb"))
        ]
        self._corpus = [*pdbs, *map(_mmcif, pdbs)]

    def make(self, random: Random) -> str:
        """A damaged file."""
        return mutate_text(random, random.choice(self._corpus), _WORDS, self._corpus)

    def read(self, item: str) -> RawStructure:
        """The readers under test; which one, the content decides."""
        self._file.write_bytes(item.encode("utf-8", "surrogatepass"))
        return read_records(self._file)

    def check(self, item: str, found: RawStructure) -> None:
        """Atoms are whole, and of a PDB file every number is in its columns."""
        for atom in found.atoms:
            if not (atom.name and atom.residue and all(map(math.isfinite, atom.position))):
                raise Silent(f"{atom} is not whole")
        if "_atom_site" not in item and found.models == 1:
            lines = [line for line in item.splitlines() if line[:6].ljust(6) in ("ATOM  ", "HETATM")]
            said = [tuple(float(line[begin : begin + 8]) for begin in (30, 38, 46)) for line in lines]
            if said != [atom.position for atom in found.atoms]:
                raise Silent("the positions are not those of the file")
