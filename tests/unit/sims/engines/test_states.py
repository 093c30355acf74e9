from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import openmm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openmm import XmlSerializer, unit

from sims.engines.states import (
    SystemRecord,
    read_record,
    read_state,
    read_system,
    write_record,
    write_state,
    write_system,
)
from sims.exceptions import StateError

RECORD = SystemRecord("toy", "abc", 4, 7, 300.0, 1.0, 0.02)


def particles() -> openmm.System:
    system = openmm.System()
    for _ in range(5):
        system.addParticle(12.0)
    return system


def context(scale: float = 1.0) -> openmm.Context:
    context = openmm.Context(
        particles(), openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    random = np.random.default_rng(5)
    context.setPositions(random.normal(size=(5, 3)) * scale)
    context.setVelocities(random.normal(size=(5, 3)))
    context.setStepCount(3_000_000_000)
    return context


def state(scale: float = 1.0) -> openmm.State:
    return context(scale).getState(positions=True, velocities=True, parameters=True)


def test_state_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    before = state(1 / 3)
    write_state(tmp_path / "s.xml", before)
    after = read_state(tmp_path / "s.xml")
    np.testing.assert_array_equal(
        after.getPositions(asNumpy=True).value_in_unit(unit.nanometer),
        before.getPositions(asNumpy=True).value_in_unit(unit.nanometer),
    )
    assert after.getStepCount() == 3_000_000_000


def test_any_openmm_reads_our_files(tmp_path: Path) -> None:
    write_state(tmp_path / "s.xml", state())
    write_system(tmp_path, particles())
    assert isinstance(XmlSerializer.deserialize((tmp_path / "s.xml").read_text()), openmm.State)
    assert read_system(tmp_path).getNumParticles() == 5


@settings(max_examples=60)
@given(st.data())
def test_any_altered_byte_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("damage") / "s.xml"
    write_state(path, state())
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 2))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))
    with pytest.raises(StateError, match=r"s\.xml"):
        read_state(path)


def test_missing_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"system\.xml.*not there"):
        read_system(tmp_path)
    with pytest.raises(StateError, match=r"system\.json.*not there"):
        read_record(tmp_path)
    write_system(tmp_path, particles())
    with pytest.raises(StateError, match="does not describe an OpenMM State"):
        read_state(tmp_path / "system.xml")


def test_state_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    write_state(tmp_path / "s.xml", state(float("nan")))
    with pytest.raises(StateError, match="not finite"):
        read_state(tmp_path / "s.xml")


def test_state_without_velocities_is_refused(tmp_path: Path) -> None:
    write_state(tmp_path / "s.xml", context().getState(positions=True))
    with pytest.raises(StateError, match="velocities"):
        read_state(tmp_path / "s.xml")


def test_record_comes_back(tmp_path: Path) -> None:
    write_record(tmp_path, RECORD)
    assert read_record(tmp_path) == RECORD


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "engine": "toy"}', '{"format": 1, "x": 0}']
)
def test_damaged_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "system.json").write_text(text)
    with pytest.raises(StateError, match=r"system\.json"):
        read_record(tmp_path)


def test_record_holds_what_a_human_asks_for(tmp_path: Path) -> None:
    write_record(tmp_path, RECORD)
    text = (tmp_path / "system.json").read_text()
    assert all(f'"{field.name}"' in text for field in dataclasses.fields(SystemRecord))
