"""`steer benchmark`: what is asked for wrongly is refused before anything runs."""

import pytest

from steer.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--problem", "nowhere"], "there is no problem 'nowhere'; choose from muller_brown"),
        (["--arm", "guess"], "there is no arm 'guess'; choose from"),
        (["--arm", "plain", "dynim"], "'dynim' stands alone: an option names one problem or arm"),
        (
            ["--problem", "muller_brown", "--walkers", "7"],
            "--walkers: muller_brown_7_walkers: 16000 steps must be",
        ),
        (
            ["--problem", "muller_brown", "--segment", "20", "--every", "3"],
            "--segment, --every: muller_brown_20_steps_3_between: 16000 steps must be",
        ),
    ],
)
def test_it_says_what_there_is(tmp_path, capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", *arguments, "--output", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "out").exists()
