"""What all sections of a campaign file have in common."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

__all__ = ["Section", "Share", "contradiction", "section_of"]

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """One section: closed, frozen, and checked down to its defaults."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def contradiction(key: str, problem: str) -> PydanticCustomError:
    """Two keys that do not fit each other; `key` is the one to look at, relative to the section that raises this."""
    return PydanticCustomError("contradiction", "{problem}", {"key": key, "problem": problem})


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section in a field's type: itself, that of an array of tables, or an optional one."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
