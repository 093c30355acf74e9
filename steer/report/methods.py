"""The methods section, written from what the campaign was configured with and what its journal says happened."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from steer.coverage.control import TRUSTED
from steer.coverage.free_energy import RESTART_BIAS
from steer.coverage.resampling import MIN_SIMULATIONS
from steer.quantities import text

if TYPE_CHECKING:
    from steer.config import CampaignConfig
    from steer.coverage.analysis import Analysis
    from steer.coverage.data import CoverageData

__all__ = ["backmappers_of", "methods"]


def backmappers_of(data: CoverageData) -> dict[str, int]:
    """How many accepted refinements each backmapper gave."""
    accepted = [s.result or {} for s in data.simulations.values() if s.level == "aa" and s.state == "done"]
    return dict(Counter(str(result["backmapper"]) for result in accepted if result.get("backmapper")))


def methods(config: CampaignConfig, data: CoverageData, analysis: Analysis) -> list[tuple[str, str]]:
    """Paragraphs of plain text with a heading each."""
    return [
        ("Coarse-grained simulations", _coarse(config, data)),
        ("Latent space", _latent(config, data)),
        ("Selection and seeding", _selection(config, data)),
        ("Refinement", _refinement(config, data)),
        ("Measures of coverage and their errors", _measures(analysis)),
        ("Free energies", _free_energies(analysis)),
        *([("Named states", _states())] if data.states else []),
        *([("Markov model", _markov(analysis))] if analysis.markov is not None else []),
    ]


def _ns(picoseconds: float) -> str:
    return text(picoseconds, "ps")


def _coarse(config: CampaignConfig, data: CoverageData) -> str:
    coarse = config.coarse
    count = sum(s.level == "cg" for s in data.simulations.values())
    network = {
        "elastic": f"an elastic network ({coarse.elastic_force_constant:g} kJ/mol/nm2 up to {coarse.elastic_cutoff:g} nm)",
        "go": f"Go contacts {coarse.go_strength:g} kJ/mol deep",
        "none": "no network on top of the secondary-structure terms",
    }[coarse.network]
    if config.molecule.landscape is not None:
        return (
            f"{count} simulations of Langevin dynamics on the landscape {config.molecule.landscape}, {_ns(coarse.length)} "
            f"each at most, at {coarse.temperature:g} K with a time step of {_ns(coarse.timestep)} in OpenMM. Frames were "
            f"kept every {_ns(coarse.frame_interval)}, {int(data.cg.sum()):,} in all."
        )
    from sims.engines.coarse import CoarseOptions
    from sims.martini.nonbonded import CUTOFF, RELATIVE_PERMITTIVITY

    versions = len({s.force_field for s in data.simulations.values()})
    return (
        f"{count} simulations with the Martini 3 force field in OpenMM, {_ns(coarse.length)} each at most, of the molecule "
        f"in water with {coarse.salt:g} mol/L NaCl and at least {coarse.padding:g} nm to the edge of the box, at "
        f"{coarse.temperature:g} K with a time step of {_ns(coarse.timestep)}: Langevin dynamics with a friction of "
        f"{CoarseOptions().friction:g} per ps, at constant volume and the density of the solvent's own box. Lennard-Jones "
        f"potentials are shifted to zero, and charges have a reaction field (relative permittivity "
        f"{RELATIVE_PERMITTIVITY:g}), both cut off at {CUTOFF:g} nm. Constraints of the topology are rigid. The topology is martinize2's, with {network}. "
        f"Frames of the solute's beads were kept every {_ns(coarse.frame_interval)}, {int(data.cg.sum()):,} in all. "
        f"{versions} version{'s' if versions > 1 else ''} of the force field."
    )


def _latent(config: CampaignConfig, data: CoverageData) -> str:
    kind = {"vae": "A variational autoencoder", "pca": "Principal component analysis"}[config.latent.model]
    scale = {
        "kind": "a common one for each of the two",
        "each": "one of its own for each",
        "slow": "a common one for each of the two, then turned into time-lagged independent components of successive "
        "frames, each as long as its autocorrelation",
    }[config.latent.scaling]
    versions = len([model for model in data.models if model.state == "done"])
    return (
        f"{kind} with {config.latent.dimensions} dimensions over proximities of bead pairs and backbone pseudo-dihedrals, "
        f"divided by their spread ({scale}), "
        f"trained {versions} times as frames arrived, each version turned onto the last. All that is shown here is in the "
        f"space of version {data.version}, trained on the first {data.trained:,} frames."
    )


def _selection(config: CampaignConfig, data: CoverageData) -> str:
    unsteered = sum(s.level == "cg" and not s.steered for s in data.simulations.values())
    return (
        f"Configurations were selected in the latent space by the rule {config.selection.selector} in batches of "
        f"{config.selection.batch}, a share of {config.selection.random_share:g} at random. {config.seeding.initial} "
        f"simulations began from the input structure, and a share of {config.seeding.control_share:g} of all later ones: "
        f"these {unsteered} unsteered simulations are the control. All randomness comes from seed "
        f"{config.campaign.seed}."
    )


def _refinement(config: CampaignConfig, data: CoverageData) -> str:
    from sims.allatom.model import CUTOFF, HYDROGEN_MASS, SWITCH

    refinement, allatom = config.refinement, config.allatom
    solvent = {
        "explicit": f"CHARMM36m in explicit water with {allatom.salt:g} mol/L NaCl at {allatom.pressure:g} bar (Monte Carlo barostat, "
        f"particle-mesh Ewald, Lennard-Jones switched off from {SWITCH:g} to {CUTOFF:g} nm)",
        "implicit": "AMBER ff99SB-ILDN with OBC implicit solvent and no cut-off",
    }[allatom.solvent]
    made = (
        ", ".join(f"{count} by {name}" for name, count in sorted(backmappers_of(data).items())) or "none yet"
    )
    return (
        f"Selected frames were backmapped to all atoms ({refinement.backmapper} first, {refinement.attempts} attempts), "
        "judged by handedness, peptide bonds, clashes, pierced rings, distance from the beads and a short simulation, "
        f"minimised, relaxed under restraints and simulated by Langevin dynamics for {_ns(refinement.length)} with {solvent} at "
        f"{allatom.temperature:g} K and a time step of {_ns(allatom.timestep)}, with hydrogen masses of {HYDROGEN_MASS:g} Da and bonds to "
        f"hydrogen{' and water' if allatom.solvent == 'explicit' else ''} held rigid. Accepted structures: {made}. Their ends, "
        "mapped back to beads, became seeds of new coarse-grained simulations."
    )


def _measures(analysis: Analysis) -> str:
    progress = analysis.progress
    kin = (
        f"{progress.families} families of {progress.simulations} simulations"
        if progress
        else "families of simulations"
    )
    return (
        "Coverage is the number of occupied cells of the latent space, a quarter of a standard deviation wide. Bands are "
        f"95% intervals from halves, drawn without replacement, of {kin}: all that descend from one simulation of the "
        "input structure are one family, since a steered simulation starts where another one has been. Below "
        f"{MIN_SIMULATIONS} families there is no band. The control is what unsteered simulations of the same aggregate time "
        "would have covered: rarefaction where there is as much unsteered time, and the Chao2 extrapolation, a lower "
        f"bound, beyond it; more than {TRUSTED:g} times the unsteered time it is not to be trusted."
    )


def _free_energies(analysis: Analysis) -> str:
    sizes = (
        f" The effective sample size is {analysis.surfaces[0].cg.effective:.3g}." if analysis.surfaces else ""
    )
    return (
        "Free energies are the negative logarithm of the density of frames, in kT, their standard errors from halves of "
        f"the families. {RESTART_BIAS}{sizes}"
    )


def _states() -> str:
    return (
        "A state is a range of collective variables. The share of simulations that have visited it by a time is Kaplan and "
        "Meier's; simulations that began in it are left out, those that ended before they came are censored. The mean wait "
        "is all waiting over the number of visits, its 95% interval that of a Poisson rate in which the visits of one family "
        "count once."
    )


def _markov(analysis: Analysis) -> str:
    model = analysis.markov
    if model is None:
        return ""
    verdict = " ".join(model.warnings) or "None of the checks for too little data failed."
    return (
        f"{model.microstates} microstates by k-means in the latent space, {model.connected} of them connected, holding "
        f"{model.share:.0%} of the frames. Transition matrices were drawn from the posterior of reversible ones given "
        "counts of overlapping windows divided by the lag; timescales are their medians and 95% intervals, while the "
        f"equilibrium is that of the most likely matrix. {verdict} {' '.join(model.notes)}"
    ).strip()
