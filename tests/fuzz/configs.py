"""Campaign files: typing errors, values of other types and units, pieces of other files, and files made to hurt."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutate import mutate_text
from fuzz.outcome import Silent
from steer.config import CampaignConfig, dump_config, load_config
from steer.exceptions import ConfigError

__all__ = ["CampaignFiles"]

ROOT = Path(__file__).parents[2]
_MINIMAL = '[campaign]\nname = "trp"\n\n[molecule]\nsequence = "NLYIQW"\n\n[stop]\nrefinements = 3\n'
_WORDS = (
    "nan", "inf", "-inf", "0", "-0.0", "-1", "1", "1.5", "1e400", "1e-400", "9" * 40, "9" * 5000, "0x7fffffffffffffff",
    "true", "false", "[]", "{}", "[[]]", "[" * 500, "[" * 5000, "{a = " * 300, '""', "''", '"""', "'''", "#", "\\",
    '"10 ns"', '"-10 ns"', '"0 ns"', '"nan ns"', '"inf ns"', '"10 parsec"', '"10"', '"ns"', '"1e999 ns"', '"10 ns ns"',
    '"10 ns**99999"', '"9**9**9**9 ns"', '"__import__(1) ns"', '"10 K"', '"1 bar"', '"0.7 nm"', '"5 fs"', '"700 kJ/mol/nm^2"',
    '"farthest_point"', '"vae"', '"go"', '"../../x"', '"/etc/passwd"', '"$(reboot)"', '"\\u0000"', '"\\u001b[2J"', '"trp.cif"',
    '["A", "B"]', '["A", 1]', "[stop]", "[campaign]", "[coarse]", "[[coarse]]", "[selection.selector]", "[a.b.c]", "a.b.c = 1",
    "name = 1", "coarse.length", "1979-05-27T07:32:00Z", "07:32:00", "\ufeff", "\r", "\t", "é", "=", ".", ",", "]",
    'structure = "protein.pdb"', "seed = 2147483648", "seed = -1", 'walltime = "8 h"', 'aggregate_time = "50 us"',
)  # fmt: skip


def _corpus() -> list[str]:
    full = CampaignConfig.model_validate(
        {"campaign": {"name": "trp"}, "molecule": {"sequence": "NLYIQW"}, "stop": {"aggregate_time": "50 us"}}
    )
    example = (ROOT / "examples" / "trp-cage" / "campaign.toml").read_text()
    return [_MINIMAL, dump_config(full), example, _MINIMAL.replace("sequence", "ph = 6.5\nsequence")]


def _made_to_hurt(random: Random) -> str:
    """Large files whose problems must be told in time that does not grow with the square of their size."""
    size = random.randrange(100, 5_000)
    parts = (
        "".join(f"k{number} = {number}\n" for number in range(size)),
        f"k = [\n{'1,' * 3}\n" + "1,\n" * size + "]\n",
        "".join(f"[t{number}]\n" for number in range(size)),
        "".join(f"[stop.a{'.b' * 20}.c{number}]\n" for number in range(size // 20)),
        f"k = {'{a = ' * 90}1{'}' * 90}\n" * 1,
        f'k = """{chr(10) * size}"""\n',
        f'k = "{"x" * size * 20}"\n',
        f"a{'.a' * size} = 1\n",
        "# comment\n" * size,
        "\n" * size,
        "k = [" + "{a = 1}, " * size + "]\n",
    )
    return random.choice(parts) + random.choice(("", _MINIMAL))


class CampaignFiles:
    """What a user may write into a campaign file.

    Parameters
    ----------
    folder : Path
        Where the files are written, with a structure beside them.
    """

    name = "campaign files"
    refusals = (ConfigError,)

    def __init__(self, folder: Path) -> None:
        self._file, self._again = folder / "campaign.toml", folder / "again.toml"
        (folder / "protein.pdb").write_text("ATOM\n")
        (folder / "trpcage.pdb").write_text("ATOM\n")
        self._corpus = _corpus()

    def make(self, random: Random) -> str:
        """A file that somebody mistyped, or made up."""
        if random.random() < 0.002:
            return _made_to_hurt(random)
        return mutate_text(random, random.choice(self._corpus), _WORDS, self._corpus)

    def read(self, item: str) -> CampaignConfig:
        """The reader under test."""
        self._file.write_bytes(item.encode("utf-8", "surrogatepass"))
        return load_config(self._file)

    def check(self, item: str, found: CampaignConfig) -> None:
        """Every number is finite, every plain value is the file's, and writing and reading give the same again."""
        _check_numbers(found.model_dump(mode="python"), "")
        _check_plain(tomllib.loads(item.removeprefix("\ufeff")), found.model_dump(mode="python"), "")
        self._again.write_text(dump_config(found), encoding="utf-8")
        if load_config(self._again) != found:
            raise Silent("the file that is written does not read as the same campaign")


def _check_numbers(value: Any, key: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise Silent(f"{key} is {value}")
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list | tuple)
        else ()
    )
    for name, inner in items:
        _check_numbers(inner, f"{key}.{name}")


def _check_plain(said: Any, found: Any, key: str) -> None:
    """Compare what an independent parser reads, where no unit and no path stands between the two."""
    if isinstance(said, dict) and isinstance(found, dict):
        for name, inner in said.items():
            if name not in found:
                raise Silent(f"{key}.{name} was dropped")
            _check_plain(inner, found[name], f"{key}.{name}")
    elif isinstance(said, list):
        if len(said) != len(found):
            raise Silent(f"{key} has {len(found)} of {len(said)} items")
        for number, (a, b) in enumerate(zip(said, found, strict=True)):
            _check_plain(a, b, f"{key}[{number}]")
    elif isinstance(said, bool | int | float):
        # Where a real number is wanted, an integer of many digits is the nearest one.
        nearest = float(said) if isinstance(found, float) else said
        if isinstance(found, bool) != isinstance(said, bool) or found != nearest:
            raise Silent(f"{key} is {found!r} and the file says {said!r}")
    elif isinstance(said, str) and isinstance(found, str) and said != found:
        raise Silent(f"{key} is {found!r} and the file says {said!r}")
