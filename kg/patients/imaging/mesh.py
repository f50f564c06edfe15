"""Mesh: the surface of a mask as triangles, by marching cubes (Lorensen and Cline, SIGGRAPH 1987).

The table says which edges of a cube the triangles go through, for each set of corners that are inside; it is the usual
one (P. Bourke, "Polygonising a scalar field", 1994), in halves: a cube whose last corner is inside has the triangles of
the opposite one, seen from behind. A mask has no slope, so that every triangle goes through the middles of edges.
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

CORNERS = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0))
"""The corners of a cube (z, y, x): corner `n` is bit `n` of a case."""
EDGES = ((1, 0), (2, 1), (3, 2), (3, 0), (5, 4), (6, 5), (7, 6), (7, 4), (4, 0), (5, 1), (6, 2), (7, 3))
"""The edges of a cube, each from corner to corner."""
_CASES = """
- 083 190 183198 12a 08312a 92a029 2832a8a98 b23 b2008b 190b23 b2119b98b 3a1ba3 a1008a8ba 9033b9ba9 98aba8
478 043473 190478 194147173 12a478 34730412a 92a902478 2a9297273479 478b23 b47b24204 190478b23 47b94bb29192 3a1ba3478
ba114b10447b 4789033b9ba9 47b4b99ba 954 954083 054015 854835315 12a954 08312a954 2a5542240 2a5325354834 954b23
b2008b954 054015b23 215258b28548 3a1ba3954 549a1008a8ba 54050ba5bb03 548a58ba8 789579 309539357 780017715 157173
78957912a 12a309395357 0288258572a5 2a5253357 579789b23 579972209b27 b23018178157 21b17b157 7895793a1ba3
5705097b0a10ba0 ba003ba50078570 ba557b 65a 08365a 19065a 18319865a 165126 165126083 965906026 598582526832 b2365a
b2008b65a 190b2365a b2119b98b65a 63b653513 08b0b50515b6 63b036065059 65969bb98 47865a 04347365a 19047865a
19414717365a 478165126 043473165126 478965906026 739479329596269 b2347865a b47b2420465a 190b2347865a 47b94bb2919265a
47863b653513 51b5b610b47b04b 47863b036065059 65969b4797b9 a4964a a4964a083 01aa60640 18316886461a 149124264
149124264083 024426 832824426 b23a4964a b2008ba4964a b2301aa60640 64161a148b2118b 964369139b63 18b081b61149641
63b036640 86468b 67a78a89a 67a0a709a073 67a1a7178018 67a1a7173 126168189678 269129679309739 078706602 273267
b2367a78a89a 207b2709767a9a7 67a1a7178018b23 b2117ba61167 896678169b63136 09167b 07870603bb60 67b
"""
TRIANGLES = tuple(
    tuple(tuple(int(edge, 16) for edge in text[at : at + 3]) for at in range(0, len(text) // 3 * 3, 3))
    for text in _CASES.split()
)
"""By case, the edges that each triangle goes through; the front, by the right hand, is outside."""
_LAST = 1 << 7


def surface(inside: NDArray[np.bool_], spacing_mm: Points) -> Points:
    """Return the triangles of the surface of a mask, seen from outside, in mm from a voxel before its first.

    Where two corners of a cube's side are inside that do not touch, the halves of the table may leave a slit: then the
    volume hangs on where the distances begin, and they begin as in pyradiomics.

    Shapes: inside [z, y, x], spacing_mm [z y x], out [triangle, corner, z y x].
    """
    padded = np.pad(inside, 1)
    size = np.array(padded.shape) - 1
    cases = np.zeros(size, np.uint8)
    for bit, corner in enumerate(CORNERS):
        z, y, x = (slice(at, at + length) for at, length in zip(corner, size, strict=True))
        cases |= padded[z, y, x].astype(np.uint8) << np.uint8(bit)
    mirrored = np.where(cases & _LAST, ~cases, cases)
    middles = np.array([np.add(CORNERS[a], CORNERS[b]) / 2 for a, b in EDGES])
    found = [np.empty((0, 3, 3))]
    crossed = np.argwhere(mirrored)
    here, behind = mirrored[tuple(crossed.T)], cases[tuple(crossed.T)] & _LAST > 0
    for case in np.unique(here):
        corners = middles[np.array(TRIANGLES[case])]
        for back in (False, True):
            cubes = crossed[(here == case) & (behind == back)].astype(np.float64)
            turned = corners[:, ::-1] if back else corners
            found.append((cubes[:, None, None] + turned).reshape(-1, 3, 3))
    return np.concatenate(found) * spacing_mm


def area_mm2(triangles: Points) -> float:
    """Return the area of triangles. Shapes: triangles [triangle, corner, axis]."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def volume_mm3(triangles: Points) -> float:
    """Return the volume within triangles that close, by the divergence theorem.

    Shapes: triangles [triangle, corner, axis].
    """
    a, b, c = np.moveaxis(triangles, 1, 0)
    return float(abs((a * np.cross(b, c)).sum()) / 6)
