from __future__ import annotations

import re
import subprocess

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steer.launchers.text import argument, clock, label, quote, scalar

PRINTABLE = st.text(st.characters(blacklist_categories=("C", "Z")) | st.just(" "), max_size=40)
CAMPAIGNS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


@settings(max_examples=20, deadline=None)
@given(st.lists(PRINTABLE, min_size=1, max_size=20))
@example(
    ["$(touch x)", "`touch x`", "a b", "it's", '"', "\\", "!!", "*", "~", "${HOME}", "", "-n", ";", "é$"]
)
def test_bash_reads_quoted_words_as_they_were(words: list[str]) -> None:
    script = f"printf '%s\\n' {' '.join(map(quote, words))}"
    read = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert read.stdout.split("\n")[:-1] == words
    assert read.stderr == ""


@given(PRINTABLE)
@example("a: b #c")
@example("&anchor")
@example("yes")
@example("1e3")
def test_yaml_reads_scalars_as_they_were(text: str) -> None:
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}


def expanded(text: str, variables: dict[str, str]) -> str:
    """What Kubernetes makes of a container's argument (third_party/forked/golang/expansion)."""
    return re.sub(
        r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)",
        lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]),
        text,
    )


def test_kubernetes_puts_no_variable_into_an_argument() -> None:
    hostile = "redis://$(STEER_REDIS_PASSWORD)@host/0"
    written = yaml.safe_load(argument(hostile))
    assert expanded(written, {"STEER_REDIS_PASSWORD": "secret"}) == hostile


@given(CAMPAIGNS)
def test_labels_are_names_that_kubernetes_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", label(name))


def test_campaigns_of_different_names_have_different_labels() -> None:
    names = ["a-b", "a.b", "A-b", "a--b", "a_b", "x" * 50, "x" * 51]
    assert len({label(name) for name in names}) == len(names)


def test_times_are_written_in_hours_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (300, 3661, 360_000)] == ["0:05:00", "1:01:01", "100:00:00"]
