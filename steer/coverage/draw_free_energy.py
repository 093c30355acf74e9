"""Drawing free-energy surfaces. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steer.coverage.free_energy import FreeEnergy
from steer.coverage.plots import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_surface"]


def draw_surface(
    surface: FreeEnergy,
    labels: tuple[str, str],
    ax: Axes | None = None,
    *,
    error: bool = False,
) -> Axes:
    """A surface in kT, or its standard error; what is masked stays white.

    Bins whose energy is known and whose error is not are grey in the picture of the error.

    Parameters
    ----------
    surface : FreeEnergy
    labels : tuple of str
        Of the two axes.
    ax : matplotlib.axes.Axes, optional
    error : bool
        Draw the error instead of the energy.
    """
    ax = new_axes(ax)
    values = surface.error if error else surface.energy
    ax.set(xlabel=labels[0], ylabel=labels[1])
    ax.set(xlim=(surface.x[0], surface.x[-1]), ylim=(surface.y[0], surface.y[-1]))
    if error:
        known = np.ma.array(np.ones(values.shape), mask=np.ma.getmaskarray(surface.energy))
        ax.pcolormesh(surface.x, surface.y, known.T, cmap="Greys", vmin=0, vmax=6, rasterized=True)
    if not values.count():
        ax.text(0.5, 0.5, "too few simulations", transform=ax.transAxes, ha="center", color="0.3")
        return ax
    top = max(float(np.ma.filled(values, 0.0).max()), 1e-3)
    mesh = ax.pcolormesh(
        surface.x,
        surface.y,
        values.T,
        cmap="cividis_r" if error else "viridis",
        vmin=0,
        vmax=top,
        rasterized=True,
    )
    label = "standard error (kT)" if error else "-ln density above its lowest bin (kT)"
    ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.01)
    return ax
