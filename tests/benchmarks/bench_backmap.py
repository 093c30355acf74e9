"""Compare the backmappers on the same frames: ``python tests/benchmarks/bench_backmap.py --output DIR``.

For each protein, frames of a real Martini 3 run without a network, free to leave the fold, are backmapped by every
implementation, one attempt each, and go through the quality gate with 10 ps of dynamics. For round trips, conformations
of an all-atom run are mapped to beads and brought back, so that the answer is known. Every case is kept in
``DIR/results.jsonl`` as soon as it is done: a second call goes on where the first one ended. The table goes to standard
output in Markdown.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.allatom import AllAtomModel, AllAtomOptions
from sims.backmap.anatomy import Anatomy
from sims.backmap.endurance import endure
from sims.backmap.geometry import rigid_fit
from sims.backmap.protocol import BackmapRequest
from sims.backmap.quality import inspect, judge
from sims.backmap.registry import BACKMAPPERS, make_backmapper
from sims.engines.allatom import AllAtomEngine
from sims.engines.coarse import MartiniEngine
from sims.exceptions import BackmapError
from sims.martini.martinize import CoarseModel, MartinizeOptions, martinize
from sims.platforms import choose_platform
from sims.structure import Structure, prepare

ROOT = Path(__file__).parents[2]
CG_INTERVAL, AA_INTERVAL = 50.0, 5.0
SEED = 2026


def main(arguments: list[str] | None = None) -> int:
    """Run what is not done yet, then print the table."""
    options = _parser().parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    results = options.output / "results.jsonl"
    done = {_key(record) for record in _read(results)}
    for protein in options.proteins:
        bench = Bench.prepare(protein, options.output / protein)
        for case in bench.cases(options.frames, options.round_trips):
            for name in options.backmappers:
                if (protein, case.kind, case.number, name) in done:
                    continue
                record = bench.measure(case, name)
                print(json.dumps(record), file=sys.stderr, flush=True)
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
    print("\n".join(_table(_read(results))))
    return 0


@dataclass(frozen=True)
class Case:
    """Beads to backmap, and the atoms they came from where that is known."""

    kind: str
    number: int
    beads: NDArray[np.float32]
    atoms: NDArray[np.float32] | None


@dataclass(frozen=True)
class Bench:
    """One protein with all that is needed to backmap and judge it."""

    protein: str
    directory: Path
    structure: Structure
    coarse: CoarseModel
    anatomy: Anatomy
    model: AllAtomModel

    @classmethod
    def prepare(cls, protein: str, directory: Path) -> Bench:
        """Build the molecule's models."""
        directory.mkdir(exist_ok=True)
        structure = prepare(_source(protein))
        return cls(
            protein,
            directory,
            structure,
            martinize(structure, MartinizeOptions(network="none"), directory / "martini"),
            Anatomy(structure.topology),
            AllAtomModel(structure, AllAtomOptions(solvent="implicit")),
        )

    def cases(self, frames: int, round_trips: int) -> Iterator[Case]:
        """Frames of a Martini run, then conformations of an all-atom run; simulated once, kept as .npz."""
        coarse, atoms = self._simulated("cg", frames), self._simulated("aa", round_trips)
        for number, beads in enumerate(coarse):
            yield Case("cg", number, beads, None)
        for number, positions in enumerate(atoms):
            yield Case("round trip", number, self.coarse.mapping.apply(positions), positions)

    def measure(self, case: Case, name: str) -> dict[str, Any]:
        """Backmap one case once and look at the result."""
        request = BackmapRequest(case.beads, self.structure, self.coarse.mapping, SEED + case.number)
        record = {"protein": self.protein, "kind": case.kind, "number": case.number, "backmapper": name}
        begun = _cpu_seconds()
        try:
            positions = make_backmapper(name, self.directory).backmap(request)
        except BackmapError as error:
            return record | {
                "accepted": False,
                "reasons": [str(error)],
                "seconds": _cpu_seconds() - begun,
            }
        seconds = _cpu_seconds() - begun
        report = inspect(request, positions, backmapper=name, seconds=seconds, anatomy=self.anatomy)
        if report.finite:
            stood = endure(
                self.structure, positions, seed=request.seed, anatomy=self.anatomy, model=self.model
            )
            report = replace(report, endurance=stood)
        accepted, reasons = judge(report)
        return record | {
            "accepted": accepted,
            "reasons": list(reasons),
            "seconds": seconds,
            "ca_rmsd": None if case.atoms is None else self._ca_rmsd(positions, case.atoms),
            "report": report.to_dict(),
        }

    def _simulated(self, level: str, count: int) -> NDArray[np.float32]:
        file = self.directory / f"{level}.npz"
        if file.exists():
            kept: NDArray[np.float32] = np.load(file, allow_pickle=False)["positions"]
            if len(kept) >= count:
                return kept[:count]
        frames = np.array(self._coarse_run(count) if level == "cg" else self._atomic_run(count))
        np.savez(file, positions=frames)
        return frames

    def _coarse_run(self, count: int) -> list[NDArray[np.float32]]:
        engine = MartiniEngine(self.coarse, platform=choose_platform("CPU", threads=1))
        engine.start(self.coarse.mapping.apply(self.structure.positions), SEED)
        every = round(CG_INTERVAL / engine.timestep)
        return [frame.positions for frame in engine.run(every * count, every)]

    def _atomic_run(self, count: int) -> list[NDArray[np.float32]]:
        options = AllAtomOptions(solvent="implicit")
        platform = choose_platform("CPU", threads=1)
        engine = AllAtomEngine(self.structure, self.coarse.mapping, options, platform)
        engine.start(self.structure.positions, SEED)
        every = round(AA_INTERVAL / engine.timestep)
        return [engine.solute() for _ in engine.run(every * count, every)]

    def _ca_rmsd(self, positions: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
        alpha = self.anatomy.alpha_carbons
        mobile, target = positions[alpha].astype(np.float64), truth[alpha].astype(np.float64)
        rotation, translation = rigid_fit(mobile, target, np.ones(len(alpha)))
        off = mobile @ rotation.T + translation - target
        return float(np.sqrt((off**2).sum(axis=1).mean()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="folder of models, frames and results")
    parser.add_argument(
        "--proteins", nargs="+", default=["trp-cage", "villin"], choices=["trp-cage", "villin"]
    )
    parser.add_argument("--backmappers", nargs="+", default=list(BACKMAPPERS), choices=BACKMAPPERS)
    parser.add_argument("--frames", type=int, default=10, help="CG frames a protein")
    parser.add_argument("--round-trips", type=int, default=3, help="all-atom conformations a protein")
    return parser


def _source(protein: str) -> Path:
    if protein == "trp-cage":
        return ROOT / "examples" / "trp-cage" / "trpcage.pdb"
    package = importlib.util.find_spec("pdbfixer")
    if package is None or package.origin is None:
        raise FileNotFoundError("pdbfixer, whose test data hold villin, is not installed.")
    return Path(package.origin).parent / "tests" / "data" / "test.pdb"


def _cpu_seconds() -> float:
    """Of this process and of the children it has waited for; unlike real time, the same on a busy machine."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _read(results: Path) -> list[dict[str, Any]]:
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def _key(record: dict[str, Any]) -> tuple[str, str, int, str]:
    return record["protein"], record["kind"], record["number"], record["backmapper"]


def _table(records: list[dict[str, Any]]) -> Iterator[str]:
    yield (
        "| protein | frames | backmapper | accepted at first try | wrong centres | cis | pierced rings "
        "| clashes < 0.24 nm (< 0.12 nm) | survived 10 ps | energy, kJ/mol/atom | beads off, nm | CA off, nm | CPU seconds |"
    )
    yield "|---" * 13 + "|"
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault((record["protein"], record["kind"], record["backmapper"]), []).append(record)
    for (protein, kind, name), group in sorted(groups.items()):
        yield _row(protein, kind, name, group)


def _row(protein: str, kind: str, name: str, group: list[dict[str, Any]]) -> str:
    reports = [record["report"] for record in group if record.get("report")]

    def total(key: str) -> int:
        return sum(len(report[key]) for report in reports)

    survived = sum(bool(report["endurance"] and report["endurance"]["survived"]) for report in reports)
    energies = [report["endurance"]["energy_after"] for report in reports if report["endurance"]]
    off = [record["ca_rmsd"] for record in group if record.get("ca_rmsd") is not None]
    seconds = [record["seconds"] for record in group]
    cells = (
        protein,
        kind,
        name,
        f"{sum(record['accepted'] for record in group)} of {len(group)}",
        total("wrong_centres"),
        total("cis_peptides"),
        total("pierced_rings"),
        f"{total('clashes')} ({total('severe_clashes')})",
        f"{survived} of {len(group)}",
        _middle([energy for energy in energies if energy is not None], 1),
        _middle([report["bead_rmsd"] for report in reports], 3),
        _middle(off, 3),
        f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _middle(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f}" if values else "-"


if __name__ == "__main__":
    sys.exit(main())
