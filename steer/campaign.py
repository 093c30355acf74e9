"""The campaign directory: what lies where. Paths only; whoever writes a file does so atomically."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["CampaignDirectory"]


@dataclass(frozen=True)
class CampaignDirectory:
    """Paths inside a campaign directory.

    Attributes
    ----------
    root : Path
    """

    root: Path

    @property
    def config(self) -> Path:
        """The resolved campaign file."""
        return self.root / "campaign.toml"

    @property
    def journal(self) -> Path:
        """The SQLite journal, the truth."""
        return self.root / "journal.db"

    @property
    def structures(self) -> Path:
        """Input and prepared structures."""
        return self.root / "structures"

    @property
    def protein(self) -> Path:
        """The prepared all-atom molecule: topology and reference conformation."""
        return self.structures / "protein.pdb"

    @property
    def frames(self) -> Path:
        """The frame store."""
        return self.root / "frames"

    @property
    def seeds(self) -> Path:
        """Bead structures from which CG simulations start."""
        return self.root / "seeds"

    @property
    def plots(self) -> Path:
        """Pictures and their tables."""
        return self.root / "plots"

    @property
    def logs(self) -> Path:
        """Logs of coordinator, server, workers and jobs."""
        return self.root / "logs"

    @property
    def status(self) -> Path:
        """Latest status, for readers without Redis."""
        return self.root / "status.json"

    def force_field(self, version: int) -> Path:
        """Folder of one force-field version: topology, mapping, bead structure."""
        return self.structures / f"ff-{version:04d}"

    def simulation(self, simulation: str) -> Path:
        """Folder of one simulation, from its id."""
        return self.root / simulation[:2] / simulation

    def model(self, version: int) -> Path:
        """Folder of one latent model version."""
        return self.root / "models" / f"{version:04d}"
