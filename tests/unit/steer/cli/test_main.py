import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from models.exceptions import TrainingError
from sims.exceptions import PlatformError, StructureError
from steer.cli import main
from steer.cli.group import COMMANDS
from steer.exceptions import ConfigError, ServerError

VALID = '[campaign]\nname = "a"\n[molecule]\nsequence = "GG"\n[stop]\nrefinements = 1\n'


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


@pytest.fixture
def command_raising(monkeypatch: pytest.MonkeyPatch) -> object:
    """Add a command `steer boom` that raises the given exception, or returns the given exit code."""

    def add(outcome: BaseException | int) -> None:
        @click.command()
        def boom() -> int:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        module = ModuleType("steer_test_boom")
        module.boom = boom  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, "boom", (f"{module.__name__}:boom", "Fail."))

    return add


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("that is wrong", "c.toml", 3, "a.b"), 2),
        (StructureError("Residue X 3 is odd.", "Remove it."), 2),
        (ServerError("Redis does not answer."), 3),
        (PlatformError("CUDA", "no device"), 3),
        (TrainingError("The loss is not finite."), 1),
    ],
)
def test_errors_on_purpose_are_one_message_and_their_exit_code(
    command_raising, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    command_raising(error)
    assert exit_code("boom") == code
    told = capsys.readouterr()
    assert told.err == f"Error: {error}\n"
    assert told.out == ""


@pytest.mark.parametrize("code", [0, 1, 4])
def test_what_a_command_returns_is_the_exit_code(command_raising, code: int) -> None:
    command_raising(code)
    assert exit_code("boom") == code


def test_an_interrupt_is_130_without_a_traceback(command_raising, capsys: pytest.CaptureFixture[str]) -> None:
    command_raising(KeyboardInterrupt())
    assert exit_code("boom") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_defect_of_ours_keeps_its_traceback_in_a_file(
    command_raising, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    command_raising(KeyError("bead"))
    assert exit_code("boom") == 1
    told = capsys.readouterr().err
    (kept,) = tmp_path.iterdir()
    assert "KeyError: 'bead'" in told
    assert str(kept) in told
    assert "Traceback" not in told
    assert "raise outcome" in kept.read_text()


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["validate"], ["validate", "a", "b"], ["init", "--no-such-option"], ["--wrong"]],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(*arguments) == 2
    assert capsys.readouterr().out == ""


def test_version_and_help_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert exit_code("--help") == 0
    told = capsys.readouterr()
    assert "0.1.0" in told.out
    assert told.err == ""
    assert all(f"  {name} " in told.out and sentence in told.out for name, (_, sentence) in COMMANDS.items())


@pytest.mark.parametrize("name", list(COMMANDS))
@pytest.mark.parametrize("switch", ["-h", "--help"])
def test_every_command_has_help(name: str, switch: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(name, switch) == 0
    assert f"Usage: steer {name}" in capsys.readouterr().out


def test_a_broken_campaign_file_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(VALID + '[coarse]\nlenght = "1 ns"\n')
    assert exit_code("validate", str(path)) == 2
    told = capsys.readouterr()
    assert told.err == f"Error: {path}, line 8: coarse.lenght: unknown key; did you mean coarse.length?\n"
