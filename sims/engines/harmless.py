"""Whether OpenMM XML is only data.

OpenMM's serialiser picks a class by the attribute ``type`` of each element. One of its classes, ``PythonForce``, carries
a pickled function, which is run when the file is read, and a root element of another type than the one that is asked
for confuses memory. So the text is looked at before OpenMM is.
"""

from __future__ import annotations

import re

__all__ = ["problem_with"]

_ROOT = re.compile(r"\s*(?:<\?xml[^<>]*\?>\s*)?<(\w+)\s([^<>]*)>")
_TYPE = re.compile(r"(?<=\s)type\s*=\s*[\"']([^\"']*)[\"']")
_CODE = "Python"
_KNOWN = frozenset(
    [
        "System",
        "State",
        "CMMotionRemover",
        "NonbondedForce",
        "HarmonicBondForce",
        "HarmonicAngleForce",
        "PeriodicTorsionForce",
        "RBTorsionForce",
        "CMAPTorsionForce",
        "GBSAOBCForce",
        "CustomBondForce",
        "CustomAngleForce",
        "CustomTorsionForce",
        "CustomNonbondedForce",
        "CustomExternalForce",
        "CustomGBForce",
        "CustomCompoundBondForce",
        "CustomCentroidBondForce",
        "CustomManyParticleForce",
        "CustomHbondForce",
        "CustomCVForce",
        "RMSDForce",
        "MonteCarloBarostat",
        "MonteCarloAnisotropicBarostat",
        "MonteCarloFlexibleBarostat",
        "MonteCarloMembraneBarostat",
        "AndersenThermostat",
        "Continuous1DFunction",
        "Continuous2DFunction",
        "Continuous3DFunction",
        "Discrete1DFunction",
        "Discrete2DFunction",
        "Discrete3DFunction",
    ]
)


def problem_with(text: str, kind: str) -> str:
    """Why OpenMM must not read this XML; empty when it may.

    Parameters
    ----------
    text : str
        The whole file.
    kind : {"System", "State"}
        What it must describe.
    """
    root = _ROOT.match(text)
    if root is None or root[1] != kind or _TYPE.findall(f" {root[2]}") != [kind]:
        return f"it does not describe an OpenMM {kind}"
    if _CODE in text:
        return "it contains Python code, which is never run from a file"
    foreign = sorted(set(_TYPE.findall(text)) - _KNOWN)
    if foreign:
        return f"it contains {', '.join(foreign)}, which is none of the forces this program uses"
    return ""
