"""What a structure file says, before anything is judged: atoms as records, and the remarks that matter to us."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["AtomRecord", "RawStructure"]


@dataclass(frozen=True)
class AtomRecord:
    """One atom line.

    Attributes
    ----------
    name : str
        Atom name as in the file.
    alternate : str
        Alternate location, empty when there is only one.
    residue : str
        Residue name as in the file, upper case.
    chain : str
        Chain identifier, empty when the file has none.
    segment : int
        Counts up wherever the file ends a chain, so that two chains of one name stay apart.
    number : int
        Residue number.
    insertion : str
        Insertion code, mostly empty.
    position : tuple of float
        Angstrom, as in the file.
    occupancy : float
    element : str
        Element symbol, upper case.
    """

    name: str
    alternate: str
    residue: str
    chain: str
    segment: int
    number: int
    insertion: str
    position: tuple[float, float, float]
    occupancy: float
    element: str

    @property
    def is_hydrogen(self) -> bool:
        """Whether this is hydrogen or deuterium."""
        return self.element in ("H", "D")


@dataclass(frozen=True)
class RawStructure:
    """The first model of a structure file.

    Attributes
    ----------
    atoms : list of AtomRecord
        In file order.
    models : int
        Models in the file.
    unobserved : list of (str, str)
        Chain and residue of what the depositors say they did not see (REMARK 465 and its mmCIF twin).
    """

    atoms: list[AtomRecord]
    models: int = 1
    unobserved: list[tuple[str, str]] = field(default_factory=list)
