"""No state or system file can run code, however it is dressed."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import openmm
import pytest
from openmm import XmlSerializer

from sims.engines import states
from sims.engines.harmless import problem_with
from sims.engines.states import read_state, read_system, write_system
from sims.exceptions import StateError

BOMB = Path(__file__).parents[3] / "data" / "openmm" / "python_force.xml"
"""A System that OpenMM 8.6.1 wrote, whose PythonForce makes a folder ``trap`` where it is read."""


def system(*forces: openmm.Force) -> openmm.System:
    made = openmm.System()
    made.addParticle(1.0)
    for force in forces:
        made.addForce(force)
    return made


def seal(path: Path, text: str) -> None:
    path.write_text(states._sealed(text))


def test_a_pickle_in_a_system_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = BOMB.read_text()
    (pickled,) = re.findall('function="([0-9a-f]+)"', text)
    pickle.loads(bytes.fromhex(pickled))  # noqa: S301
    assert (tmp_path / "trap").exists(), "this bomb is a dud, and the test below proves nothing"
    (tmp_path / "trap").rmdir()
    seal(tmp_path / "system.xml", text)
    with pytest.raises(StateError, match="contains Python code"):
        read_system(tmp_path)
    for disguise in (
        text.replace('type="PythonForce"', "type='PythonForce'"),
        text.replace('type="PythonForce"', 'type\n=\n"PythonForce"'),
        text.replace('type="PythonForce"', 'type nonsense "PythonForce"'),
        text.replace("<System ", "<System type='System' "),
        text.replace("<System", "<!-- --><System"),
    ):
        seal(tmp_path / "system.xml", disguise)
        with pytest.raises(StateError):
            read_system(tmp_path)
    assert not (tmp_path / "trap").exists()


def test_a_force_that_only_plugins_know_is_refused(tmp_path: Path) -> None:
    text = XmlSerializer.serialize(system(openmm.HarmonicBondForce()))
    seal(tmp_path / "system.xml", text.replace("HarmonicBondForce", "TorchForce"))
    with pytest.raises(StateError, match="TorchForce, which is none of the forces"):
        read_system(tmp_path)


@pytest.mark.parametrize("kind", ["System", "NonbondedForce", "LangevinIntegrator", ""])
def test_a_state_of_another_type_never_reaches_openmm(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "state.xml"
    seal(path, f'<?xml version="1.0" ?>\n<State openmmVersion="8.6.1" type="{kind}" version="1"/>')
    with pytest.raises(StateError, match="does not describe an OpenMM State"):
        read_state(path)


def test_what_our_engines_build_is_read_back(tmp_path: Path) -> None:
    bond = openmm.CustomNonbondedForce("a(type1,type2)")
    bond.addPerParticleParameter("type")
    bond.addTabulatedFunction("a", openmm.Discrete2DFunction(1, 1, [0.0]))
    bond.addParticle([0])
    write_system(tmp_path, system(bond, openmm.CMMotionRemover(), openmm.MonteCarloBarostat(1, 300)))
    assert read_system(tmp_path).getNumForces() == 3


def test_nonsense_is_no_system() -> None:
    for text in ("", "<", "<System", "<?xml ?>", "<System>", "System" * 1000):
        assert problem_with(text, "System")
