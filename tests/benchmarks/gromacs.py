"""The same Martini system in GROMACS: input files from our topology, and runs of ``gmx mdrun`` that are measured.

GROMACS is no dependency; on Debian it is the package ``gromacs``.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.martini.nonbonded import CUTOFF, RELATIVE_PERMITTIVITY
from sims.martini.parameters import BeadParameters
from sims.martini.solvent import Solvated

_MDP = """\
integrator = sd
dt = {timestep}
nsteps = -1
nstxout = 0
nstvout = 0
nstlog = 0
nstenergy = 0
nstcalcenergy = 100
nstcomm = 100
cutoff-scheme = Verlet
nstlist = 20
verlet-buffer-tolerance = 0.005
coulombtype = reaction-field
rcoulomb = {cutoff}
epsilon_r = {permittivity}
epsilon_rf = 0
vdwtype = cutoff
vdw-modifier = potential-shift-verlet
rvdw = {cutoff}
DispCorr = no
tc-grps = system
tau_t = {tau}
ref_t = {temperature}
gen_vel = yes
gen_temp = {temperature}
gen_seed = 1
constraints = none
constraint_algorithm = lincs
"""

_SOLVENT = """
[ moleculetype ]
W 1
[ atoms ]
1 W 1 W W 1 0
[ moleculetype ]
NA 1
[ atoms ]
1 TQ5 1 NA NA 1 1
[ moleculetype ]
CL 1
[ atoms ]
1 TQ5 1 CL CL 1 -1
"""


@dataclass(frozen=True)
class GromacsRun:
    """What a run of ``gmx mdrun`` took.

    Attributes
    ----------
    steps : int
    seconds : float
        Wall time of the steps, as GROMACS's log has it: start-up left out.
    processor : float
        Processor seconds of the whole process, start-up included.
    """

    steps: int
    seconds: float
    processor: float


class Gromacs:
    """One system, prepared in a folder.

    Parameters
    ----------
    folder : Path
        Empty; receives all files.
    solvated : Solvated
        With one protein, whose topology is in `itp`.
    itp : Path
        As martinize2 wrote it.
    parameters : BeadParameters
    positions : ndarray, shape (n, 3)
        nm, equilibrated, of `solvated`'s beads.
    """

    def __init__(
        self,
        folder: Path,
        solvated: Solvated,
        itp: Path,
        parameters: BeadParameters,
        positions: NDArray[np.floating],
        *,
        temperature: float,
        friction: float,
        timestep: float,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        settings = _MDP.format(
            timestep=timestep,
            cutoff=CUTOFF,
            permittivity=RELATIVE_PERMITTIVITY,
            tau=1 / friction,
            temperature=temperature,
        )
        (folder / "run.mdp").write_text(settings)
        (folder / "system.top").write_text(_topology(solvated, itp, parameters))
        (folder / "start.gro").write_text(_gro(solvated, positions))
        self._gmx(
            "grompp", "-f", "run.mdp", "-c", "start.gro", "-p", "system.top", "-o", "run.tpr", "-maxwarn", "2"
        )

    def run(self, steps: int, threads: int) -> GromacsRun:
        """Simulate from the start, writing nothing but the log."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._mdrun(steps, threads)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        log = (self.folder / "run.log").read_text()
        times = re.search(r"^\s*Time:\s+([0-9.]+)\s+([0-9.]+)", log, re.MULTILINE)
        if times is None:
            raise RuntimeError("GROMACS's log holds no times: " + log[-2000:])
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return GromacsRun(steps, float(times[2]), processor)

    def energy(self) -> float:
        """Potential energy of the starting coordinates in kJ/mol."""
        self._mdrun(0, 1)
        log = (self.folder / "run.log").read_text()
        lines = log[log.index("Energies (kJ/mol)") :].splitlines()[1:]
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            columns = [names[i : i + 15].strip() for i in range(0, len(names), 15)]
            if "Potential" in columns:
                return float(values.split()[columns.index("Potential")])
        raise RuntimeError("GROMACS's log holds no potential energy.")

    def version(self) -> str:
        """Such as ``2022.5``, and its SIMD level."""
        text = self._gmx("--version")
        found = [
            re.search(rf"^{name}:\s+(\S+)", text, re.MULTILINE)
            for name in ("GROMACS version", "SIMD instructions")
        ]
        return ", ".join(match[1] for match in found if match)

    def _mdrun(self, steps: int, threads: int) -> None:
        places = ("-s", "run.tpr", "-deffnm", "run", "-noconfout", "-cpt", "-1")
        cores = ("-ntmpi", "1", "-ntomp", str(threads), "-nb", "cpu", "-pin", "off")
        self._gmx("mdrun", *places, *cores, "-nsteps", str(steps))

    def _gmx(self, *words: str) -> str:
        done = subprocess.run(
            ["gmx", "-nobackup", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=_environment(),
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"gmx {' '.join(words)} failed:\n{done.stderr[-3000:]}")
        return done.stdout


def _environment() -> dict[str, str]:
    """Without OMP_NUM_THREADS, which GROMACS wants to agree with ``-ntomp``."""
    return {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}


def _topology(solvated: Solvated, itp: Path, parameters: BeadParameters) -> str:
    names = list(dict.fromkeys(atom.bead for molecule, _ in solvated.molecules for atom in molecule.atoms))
    sigma, epsilon = parameters.table(names)
    lines = ["[ defaults ]", "1 2", "[ atomtypes ]"]
    for i, name in enumerate(names):
        mass = float(parameters.masses[parameters.index(name)])
        lines.append(f"{name} {mass} 0.0 A {sigma[i, i]:.12g} {epsilon[i, i]:.12g}")
    lines.append("[ nonbond_params ]")
    for i, first in enumerate(names):
        for j, second in enumerate(names[: i + 1]):
            lines.append(f"{first} {second} 1 {sigma[i, j]:.12g} {epsilon[i, j]:.12g}")
    lines += [itp.read_text(), _SOLVENT, "[ system ]", "benchmark", "[ molecules ]"]
    lines += [f"{molecule.name} {count}" for molecule, count in solvated.molecules]
    return "\n".join(lines) + "\n"


def _gro(solvated: Solvated, positions: NDArray[np.floating]) -> str:
    """With seven decimals: GROMACS reads as many as there are."""
    lines = ["benchmark", str(len(positions))]
    index = residue = 0
    for molecule, count in solvated.molecules:
        for _ in range(count):
            for atom in molecule.atoms:
                x, y, z = positions[index]
                number = residue + atom.residue
                lines.append(
                    f"{number % 100000:5d}{atom.residue_name:<5.5s}{atom.name:>5.5s}{(index + 1) % 100000:5d}"
                    f"{x:12.7f}{y:12.7f}{z:12.7f}"
                )
                index += 1
            residue += molecule.atoms[-1].residue
    lines.append(" ".join(f"{edge:.7f}" for edge in solvated.box))
    return "\n".join(lines) + "\n"
