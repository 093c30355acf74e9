"""What a worker and its child process say to each other: an order on stdin, reports on a pipe, one JSON line each."""

from __future__ import annotations

from typing import Literal

import msgspec

from steer.exceptions import JobError
from steer.messages import UNREADABLE, Job

__all__ = ["STOP", "Ended", "Order", "Report", "Went", "decode_order", "decode_report", "encode_line"]

STOP = b"stop\n"
"""The second line on a child's stdin: save your state and end."""


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One JSON line."""


class Order(_Line, frozen=True):
    """What a child is to do. Handed over on stdin, never on a command line: `url` holds a password.

    Attributes
    ----------
    job : Job
    runner : str
        ``module:function`` from the worker's own table.
    directory : str
        The campaign directory as this machine sees it.
    campaign : str
        Name of the campaign.
    url : str
        Redis URL for frames, with credentials.
    worker : str
        Name of the worker.
    attempt : str
        Unique name of this attempt.
    parent : int
        Process id of the worker.
    report : int
        File descriptor for reports.
    own_core : bool
        Whether to take a CPU core that no other job has.
    """

    job: Job
    runner: str
    directory: str
    campaign: str
    url: str
    worker: str
    attempt: str
    parent: int
    report: int
    own_core: bool


class Went(_Line, frozen=True, tag="went"):
    """A child reports how far it is."""

    phase: str
    fraction: float
    step: int


class Ended(_Line, frozen=True, tag="ended"):
    """A child's last words.

    Attributes
    ----------
    status : {"done", "failed", "returned", "superseded", "crashed"}
        ``done``: the result is in the job's folder. ``returned``: state saved, to be continued. ``superseded``: another
        attempt at the same job has taken over. ``crashed``: the machine failed, not the job.
    error : str
        One sentence.
    """

    status: Literal["done", "failed", "returned", "superseded", "crashed"]
    error: str = ""


Report = Went | Ended

_order_decoder = msgspec.json.Decoder(Order)
_report_decoder = msgspec.json.Decoder(Report)


def encode_line(line: _Line) -> bytes:
    """One line of JSON, with its newline."""
    return msgspec.json.encode(line) + b"\n"


def decode_order(line: bytes) -> Order:
    """An order from its line; raises `JobError` when it does not fit the schema."""
    try:
        return _order_decoder.decode(line)
    except UNREADABLE as error:
        raise JobError(f"This order does not fit its schema: {error}") from error


def decode_report(line: bytes) -> Went | Ended:
    """A report from its line; raises `JobError` when it does not fit the schema."""
    try:
        return _report_decoder.decode(line)
    except UNREADABLE as error:
        raise JobError(f"This report does not fit its schema: {error}") from error
