from __future__ import annotations

from dataclasses import replace

import numpy as np
import openmm
import pytest
from numpy.typing import NDArray

from sims.exceptions import TopologyError
from sims.martini import nonbonded
from sims.martini.nonbonded import reaction_field_self_energy
from sims.martini.parameters import BeadParameters
from sims.martini.system import TERMS, build_system, choose_form, energy_terms
from sims.martini.topology import Atom, Interaction, MoleculeType, VirtualSite

from .conftest import Reference, forces_of, open_context, platforms

GROMACS = {
    "Bond": ("bond",),
    "G96Angle": ("angle_cosine",),
    "Restr. Angles": ("angle_restricted",),
    "Proper Dih.": ("dihedral",),
    "Improper Dih.": ("improper",),
    "LJ (SR)": ("lennard_jones",),
    "Coulomb (SR)": ("coulomb", "coulomb_excluded"),
}
BOX = (5.0, 5.0, 5.0)


@pytest.mark.parametrize("platform", platforms())
def test_energies_agree_with_gromacs_term_by_term(
    reference: Reference, parameters: BeadParameters, platform: str
) -> None:
    system = build_system(reference.molecules, reference.box, parameters, constraints="none")
    terms = energy_terms(open_context(system, reference.positions, platform))
    terms["coulomb"] += reaction_field_self_energy(reference.charges)
    for name, ours in GROMACS.items():
        # The reference prints six digits.
        assert sum(terms[term] for term in ours) == pytest.approx(reference.energies[name], rel=1e-5), name
    assert sum(terms.values()) == pytest.approx(reference.energies["Potential"], rel=1e-5)


@pytest.mark.parametrize("form", ["exact", "fast"])
def test_forces_agree_with_gromacs_to_double_precision(
    reference: Reference, parameters: BeadParameters, form: str
) -> None:
    system = build_system(reference.molecules, reference.box, parameters, form, "none")  # type: ignore[arg-type]
    forces = forces_of(open_context(system, reference.positions))
    real = real_beads(system)
    error = np.linalg.norm(forces - reference.forces, axis=1)[real]
    assert error.max() < 1e-9 * np.linalg.norm(reference.forces, axis=1).max()


@pytest.mark.parametrize("platform", platforms())
@pytest.mark.parametrize("form", ["exact", "fast"])
def test_forces_agree_with_gromacs_on_every_platform(
    reference: Reference, parameters: BeadParameters, form: str, platform: str
) -> None:
    system = build_system(reference.molecules, reference.box, parameters, form, "none")  # type: ignore[arg-type]
    forces = forces_of(open_context(system, reference.positions, platform))
    error = np.linalg.norm(forces - reference.forces, axis=1)[real_beads(system)]
    assert error.max() < 1e-5 * np.linalg.norm(reference.forces, axis=1).max()


@pytest.mark.parametrize("platform", [name for name in platforms() if name != "Reference"])
@pytest.mark.parametrize("form", ["exact", "fast"])
def test_forces_of_every_term_agree_between_platforms(
    reference: Reference, parameters: BeadParameters, form: str, platform: str
) -> None:
    system = build_system(reference.molecules, reference.box, parameters, form, "none")  # type: ignore[arg-type]
    real = real_beads(system)
    # GROMACS's positions have no exact form in single precision, and rounding them alone moves villin's forces by
    # 1.8e-5; so both platforms get positions that both can hold.
    wrapped = reference.positions - np.floor(reference.positions / reference.box) * reference.box
    positions = wrapped.astype(np.float32).astype(np.float64)
    ours, exact = (open_context(system, positions, name) for name in (platform, "Reference"))
    for group in sorted({force.getForceGroup() for force in system.getForces()}):
        expected = forces_of(exact, group)[real]
        error = forces_of(ours, group)[real] - expected
        assert rms(error) <= 1e-5 * rms(expected), TERMS[group]


def rms(vectors: NDArray[np.float64]) -> float:
    return float(np.sqrt((vectors**2).sum(axis=1).mean()))


def real_beads(system: openmm.System) -> NDArray[np.bool_]:
    return np.array([not system.isVirtualSite(i) for i in range(system.getNumParticles())])


