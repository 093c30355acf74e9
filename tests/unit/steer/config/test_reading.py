import contextlib
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steer.config import CampaignConfig, load_config
from steer.exceptions import ConfigError

VALID = """\
[campaign]
name = "villin"
[molecule]
sequence = "LSDEDFKAVFGMTRSAFANLPLWKQQNLKKEKGLF"
[stop]
refinements = 20
"""

Load = Callable[[str], CampaignConfig]


def problem(load: Load, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        load(text)
    return raised.value


def test_quantities_arrive_in_internal_units(load: Load) -> None:
    config = load(VALID + '[coarse]\nlength = "1 us"\nframe_interval = "0.1 ns"\n')
    assert config.coarse.length == 1e6
    assert config.coarse.frame_interval == 100.0
    assert config.coarse.timestep == 0.02
    assert config.refinement.length == 1000.0


def test_the_structure_file_is_found_beside_the_campaign_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "protein.pdb").write_text("END\n")
    text = VALID.replace("sequence", "structure").replace(
        "LSDEDFKAVFGMTRSAFANLPLWKQQNLKKEKGLF", "protein.pdb"
    )
    assert load(text).molecule.structure == tmp_path / "protein.pdb"


def test_reading_changes_nothing_on_disk(load: Load, tmp_path: Path) -> None:
    load(VALID)
    assert [path.name for path in tmp_path.iterdir()] == ["campaign.toml"]


