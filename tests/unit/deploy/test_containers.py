"""Dockerfile, compose files, Apptainer definition and the images' scripts. There is no container engine here: what is
checked is what linters, schemas and shells know of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = ["compose.yaml", "compose.gpu.yaml"]
SCRIPTS = sorted(DEPLOY.glob("container/*.sh"))


def test_the_dockerfile_passes_its_linter() -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint has no wheel for this machine")
    checked = subprocess.run([linter, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert checked.stdout + checked.stderr == ""


def test_what_the_dockerfile_copies_is_there_and_let_in() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    let_in = {
        line[1:]
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copies = re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
    sources = [source for line in copies for source in line.split()[:-1] if not source.startswith("--")]
    assert len(sources) >= 6
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [
        source for source in sources if not any(Path(source).is_relative_to(each) for each in let_in)
    ] == []


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    *_, user = re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert user == "10001:10001"
    assert not re.search(r"password|secret|token", text, re.IGNORECASE)


@pytest.mark.parametrize("file", ["Dockerfile", "steer.def"])
def test_variants_of_images_are_extras_of_the_package(file) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    variants = set(re.findall(r"\bcuda[0-9]+\b", (DEPLOY / file).read_text()))
    assert variants
    assert variants <= set(extras)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_images_scripts_pass_their_linter(script) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    checked = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert checked.stdout == ""


@pytest.mark.parametrize("section", ["post", "runscript", "test", "environment"])
def test_sections_of_the_apptainer_definition_are_shell(section) -> None:
    text = (DEPLOY / "steer.def").read_text().replace("{{ variant }}", "cuda12")
    (body,) = re.findall(rf"^%{section}\n(.*?)(?=^%|\Z)", text, re.MULTILINE | re.DOTALL)
    subprocess.run(["sh", "-n"], input=body, text=True, check=True)


def test_what_the_apptainer_definition_copies_is_there() -> None:
    (body,) = re.findall(
        r"^%files\n(.*?)(?=^%)", (DEPLOY / "steer.def").read_text(), re.MULTILINE | re.DOTALL
    )
    assert [
        line.split()[0] for line in body.split("\n") if line.strip() and not (ROOT / line.split()[0]).exists()
    ] == []


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_files_fit_the_specification(name) -> None:
    """The Compose specification's own schema (Apache-2.0), as the docker-compose package shipped it last."""
    schema = json.loads((ROOT / "tests" / "data" / "compose_spec.json").read_text())
    compose = yaml.safe_load((DEPLOY / name).read_text())
    compose.pop("name", None)  # came into the specification later
    jsonschema.Draft201909Validator(schema).validate(compose)


def test_compose_keeps_the_password_in_a_file_and_opens_no_port() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"redis", "coordinator", "worker"}
    assert not any("ports" in service for service in services.values())
    assert all(service["secrets"] == ["redis_password"] for service in services.values())
    assert all(
        "PASSWORD" not in key or key.endswith("_FILE")
        for s in services.values()
        for key in s.get("environment", {})
    )


@pytest.fixture
def steer(tmp_path):
    """A PATH whose ``steer`` tells its password, its arguments and its process id."""
    command = tmp_path / "bin" / "steer"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$$" "${STEER_REDIS_PASSWORD-none}" "$@"\n')
    command.chmod(0o755)
    return f"{command.parent}:/usr/bin:/bin"


def entry(steer: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", DEPLOY / "container" / "entrypoint.sh", *arguments],
        env={"PATH": steer, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("content", ["pass word\n", "pass word", "pass word\nmore\n"])
def test_the_entry_point_takes_the_password_from_its_file(steer, tmp_path, content) -> None:
    secret = tmp_path / "secret"
    secret.write_text(content)
    told = entry(steer, "worker", "a b", STEER_REDIS_PASSWORD_FILE=str(secret)).stdout.splitlines()
    assert told[1:] == ["pass word", "worker", "a b"]


def test_the_entry_point_needs_no_password(steer) -> None:
    assert entry(steer, "--help").stdout.splitlines()[1:] == ["none", "--help"]


def test_an_empty_password_file_is_named(steer, tmp_path) -> None:
    (tmp_path / "secret").touch()
    ended = entry(steer, "worker", STEER_REDIS_PASSWORD_FILE=str(tmp_path / "secret"))
    assert ended.returncode == 3
    assert f"{tmp_path}/secret must be the password" in ended.stderr
