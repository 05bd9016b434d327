"""Which of the 478 landmarks describe an expression, and the rigid shape that they are fixed to.

The rigid shape was fitted to our own footage (generalised Procrustes over nine synthetic people,
made symmetric); its unit is the distance of the outer eye corners. Axes as in Blender: X to the
person's left, Y into the picture, Z up.
"""

import numpy as np

PAIRS = {
    "mouth": (
        *((314, 84), (405, 181), (321, 91), (375, 146), (291, 61), (409, 185), (270, 40)),
        *((269, 39), (267, 37), (317, 87), (402, 178), (318, 88), (324, 95), (308, 78)),
        *((415, 191), (310, 80), (311, 81), (312, 82), (280, 50), (425, 205), (426, 206)),
        *((436, 216), (427, 207), (411, 187), (287, 57), (327, 98), (358, 129), (377, 148)),
        *((400, 176), (378, 149), (379, 150), (365, 136), (397, 172)),
    ),
    "eyes": (
        *((263, 33), (249, 7), (390, 163), (373, 144), (374, 145), (380, 153), (381, 154)),
        *((382, 155), (362, 133), (466, 246), (388, 161), (387, 160), (386, 159), (385, 158)),
        *((384, 157), (398, 173), (473, 468), (474, 471), (475, 470), (476, 469), (477, 472)),
    ),
    "brows": (
        *((276, 46), (283, 53), (282, 52), (295, 65), (285, 55), (300, 70), (293, 63)),
        *((334, 105), (296, 66), (336, 107), (337, 108), (299, 69)),
    ),
}
"""Of each part of the face: (on the person's left, on the right)."""
MIDDLE = {"mouth": (17, 0, 14, 13, 199, 200, 18, 164, 2, 152), "eyes": (), "brows": (9, 8, 151)}
PARTS = tuple(PAIRS)
INNER_LIPS = ((13, 14), (82, 87), (312, 317))
"""Upper and lower rim of the lips, in the middle and beside it."""
RIGID = (
    *((6, 0.0, -0.367, -0.054), (168, 0.0, -0.321, 0.031), (197, 0.0, -0.42, -0.132)),
    *((195, 0.0, -0.477, -0.202), (33, -0.5, -0.06, 0.013), (133, -0.199, -0.122, -0.016)),
    *((362, 0.199, -0.122, -0.016), (263, 0.5, -0.06, 0.013), (127, -0.79, 0.507, -0.052)),
    *((356, 0.79, 0.507, -0.052), (234, -0.785, 0.565, -0.221), (454, 0.785, 0.565, -0.221)),
    *((54, -0.663, 0.086, 0.407), (284, 0.663, 0.086, 0.407), (10, 0.0, -0.285, 0.607)),
    *((151, 0.0, -0.323, 0.424), (9, 0.0, -0.352, 0.216), (93, -0.772, 0.578, -0.393)),
    *((323, 0.772, 0.578, -0.393), (4, 0.0, -0.563, -0.365)),
)
"""Landmark, x, y, z."""
_RIGID_INDEX = np.array([row[0] for row in RIGID])
_RIGID_SHAPE = np.array([row[1:] for row in RIGID])


def head_fixed(points: np.ndarray) -> np.ndarray:
    """Landmarks (..., 478, 3) in pixels → turned and scaled onto the rigid shape, its units.

    A similarity fit (Umeyama 1991) to points that expressions hardly move.
    """
    moved = np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1).astype(np.float64)
    rigid = moved[..., _RIGID_INDEX, :]
    middle = rigid.mean(-2, keepdims=True)
    shape = _RIGID_SHAPE - _RIGID_SHAPE.mean(0)
    u, stretch, v = np.linalg.svd(np.einsum("...ki,kj->...ij", rigid - middle, shape))
    sign = np.ones_like(stretch)
    sign[..., 2] = np.sign(np.linalg.det(u @ v))
    turn = np.einsum("...ij,...j,...jk->...ik", u, sign, v)
    scale = (stretch * sign).sum(-1) / ((rigid - middle) ** 2).sum((-1, -2))
    fixed = (moved - middle) @ turn * scale[..., None, None]
    return (fixed + _RIGID_SHAPE.mean(0)).astype(np.float32)