def test_forces_are_the_derivative_of_the_exact_energy(
    reference: Reference, parameters: BeadParameters
) -> None:
    system = build_system(reference.molecules, reference.box, parameters, constraints="none")
    context = open_context(system, reference.positions)
    context.computeVirtualSites()
    generator = np.random.default_rng(3)
    start = np.array(context.getState(positions=True).getPositions(asNumpy=True)._value)
    direction = generator.normal(size=start.shape) * real_beads(system)[:, None]
    slope = -float((forces_of(context) * direction).sum())
    energies = []
    for step in (-1e-6, 1e-6):
        context.setPositions(start + step * direction)
        context.computeVirtualSites()
        energies.append(sum(energy_terms(context).values()))
    assert (energies[1] - energies[0]) / 2e-6 == pytest.approx(slope, rel=1e-5)


def chain(*charges: float, **fields: object) -> MoleculeType:
    atoms = tuple(Atom(f"B{i}", "P2", 1, "X", charge) for i, charge in enumerate(charges))
    return MoleculeType("chain", 1, atoms, **fields)  # type: ignore[arg-type]


def energies(
    molecule: MoleculeType, positions: list[list[float]], parameters: BeadParameters
) -> dict[str, float]:
    system = build_system([(molecule, 1)], BOX, parameters, constraints="none")
    return energy_terms(open_context(system, np.array(positions)))


def test_a_pair_by_hand(parameters: BeadParameters) -> None:
    r, cutoff = 0.6, 1.1
    sigma, epsilon = parameters.pair("P2", "P2")
    terms = energies(chain(1.0, -0.5), [[1, 1, 1], [1, 1, 1 + r]], parameters)

    def lennard_jones(distance: float) -> float:
        return 4 * epsilon * ((sigma / distance) ** 12 - (sigma / distance) ** 6)

    assert terms["lennard_jones"] == pytest.approx(lennard_jones(r) - lennard_jones(cutoff), rel=1e-9)
    field = 1 / r + r**2 / (2 * cutoff**3) - 1.5 / cutoff
    assert terms["coulomb"] == pytest.approx(138.935458 / 15 * -0.5 * field, rel=1e-7)


def test_excluded_charges_keep_their_reaction_field(parameters: BeadParameters) -> None:
    r, cutoff = 0.6, 1.1
    bonded = chain(1.0, -0.5, bonds=(Interaction((0, 1), 1, (0.3, 100.0)),))
    terms = energies(bonded, [[1, 1, 1], [1, 1, 1 + r]], parameters)
    field = r**2 / (2 * cutoff**3) - 1.5 / cutoff
    assert terms["coulomb_excluded"] == pytest.approx(138.935458 / 15 * -0.5 * field, rel=1e-7)
    assert terms["coulomb"] == terms["lennard_jones"] == 0.0
    assert terms["bond"] == pytest.approx(0.5 * 100 * 0.3**2)
    far = energies(bonded, [[1, 1, 1], [1, 1, 2.2]], parameters)
    assert far["coulomb_excluded"] == 0.0


SQUARE = [[1.0, 1.0, 1.0], [1.4, 1.0, 1.0], [1.4, 1.4, 1.0], [1.0, 1.4, 0.8]]


@pytest.mark.parametrize(
    ("field", "term", "interaction", "expected"),
    [
        ("bonds", "bond", Interaction((0, 1), 6, (0.3, 100.0)), 0.5 * 100 * 0.1**2),
        ("bonds", "bond_quartic", Interaction((0, 1), 2, (0.3, 100.0)), 0.25 * 100 * (0.16 - 0.09) ** 2),
        ("angles", "angle", Interaction((0, 1, 2), 1, (80.0, 50.0)), 0.5 * 50 * np.radians(10) ** 2),
        (
            "angles",
            "angle_cosine",
            Interaction((0, 1, 2), 2, (80.0, 50.0)),
            0.5 * 50 * np.cos(np.radians(80)) ** 2,
        ),
        (
            "angles",
            "angle_restricted",
            Interaction((0, 1, 2), 10, (80.0, 50.0)),
            0.5 * 50 * np.cos(np.radians(80)) ** 2,
        ),
    ],
)
def test_bonded_terms_by_hand(
    parameters: BeadParameters, field: str, term: str, interaction: Interaction, expected: float
) -> None:
    terms = energies(chain(0, 0, 0, 0, **{field: (interaction,)}), SQUARE, parameters)
    assert terms[term] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("function", [1, 9, 4])
