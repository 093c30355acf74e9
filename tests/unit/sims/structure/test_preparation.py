import gzip
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.exceptions import StructureError
from sims.structure import charmm_residue_names, prepare, reading
from sims.structure.handedness import mirrored_centres


def _hydrogens_point_outward(structure):
    """Every alpha hydrogen lies opposite to the three heavy neighbours of its carbon."""
    for residue in structure.topology.residues():
        atoms = {atom.name: structure.positions[atom.index] for atom in residue.atoms()}
        assert mirrored_centres(residue.name, atoms) == []
        if "HA" in atoms:
            heavy = sum(atoms["CA"] - atoms[name] for name in ("N", "C", "CB"))
            assert np.dot(atoms["HA"] - atoms["CA"], heavy) > 0


def _moved(line, shift):
    x, y, z = (float(line[start : start + 8]) + move for start, move in zip((30, 38, 46), shift, strict=True))
    return f"{line[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:]}"


def _rename(lines, number, name):
    return [line[:17] + f"{name:>3}" + line[20:] if line[22:26] == f"{number:4d}" else line for line in lines]


class TestRealFiles:
    def test_bpti_as_the_databank_ships_it(self, structures):
        structure = prepare(structures / "4pti.pdb")
        assert structure.sequence == "RPDFCLEPPYTGPCKARIIRYFYNAKAGLCQTFVYGGCRAKRNNFKSAEDCMRTCGGA"
        assert structure.n_atoms == 892
        labels = structure.residue_labels
        atoms = list(structure.topology.atoms())
        bridges = [[labels[atoms[i].residue.index] for i in bond] for bond in structure.disulfides]
        assert bridges == [
            [f"CYS {i} of chain A", f"CYS {j} of chain A"] for i, j in ((5, 55), (14, 38), (30, 51))
        ]
        assert "Left out 60 water molecules." in structure.notes
        _hydrogens_point_outward(structure)

    def test_heavy_atoms_of_the_file_stay_where_they_are(self, structures):
        structure = prepare(structures / "4pti.pdb")
        atoms = {(a.residue.id, a.name): structure.positions[a.index] for a in structure.topology.atoms()}
        for line in (structures / "4pti.pdb").read_text().splitlines():
            if line.startswith("ATOM"):
                expected = np.array([float(line[start : start + 8]) for start in (30, 38, 46)]) / 10
                np.testing.assert_allclose(
                    atoms[line[22:26].strip(), line[12:16].strip()], expected, atol=1e-6
                )

    def test_insulin_has_two_chains_and_bonds_between_them(self, structures):
        structure = prepare(structures / "3i40.pdb")
        assert structure.sequence == "GIVEQCCTSICSLYQLENYCN:FVNQHLCGSHLVEALYLVCGERGFFYTPKA"
        chains = [
            {atom.residue.chain.id for atom in bond}
            for bond in structure.topology.bonds()
            if bond[0].name == bond[1].name == "SG"
        ]
        assert sorted(map(len, chains)) == [1, 2, 2]

    def test_chains_can_be_chosen(self, structures):
        structure = prepare(structures / "3i40.pdb", chains=["B"])
        assert structure.sequence == "FVNQHLCGSHLVEALYLVCGERGFFYTPKA"
        with pytest.raises(StructureError, match=r"no chain 'X'; the file has 'A', 'B'"):
            prepare(structures / "3i40.pdb", chains=["X"])

    def test_a_complete_structure_gains_and_loses_nothing(self, trpcage):
        structure = prepare(trpcage)
        assert structure.sequence == "NLYIQWLKDGGPSSGRPPPS"
        assert structure.n_atoms == 304

    def test_the_same_file_gives_the_same_molecule(self, structures):
        first, second = (prepare(structures / "1vii.pdb") for _ in range(2))
        np.testing.assert_array_equal(first.positions, second.positions)

    def test_d_residues_are_refused(self, structures):
        with pytest.raises(StructureError, match="PRO 8 of chain A is a D amino acid"):
            prepare(structures / "two_d_residues.pdb")

    def test_overlapping_atoms_are_refused(self, structures):
        with pytest.raises(StructureError, match="O of GLU 72 of chain A and N of LYS 73 of chain A overlap"):
            prepare(structures / "spliced_villin.pdb")

    def test_a_gap_is_refused_or_kept(self, structures):
        gap = r"broken between SER 67 of chain R and SER 72 of chain R \(4 residues missing"
        with pytest.raises(StructureError, match=gap) as refused:
            prepare(structures / "6lfo_gap.pdb")
        assert "keep_gaps" in refused.value.remedy
        kept = prepare(structures / "6lfo_gap.pdb", keep_gaps=True)
        assert [len(list(chain.residues())) for chain in kept.topology.chains()] == [8, 9]
        assert [chain.id for chain in kept.topology.chains()] == ["R", "A"]
        assert any("Gap kept" in note for note in kept.notes)


