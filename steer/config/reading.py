"""Reading a campaign file: every problem at once, each with its line, its key and what was expected."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from steer.config.lines import key_lines
from steer.config.schema import CampaignConfig
from steer.config.section import section_of
from steer.exceptions import ConfigError

__all__ = ["load_config", "problem_of"]

Key = tuple[str, ...]

LARGEST = 1_000_000
"""Bytes; a campaign file is a few kB, and anything far beyond is some other file."""

MOST = 50
"""Problems that are told of one file."""

DOTS = 500
"""Dots in one line, comments left out, beyond which it is no line of a campaign file."""

_TOO_DEEP = "this is not a campaign file: it is nested too deeply"


def load_config(path: str | Path) -> CampaignConfig:
    """Read and check a campaign file. Nothing is made, moved or contacted.

    Parameters
    ----------
    path : str or Path
        The TOML file. A relative ``molecule.structure`` is taken relative to it.

    Returns
    -------
    CampaignConfig
        With ``molecule.structure`` absolute.

    Raises
    ------
    ConfigError
        Naming file, line, key and what was expected; all problems that were found, in the order of the file.
    """
    path = Path(path)
    source = _read(path)
    # A required section that is missing is checked as an empty one, so that its own message appears.
    data = {"campaign": {}, "molecule": {}, "stop": {}} | _parse(source, path)
    try:
        config = CampaignConfig.model_validate_json(json.dumps(data, default=str), strict=True)
    except RecursionError as error:
        raise ConfigError(_TOO_DEEP, path) from error
    except ValidationError as error:
        raise _combined(error.errors(), source, path) from error
    return _with_structure(config, source, path)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError("this file is too large to be a campaign file", path)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError("there is no such file; `steer init` writes one", path) from error
    except IsADirectoryError as error:
        raise ConfigError("this is a directory; name the campaign file in it", path) from error
    except UnicodeDecodeError as error:
        raise ConfigError("this is not a text file in UTF-8, so no campaign file", path) from error
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", path) from error


def _parse(source: str, path: Path) -> dict[str, Any]:
    # The parser's time grows with the square of a dotted key's length.
    for number, text in enumerate(source.split("\n"), start=1):
        if text.count(".") > DOTS and not text.lstrip().startswith("#"):
            raise ConfigError(_TOO_DEEP, path, number)
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"(?P<what>.*) \(at line (?P<line>[0-9]+), column [0-9]+\)$", str(error))
        if match is None:
            raise ConfigError(f"this is not valid TOML: {error}", path) from error
        line = int(match["line"])
        hint = _hint(source.split("\n")[line - 1])
        raise ConfigError(f"this is not valid TOML: {match['what'].lower()}{hint}", path, line) from error
    except RecursionError as error:
        raise ConfigError(_TOO_DEEP, path) from error
    except ValueError as error:
        raise ConfigError(f"this is not valid TOML: {error}", path) from error


def _hint(line: str) -> str:
    bare = re.fullmatch(r"\s*([A-Za-z_.]+)\s*=\s*([^\"'\[{#]*[^\"'\[{#\s])\s*(#.*)?", line)
    return f'; did you mean {bare[1]} = "{bare[2]}", in quotes?' if bare else ""


def _combined(details: list[ErrorDetails], source: str, path: Path) -> ConfigError:
    lines = key_lines(source)
    found = sorted(
        ((_place(detail, lines), detail) for detail in details), key=lambda located: located[0][1] or 0
    )
    told = [
        ConfigError(problem_of(detail, key), path, line, ".".join(_told(key)))
        for (key, line), detail in found[:MOST]
    ]
    if len(found) > MOST:
        told.append(ConfigError(f"{len(found) - MOST} further problems are not listed", path))
    first, *others = told
    return ConfigError(first.problem, first.file, first.line, first.key, tuple(others))


def _place(detail: ErrorDetails, lines: Mapping[Key, int]) -> tuple[Key, int | None]:
    """Key and line of one of pydantic's findings."""
    key = tuple(str(part) for part in detail["loc"])
    inner = detail.get("ctx", {}).get("key") if detail["type"] == "contradiction" else None
    if inner:
        key = (*key, *inner.split("."))
    depth = next((depth for depth in range(len(key), 0, -1) if key[:depth] in lines), 0)
    return key, lines.get(key[:depth])


def _told(key: Key) -> Key:
    """A key as people write it: without the number of a table in its array, which the line tells, and without
    pydantic's mark that the key itself is wrong."""
    return tuple(name for name in key if not name.isdigit() and name != "[key]")


def problem_of(detail: ErrorDetails, key: Key) -> str:
    """One of pydantic's findings in our words.

    Parameters
    ----------
    detail : ErrorDetails
        As in ``ValidationError.errors()``.
    key : tuple of str
        Path of the key it is about.

    Returns
    -------
    str
        What is wrong and what was expected.
    """
    kind, context, given = detail["type"], detail.get("ctx", {}), _shown(detail["input"])
    if kind == "extra_forbidden":
        return _unknown(_told(key))
    if kind == "missing":
        return "more values are needed" if key[-1].isdigit() else "this key is required"
    if kind == "value_error":
        return str(context["error"])
    if kind == "contradiction":
        return str(context["problem"])
    if kind == "literal_error":
        return f"{given} is not one of {context['expected']}{_nearest(detail['input'], context['expected'])}"
    if kind == "string_pattern_mismatch":
        return f"{given} is not allowed; expected {_meaning(_told(key))}"
    if kind == "model_type":
        return f"expected a section [{'.'.join(key)}], not {given}"
    return f"{_expected(detail['msg'])}, not {given}"


def _expected(message: str) -> str:
    told = message.replace("Input should be", "expected").replace("valid integer", "whole number")
    return told.replace("valid boolean", "true or false").replace("a true or false", "true or false")


def _shown(value: object) -> str:
    shown = repr(value) if not isinstance(value, bool) else str(value).lower()
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _nearest(value: object, expected: str) -> str:
    nearest = get_close_matches(str(value)[:MOST], re.findall(r"'([^']*)'", expected), n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def _unknown(key: Key) -> str:
    section, name = key[:-1], key[-1]
    known = _known(section)
    nearest = get_close_matches(name[:MOST], known, n=1)
    if nearest:
        return f"unknown key; did you mean {'.'.join((*section, nearest[0]))}?"
    homes = [home for home in _known(()) if home != ".".join(section) and name in _known((home,))]
    if homes:
        return f"unknown key here; {name} belongs into [{homes[0]}]"
    return f"unknown {'key' if section else 'section'}; known are {', '.join(known)}"


def _meaning(key: Key) -> str:
    meaning = str(_fields(key[:-1])[key[-1]].description).replace("``", "").rstrip(".")
    return meaning[0].lower() + meaning[1:]


def _known(section: Key) -> list[str]:
    return list(_fields(section))


def _fields(section: Key) -> Mapping[str, FieldInfo]:
    fields: Mapping[str, FieldInfo] = CampaignConfig.model_fields
    for name in section:
        model = section_of(fields[name].annotation)
        fields = model.model_fields if model else {}
    return fields


def _with_structure(config: CampaignConfig, source: str, path: Path) -> CampaignConfig:
    given = config.molecule.structure
    if given is None:
        return config
    structure = (path.parent / given.expanduser()).resolve()
    if not structure.is_file():
        line = key_lines(source).get(("molecule", "structure"))
        raise ConfigError(f"there is no structure file {structure}", path, line, "molecule.structure")
    molecule = config.molecule.model_copy(update={"structure": structure})
    return config.model_copy(update={"molecule": molecule})