def test_dihedral_by_hand(parameters: BeadParameters, function: int) -> None:
    terms = energies(
        chain(0, 0, 0, 0, dihedrals=(Interaction((0, 1, 2, 3), function, (40.0, 5.0, 3.0)),)),
        SQUARE,
        parameters,
    )
    name = "improper_periodic" if function == 4 else "dihedral"
    assert terms[name] == pytest.approx(5 * (1 + np.cos(3 * torsion(SQUARE) - np.radians(40))), rel=1e-9)


@pytest.mark.parametrize("angle", [-175.0, 185.0, 10.0, 350.0])
def test_improper_takes_the_short_way_round(parameters: BeadParameters, angle: float) -> None:
    terms = energies(
        chain(0, 0, 0, 0, dihedrals=(Interaction((0, 1, 2, 3), 2, (angle, 50.0)),)), SQUARE, parameters
    )
    difference = (torsion(SQUARE) - np.radians(angle) + np.pi) % (2 * np.pi) - np.pi
    assert terms["improper"] == pytest.approx(0.5 * 50 * difference**2, rel=1e-9)


def torsion(points: list[list[float]]) -> float:
    """IUPAC dihedral angle in radians."""
    a, b, c = np.diff(np.array(points), axis=0)
    normal = np.cross(b, c)
    return float(np.arctan2(np.linalg.norm(b) * (a @ normal), np.cross(a, b) @ normal))


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (VirtualSite(4, (2,), (1.0,)), SQUARE[2]),
        (VirtualSite(4, (0, 1), (0.75, 0.25)), [1.1, 1.0, 1.0]),
        (VirtualSite(4, (0, 1, 2), (0.5, 0.25, 0.25)), [1.2, 1.1, 1.0]),
        (VirtualSite(4, (0, 1, 2), (0.5, 0.25, 0.25), 2.0), [1.2, 1.1, 1.0 + 2.0 * 0.4 * 0.4]),
        (VirtualSite(4, (0, 1, 2, 3), None), list(np.mean(SQUARE, axis=0))),
        (
            VirtualSite(4, (0, 1, 2, 3), (0.4, 0.3, 0.2, 0.1)),
            list(np.array([0.4, 0.3, 0.2, 0.1]) @ np.array(SQUARE)),
        ),
    ],
)
def test_virtual_sites_stand_where_gromacs_puts_them(
    parameters: BeadParameters, site: VirtualSite, expected: list[float]
) -> None:
    molecule = chain(0, 0, 0, 0, 0, virtual_sites=(site,))
    context = open_context(build_system([(molecule, 1)], BOX, parameters), np.array([*SQUARE, [0, 0, 0]]))
    context.computeVirtualSites()
    positions = context.getState(positions=True).getPositions(asNumpy=True)._value
    assert positions[4] == pytest.approx(expected, abs=1e-12)
    assert context.getSystem().getParticleMass(4)._value == 0.0
    forces = forces_of(context)
    assert np.isfinite(forces).all()


def test_constraints_hold_or_become_bonds(parameters: BeadParameters) -> None:
    molecule = chain(0, 0, constraints=(Interaction((0, 1), 1, (0.35,)),))
    rigid = build_system([(molecule, 2)], BOX, parameters)
    assert [rigid.getConstraintParameters(i)[:2] for i in range(2)] == [[0, 1], [2, 3]]
    stiff = build_system([(molecule, 1)], BOX, parameters, constraints="stiff")
    assert stiff.getNumConstraints() == 0
    terms = energy_terms(open_context(stiff, np.array([[1, 1, 1], [1, 1, 1.36]])))
    assert terms["bond"] == pytest.approx(0.5 * 30_000 * 0.01**2)
    free = build_system([(molecule, 1)], BOX, parameters, constraints="none")
    assert "bond" not in energy_terms(open_context(free, np.array([[1, 1, 1], [1, 1, 1.36]])))


