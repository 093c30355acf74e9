import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from steer.campaign import CampaignDirectory, default_directory
from steer.config import CampaignConfig, load_config
from steer.exceptions import CampaignBusy, CampaignError

HOLD = """
import sys, time
from pathlib import Path
from steer.campaign import CampaignDirectory
lock = CampaignDirectory(Path(sys.argv[1])).lock()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def config(tmp_path: Path) -> CampaignConfig:
    (tmp_path / "My Protein.PDB").write_text("REMARK the input\nEND\n")
    (tmp_path / "campaign.toml").write_text(
        '[campaign]\nname = "mine"\n[molecule]\nstructure = "My Protein.PDB"\n[stop]\nrefinements = 3\n'
    )
    return load_config(tmp_path / "campaign.toml")


@pytest.fixture
def directory(tmp_path: Path, config: CampaignConfig) -> CampaignDirectory:
    return CampaignDirectory.create(tmp_path / "run", config)


def test_a_new_directory_needs_nothing_outside_it(
    tmp_path: Path, directory: CampaignDirectory, config: CampaignConfig
) -> None:
    (tmp_path / "My Protein.PDB").unlink()
    moved = directory.root.rename(tmp_path / "moved")
    kept = load_config(CampaignDirectory.open(moved).config)
    assert kept.molecule.structure == moved / "structures" / "input.pdb"
    assert kept.molecule.structure.read_text() == "REMARK the input\nEND\n"
    assert kept.model_copy(update={"molecule": config.molecule}) == config


def test_parents_are_made_and_an_empty_folder_is_used(tmp_path: Path, config: CampaignConfig) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert CampaignDirectory.create(tmp_path / "a" / "b", config).config.is_file()
    assert CampaignDirectory.create(tmp_path / "c" / "d", config).config.is_file()


def test_an_existing_campaign_is_left_alone(directory: CampaignDirectory, config: CampaignConfig) -> None:
    before = directory.config.stat()
    with pytest.raises(CampaignError, match="there is a campaign already"):
        CampaignDirectory.create(directory.root, config)
    assert directory.config.stat() == before


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, config: CampaignConfig) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    with pytest.raises(CampaignError, match="exists and is no campaign directory"):
        CampaignDirectory.create(tmp_path / "thesis", config)
    with pytest.raises(CampaignError, match="no campaign directory"):
        CampaignDirectory.open(tmp_path / "thesis")
    assert sorted(path.name for path in (tmp_path / "thesis").iterdir()) == ["chapter.tex"]


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, config: CampaignConfig) -> None:
    (tmp_path / "My Protein.PDB").unlink()
    with pytest.raises(CampaignError) as raised:
        CampaignDirectory.create(tmp_path / "run", config)
    assert raised.value.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["campaign.toml"]


def test_opening_a_missing_directory_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"steer run campaign\.toml"):
        CampaignDirectory.open(tmp_path / "none")


def test_the_default_directory_is_beside_the_file(tmp_path: Path, config: CampaignConfig) -> None:
    assert default_directory(tmp_path / "campaign.toml", config) == tmp_path / "mine"


def test_one_coordinator_at_a_time(directory: CampaignDirectory) -> None:
    with directory.lock(), pytest.raises(CampaignBusy, match=f"pid {os.getpid()} on ") as raised:
        directory.lock()
    assert raised.value.exit_code == 1
    directory.lock().release()


def test_the_kernel_takes_the_lock_from_a_killed_coordinator(directory: CampaignDirectory) -> None:
    command = [sys.executable, "-c", HOLD, str(directory.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(CampaignBusy, match=f"pid {holder.pid} on "):
                directory.lock()
        finally:
            holder.send_signal(signal.SIGKILL)
    directory.lock().release()


def test_paths_of_simulations_and_versions(tmp_path: Path) -> None:
    directory = CampaignDirectory(tmp_path)
    assert directory.simulation("aa-000003") == tmp_path / "aa" / "aa-000003"
    assert directory.force_field(1) == tmp_path / "structures" / "ff-0001"
    assert directory.model(12) == tmp_path / "models" / "0012"
