"""What a check of this machine found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Verdict"]

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at, in a word or two.
    verdict : {"ok", "warn", "fail"}
        ``fail``: no campaign can run; ``warn``: it can, but slower or less safely.
    detail : str
        What was found.
    remedy : str
        What to do about it; empty when it is well.
    """

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""
