"""What became of refinements: accepted, rejected and why, failed, still open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from steer.journal import Simulation

__all__ = ["Outcomes", "refinement_outcomes"]

_KINDS = (
    (r"not finite", "coordinates not finite"),
    (r"L form", "handedness lost"),
    (r"\bcis\b", "cis peptide bond"),
    (r"planarity", "peptide bond not planar"),
    (r"on top of each other", "atoms on top of each other"),
    (r"clash", "clashes"),
    (r"pierced", "ring pierced"),
    (r"broken", "bond broken"),
    (r"energy", "energy"),
    (r"bead", "far from its beads"),
)
"""What a reason speaks of, in the order in which it is looked for."""


@dataclass(frozen=True)
class Outcomes:
    """Counts of refinements.

    Attributes
    ----------
    accepted, rejected, failed, open : int
    reasons : dict of str to int
        How many of the rejected gave each kind of reason, the most frequent first; a structure may give several. Equal
        faults of different residues count together; a reason of no known kind is kept as it is, up to a colon.
    bead_rmsd : list of float
        nm, after mapping back to beads, of the accepted, by simulation.
    attempts : list of int
        Backmapping attempts of the accepted.
    """

    accepted: int
    rejected: int
    failed: int
    open: int
    reasons: dict[str, int]
    bead_rmsd: list[float]
    attempts: list[int]


def refinement_outcomes(simulations: Iterable[Simulation]) -> Outcomes:
    """Count the outcomes of the all-atom simulations among these."""
    all_atom = [simulation for simulation in simulations if simulation.level == "aa"]
    by_state = {
        state: [s for s in all_atom if s.state == state] for state in ("done", "rejected", "failed", "open")
    }
    accepted = [s.result for s in by_state["done"] if s.result]
    return Outcomes(
        accepted=len(by_state["done"]),
        rejected=len(by_state["rejected"]),
        failed=len(by_state["failed"]),
        open=len(by_state["open"]),
        reasons=_reasons(by_state["rejected"]),
        bead_rmsd=[
            float(r["report"]["bead_rmsd"]) for r in accepted if "bead_rmsd" in (r.get("report") or {})
        ],
        attempts=[int(r.get("attempts", 1)) for r in accepted],
    )


def _reasons(rejected: Iterable[Simulation]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for simulation in rejected:
        given = (simulation.result or {}).get("reasons") or ["no reason recorded"]
        for reason in sorted({_kind(text) for text in given}):
            counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _kind(reason: str) -> str:
    for pattern, kind in _KINDS:
        if re.search(pattern, reason, re.IGNORECASE):
            return kind
    return reason.split(":", 1)[0].strip(" .")
