"""JSON in the place where docket pickles.

docket sends arguments, results and exceptions through ``cloudpickle``, so that whoever can write to Redis can run code
on a worker. It names the pickler as a module attribute in three modules; `install` puts a codec there that speaks JSON
and nothing else. The attribute is no public interface, so the version is pinned and any other one is refused.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import msgspec

from steer.exceptions import EnvironmentNotReady, JobError
from steer.messages import UNREADABLE

__all__ = ["DOCKET_VERSION", "JsonCodec", "install"]

DOCKET_VERSION = "0.27.0"
"""The one version of pydocket whose modules were read for `install`."""

_MODULES = ("docket.execution", "docket.worker", "docket.strikelist")


class JsonCodec:
    """Has the two functions that docket calls on ``cloudpickle``; both speak JSON only."""

    @staticmethod
    def dumps(value: Any) -> bytes:
        """JSON text of a value; an exception becomes its type and message.

        Raises
        ------
        JobError
            When the value is not made of JSON types.
        """
        if isinstance(value, BaseException):
            value = {"error": f"{type(value).__name__}: {value}"}
        try:
            return msgspec.json.encode(value)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise JobError(f"Only JSON types may be sent to a queue: {error}") from error

    @staticmethod
    def loads(data: bytes) -> Any:
        """The value in a JSON text; arrays at the top come back as tuples, as docket expects its arguments.

        Raises
        ------
        JobError
            When the text is not JSON, a pickle for example.
        """
        try:
            value = msgspec.json.decode(data)
        except (TypeError, *UNREADABLE) as error:
            raise JobError(f"A value in a queue is not JSON and was refused: {error}") from error
        return tuple(value) if isinstance(value, list) else value


def install() -> None:
    """Make docket speak JSON in this process. Calling it again changes nothing.

    Raises
    ------
    EnvironmentNotReady
        When pydocket has another version than the pinned one, or lacks the attribute.
    """
    found = version("pydocket")
    if found != DOCKET_VERSION:
        raise EnvironmentNotReady(
            f"This version of steer needs pydocket {DOCKET_VERSION}, found {found}; install it with "
            f"'pip install pydocket=={DOCKET_VERSION}'."
        )
    for name in _MODULES:
        module = importlib.import_module(name)
        if not hasattr(module, "cloudpickle"):
            raise EnvironmentNotReady(
                f"{name} no longer names its pickler; pydocket must be {DOCKET_VERSION}."
            )
        setattr(module, "cloudpickle", JsonCodec)  # noqa: B010 (mypy: the attribute is a module there)
