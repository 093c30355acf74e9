"""Real structure files, and small edits of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
STRUCTURES = ROOT / "tests" / "data" / "structures"


@pytest.fixture
def structures() -> Path:
    """Folder of the structure files."""
    return STRUCTURES


@pytest.fixture
def trpcage() -> Path:
    """The example's Trp-cage: complete, with hydrogens."""
    return ROOT / "examples" / "trp-cage" / "trpcage.pdb"


@pytest.fixture
def heavy_trpcage(trpcage: Path) -> list[str]:
    """Its heavy atoms, one PDB line each, without line ends."""
    lines = trpcage.read_text().splitlines()
    return [line for line in lines if line.startswith("ATOM") and line[76:78].strip() != "H"]


@pytest.fixture
def write_pdb(tmp_path: Path) -> Callable[..., Path]:
    """Write lines to a PDB file and say where it is."""

    def write(lines: list[str], name: str = "input.pdb") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([*lines, "END", ""]))
        return path

    return write


@pytest.fixture
def hetatm() -> Callable[..., str]:
    """A HETATM line."""

    def line(
        residue: str, number: int, xyz: tuple[float, float, float], name: str = "O", chain: str = "A"
    ) -> str:
        x, y, z = xyz
        element = name[:2].strip() if name == residue else name[:1]
        columns = f"{name:<4}" if name == residue else f" {name:<3}"
        return (
            f"HETATM 9999 {columns} {residue:>3} {chain}{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 10.00"
            f"          {element:>2}"
        )

    return line
