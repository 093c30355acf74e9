"""The campaign directory: what lies where, how it comes to be, and who may run it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sims.files import sync_directory, write_atomic
from steer.config import CampaignConfig, dump_config
from steer.exceptions import CampaignBusy, CampaignError
from steer.links import open_plain

__all__ = ["SEEDS", "CampaignDirectory", "CampaignLock", "default_directory"]

SEEDS = "seeds"
"""Name of the folder of start structures."""

LOCK = "coordinator.lock"
_TRIES = 5


def default_directory(config_path: Path, config: CampaignConfig) -> Path:
    """Where a campaign lives unless told otherwise: a folder with its name beside its file.

    Parameters
    ----------
    config_path : Path
        The campaign file.
    config : CampaignConfig
        What it says.
    """
    return config_path.resolve().parent / config.campaign.name


@dataclass(frozen=True)
class CampaignDirectory:
    """Paths inside a campaign directory.

    Attributes
    ----------
    root : Path
    """

    root: Path

    @classmethod
    def create(cls, root: Path, config: CampaignConfig) -> Self:
        """Make the directory of a new campaign: whole, or not at all.

        The input structure is copied into it and ``campaign.toml`` written with all defaults spelt out, so that the
        directory needs nothing outside it.

        Parameters
        ----------
        root : Path
            Must not exist, or be empty. Missing parents are made.
        config : CampaignConfig
            As `load_config` read it.

        Raises
        ------
        CampaignError
            When something is there already, or the directory cannot be written.
        """
        root = root.resolve()
        temporary = root.with_name(f".{root.name}-{secrets.token_hex(4)}")
        try:
            root.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
        except OSError as error:
            raise CampaignError(root, f"the campaign directory cannot be made: {error.strerror}.") from error
        try:
            cls(temporary)._fill(config)
            os.rename(temporary, root)
        except OSError as error:
            raise cls(root)._not_made(error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        sync_directory(root.parent)
        return cls(root)

    @classmethod
    def open(cls, root: Path) -> Self:
        """The directory of an existing campaign.

        Raises
        ------
        CampaignError
            When it is missing or holds no campaign.
        """
        root = root.resolve()
        if not root.is_dir():
            raise CampaignError(
                root, "there is no such campaign directory; `steer run campaign.toml` makes one."
            )
        directory = cls(root)
        if not directory.config.is_file():
            raise CampaignError(root, f"this is no campaign directory: it has no {directory.config.name}.")
        return directory

    def lock(self) -> CampaignLock:
        """Become the one coordinator of this campaign, until released or until this process ends.

        Raises
        ------
        CampaignBusy
            When another process is that already; names its host and pid.
        """
        return CampaignLock(self.root)

    def is_running(self) -> bool:
        """Whether a coordinator holds the campaign now."""
        try:
            descriptor = os.open(self.root / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

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
        return self.root / SEEDS

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

    @property
    def metrics(self) -> Path:
        """Numbers of the campaign, a line every ten seconds, for plots without a server."""
        return self.root / "metrics.csv"

    def force_field(self, version: int) -> Path:
        """Folder of one force-field version: topology, mapping, bead structure."""
        return self.structures / f"ff-{version:04d}"

    def simulation(self, simulation: str) -> Path:
        """Folder of one simulation, from its id."""
        return self.root / self.folder_of(simulation)

    @staticmethod
    def folder_of(simulation: str) -> str:
        """That folder, relative to the campaign directory."""
        return f"{simulation[:2]}/{simulation}"

    def model(self, version: int) -> Path:
        """Folder of one latent model version."""
        return self.root / "models" / f"{version:04d}"

    def latents(self, version: int) -> Path:
        """Folder of the latent points of one model version."""
        return self.root / "latents" / f"{version:04d}"

    def _fill(self, config: CampaignConfig) -> None:
        for folder in (self.structures, self.frames, self.seeds, self.plots, self.logs):
            folder.mkdir()
        write_atomic(self.config, dump_config(self._with_own_copy(config)))

    def _with_own_copy(self, config: CampaignConfig) -> CampaignConfig:
        source = config.molecule.structure
        if source is None:
            return config
        copy = self.structures / f"input{source.suffix.lower()}"
        shutil.copyfile(source, copy)
        molecule = config.molecule.model_copy(update={"structure": copy.relative_to(self.root)})
        return config.model_copy(update={"molecule": molecule})

    def _not_made(self, error: OSError) -> CampaignError:
        if self.config.is_file():
            return CampaignError(
                self.root, "there is a campaign already; resume it, or choose another --directory."
            )
        if self.root.exists():
            return CampaignError(
                self.root, "this exists and is no campaign directory; choose another --directory."
            )
        return CampaignError(self.root, f"the campaign directory cannot be made: {error.strerror}.")


class CampaignLock:
    """The right to be the one coordinator of a campaign. The kernel takes it back when the process ends, however.

    Parameters
    ----------
    root : Path
        The campaign directory.

    Raises
    ------
    CampaignBusy
        When another process holds it.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / LOCK
        self._descriptor: int | None = open_plain(self.path, os.O_RDWR | os.O_CREAT)
        try:
            self._take(self._descriptor)
        except BlockingIOError as error:
            holder = self._holder()
            self.release()
            raise CampaignBusy(
                root, f"another coordinator{holder} runs this campaign; stop it first."
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, json.dumps({"host": socket.gethostname(), "pid": os.getpid()}).encode())

    @staticmethod
    def _take(descriptor: int) -> None:
        """Lock, trying again for a moment: somebody who only looks holds it for an instant."""
        for attempt in range(_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(0.05)
            else:
                return

    def release(self) -> None:
        """Give the right back. Harmless when done twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _holder(self) -> str:
        try:
            holder = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return ""
        return f" (pid {holder.get('pid')} on {holder.get('host')})"
