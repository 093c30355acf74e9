"""Reading molecule types from GROMACS .itp files, as martinize2 writes them and as Martini's authors publish them.

Whatever is not understood is an error that names the file and line: a term left out silently would be a different
force field.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path

from sims.exceptions import TopologyError
from sims.martini.lines import Line, read_lines
from sims.martini.topology import Atom, Interaction, MoleculeType, VirtualSite

__all__ = ["read_molecule_types"]

# Section -> number of beads, and function type -> number of parameters.
_BONDED: dict[str, tuple[int, dict[int, int]]] = {
    "bonds": (2, {1: 2, 2: 2, 6: 2}),
    "constraints": (2, {1: 1, 2: 1}),
    "angles": (3, {1: 2, 2: 2, 10: 2}),
    "dihedrals": (4, {1: 3, 9: 3, 4: 3, 2: 2}),
}


def read_molecule_types(path: Path, defines: Set[str] = frozenset()) -> list[MoleculeType]:
    """Every molecule type of a file, in its order.

    Parameters
    ----------
    path : Path
        An .itp file without parameter sections (those are read by `sims.martini.parameters`).
    defines : set of str, optional
        Names taken as defined, as ``FLEXIBLE`` or ``POSRES``. Position restraints behind a name that is not defined
        are passed over.

    Returns
    -------
    list of MoleculeType
        At least one.

    Raises
    ------
    TopologyError
        With file and line, for a section, function type or value that is not understood.
    """
    drafts: list[_Draft] = []
    for line in read_lines(path, defines):
        if not line.words:
            _check_section(line)
        elif line.section == "moleculetype":
            drafts.append(_begin(line))
        elif not drafts:
            raise line.error("A [ moleculetype ] must come first.")
        else:
            drafts[-1].add(line)
    if not drafts:
        raise TopologyError("The file defines no [ moleculetype ].", path)
    return [draft.finish() for draft in drafts]


@dataclass
class _Draft:
    """A molecule type while it is read."""

    name: str
    depth: int
    begin: Line
    atoms: list[Atom] = field(default_factory=list)
    bonded: dict[str, list[Interaction]] = field(default_factory=lambda: {name: [] for name in _BONDED})
    exclusions: list[tuple[int, int]] = field(default_factory=list)
    sites: dict[int, tuple[VirtualSite, Line]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        _HANDLERS[line.section](self, line)

    def index(self, line: Line, position: int) -> int:
        """Zero-based bead index of the word at `position`."""
        number = line.integer(position)
        if not 1 <= number <= len(self.atoms):
            raise line.error(f"Bead {number} does not exist: {self.name} has {len(self.atoms)} beads so far.")
        return number - 1

    def finish(self) -> MoleculeType:
        if not self.atoms:
            raise self.begin.error(f"Molecule type {self.name} has no beads.")
        for site, line in self.sites.values():
            for parent in site.parents:
                if parent in self.sites:
                    raise line.error(
                        f"Bead {parent + 1} is a virtual site itself; a site cannot be built from it."
                    )
        return MoleculeType(
            name=self.name,
            exclusion_depth=self.depth,
            atoms=tuple(self.atoms),
            bonds=tuple(self.bonded["bonds"]),
            constraints=tuple(self.bonded["constraints"]),
            angles=tuple(self.bonded["angles"]),
            dihedrals=tuple(self.bonded["dihedrals"]),
            exclusions=tuple(self.exclusions),
            virtual_sites=tuple(site for site, _ in self.sites.values()),
        )


def _check_section(line: Line) -> None:
    if line.section == "position_restraints" or line.section == "moleculetype" or line.section in _HANDLERS:
        return
    raise line.error(f"Section [ {line.section} ] is not supported.")


def _begin(line: Line) -> _Draft:
    depth = line.integer(1)
    if depth < 0:
        raise line.error(f"The number of excluded bonds must not be negative; it is {depth}.")
    return _Draft(line.words[0], depth, line)


def _add_atom(draft: _Draft, line: Line) -> None:
    number = line.integer(0)
    if number != len(draft.atoms) + 1:
        raise line.error(f"Bead number {number} stands where {len(draft.atoms) + 1} was expected.")
    line.integer(5)
    draft.atoms.append(
        Atom(
            name=line.words[4],
            bead=line.words[1],
            residue=line.integer(2),
            residue_name=line.words[3],
            charge=line.number_at(6) if len(line.words) > 6 else None,
            mass=line.number_at(7) if len(line.words) > 7 else None,
        )
    )
    if len(line.words) > 8:
        raise line.error("A bead line has 8 fields at most; second (B) states are not supported.")


def _add_bonded(draft: _Draft, line: Line) -> None:
    count, functions = _BONDED[line.section]
    atoms = _distinct(tuple(draft.index(line, position) for position in range(count)), line)
    function = line.integer(count)
    if function not in functions:
        raise line.error(f"Function type {function} of [ {line.section} ] is not supported.")
    expected, given = functions[function], len(line.words) - count - 1
    if given != expected:
        raise line.error(
            f"Function type {function} of [ {line.section} ] takes {expected} parameters; {given} are given."
        )
    parameters = tuple(line.number_at(count + 1 + position) for position in range(expected))
    if line.section in ("bonds", "constraints") and parameters[0] < 0:
        raise line.error(f"A length must not be negative; it is {parameters[0]:g} nm.")
    if function in (1, 4, 9) and line.section == "dihedrals" and parameters[2] != int(parameters[2]):
        raise line.error(f"The multiplicity of a dihedral must be a whole number; it is {parameters[2]:g}.")
    draft.bonded[line.section].append(Interaction(atoms, function, parameters))


def _add_exclusions(draft: _Draft, line: Line) -> None:
    first = draft.index(line, 0)
    for position in range(1, len(line.words)):
        other = draft.index(line, position)
        if other == first:
            raise line.error(f"Bead {first + 1} is excluded from itself.")
        draft.exclusions.append((min(first, other), max(first, other)))


def _add_site_n(draft: _Draft, line: Line) -> None:
    function = line.integer(1)
    if function not in (1, 2, 3):
        raise line.error(f"Function type {function} of [ virtual_sitesn ] is not supported.")
    stride = 2 if function == 3 else 1
    positions = range(2, len(line.words), stride)
    if not positions:
        raise line.error("A virtual site needs at least one bead to be built from.")
    parents = tuple(draft.index(line, position) for position in positions)
    weights: tuple[float, ...] | None = None
    if function == 1:
        weights = (1.0 / len(parents),) * len(parents)
    elif function == 3:
        weights = _normalised(tuple(line.number_at(position + 1) for position in positions), line)
    _add_site(draft, line, parents, weights)


def _add_site_2(draft: _Draft, line: Line) -> None:
    _require_function(line, 3, (1,))
    a = line.number_at(4)
    _add_site(draft, line, (draft.index(line, 1), draft.index(line, 2)), (1.0 - a, a))


def _add_site_3(draft: _Draft, line: Line) -> None:
    function = _require_function(line, 4, (1, 4))
    parents = tuple(draft.index(line, position) for position in (1, 2, 3))
    a, b = line.number_at(5), line.number_at(6)
    cross = line.number_at(7) if function == 4 else 0.0
    _add_site(draft, line, parents, (1.0 - a - b, a, b), cross)


def _add_site(
    draft: _Draft, line: Line, parents: tuple[int, ...], weights: tuple[float, ...] | None, cross: float = 0.0
) -> None:
    site = draft.index(line, 0)
    _distinct((site, *parents), line)
    if site in draft.sites:
        raise line.error(f"Bead {site + 1} is made a virtual site twice.")
    draft.sites[site] = VirtualSite(site, parents, weights, cross), line


def _reject_restraint(draft: _Draft, line: Line) -> None:
    raise line.error("Position restraints that are switched on are not supported; leave POSRES undefined.")


def _require_function(line: Line, position: int, known: tuple[int, ...]) -> int:
    function = line.integer(position)
    if function not in known:
        raise line.error(f"Function type {function} of [ {line.section} ] is not supported.")
    return function


def _normalised(weights: tuple[float, ...], line: Line) -> tuple[float, ...]:
    total = sum(weights)
    if min(weights) < 0 or total <= 0:
        raise line.error("The weights of a virtual site must not be negative and not all zero.")
    return tuple(weight / total for weight in weights)


def _distinct(atoms: tuple[int, ...], line: Line) -> tuple[int, ...]:
    if len(set(atoms)) != len(atoms):
        raise line.error("The same bead is named twice in one interaction.")
    return atoms


_HANDLERS: dict[str, Callable[[_Draft, Line], None]] = {
    "atoms": _add_atom,
    **dict.fromkeys(_BONDED, _add_bonded),
    "exclusions": _add_exclusions,
    "virtual_sitesn": _add_site_n,
    "virtual_sites2": _add_site_2,
    "virtual_sites3": _add_site_3,
    "position_restraints": _reject_restraint,
}
