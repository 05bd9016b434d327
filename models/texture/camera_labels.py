"""Which camera each triangle takes its detail from: few seams, that stay where they were.

A Markov random field over the mesh's triangles (Lempitsky and Ivanov, "Seamless mosaicing of
image-based texture maps", CVPR 2007; Waechter et al., "Let there be color!", ECCV 2014): a label
costs little where its camera sees the triangle squarely and large, and neighbours of different
labels cost the length of the seam between them.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ..mesh import HeadMesh
from ..render.drawables import Surface, UnwrapSettings, View
from ..render.raster import Rasteriser
from .view_texture import focus_shares

BLIND = 4.0
"""Cost of a camera that does not see the triangle; seen best, a camera costs 0, seen worst, 1."""
KEPT = 0.25
"""How much worse a camera than the best may see a triangle and keep it from the frame before."""
SEAM = 1.2
"""Cost of a seam along an edge of the atlas's mean length."""
BINDING = 8.0
"""A seam through the middle of mouth or eyes costs so much more."""
DETAIL = 3.0
"""A seam costs so much more where the reference has its strongest edges."""
ROUNDS = 60
SIZE = 256
"""Side in texels of the atlas on which cameras are judged: some ten texels a triangle."""
JUDGED = UnwrapSettings(power=2.0, focus_power=30.0)