@pytest.mark.parametrize(
    ("added", "line", "key", "told"),
    [
        ('[coarse]\nlegnth = "1 ns"\n', 8, "coarse.legnth", "did you mean coarse.length?"),
        ("[coarse]\nepochs = 3\n", 8, "coarse.epochs", "epochs belongs into [latent]"),
        ("[corse]\n", 7, "corse", "did you mean coarse?"),
        ("[zzz]\n", 7, "zzz", "known are campaign, molecule"),
        ('[coarse]\nlength = "10 K"\n', 8, "coarse.length", "does not convert to ps"),
        ("[coarse]\nlength = 10\n", 8, "coarse.length", "text with its unit, such as '10 ns'"),
        ('[coarse]\nlength = "-1 ns"\n', 8, "coarse.length", "more than 0"),
        ('[coarse]\nnonbonded = "fats"\n', 8, "coarse.nonbonded", "did you mean 'fast'?"),
        ('[coarse]\nlength = "1 ns"\n', None, "coarse.segment", "longer than the whole simulation"),
        ('[coarse]\nframe_interval = "150 ps"\n', 7, "coarse.segment", "whole number of frames"),
        ('[coarse]\nframe_interval = "110 fs"\n', 8, "coarse.frame_interval", "whole number of time steps"),
        ('[coarse]\ntimestep = "20 ps"\n', 8, "coarse.timestep", "at most '30 fs'"),
        ('[allatom]\ntimestep = "3 fs"\n', None, "refinement.frame_interval", "whole number of time steps"),
        (
            '[coarse]\nlength = "100 ps"\nsegment = "100 ps"\n[latent]\nscaling = "slow"\n',
            11,
            "latent.scaling",
            "take frames more often",
        ),
        ('[coarse]\nlength = "100 ps"\nsegment = "100 ps"\n', 8, "coarse.length", "latent.scaling = 'kind'"),
        (
            '[coarse]\npatience = "2 ns"\n[selection]\nselector = "random"\n',
            8,
            "coarse.patience",
            "choose another rule",
        ),
        ("[latent]\ndimensions = 2.5\n", 8, "latent.dimensions", "whole number, not 2.5"),
        ("[latent]\ndimensions = true\n", 8, "latent.dimensions", "whole number, not true"),
        ('[latent]\ndimensions = "4"\n', 8, "latent.dimensions", "whole number, not '4'"),
        ("[latent]\ngrowth = inf\n", 8, "latent.growth", "finite"),
        ("[latent]\nmin_frames = 3000\nmax_frames = 2000\n", 8, "latent.min_frames", "more than max_frames"),
        (
            '[[collective]]\nname = "a"\nkind = "rmsd"\n[[collective]]\nname = "b"\nkind = "rmds"\n',
            12,
            "collective.kind",
            "did you mean 'rmsd'?",
        ),
        (
            '[[collective]]\nname = "a"\nkind = "rmsd"\nbaeds = [1]\n',
            10,
            "collective.baeds",
            "did you mean collective.beads?",
        ),
        (
            '[[collective]]\nname = "a"\nkind = "rmsd"\n[[collective]]\nname = "a"\nkind = "rmsd"\n',
            11,
            "collective.name",
            "there already",
        ),
        (
            '[[collective]]\nname = "a"\nkind = "distance"\nbeads = ["1:BB"]\n',
            10,
            "collective.beads",
            "2 beads, not 1",
        ),
        (
            '[[collective]]\nname = "a"\nkind = "distance"\nbeads = ["1:BB", 1.5]\n',
            10,
            "collective.beads",
            "such as 'A:12:BB'",
        ),
        ('[[collective]]\nname = "1 a"\nkind = "rmsd"\n', 8, "collective.name", "a letter, then letters"),
        (
            '[selection]\nselector = "mixture"\n[selection.mixture]\nucb = 1\nfarthst_point = 1\n',
            11,
            "selection.mixture.farthst_point",
            "did you mean 'farthest_point'?",
        ),
        ("[refinement]\nshare_bounds = [0.8, 0.2]\n", 8, "refinement.share_bounds", "above the upper one"),
        ("[refinement]\nshare_bounds = [0.2]\n", 8, "refinement.share_bounds", "more values"),
        ("[selection.mixture]\nucb = 1\n", 7, "selection.mixture", "only selector = 'mixture' uses it"),
        (
            '[[collective]]\nname = "ends"\nkind = "rmsd"\n[selection.target]\ncollective = "end"\ntowards = 2\n',
            11,
            "selection.target.collective",
            "did you mean 'ends'?",
        ),
        (
            '[[collective]]\nname = "ends"\nkind = "rmsd"\n[[state]]\nname = "s"\nranges = { end = [0, 1] }\n',
            12,
            "state.ranges",
            "did you mean 'ends'?",
        ),
        (
            '[[state]]\nname = "s"\nranges = { latent_1 = [1, 0] }\n',
            9,
            "state.ranges",
            "only a dihedral's may",
        ),
        (
            '[[state]]\nname = "s"\nranges = { latent_1 = [1, 1] }\n',
            9,
            "state.ranges",
            "the range of latent_1 is empty",
        ),
        (
            '[[collective]]\nname = "ends"\nkind = "rmsd"\n[selection.target]\ncollective = "ends"\n',
            10,
            "selection.target",
            "exactly one of towards and away_from",
        ),
        (
            "[selection]\nrandom_share = 1.5\n",
            8,
            "selection.random_share",
            "less than or equal to 1, not 1.5",
        ),
    ],
)
def test_each_problem_names_line_key_and_what_was_expected(
    load: Load, added: str, line: int | None, key: str, told: str
) -> None:
    error = problem(load, VALID + added)
    assert (error.key, error.others) == (key, ())
    assert told in str(error)
    if line is not None:
        assert error.line == line
        assert f"campaign.toml, line {line}: {key}: " in str(error)


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        ('name = "villin"', "", "campaign.name", "required"),
        ('[campaign]\nname = "villin"', "", "campaign.name", "required"),
        ('name = "villin"', 'name = "a b"', "campaign.name", "letters, digits"),
        ("refinements = 20", "", "stop", "at least one of aggregate_time"),
        ("[stop]\nrefinements = 20", "", "stop", "at least one of aggregate_time"),
        ("refinements = 20", "refinements = 0", "stop.refinements", "greater than or equal to 1"),
        ('sequence = "LSDE', 'structure = "x.pdb"\nsequence = "LSDE', "molecule.sequence", "not both"),
        ("[molecule]\nsequence", "[molecule]\n#sequence", "molecule", "exactly one of structure"),
        ("[molecule]\n", '[molecule]\nchains = ["A"]\n', "molecule.chains", "chosen from a structure file"),
        ("[molecule]\n", '[molecule]\nlandscape = "double_well"\n', "molecule.landscape", "not both"),
        (
            "[molecule]\nsequence",
            '[molecule]\nlandscape = "doubel_well"\n#sequence',
            "molecule.landscape",
            "'double_well'",
        ),
        (
            "[molecule]\nsequence",
            '[molecule]\nlandscape = "double_well"\n#sequence',
            "stop.refinements",
            "no atoms to refine",
        ),
    ],
)
def test_missing_and_contradictory_keys(load: Load, old: str, new: str, key: str, told: str) -> None:
    error = problem(load, VALID.replace(old, new))
    assert error.key == key
    assert told in str(error)


