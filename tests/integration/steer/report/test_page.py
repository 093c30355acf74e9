"""The report of a made-up campaign whose numbers are known, as a new reader would take it."""

import base64
import re
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import pytest
from made_up_campaign import made_up_campaign

from steer.config import CampaignConfig
from steer.coverage.analysis import Analysis, analyse
from steer.coverage.data import CoverageData
from steer.report.blocks import table_block
from steer.report.page import report_page
from steer.report.references import references_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def config() -> CampaignConfig:
    return CampaignConfig.model_validate(
        {
            "campaign": {"name": "known", "seed": 77},
            "molecule": {"sequence": "GYDPETGTWG"},
            "coarse": {"network": "none", "length": "321 ns", "segment": "1 ns"},
            "allatom": {"solvent": "implicit"},
            "stop": {"refinements": 2},
        }
    )


@pytest.fixture(scope="module")
def data() -> CoverageData:
    known = made_up_campaign()
    refined = replace(
        known.simulations["aa-000001"],
        state="rejected",
        result={"reasons": [f"clash at {HOSTILE}"], "backmapper": "mstool", "attempts": 3},
    )
    return replace(
        known,
        campaign="<script>alert(1)</script>",
        jobs=[replace(known.jobs[0], worker=HOSTILE)],
        simulations=known.simulations | {"aa-000001": refined},
    )


@pytest.fixture(scope="module")
def analysis(data: CoverageData) -> Analysis:
    return analyse(data)


@pytest.fixture(scope="module")
def page(config: CampaignConfig, data: CoverageData, analysis: Analysis) -> str:
    return report_page(config, data, analysis, f"Ten residues, {HOSTILE}.")


def test_hostile_text_is_shown_and_never_run(page):
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert HOSTILE not in page
    assert page.count("&lt;img src=x") >= 2


def test_it_loads_nothing_from_anywhere(page):
    sources = re.findall(r'(?:src|srcset|data|action)="([^"]*)"', page)
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "default-src 'none'" in page
    assert "<link" not in page
    assert "url(" not in page


def test_every_figure_is_in_it_whole(page):
    drawn = re.findall(r'base64,([^"]+)"', page)
    assert len(drawn) == page.count("<figcaption>Figure ") == 6
    for figure in drawn:
        assert ElementTree.fromstring(base64.b64decode(figure)).tag.endswith("svg")


def test_methods_parameters_and_versions_are_those_of_the_campaign(page):
    assert "All randomness comes from seed 77." in page
    assert "321 ns each at most" in page
    assert "<td>length</td><td>&quot;321 ns&quot;</td>" in page
    assert "<h3>Molecule</h3>\n<p>Ten residues, &lt;img" in page
    assert "hydrogen masses of 3 Da and bonds to hydrogen held rigid" in page
    assert "<td>openmm</td>" in page
    assert "<td>aa-000001</td><td>cg-000001, step 40</td><td>farthest_point</td>" in page
    assert "a friction of 1 per ps" in page
    assert "cut off at 1.1 nm" in page


def test_parameters_are_spelled_as_in_a_campaign_file(config, data, analysis):
    given = config.model_dump(mode="json", exclude_none=True) | {
        "molecule": {"structure": "/home/somebody/deep/protein.pdb"},
        "collective": [{"name": "ends", "kind": "distance", "beads": ["1:BB", "10:BB"]}],
        "state": [{"name": "apart", "ranges": {"ends": [2.0, 10.0]}}],
    }
    page = unescape(report_page(CampaignConfig.model_validate(given), data, analysis, ""))
    assert '<td>structure</td><td>"protein.pdb"</td>' in page
    assert "/home/somebody" not in page
    assert "<td>keep_gaps</td><td>false</td>" in page
    assert '<td>beads</td><td>["1:BB", "10:BB"]</td>' in page
    assert "<td>ranges</td><td>{ ends = [2.0, 10.0] }</td>" in page
    assert "<caption>[[state]]</caption>" in page
    assert not re.search(r"<td>(True|False|None|\{'|\[')", page)


def test_what_was_not_used_is_not_cited(config, page):
    assert "10.1002/prot.20033" in page
    assert "10.1021/ct9002114" not in page
    used = {work.reason for work in references_of(config, {"mstool"}, True)}
    unused = {work.reason for work in references_of(config, set(), False)}
    assert used - unused == {"mstool", "deeptime", "Markov model intervals"}


def test_a_long_table_says_how_much_it_leaves_out():
    rows = [("a",), *((i,) for i in range(12))]
    block = table_block(rows, "numbers", most=10)
    assert block.count("<tr>") == 11
    assert "2 more rows" in block
    assert "none</td>" in table_block(rows[:1], "nothing")