class TestWhatIsLeftOut:
    def test_water_salt_and_cryoprotectant_are_noted(self, heavy_trpcage, hetatm, write_pdb):
        extra = [
            hetatm(name, 100 + i, (50.0 + 5 * i, 0, 0)) for i, name in enumerate(["HOH", "SO4", "GOL", "GOL"])
        ]
        structure = prepare(write_pdb(heavy_trpcage + extra))
        assert "Left out 1 water molecule." in structure.notes
        assert "Left out ions and buffer: 2 GOL, 1 SO4." in structure.notes
        assert structure.n_atoms == 304

    def test_a_loose_metal_ion_is_left_out_a_held_one_refused(self, heavy_trpcage, hetatm, write_pdb):
        assert (
            "Left out ions and buffer: 1 ZN."
            in prepare(write_pdb([*heavy_trpcage, hetatm("ZN", 100, (50.0, 0, 0), name="ZN")])).notes
        )
        site = next(
            np.array([float(x) for x in line[30:54].split()])
            for line in heavy_trpcage
            if line[13:16] == "OD1"
        )
        around = [
            _moved(line, site + 2.0 * np.array(axis) - [float(x) for x in line[30:54].split()])
            for line, axis in zip(heavy_trpcage[:3], np.eye(3), strict=True)
        ]
        donors = [line[:12] + f" O{i}  "[:4] + line[16:76] + " O" for i, line in enumerate(around)]
        with pytest.raises(StructureError, match="ZN 100 of chain A is held by"):
            prepare(write_pdb([*heavy_trpcage, *donors, hetatm("ZN", 100, tuple(site + 1.0), name="ZN")]))

    def test_the_first_model_is_taken(self, heavy_trpcage, write_pdb):
        moved = [_moved(line, (100, 0, 0)) for line in heavy_trpcage]
        lines = ["MODEL        1", *heavy_trpcage, "ENDMDL", "MODEL        2", *moved, "ENDMDL"]
        structure = prepare(write_pdb(lines))
        assert structure.notes[0] == "The file has 2 models; the first one was taken."
        assert structure.positions[:, 0].max() < 5

    def test_the_best_occupied_alternate_location_is_taken(self, heavy_trpcage, write_pdb):
        def alternates(line):
            if line[22:26] != "   8" or line[12:16].strip() in ("N", "CA", "C", "O"):
                return [line]
            second = _moved(line, (0.3, 0, 0))
            return [
                line[:16] + "A" + line[17:54] + "  0.40" + line[60:],
                second[:16] + "B" + second[17:54] + "  0.60" + second[60:],
            ]

        structure = prepare(write_pdb([new for line in heavy_trpcage for new in alternates(line)]))
        plain = prepare(write_pdb(heavy_trpcage))
        shift = (structure.positions - plain.positions)[
            [atom.index for atom in plain.topology.atoms() if (atom.residue.id, atom.name) == ("8", "CE")]
        ]
        np.testing.assert_allclose(shift, [[0.03, 0, 0]], atol=1e-6)
        assert any("alternate locations" in note for note in structure.notes)

    def test_residues_without_backbone_at_the_ends_are_left_out(self, heavy_trpcage, write_pdb):
        lines = [
            line for line in heavy_trpcage if line[22:26] != "  20" or line[12:16].strip() in ("N", "CA")
        ]
        structure = prepare(write_pdb(lines))
        assert structure.sequence == "NLYIQWLKDGGPSSGRPPP"
        assert any("SER 20" in note for note in structure.notes)

    def test_unobserved_ends_are_noted(self, heavy_trpcage, write_pdb):
        structure = prepare(write_pdb(["REMARK 465     MET A    -1", *heavy_trpcage]))
        assert "Not seen in the experiment and left out: MET -1 of chain A." in structure.notes


