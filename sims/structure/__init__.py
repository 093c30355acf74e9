"""Input structures: a PDB file, an mmCIF file or a sequence in; a complete all-atom protein out.

`prepare` and `from_sequence` make a `Structure`; `Structure.write` and `Structure.read` keep it. Everything after
that (force fields, mapping, backmapping) relies on its atom order.
"""

from sims.structure.labels import charmm_residue_names, residue_label
from sims.structure.model import Structure
from sims.structure.preparation import prepare
from sims.structure.sequence import from_sequence

__all__ = ["Structure", "charmm_residue_names", "from_sequence", "prepare", "residue_label"]
