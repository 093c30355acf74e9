import pytest
from conformance.hinge import HingeFrames, hinge_walk

from models.features import BeadFeatures


@pytest.fixture(scope="session")
def featurizer() -> BeadFeatures:
    """Of the hinged chain of twenty beads."""
    return BeadFeatures.for_molecule(20, [list(range(20))])


@pytest.fixture(scope="session")
def frames() -> HingeFrames:
    """A trajectory of three hundred frames of the hinged chain."""
    return hinge_walk(300, 7)
