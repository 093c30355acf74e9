from collections.abc import Callable
from pathlib import Path

import pytest

from steer.config import CampaignConfig, load_config


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], CampaignConfig]:
    """Load a campaign file with this text."""

    def loaded(text: str) -> CampaignConfig:
        path = tmp_path / "campaign.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return loaded
