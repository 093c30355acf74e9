"""Old name of `sims.landscapes`."""

from sims.landscapes import DoubleWell, Landscape, MullerBrown, embed, project
from sims.landscapes.engine import ToyEngine, ToyOptions

__all__ = ["DoubleWell", "Landscape", "MullerBrown", "ToyEngine", "ToyOptions", "embed", "project"]