class Labelling:
    """Chooses cameras for the triangles of one topology."""

    def __init__(self, mesh: HeadMesh, reference: np.ndarray) -> None:
        """Measure seams.

        Args:
            mesh: Topology, atlas and regions.
            reference: (S, S, 3) float32 0…1, the mean texture: seams keep off its details.
        """
        self._faces = mesh.faces
        self._shares = [s[mesh.faces].mean(1) for s in focus_shares(mesh)]
        self._texels = face_texels(mesh, SIZE)
        self.neighbours, self._mirror = _neighbours(mesh.faces)
        self.seams = SEAM * _seam_costs(mesh, self.neighbours, reference)

    def judge(
        self, rasteriser: Rasteriser, surface: Surface, views: Sequence[View | None]
    ) -> np.ndarray:
        """How well each view sees each triangle, (F, L) float32, 0 for a view that is None."""
        goodness = np.zeros((len(self._faces), len(views)), np.float32)
        for number, view in enumerate(views):
            if view is not None:
                weight = rasteriser.unwrap(surface, view, SIZE, JUDGED)[..., 2]
                goodness[:, number] = self._per_face(weight)
        return goodness

    def choose(self, goodness: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
        """Labels (F,) uint8 from `goodness` (F, L), those of the frame before preferred (F,)."""
        goodness = self._bound(goodness)
        best = goodness.max(1, keepdims=True)
        cost = np.where(goodness > 0, 1 - goodness / np.where(best > 0, best, 1), BLIND)
        cost[best[:, 0] <= 0] = 0  # seen by none: whatever the neighbours have
        if previous is not None:
            cost += KEPT
            cost[np.arange(len(cost)), previous] -= KEPT
        return solve(cost.astype(np.float32), self.neighbours, self._mirror, self.seams)

    def _bound(self, goodness: np.ndarray) -> np.ndarray:
        """The same goodness for all of an eye or the mouth: it shows one camera's view of it."""
        for share in self._shares:
            mean = (share @ goodness) / max(share.sum(), 1e-6)
            goodness = goodness + share[:, None] * (mean - goodness)
        return goodness

    def _per_face(self, values: np.ndarray) -> np.ndarray:
        """Means (F,) of an image (SIZE, SIZE) over the texels of each triangle."""
        inside = self._texels >= 0
        faces, count = self._texels[inside], len(self._faces)
        total = np.bincount(faces, values[inside], count)
        return (total / np.maximum(np.bincount(faces, minlength=count), 1)).astype(np.float32)


def solve(
    cost: np.ndarray, neighbours: np.ndarray, mirror: np.ndarray, seams: np.ndarray
) -> np.ndarray:
    """Labels (F,) uint8 of low total cost, by min-sum belief propagation with a Potts model.

    Felzenszwalb and Huttenlocher, "Efficient belief propagation for early vision" (IJCV 2006).

    Args:
        cost: (F, L) of each label of each triangle.
        neighbours: (F, 3) triangle across each side, −1 for none.
        mirror: (F, 3) which of the neighbour's three sides that side is.
        seams: (F, 3) cost of different labels on both sides, 0 where there is no neighbour.
    """
    count, labels = cost.shape
    across = np.maximum(neighbours, 0).T.ravel()  # sides in rows: (3 · F,)
    back = mirror.T.ravel() * count + across  # where the neighbour keeps what came from here
    most = np.where(neighbours >= 0, seams, 0).T.ravel().astype(np.float32)
    own = np.ascontiguousarray(cost.T, np.float32)  # (L, F), so that steps run along triangles
    messages = np.zeros((labels, 3 * count), np.float32)
    for _ in range(ROUNDS):
        belief = own + messages.reshape(labels, 3, count).sum(1)
        telling = belief.take(across, 1) - messages.take(back, 1)
        telling -= telling.min(0)
        messages = 0.5 * (messages + np.minimum(telling, most))
    belief = own + messages.reshape(labels, 3, count).sum(1)
    return belief.argmin(0).astype(np.uint8)


def energy(
    labels: np.ndarray, cost: np.ndarray, neighbours: np.ndarray, seams: np.ndarray
) -> float:
    """What `solve` makes small: costs of labels (F,) and of the seams between them."""
    differ = (neighbours >= 0) & (labels[np.maximum(neighbours, 0)] != labels[:, None])
    return float(cost[np.arange(len(cost)), labels].sum() + 0.5 * (differ * seams).sum())


def face_texels(mesh: HeadMesh, size: int) -> np.ndarray:
    """The triangle at each texel (size, size) int32, −1 outside of the atlas."""
    corners = mesh.uvs[mesh.faces] * (size, -size) + (-0.5, size - 0.5)
    image = np.full((size, size), -1, np.int32)
    points = np.round(corners * 256).astype(np.int32)
    for number, triangle in enumerate(points):
        cv2.fillConvexPoly(image, triangle, (number,), shift=8)
    return image


def _neighbours(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The triangle across each side (F, 3), −1 for none, and which of its sides that is."""
    sides = np.sort(np.stack([faces, np.roll(faces, -1, 1)], -1), -1).reshape(-1, 2)
    order = np.lexsort((sides[:, 1], sides[:, 0]))
    same = (sides[order[1:]] == sides[order[:-1]]).all(1)
    first, second = order[:-1][same], order[1:][same]
    across = np.full(len(sides), -1)
    across[first], across[second] = second, first
    neighbours = np.where(across >= 0, across // 3, -1)
    return neighbours.reshape(-1, 3), (across % 3).reshape(-1, 3)


def _seam_costs(mesh: HeadMesh, neighbours: np.ndarray, reference: np.ndarray) -> np.ndarray:
    ends = np.stack([mesh.faces, np.roll(mesh.faces, -1, 1)], -1)  # (F, 3, 2)
    start, end = mesh.uvs[ends[..., 0]], mesh.uvs[ends[..., 1]]
    length = np.linalg.norm(end - start, axis=-1)
    bound = focus_shares(mesh).max(0)[ends].mean(-1)
    detail = _detail(reference)
    size = len(detail)
    middle = np.clip((start + end) / 2 * (size, -size) + (0, size), 0, size - 1).astype(int)
    strength = detail[middle[..., 1], middle[..., 0]]
    cost = length / length.mean() * (1 + BINDING * bound + DETAIL * strength)
    return np.where(neighbours >= 0, cost, 0).astype(np.float32)


def _detail(reference: np.ndarray) -> np.ndarray:
    """How strong the edges around each texel are, (SIZE, SIZE) 0…1."""
    grey = cv2.resize(reference.mean(-1), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    across, down = cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)
    strength = cv2.GaussianBlur(np.hypot(across, down), (0, 0), 1.5)
    return np.clip(strength / max(float(np.percentile(strength, 98)), 1e-6), 0, 1)
