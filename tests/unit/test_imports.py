import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

PACKAGES = ("steer", "sims", "models")
HEAVY = ("torch", "openmm", "mdtraj", "vermouth", "scipy", "sklearn", "matplotlib", "pint", "docket", "redis")


def modules() -> list[str]:
    names = []
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        names += [package, *(found.name for found in pkgutil.walk_packages(path, f"{package}."))]
    return [name for name in names if not name.endswith("__main__")]


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\ntry:\n    {statement}\nexcept SystemExit:\n    pass\nprint('\\n' + ' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("statement", ["import steer", "from steer.cli import main; main(['--help'])"])
def test_light_doors_open_without_heavy_libraries(statement: str) -> None:
    assert loaded_by(statement).isdisjoint(HEAVY)


def test_reading_a_configuration_needs_neither_torch_nor_openmm() -> None:
    assert loaded_by("import steer.config, steer.campaign").isdisjoint({"torch", "openmm", "mdtraj"})


@pytest.fixture
def same_recursion_limit() -> Iterator[None]:
    """mstool raises it for good, and then text that is nested too deeply ends the interpreter."""
    limit = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("same_recursion_limit")
@pytest.mark.parametrize("name", modules())
def test_everything_a_module_says_is_public_is_there(name: str) -> None:
    module = importlib.import_module(name)
    public = getattr(module, "__all__", [])
    assert [each for each in public if not hasattr(module, each)] == []
    assert len(set(public)) == len(public)
