"""Small geometry on arrays of points: dihedrals, handedness, rigid fits, triangles crossed by segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["crosses_triangle", "dihedral", "handedness", "rigid_fit"]

Points = NDArray[np.float64]

_PARALLEL = 1e-12
_EDGE = 1e-9
"""Share of a triangle by which its edges are widened, so that nothing slips between two that touch."""


def dihedral(a: Points, b: Points, c: Points, d: Points) -> NDArray[np.float64]:
    """Dihedral angles about b-c in radians, in (-pi, pi], with the IUPAC sign.

    Parameters
    ----------
    a, b, c, d : ndarray, shape (n, 3)
        nm.

    Returns
    -------
    ndarray, shape (n,)

    References
    ----------
    A. Blondel and M. Karplus, J. Comput. Chem. 17, 1132 (1996): the atan2 form, stable at 0 and 180 degrees.
    """
    first, axis, last = b - a, c - b, d - c
    m, n = np.cross(first, axis), np.cross(axis, last)
    sine = np.einsum("ij,ij->i", first, n) * np.linalg.norm(axis, axis=1)
    cosine = np.einsum("ij,ij->i", m, n)
    return np.arctan2(sine, cosine)


def handedness(centre: Points, a: Points, b: Points, c: Points) -> NDArray[np.float64]:
    """Triple product of the unit vectors from the centre to a, b and c.

    Returns
    -------
    ndarray, shape (n,)
        0.77 for a perfect tetrahedron whose a, b, c turn counter-clockwise seen from outside, -0.77 for its mirror
        image, 0 when all four lie in a plane or atoms coincide.
    """
    u, v, w = (_unit(x - centre) for x in (a, b, c))
    return np.einsum("ij,ij->i", u, np.cross(v, w))


def rigid_fit(
    mobile: Points, target: Points, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Proper rotation and translation that carry `mobile` onto `target` with the least weighted squared distance.

    Parameters
    ----------
    mobile, target : ndarray, shape (n, 3)
    weights : ndarray, shape (n,)
        Positive.

    Returns
    -------
    rotation : ndarray, shape (3, 3)
        Never a reflection.
    translation : ndarray, shape (3,)
        ``mobile @ rotation.T + translation`` lies on `target`.

    References
    ----------
    W. Kabsch, Acta Cryst. A 34, 827 (1978).
    """
    share = weights / weights.sum()
    from_centre, to_centre = share @ mobile, share @ target
    covariance = (mobile - from_centre).T @ ((target - to_centre) * share[:, None])
    u, _, vt = np.linalg.svd(covariance)
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ mirror @ u.T
    return rotation, to_centre - rotation @ from_centre


def crosses_triangle(start: Points, end: Points, triangle: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each segment passes through its triangle.

    Parameters
    ----------
    start, end : ndarray, shape (n, 3)
    triangle : ndarray, shape (n, 3, 3)
        Three corners each.

    References
    ----------
    T. Möller and B. Trumbore, J. Graphics Tools 2, 21 (1997).
    """
    corner = triangle[:, 0]
    edge1, edge2 = triangle[:, 1] - corner, triangle[:, 2] - corner
    along = end - start
    normal = np.cross(along, edge2)
    determinant = np.einsum("ij,ij->i", edge1, normal)
    parallel = np.abs(determinant) < _PARALLEL
    scale = 1.0 / np.where(parallel, 1.0, determinant)
    offset = start - corner
    u = np.einsum("ij,ij->i", offset, normal) * scale
    q = np.cross(offset, edge1)
    v = np.einsum("ij,ij->i", along, q) * scale
    t = np.einsum("ij,ij->i", edge2, q) * scale
    inside: NDArray[np.bool_] = (u >= -_EDGE) & (v >= -_EDGE) & (u + v <= 1 + _EDGE) & (t >= 0) & (t <= 1)
    return inside & ~parallel


def _unit(vectors: Points) -> Points:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
