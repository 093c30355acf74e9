import re
import tomllib
from functools import cache
from pathlib import Path

import click
import pytest

from steer.cli.group import COMMANDS, cli
from steer.config import CampaignConfig, load_config
from steer.exceptions import ConfigError

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("tests/*.md"),
        *ROOT.glob("examples/**/*.md"),
    ]
)
SCRIPTS = [ROOT / "deploy" / "quickstart.sh", ROOT / "deploy" / "test.sh"]
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@cache
def options(name: str) -> set[str]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}


def command_lines(text: str) -> list[list[str]]:
    """What follows `steer` in code: in fences, in backticks, and in the scripts' own lines."""
    found = re.findall(r"(?:^|[`'\s/])steer[ ]+(-?-?[a-z][a-z-]*)([^`'\n]*)", text, re.MULTILINE)
    return [[name, *re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest.partition("#")[0])] for name, rest in found]


def code(text: str) -> str:
    return "\n".join(
        re.findall(r"```(?:bash|sh|console|text)?\n(.*?)```", text, re.DOTALL)
        + re.findall(r"`[^`\n]+`", text)
    )


@pytest.mark.parametrize("path", [*DOCUMENTS, *SCRIPTS], ids=[*IDS, "quickstart.sh", "test.sh"])
def test_only_commands_and_options_that_exist_are_named(path: Path) -> None:
    text = path.read_text()
    for name, *given in command_lines(code(text) if path.suffix == ".md" else text):
        if path.suffix == ".sh" and name not in COMMANDS:
            continue
        assert name in COMMANDS or name in {"--help", "--version"}
        assert name.startswith("-") or set(given) <= options(name), f"steer {name}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_links_lead_to_files_that_exist(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_campaign_files_in_documents_are_valid(path: Path) -> None:
    for example in re.findall(r"```toml\n(.*?)```", path.read_text(), re.DOTALL):
        data = tomllib.loads(example)
        if "campaign" in data:
            CampaignConfig.model_validate(data)


def test_the_error_that_the_readme_shows_is_the_one_that_comes(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    (shown,) = re.findall(r"`(campaign\.toml, line [^`]*)`", readme)
    path = tmp_path / "campaign.toml"
    path.write_text(example.replace("length =", "lenght ="))
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert str(raised.value) == f"{tmp_path}/{shown}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.toml")), ids=lambda path: path.parent.name)
def test_example_campaigns_are_valid(path: Path) -> None:
    load_config(path)


def test_the_changelog_is_in_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security",
    }  # fmt: skip


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    names = [
        re.split(r"[<>=;\[ ]", line)[0]
        for line in project["dependencies"] + project["optional-dependencies"]["test"]
    ]
    missing = [name for name in names if not re.search(rf"\b{re.escape(name)}\b", reasons)]
    assert missing == []
