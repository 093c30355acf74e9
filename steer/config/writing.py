"""Writing campaign files: the resolved one that a campaign keeps, and the commented one that a user begins with."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from steer.config.schema import CampaignConfig

__all__ = ["commented_config", "dump_config"]

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
    return "\n".join("".join(_table(name, table)) for name, table in tables.items())


def _table(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{name}]\n"
    for key, value in table.items():
        yield f"{key} = {_value(value)}\n"


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
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
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            sections.append("".join(_commented_section(name, model, given.get(name, {}))))
    return "\n".join(sections)


def _commented_section(name: str, model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[str]:
    yield _comment(model.__doc__ or "")
    yield f"[{name}]\n"
    for key, field in model.model_fields.items():
        yield _comment(field.description or "")
        if key in given:
            yield f"{key} = {_value(given[key])}\n"
        else:
            yield f"#{key} = {_value(_suggestion(field))}\n"


def _suggestion(field: FieldInfo) -> object:
    if field.examples:
        return field.examples[0]
    return field.default


def _comment(docstring: str) -> str:
    plain = re.sub(
        r"`+", "", re.sub(r" \((?:ps|nm|K|bar|mol/L|kJ/mol/nm\^2|ps inside; write '8 h')\)", "", docstring)
    )
    return textwrap.fill(plain, WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"
