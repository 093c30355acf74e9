"""The campaign file: its schema, reading it with errors that name the line, and writing it back."""

from steer.config.reading import load_config
from steer.config.schema import (
    AllAtom,
    Campaign,
    CampaignConfig,
    Coarse,
    Latent,
    Molecule,
    Refinement,
    Seeding,
    Selection,
    Stop,
    Workers,
)
from steer.config.until import parse_until
from steer.config.writing import commented_config, dump_config, toml_value

__all__ = [
    "AllAtom",
    "Campaign",
    "CampaignConfig",
    "Coarse",
    "Latent",
    "Molecule",
    "Refinement",
    "Seeding",
    "Selection",
    "Stop",
    "Workers",
    "commented_config",
    "dump_config",
    "load_config",
    "parse_until",
    "toml_value",
]
