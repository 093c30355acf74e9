# ruff: noqa: SIM905 - long lists of short names read better as one text
"""Which residue names are protein, which may be left out, and which need the user."""

from __future__ import annotations

from sims.structure.labels import ONE_LETTER

__all__ = ["BUFFERS", "D_AMINO_ACIDS", "IONS", "METALS", "NUCLEOTIDES", "PROTEIN", "PROTONATION", "WATERS"]

PROTONATION = {
    "HID": ("HIS", "HID"), "HSD": ("HIS", "HID"), "HIE": ("HIS", "HIE"), "HSE": ("HIS", "HIE"),
    "HIP": ("HIS", "HIP"), "HSP": ("HIS", "HIP"), "ASH": ("ASP", "ASH"), "ASPP": ("ASP", "ASH"),
    "GLH": ("GLU", "GLH"), "GLUP": ("GLU", "GLH"), "LYN": ("LYS", "LYN"), "LSN": ("LYS", "LYN"),
    "CYX": ("CYS", None), "CYM": ("CYS", None), "CYS2": ("CYS", None), "MSE": ("MET", None),
}  # fmt: skip
"""Residue name and OpenMM variant behind the names other programs give; MSE is built as MET."""

PROTEIN = frozenset(ONE_LETTER) | frozenset(PROTONATION)

WATERS = frozenset("HOH WAT H2O DOD TIP TIP3 TIP4 TIP5 TP3 T3P T4P SOL SPC SPCE OH2".split())

IONS = frozenset("NA CL K BR IOD LI CS RB F SO4 PO4 PI NO3 NH4 SCN AZI CO3 SOD CLA POT BO4 CAC VO4".split())
"""Ions of salts and buffers: our own salt replaces them."""

METALS = frozenset("MG CA ZN MN FE FE2 CU CU1 NI CO CD HG SR BA AL YB SM GD PT AU AG PB TL".split())
"""Metal ions: left out when they only sit on the surface, refused when the protein holds them."""

BUFFERS = frozenset(
    "GOL EDO PEG PG4 PGE PG0 1PE 2PE P6G PE4 PE5 12P 15P P33 XPE 7PE MPD MRD HEZ PGO PGR ACT ACY FMT DMS TRS EPE MES "
    "CIT FLC TLA TAR SIN MLI MLA MLT OXL IPA EOH MOH POL BME DTT DTU IMD BTB B3P CPS BCN DIO DOX NHE UNX UNL SUC TBU "
    "BU3 BUD ETE TOE DMF ACN GAI URE".split()
)
"""Cryoprotectants, buffers and precipitants of crystallography."""

NUCLEOTIDES = frozenset("A C G U I T N DA DC DG DT DU DI RA RC RG RU ADE CYT GUA THY URA".split())

D_AMINO_ACIDS = frozenset(
    "DAL DAR DSG DAS DCY DGN DGL DHI DIL DLE DLY MED DPN DPR DSN DTH DTR DTY DVA DIV DNE".split()
)
