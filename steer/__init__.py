"""The coordinator, the worker daemon and the command line: everything that decides or moves data.

Importing this package imports neither torch nor openmm; the parts that need them import them when they run.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("steer")