def test_bead_type_gives_mass_and_charge_that_the_molecule_leaves_out(parameters: BeadParameters) -> None:
    molecule = MoleculeType("m", 1, (Atom("A", "TP1", 1, "X"), Atom("B", "P2", 1, "X", 0.0, 50.0)))
    system = build_system([(molecule, 1)], BOX, parameters)
    assert [system.getParticleMass(i)._value for i in range(2)] == [36.0, 50.0]


def test_refuses_what_cannot_be(parameters: BeadParameters) -> None:
    with pytest.raises(TopologyError, match=r"2\.2 nm, twice the cut-off"):
        build_system([(chain(0), 1)], (5, 5, 2.1), parameters)
    with pytest.raises(TopologyError, match="three finite edge lengths"):
        build_system([(chain(0), 1)], (5, 5), parameters)
    with pytest.raises(TopologyError, match="has no mass"):
        build_system([(MoleculeType("m", 1, (Atom("A", "P2", 1, "X", 0.0, 0.0),)), 1)], BOX, parameters)
    with pytest.raises(TopologyError, match="needs water"):
        build_system([(chain(0), 1)], BOX, parameters, "fast")
    site, constraint = VirtualSite(2, (0, 1), (0.5, 0.5)), Interaction((0, 2), 1, (0.1,))
    bad = chain(0, 0, 0, virtual_sites=(site,), constraints=(constraint,))
    with pytest.raises(TopologyError, match="constrains a virtual site"):
        build_system([(bad, 1)], BOX, parameters)
    with pytest.raises(TopologyError, match="Bead type XX"):
        build_system([(MoleculeType("m", 1, (Atom("A", "XX", 1, "X"),)), 1)], BOX, parameters)
    with pytest.raises(ValueError, match="form is 'slow'"):
        build_system([(chain(0), 1)], BOX, parameters, "slow")  # type: ignore[arg-type]


def test_charges_among_the_solute_are_the_same_in_both_forms(
    reference: Reference, parameters: BeadParameters
) -> None:
    """Also when solute beads come close to each other, where the correction is largest."""
    generator = np.random.default_rng(5)
    positions = reference.positions + generator.normal(scale=0.03, size=reference.positions.shape)
    forces = []
    for form in ("exact", "fast"):
        system = build_system(reference.molecules, reference.box, parameters, form, "none")  # type: ignore[arg-type]
        forces.append(forces_of(open_context(system, positions)))
    assert rms(forces[1] - forces[0]) < 1e-10 * rms(forces[0])


def test_choose_form_takes_the_loop_over_pairs_into_account() -> None:
    assert choose_form(0, 100) == "exact"
    assert choose_form(700, 46) == "fast"
    assert choose_form(1_000, 6_000) == "exact"


def test_one_table_gives_what_combining_rules_and_their_correction_give(
    reference: Reference, parameters: BeadParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for vain_pairs in (nonbonded._VAIN_PAIRS, -1):
        monkeypatch.setattr(nonbonded, "_VAIN_PAIRS", vain_pairs)
        system = build_system(reference.molecules, reference.box, parameters, constraints="none")
        context = open_context(system, reference.positions)
        parts = sum(force.getName() == "lennard_jones" for force in system.getForces())
        results.append((parts, energy_terms(context)["lennard_jones"], forces_of(context)))
    assert [parts for parts, _, _ in results] == [2, 1]
    assert results[0][1] == pytest.approx(results[1][1], rel=1e-12)
    assert rms(results[0][2] - results[1][2]) < 1e-10 * rms(results[1][2])


def test_copies_stand_in_order(parameters: BeadParameters) -> None:
    two = replace(chain(0, 0, bonds=(Interaction((0, 1), 1, (0.3, 100.0)),)), name="two")
    system = build_system([(chain(0), 2), (two, 2)], BOX, parameters)
    (bonds,) = (force for force in system.getForces() if force.getName() == "bond")
    assert [bonds.getBondParameters(i)[:2] for i in range(bonds.getNumBonds())] == [[2, 3], [4, 5]]
