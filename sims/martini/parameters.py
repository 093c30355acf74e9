"""Bead masses and the pair table of Martini 3, read once and cached as binary.

The table (844 bead types, 355,746 pairs) is that of ``martini_v3.0.0`` (Souza et al., Nat. Methods 18, 382 (2021)); the
mstool wheel carries it as text. Parsing it takes a second, so a parsed copy is kept in the user's cache directory,
named after the hash of the text; without a writable cache it is simply parsed again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sims.exceptions import TopologyError
from sims.files import write_atomic
from sims.martini.lines import Line, read_lines

__all__ = ["BeadParameters", "martini_parameters", "read_parameters"]

log = logging.getLogger(__name__)

_CACHE_LAYOUT = 1


@dataclass(frozen=True, eq=False)
class BeadParameters:
    """What bead types weigh and how their pairs interact.

    Attributes
    ----------
    names : tuple of str
        Bead types.
    masses : ndarray, shape (n,), float64
        Dalton.
    charges : ndarray, shape (n,), float64
        Elementary charges; a bead's own charge in its molecule goes first.
    sigma : ndarray, shape (n, n), float64
        nm, symmetric.
    epsilon : ndarray, shape (n, n), float64
        kJ/mol, symmetric. Zero where the table names no pair and the types have no parameters of their own.
    identity : str
        Hash of the texts it was read from.
    """

    names: tuple[str, ...]
    masses: NDArray[np.float64]
    charges: NDArray[np.float64]
    sigma: NDArray[np.float64]
    epsilon: NDArray[np.float64]
    identity: str

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def index(self, bead: str) -> int:
        """Row of a bead type.

        Raises
        ------
        TopologyError
            When the table does not have it.
        """
        try:
            return self._indices[bead]
        except KeyError:
            raise TopologyError(f"Bead type {bead} is not in the Martini parameter table.") from None

    def pair(self, first: str, second: str) -> tuple[float, float]:
        """Sigma (nm) and epsilon (kJ/mol) of two bead types."""
        i, j = self.index(first), self.index(second)
        return float(self.sigma[i, j]), float(self.epsilon[i, j])

    def table(self, beads: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sigma and epsilon among some bead types, each of shape (len(beads), len(beads))."""
        rows = np.array([self.index(bead) for bead in beads], dtype=np.int64)
        return self.sigma[np.ix_(rows, rows)], self.epsilon[np.ix_(rows, rows)]

    def extended(self, files: Iterable[Path]) -> BeadParameters:
        """This table with the bead types and pairs of more files, as a Gō model brings them.

        Parameters
        ----------
        files : iterable of Path
            .itp files with ``[ atomtypes ]`` and ``[ nonbond_params ]``, types before the pairs that use them.

        Raises
        ------
        TopologyError
            When a file cannot be understood, repeats a bead type, or names an unknown one.
        """
        draft = _Draft.of(self)
        for file in files:
            draft.read(file)
        return draft.finish()


@cache
def martini_parameters() -> BeadParameters:
    """The table of ``martini_v3.0.0``, from the installed mstool package.

    Raises
    ------
    TopologyError
        When mstool or its table is missing.
    """
    # Located, never imported: mstool is GPL-3 and stays behind a process boundary.
    spec = importlib.util.find_spec("mstool")
    if spec is None or not spec.submodule_search_locations:
        raise TopologyError("The Martini 3 pair table comes with the package mstool, which is not installed.")
    path = Path(spec.submodule_search_locations[0]) / "FF" / "martini3.0.0" / "martini.itp"
    return read_parameters(path)


def read_parameters(path: Path, cache_directory: Path | None = None) -> BeadParameters:
    """Parse a parameter file, or take the parsed copy from the cache.

    Parameters
    ----------
    path : Path
        A file with ``[ defaults ]``, ``[ atomtypes ]`` and ``[ nonbond_params ]`` in sigma-epsilon form.
    cache_directory : Path, optional
        Absent: ``$XDG_CACHE_HOME/steer`` or ``~/.cache/steer``.

    Raises
    ------
    TopologyError
        When the file cannot be read or understood.
    """
    try:
        identity = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TopologyError(f"The parameter file cannot be read: {error.strerror}.", path) from error
    cached = (cache_directory or _user_cache()) / f"martini-{_CACHE_LAYOUT}-{identity[:32]}.npz"
    parameters = _load(cached, identity)
    if parameters is None:
        draft = _Draft()
        draft.read(path)
        parameters = draft.finish(identity)
        _store(parameters, cached)
    return parameters


def _user_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path("~/.cache").expanduser()) / "steer"