class TestWhatIsMended:
    def test_missing_side_chains_are_built(self, heavy_trpcage, write_pdb):
        backbone = ("N", "CA", "C", "O")
        lines = [
            line for line in heavy_trpcage if line[12:16].strip() in backbone or line[17:20] in ("GLY", "PRO")
        ]
        structure = prepare(write_pdb(lines))
        assert structure.n_atoms == 304
        assert any(
            "Missing heavy atoms were built in ASN 1 of chain A, LEU 2" in note for note in structure.notes
        )
        _hydrogens_point_outward(structure)

    def test_selenomethionine_becomes_methionine(self, heavy_trpcage, write_pdb):
        renamed = _rename(heavy_trpcage, 5, "MSE")
        lines = []
        for line in renamed:
            name = line[12:16].strip()
            if line[17:20] == "MSE" and name == "CD":
                line = "HETATM" + line[6:12] + "SE  " + line[16:76] + "SE"
            if line[17:20] == "MSE" and name in ("OE1", "NE2"):
                continue
            lines.append(line)
        structure = prepare(write_pdb(lines))
        assert structure.sequence == "NLYIMWLKDGGPSSGRPPPS"
        assert "Selenomethionine was built as methionine: MSE 5 of chain A." in structure.notes

    def test_a_mirrored_side_chain_centre_is_rebuilt(self, heavy_trpcage, write_pdb):
        names = {"CG1": " CG2", "CG2": " CG1"}
        lines = [
            line[:12] + names.get(line[12:16].strip(), line[12:16]) + line[16:]
            if line[17:20] == "ILE"
            else line
            for line in heavy_trpcage
            if not (line[17:20] == "ILE" and line[12:16].strip() == "CD1")
        ]
        structure = prepare(write_pdb(lines))
        _hydrogens_point_outward(structure)
        assert any("ILE 4" in note for note in structure.notes)

    @pytest.mark.parametrize(("ph", "name"), [(4.0, "HSP"), (8.0, "HSE"), (8.0, "HSD")])
    def test_histidines_follow_the_ph(self, ph, name, structures):
        structure = prepare(structures / "3i40.pdb", chains=["B"], ph=ph)
        names = charmm_residue_names(structure.topology)
        assert {names[4], names[9]} <= ({"HSP"} if ph < 6 else {"HSD", "HSE"})

    def test_names_and_hydrogens_of_other_programs_are_understood(self, heavy_trpcage, write_pdb):
        lines = [
            line[:12] + {"O": " OT1", "OXT": " OT2"}.get(line[12:16].strip(), line[12:16]) + line[16:]
            if line[22:26] == "  20"
            else line
            for line in heavy_trpcage
        ]
        assert prepare(write_pdb(lines)).n_atoms == 304

    def test_insertion_codes_and_negative_numbers_are_kept(self, heavy_trpcage, write_pdb):
        lines = [line[:22] + f"{int(line[22:26]) - 5:4d}" + line[26:] for line in heavy_trpcage]
        lines = [line[:22] + "   1A" + line[27:] if line[22:26] == "   2" else line for line in lines]
        structure = prepare(write_pdb(lines))
        assert structure.residue_labels[0] == "ASN -4 of chain A"
        assert structure.residue_labels[5:7] == ("TRP 1 of chain A", "LEU 1A of chain A")

    def test_chains_without_names_or_ends_are_told_apart(self, heavy_trpcage, write_pdb):
        blank = [line[:21] + " " + line[22:] for line in heavy_trpcage]
        structure = prepare(write_pdb(blank + [_moved(line, (60, 0, 0)) for line in blank]))
        assert [chain.id for chain in structure.topology.chains()] == ["A", "B"]
        assert structure.n_atoms == 608

    def test_compressed_files_are_read(self, trpcage, tmp_path):
        path = tmp_path / "1l2y.pdb.gz"
        path.write_bytes(gzip.compress(trpcage.read_bytes()))
        assert prepare(path).n_atoms == 304


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("residue", "message"),
        [
            ("ATP", "ATP 100 of chain A is a ligand"),
            ("DA", "DA 100 of chain A is a nucleotide"),
            ("DAL", "DAL 100 of chain A is a D amino acid"),
            ("ACE", "ACE 100 of chain A caps"),
            ("HEM", "HEM 100 of chain A is a ligand"),
        ],
    )
    def test_what_is_no_protein(self, residue, message, heavy_trpcage, hetatm, write_pdb):
        with pytest.raises(StructureError, match=message):
            prepare(write_pdb([*heavy_trpcage, hetatm(residue, 100, (50, 0, 0))]))

    def test_modified_residues(self, heavy_trpcage, write_pdb):
        with pytest.raises(StructureError, match="SEP 13 of chain A is a modified residue"):
            prepare(write_pdb(_rename(heavy_trpcage, 13, "SEP")))

    def test_traces_without_backbone(self, heavy_trpcage, write_pdb):
        with pytest.raises(StructureError, match="backbone"):
            prepare(write_pdb([line for line in heavy_trpcage if line[12:16].strip() == "CA"]))

    def test_a_hole_in_the_backbone(self, heavy_trpcage, write_pdb):
        lines = [line for line in heavy_trpcage if not (line[22:26] == "   7" and line[12:16].strip() == "C")]
        with pytest.raises(StructureError, match="LEU 7 of chain A lacks the backbone atom C"):
            prepare(write_pdb(lines))

    def test_two_chains_in_one_place(self, heavy_trpcage, write_pdb):
        twin = [line[:21] + "B" + line[22:] for line in (_moved(line, (0.2, 0, 0)) for line in heavy_trpcage)]
        with pytest.raises(StructureError, match="overlap"):
            prepare(write_pdb([*heavy_trpcage, "TER", *twin]))

    def test_a_torn_side_chain(self, heavy_trpcage, write_pdb):
        lines = [_moved(line, (30, 0, 0)) if line[12:16].strip() == "NZ" else line for line in heavy_trpcage]
        with pytest.raises(StructureError, match="bond CE-NZ of LYS 8 of chain A is"):
            prepare(write_pdb(lines))

    def test_an_atom_given_twice(self, heavy_trpcage, write_pdb):
        with pytest.raises(StructureError, match="Atom CA of ASN 1 of chain A occurs twice"):
            prepare(write_pdb([*heavy_trpcage, heavy_trpcage[1]]))

    def test_a_lone_residue(self, heavy_trpcage, write_pdb):
        with pytest.raises(StructureError, match="ASN 1 of chain A stands alone"):
            prepare(write_pdb([line for line in heavy_trpcage if line[22:26] == "   1"]))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "empty"),
            (b" \n\n", "empty"),
            (b"\x7fELF\x00\x01", "binary"),
            (b"Dear editor,\nplease find attached\n", "no atoms"),
            (b"\x1f\x8bbroken gzip", "cannot be read"),
            (b"<html>404</html>", "no atoms"),
        ],
    )
    def test_what_is_no_structure(self, content, message, tmp_path):
        path = tmp_path / "input.pdb"
        path.write_bytes(content)
        with pytest.raises(StructureError, match=message):
            prepare(path)

    def test_absent_files_and_folders(self, tmp_path):
        with pytest.raises(StructureError, match="No such file"):
            prepare(tmp_path / "absent.pdb")
        with pytest.raises(StructureError, match="cannot be read"):
            prepare(tmp_path)

    def test_files_beyond_the_limit(self, trpcage, monkeypatch):
        monkeypatch.setattr(reading, "MAX_BYTES", 1000)
        with pytest.raises(StructureError, match="larger than"):
            prepare(trpcage)


@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 40), st.integers(0, 79), st.characters(codec="ascii", exclude_characters="\x00")
        ),
        min_size=1,
        max_size=8,
    ),
    drop=st.sets(st.integers(0, 40), max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_mangled_files_are_prepared_or_refused(changes, drop, heavy_trpcage, tmp_path):
    lines = [list(line) for line in itertools.takewhile(lambda line: line[22:26] != "   6", heavy_trpcage)]
    for row, column, character in changes:
        if row < len(lines):
            lines[row][column] = character
    path = tmp_path / "mangled.pdb"
    path.write_text("\n".join("".join(line) for row, line in enumerate(lines) if row not in drop))
    try:
        structure = prepare(path)
    except StructureError:
        return
    assert np.isfinite(structure.positions).all()