def test_a_map_of_a_landscape_has_no_more_dimensions_than_it_is_known_by(load: Load) -> None:
    planar = '[campaign]\nname = "a"\n[molecule]\nlandscape = "double_well"\n[latent]\ndimensions = {}\n[stop]\ncoverage = 9\n'
    error = problem(load, planar.format(4))
    assert (error.line, error.key) == (6, "latent.dimensions")
    assert "set it to 2" in str(error)
    assert load(planar.format(2)).latent.dimensions == 2
    assert load(planar.format(4).replace("double_well", "many_funnels")).latent.dimensions == 4


def test_a_missing_structure_file_is_named_in_full(load: Load, tmp_path: Path) -> None:
    error = problem(
        load, '[campaign]\nname = "a"\n[molecule]\nstructure = "no.pdb"\n[stop]\nrefinements = 1\n'
    )
    assert str(tmp_path / "no.pdb") in str(error)
    assert (error.line, error.key) == (4, "molecule.structure")


def test_all_problems_come_at_once_in_the_order_of_the_file(load: Load) -> None:
    error = problem(load, VALID + '[coarse]\nlegnth = "1 ns"\npadding = "1 s"\n[latent]\nepochs = 0\n')
    assert [each.line for each in (error, *error.others)] == [8, 9, 11]
    assert len(str(error).splitlines()) == 3
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_a_quantity_without_quotes_is_recognised(load: Load) -> None:
    error = problem(load, VALID + "[coarse]\nlength = 10 ns # long\n")
    assert error.line == 8
    assert 'did you mean length = "10 ns", in quotes?' in str(error)


def test_a_directory_a_missing_file_and_a_binary_file_are_told_apart(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, told in [(tmp_path, "directory"), (tmp_path / "no.toml", "no such file"), (binary, "UTF-8")]:
        with pytest.raises(ConfigError, match=told):
            load_config(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.one_of(
        st.text(max_size=80),
        st.builds(
            lambda key, value: f"{VALID}[coarse]\n{key} = {value}\n",
            st.sampled_from(["length", "network", "go_strength", "a.b", '"q"', "timestep"]),
            st.sampled_from(
                ["1", "[]", "{}", "1979-05-27", "nan", "'10 ns'", "{a=1}", "[[1]]", "1" * 5000, "'1 h'"]
            ),
        ),
    )
)
def test_no_text_raises_anything_but_a_config_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "campaign.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(ConfigError):
        assert load_config(path).campaign.name == "villin"


def test_of_a_file_with_very_many_problems_some_are_told(load: Load) -> None:
    raised = problem(load, "".join(f"k{number} = 1\n" for number in range(300)) + VALID)
    assert len(raised.others) == 50
    assert "250 further problems are not listed" in str(raised)


def test_a_value_over_very_many_lines_is_told_at_its_first(load: Load) -> None:
    raised = problem(load, VALID + "unknown = [\n" + "1,\n" * 3000 + "]\n")
    assert raised.line == 7


@pytest.mark.parametrize("line", ["a" + ".a" * 20_000 + " = 1\n", "[" + "a." * 20_000 + "a]\n"])
def test_endless_keys_are_refused(load: Load, line: str) -> None:
    assert "nested too deeply" in str(problem(load, VALID + line))
