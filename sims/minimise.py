"""Energy minimisation that reports how far it is and can be interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openmm

__all__ = ["minimise"]

_REPORT_EVERY = 20


def minimise(
    context: openmm.Context,
    iterations: int,
    tolerance: float = 10.0,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Minimise the energy of a context with L-BFGS.

    Parameters
    ----------
    context : openmm.Context
    iterations : int
        At most.
    tolerance : float, optional
        Root mean square force to reach, in kJ/mol/nm.
    progress : callable, optional
        Called with ``"minimise"`` and the fraction of `iterations` that is done. What it raises ends the minimisation
        and is raised here.
    """
    if progress is None:
        openmm.LocalEnergyMinimizer.minimize(context, tolerance, iterations)
        return
    progress("minimise", 0.0)
    reporter = _Reporter(iterations, progress)
    openmm.LocalEnergyMinimizer.minimize(context, tolerance, iterations, reporter)
    if reporter.error is not None:
        raise reporter.error
    progress("minimise", 1.0)


class _Reporter(openmm.MinimizationReporter):
    """Carries an error of the callback past OpenMM, which knows only whether to go on."""

    def __init__(self, iterations: int, progress: Callable[[str, float], None]) -> None:
        super().__init__()
        self.error: Exception | None = None
        self._iterations = max(iterations, 1)
        self._progress = progress
        self._calls = 0

    def report(self, iteration: int, x: Any, grad: Any, args: Any) -> bool:
        """Whether to stop."""
        self._calls += 1
        if self._calls % _REPORT_EVERY:
            return False
        try:
            self._progress("minimise", min(self._calls / self._iterations, 1.0))
        except Exception as error:
            self.error = error
            return True
        return False
