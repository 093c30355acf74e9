"""Text that goes into scripts and manifests: quoted, so that nothing in it is ever run or read as structure."""

from __future__ import annotations

import hashlib
import json
import re

__all__ = ["argument", "clock", "label", "quote", "scalar"]


def quote(text: str) -> str:
    """A word for bash (and any POSIX shell) that is this text, whatever is in it.

    Double quotes with escapes, unlike `shlex.quote`: a ``$`` in single quotes looks like a mistake to linters.

    Examples
    --------
    >>> quote("a $b")
    '"a \\\\$b"'
    """
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", text):
        return text
    return '"' + re.sub(r'(["\\$`])', r"\\\1", text) + '"'


def scalar(text: str) -> str:
    """A YAML scalar that is this text, whatever is in it (JSON strings are YAML)."""
    return json.dumps(text, ensure_ascii=False)


def argument(text: str) -> str:
    """A YAML scalar for a container's command line, where Kubernetes would put variables in for ``$(NAME)``."""
    return scalar(text.replace("$(", "$$("))


def clock(seconds: float) -> str:
    """Hours, minutes and seconds, as Slurm and PBS read them.

    Examples
    --------
    >>> clock(14_400)
    '4:00:00'
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def label(name: str, longest: int = 40) -> str:
    """A name that Kubernetes takes (RFC 1123): other names give other labels.

    Examples
    --------
    >>> label("trp-cage")
    'trp-cage'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain == name and len(plain) <= longest:
        return plain
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: longest - 9].rstrip('-')}-{mark}".lstrip("-")
