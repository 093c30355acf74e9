"""Writing campaign files: the resolved one that a campaign keeps, and the commented one that a user begins with."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from steer.config.schema import CampaignConfig
from steer.config.section import section_of

__all__ = ["commented_config", "dump_config", "toml_value"]

WIDTH = 100

HEADER = """\
# A steer campaign. Check it with `steer validate`, start it with `steer run`.
# Quantities are text with a unit: "10 ns", "310 K". Lines that begin with #key show the default of a key, or an
# example; remove the # to set it.
"""


def dump_config(config: CampaignConfig) -> str:
    """The whole configuration as TOML, defaults included and quantities as text.

    Parameters
    ----------
    config : CampaignConfig

    Returns
    -------
    str
        `load_config` reads the same configuration from it.
    """
    tables = config.model_dump(mode="json", exclude_none=True)
    return "\n".join(section for name, table in tables.items() for section in _sections(name, table))


def _sections(name: str, content: Mapping[str, Any] | list[Mapping[str, Any]]) -> Iterator[str]:
    """A table and, after it, the tables in it; or the tables of an array."""
    if isinstance(content, list):
        yield from ("".join(_table(f"[[{name}]]", item)) for item in content)
        return
    inner = {key: value for key, value in content.items() if isinstance(value, dict)}
    yield "".join(_table(f"[{name}]", {k: v for k, v in content.items() if k not in inner}))
    for key, value in inner.items():
        yield from _sections(f"{name}.{key}", value)


def _table(heading: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield f"{heading}\n"
    for key, value in table.items():
        yield f"{key} = {toml_value(value)}\n"


def toml_value(value: object) -> str:
    """A string, number, boolean, list or mapping (all of JSON but null) in TOML's spelling."""
    if isinstance(value, list):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, dict):
        return "{{ {} }}".format(", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def commented_config(given: Mapping[str, Mapping[str, Any]]) -> str:
    """A campaign file for a beginner: every key explained, with its default as a comment.

    Parameters
    ----------
    given : mapping of str to mapping
        Section to the keys set in it, with the values as they are to be written.

    Returns
    -------
    str
        TOML text.
    """
    sections = [HEADER]
    for name, field in CampaignConfig.model_fields.items():
        model = section_of(field.annotation)
        if model is not None:
            sections.append("".join(_commented_section(_heading(name, field), model, given.get(name, {}))))
    return "\n".join(sections)


def _heading(name: str, field: FieldInfo) -> str:
    """Arrays of tables are empty by default, so that their heading is a comment too."""
    return f"#[[{name}]]" if get_origin(field.annotation) is tuple else f"[{name}]"


def _commented_section(heading: str, model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[str]:
    yield _comment(model.__doc__ or "")
    yield f"{heading}\n"
    for key, field in model.model_fields.items():
        yield _comment(field.description or "")
        if key in given:
            yield f"{key} = {toml_value(given[key])}\n"
        else:
            yield f"#{key} = {toml_value(_suggestion(field))}\n"


def _suggestion(field: FieldInfo) -> object:
    if field.examples:
        return field.examples[0]
    return field.default


def _comment(docstring: str) -> str:
    plain = re.sub(
        r"`+", "", re.sub(r" \((?:ps|nm|K|bar|mol/L|kJ/mol/nm\^2|ps inside; write '8 h')\)", "", docstring)
    )
    return textwrap.fill(" ".join(plain.split()), WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"
