"""What to cite, by what a campaign used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steer.config import CampaignConfig

__all__ = ["Reference", "references_of"]


@dataclass(frozen=True)
class Reference:
    """One work.

    Attributes
    ----------
    text : str
        Authors, journal and year.
    doi : str
    reason : str
        What it was used for.
    """

    text: str
    doi: str
    reason: str

    @property
    def link(self) -> str:
        """Where it is found."""
        return f"https://doi.org/{self.doi}"


ALWAYS = (
    Reference("Eastman et al., J. Phys. Chem. B 128, 109 (2024)", "10.1021/acs.jpcb.3c06662", "OpenMM"),
    Reference("Souza et al., Nat. Methods 18, 382 (2021)", "10.1038/s41592-021-01098-3", "Martini 3"),
    Reference("Kroon et al., eLife 12, RP90627 (2024)", "10.7554/eLife.90627", "martinize2, Vermouth"),
    Reference("McGibbon et al., Biophys. J. 109, 1528 (2015)", "10.1016/j.bpj.2015.08.015", "MDTraj"),
    Reference("Colwell et al., J. Plant Ecol. 5, 3 (2012)", "10.1093/jpe/rtr044", "control: rarefaction"),
    Reference("Chao et al., Ecol. Monogr. 84, 45 (2014)", "10.1890/13-0133.1", "control: extrapolation"),
    Reference("Shao and Wu, Ann. Stat. 17, 1176 (1989)", "10.1214/aos/1176347263", "error bands"),
)
SOLVENT = {
    "explicit": (Reference("Huang et al., Nat. Methods 14, 71 (2017)", "10.1038/nmeth.4067", "CHARMM36m"),),
    "implicit": (
        Reference("Lindorff-Larsen et al., Proteins 78, 1950 (2010)", "10.1002/prot.22711", "ff99SB-ILDN"),
        Reference("Onufriev et al., Proteins 55, 383 (2004)", "10.1002/prot.20033", "OBC implicit solvent"),
    ),
}
NETWORK = {
    "elastic": (
        Reference(
            "Periole et al., J. Chem. Theory Comput. 5, 2531 (2009)", "10.1021/ct9002114", "elastic network"
        ),
    ),
    "go": (
        Reference(
            "Poma et al., J. Chem. Theory Comput. 13, 1366 (2017)", "10.1021/acs.jctc.6b00986", "Go model"
        ),
    ),
}
SELECTOR = {
    "farthest_point": Reference(
        "Gonzalez, Theor. Comput. Sci. 38, 293 (1985)",
        "10.1016/0304-3975(85)90224-5",
        "farthest-point selection",
    ),
    "dynim": Reference(
        "Bhatia et al., Nat. Mach. Intell. 3, 401 (2021)", "10.1038/s42256-021-00327-w", "DynIm"
    ),
    "dynim_batch": Reference(
        "Bhatia et al., Nat. Mach. Intell. 3, 401 (2021)", "10.1038/s42256-021-00327-w", "DynIm"
    ),
    "outlier_factor": Reference(
        "Breunig et al., SIGMOD Rec. 29, 93 (2000)", "10.1145/335191.335388", "outlier factor"
    ),
    "least_counts": Reference(
        "Bowman et al., J. Chem. Theory Comput. 6, 787 (2010)", "10.1021/ct900620b", "least-counts sampling"
    ),
}
VAE = Reference(
    "Rybkin et al., Proc. Mach. Learn. Res. 139, 9179 (2021)", "10.48550/arXiv.2006.13202", "autoencoder"
)
SLOW = (
    Reference(
        "Pérez-Hernández et al., J. Chem. Phys. 139, 015102 (2013)",
        "10.1063/1.4811489",
        "time-lagged independent components",
    ),
    Reference(
        "Noé and Clementi, J. Chem. Theory Comput. 11, 5002 (2015)", "10.1021/acs.jctc.5b00553", "kinetic map"
    ),
    Reference(
        "Ledoit and Wolf, J. Multivar. Anal. 88, 365 (2004)",
        "10.1016/S0047-259X(03)00096-4",
        "shrinkage of covariances",
    ),
)
MSTOOL = Reference("Kim, J. Phys. Chem. B 127, 10488 (2023)", "10.1021/acs.jpcb.3c05593", "mstool")
STATES = Reference(
    "Kaplan and Meier, J. Am. Stat. Assoc. 53, 457 (1958)",
    "10.1080/01621459.1958.10501452",
    "first visits of states",
)
MARKOV = (
    Reference(
        "Hoffmann et al., Mach. Learn.: Sci. Technol. 3, 015009 (2022)",
        "10.1088/2632-2153/ac3de0",
        "deeptime",
    ),
    Reference(
        "Trendelkamp-Schroer et al., J. Chem. Phys. 143, 174101 (2015)",
        "10.1063/1.4934536",
        "Markov model intervals",
    ),
)


def references_of(config: CampaignConfig, backmappers: set[str], markov: bool) -> list[Reference]:
    """Works to cite for a campaign, in the order of the text.

    Parameters
    ----------
    config : CampaignConfig
    backmappers : set of str
        Those that made an accepted structure.
    markov : bool
        Whether a Markov model is shown.
    """
    return list(_references(config, backmappers, markov))


def _references(config: CampaignConfig, backmappers: set[str], markov: bool) -> Iterator[Reference]:
    yield from ALWAYS
    yield from NETWORK.get(config.coarse.network, ())
    yield from SOLVENT[config.allatom.solvent]
    if "mstool" in backmappers:
        yield MSTOOL
    if config.latent.model == "vae":
        yield VAE
    if config.latent.scaling == "slow":
        yield from SLOW
    if config.selection.selector in SELECTOR:
        yield SELECTOR[config.selection.selector]
    if config.state:
        yield STATES
    if markov:
        yield from MARKOV