def _load(path: Path, identity: str) -> BeadParameters | None:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            upper = np.triu_indices(len(file["names"]))
            return BeadParameters(
                names=tuple(str(name) for name in file["names"]),
                masses=file["masses"],
                charges=file["charges"],
                sigma=_symmetric(file["sigma"], upper),
                epsilon=_symmetric(file["epsilon"], upper),
                identity=identity,
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        log.debug("The cached parameter table %s is not usable (%s); parsing again.", path, error)
        return None


def _store(parameters: BeadParameters, path: Path) -> None:
    upper = np.triu_indices(len(parameters.names))
    buffer = BytesIO()
    np.savez(
        buffer,
        names=np.array(parameters.names),
        masses=parameters.masses,
        charges=parameters.charges,
        sigma=parameters.sigma[upper],
        epsilon=parameters.epsilon[upper],
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, buffer.getvalue())
    except OSError as error:
        log.debug("The parsed parameter table was not cached in %s (%s).", path, error)


def _symmetric(
    values: NDArray[np.float64], upper: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> NDArray[np.float64]:
    rows, columns = upper
    size = int(rows[-1]) + 1 if len(rows) else 0
    matrix = np.zeros((size, size))
    matrix[rows, columns] = values
    matrix[columns, rows] = values
    return matrix


class _Draft:
    """A parameter table while it is read."""

    def __init__(self) -> None:
        self.base: BeadParameters | None = None
        self.types: dict[str, tuple[float, float, float, float]] = {}
        self.pairs: dict[tuple[str, str], tuple[float, float]] = {}
        self.known: set[str] = set()
        self.texts: list[str] = []

    @classmethod
    def of(cls, base: BeadParameters) -> _Draft:
        draft = cls()
        draft.base = base
        draft.known = set(base.names)
        return draft

    def read(self, path: Path) -> None:
        molecule = False
        for line in read_lines(path):
            if not line.words:
                molecule = molecule or line.section == "moleculetype"
                if not molecule and line.section not in _SECTIONS:
                    raise line.error(f"Section [ {line.section} ] is not expected among bead parameters.")
            elif not molecule:
                if line.section not in _SECTIONS:
                    raise line.error("A section such as [ atomtypes ] must come first.")
                _SECTIONS[line.section](self, line)
        self.texts.append(hashlib.sha256(path.read_bytes()).hexdigest())

    def add_defaults(self, line: Line) -> None:
        if line.words[:2] != ("1", "2"):
            raise line.error(
                "Only Lennard-Jones in sigma-epsilon form is supported: [ defaults ] must say '1 2'."
            )

    def add_type(self, line: Line) -> None:
        name = line.words[0]
        if name in self.known:
            raise line.error(f"Bead type {name} is defined twice.")
        if len(line.words) != 6:
            raise line.error("A bead type has 6 fields: name, mass, charge, kind, sigma and epsilon.")
        mass, charge, sigma, epsilon = (line.number_at(position) for position in (1, 2, 4, 5))
        if min(mass, sigma, epsilon) < 0:
            raise line.error("Mass, sigma and epsilon must not be negative.")
        self.known.add(name)
        self.types[name] = mass, charge, sigma, epsilon

    def add_pair(self, line: Line) -> None:
        if len(line.words) != 5 or line.words[2] != "1":
            raise line.error("A pair has 5 fields: two bead types, function type 1, sigma and epsilon.")
        first, second = line.words[:2]
        for name in (first, second):
            if name not in self.known:
                raise line.error(f"Bead type {name} is not defined.")
        sigma, epsilon = line.number_at(3), line.number_at(4)
        if min(sigma, epsilon) < 0:
            raise line.error("Sigma and epsilon must not be negative.")
        self.pairs[first, second] = sigma, epsilon

    def finish(self, identity: str | None = None) -> BeadParameters:
        added = np.array(list(self.types.values())).reshape(-1, 4)
        names = (*(self.base.names if self.base else ()), *self.types)
        sigma, epsilon = self._matrices(len(names), added)
        index = {name: position for position, name in enumerate(names)}
        if self.pairs:
            rows, columns = np.array([(index[a], index[b]) for a, b in self.pairs]).T
            values = np.array(list(self.pairs.values()))
            for matrix, column in ((sigma, values[:, 0]), (epsilon, values[:, 1])):
                matrix[rows, columns] = column
                matrix[columns, rows] = column
        old = self.base
        if identity is None:
            identity = hashlib.sha256(
                "".join([old.identity if old else "", *self.texts]).encode()
            ).hexdigest()
        return BeadParameters(
            names=names,
            masses=np.concatenate([old.masses, added[:, 0]]) if old else added[:, 0].copy(),
            charges=np.concatenate([old.charges, added[:, 1]]) if old else added[:, 1].copy(),
            sigma=sigma,
            epsilon=epsilon,
            identity=identity,
        )

    def _matrices(
        self, size: int, added: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sigma and epsilon of all pairs before the pair lines: the base table, and Lorentz-Berthelot for the rest."""
        own = np.zeros((size, 2))
        own[size - len(added) :] = added[:, 2:]
        if self.base is not None:
            own[: size - len(added), 0] = np.diagonal(self.base.sigma)
            own[: size - len(added), 1] = np.diagonal(self.base.epsilon)
        sigma = (own[:, None, 0] + own[None, :, 0]) / 2
        epsilon = np.sqrt(own[:, None, 1] * own[None, :, 1])
        sigma[epsilon == 0] = 0.0
        if self.base is not None:
            known = size - len(added)
            sigma[:known, :known] = self.base.sigma
            epsilon[:known, :known] = self.base.epsilon
        return sigma, epsilon


_SECTIONS = {"defaults": _Draft.add_defaults, "atomtypes": _Draft.add_type, "nonbond_params": _Draft.add_pair}
