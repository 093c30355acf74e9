import logging

import pytest

from steer.cli.log import configure


def test_the_log_goes_to_stderr_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure(logging.INFO)
    logging.getLogger("sims.run").info("segment %d done", 3)
    logging.getLogger("steer").debug("not this")
    logging.getLogger("redis").info("nor this")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith("INFO    segment 3 done\n")
    assert len(told.err.splitlines()) == 1


def test_setting_up_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure(logging.INFO)
    configure(logging.DEBUG)
    logging.getLogger("steer").debug("once")
    assert capsys.readouterr().err.count("once") == 1


@pytest.mark.parametrize(
    ("switch", "level"), [("-v", logging.DEBUG), ("--quiet", logging.WARNING), (None, logging.INFO)]
)
@pytest.mark.parametrize("before_command", [True, False])
def test_the_switches_work_before_and_after_the_command(
    switch: str | None, level: int, before_command: bool, tmp_path
) -> None:
    from steer.cli import main

    command = ["validate", str(tmp_path / "missing.toml")]
    switches = [] if switch is None else [switch]
    with pytest.raises(SystemExit):
        main([*switches, *command] if before_command else [*command, *switches])
    assert logging.getLogger("steer").level == level
