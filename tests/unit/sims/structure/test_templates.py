import numpy as np
import pytest

from sims.structure.handedness import mirrored_centres
from sims.structure.labels import ONE_LETTER
from sims.structure.templates import side_chain

BACKBONE = np.array([(1.458, 0, 0), (0, 0, 0), (-0.547, 1.424, 0)])


@pytest.mark.parametrize("name", sorted(ONE_LETTER))
def test_every_side_chain_is_left_handed_and_bonded(name):
    n, ca, c = BACKBONE
    atoms = side_chain(name, n, ca, c)
    assert mirrored_centres(name, {"N": n, "CA": ca, "C": c, **atoms}) == []
    if name != "GLY":
        assert np.linalg.norm(atoms["CB"] - ca) == pytest.approx(1.53, abs=0.03)


def test_it_moves_with_its_backbone():
    turn = np.array([(0, -1, 0), (1, 0, 0), (0, 0, 1)], dtype=float)
    still, turned = side_chain("LEU", *BACKBONE), side_chain("LEU", *(BACKBONE @ turn.T + 5))
    for name, position in still.items():
        np.testing.assert_allclose(turned[name], turn @ position + 5, atol=1e-9)
