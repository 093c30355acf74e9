import tomllib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steer.config import CampaignConfig, commented_config, dump_config, load_config
from steer.config.section import section_of
from steer.quantities import text

GIVEN: dict[str, dict[str, Any]] = {
    "campaign": {"name": "villin"},
    "molecule": {"sequence": "LSDEDFKAVF:GLF"},
    "stop": {"refinements": 20},
}

quantities = st.floats(min_value=1e-3, max_value=1e9).map(lambda value: float(f"{value:.12g}"))


@st.composite
def configs(draw: st.DrawFn) -> CampaignConfig:
    timestep = draw(st.sampled_from([0.01, 0.02, 0.025]))
    interval = timestep * draw(st.integers(1, 10_000))
    segment = interval * draw(st.integers(1, 100))
    return CampaignConfig.model_validate(
        GIVEN
        | {
            "molecule": draw(
                st.sampled_from(
                    [GIVEN["molecule"], {"structure": 'a "b" \\ ü\x7f.pdb', "chains": ["A", "x'\n"]}]
                )
            ),
            "coarse": {
                "timestep": text(timestep, "ps"),
                "frame_interval": text(interval, "ps"),
                "segment": text(segment, "ps"),
                "length": text(segment * draw(st.integers(2, 50)), "ps"),
                "padding": text(draw(quantities), "nm"),
                "salt": text(draw(quantities), "mol/L"),
                "temperature": text(draw(quantities), "K"),
                "elastic_force_constant": text(draw(quantities), "kJ/mol/nm**2"),
                "go_strength": draw(quantities),
            },
            "allatom": {"pressure": text(draw(quantities), "bar")},
            "collective": [
                {"name": "ends", "kind": "distance", "beads": ["A:1:BB", 7]},
                {"name": "size", "kind": "radius_of_gyration"},
            ][: draw(st.integers(0, 2))],
            "selection": draw(
                st.sampled_from(
                    [
                        {},
                        {"selector": "mixture"},
                        {"selector": "mixture", "mixture": {"ucb": 0.3, "random": 2.0}},
                    ]
                )
            ),
            "state": [{"name": "near", "ranges": {"latent_1": [-1.5, 2.0], "latent_2": [0, 1]}}][
                : draw(st.integers(0, 1))
            ],
            "stop": {"aggregate_time": text(draw(quantities), "ps"), "coverage": draw(quantities)},
        }
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(configs())
def test_what_is_written_is_read_back_the_same(tmp_path: Path, config: CampaignConfig) -> None:
    data = tomllib.loads(dump_config(config))
    assert CampaignConfig.model_validate(data) == config


def test_the_resolved_file_spells_out_defaults_and_loads(tmp_path: Path) -> None:
    config = CampaignConfig.model_validate(GIVEN)
    path = tmp_path / "campaign.toml"
    path.write_text(dump_config(config))
    assert load_config(path) == config
    assert 'timestep = "20 fs"' in path.read_text()


def test_the_commented_file_is_the_default_configuration() -> None:
    data = tomllib.loads(commented_config(GIVEN))
    assert {section: keys for section, keys in data.items() if keys} == GIVEN


def test_every_comment_key_is_valid_when_uncommented() -> None:
    alternatives = ("structure", "sequence", "landscape", "chains", "mixture")
    lines = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line
        for line in commented_config(GIVEN).splitlines()
        if not line.startswith(tuple(f"#{key} " for key in alternatives))
    ]
    config = CampaignConfig.model_validate(tomllib.loads("\n".join(lines)))
    defaults = CampaignConfig.model_validate(GIVEN)
    assert config.coarse.model_copy(update={"patience": None}) == defaults.coarse
    assert config.workers.platform == defaults.workers.platform
    assert config.stop.walltime == 2.88e16


def test_every_key_is_there_with_a_comment_above_it() -> None:
    lines = commented_config(GIVEN).splitlines()
    for name, field in CampaignConfig.model_fields.items():
        section = section_of(field.annotation)
        assert section is not None
        for key in section.model_fields:
            places = [i for i, line in enumerate(lines) if line.lstrip("#").startswith(f"{key} = ")]
            assert places, f"{name}.{key}"
            assert all(lines[place - 1].startswith("# ") for place in places)
