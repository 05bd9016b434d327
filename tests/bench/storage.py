"""Bytes of takes as textured meshes against bytes as codes."""

from collections.abc import Iterator

from models.mesh import ATLAS_SIZE

from .figures import Context, Figure

BAR = 1000


def run(context: Context) -> Iterator[Figure]:
    """Compare one frame: float32 vertices and an 8-bit texture, against the stored code."""
    head = context.head
    frames = len(head.examples.codes)
    stored = sum(array.nbytes for array in head.examples.arrays().values())
    mesh_bytes = head.mesh.vertices.size * 4
    texture_bytes = ATLAS_SIZE**2 * 3
    ratio = frames * (mesh_bytes + texture_bytes) / stored
    yield Figure(
        *("storage", "take", "ratio", ratio, "×"),
        bar=f">= {BAR}",
        holds=bool(ratio >= BAR),
        baselines={"geometry_alone": frames * mesh_bytes / stored, "published": 100},
        note=(
            f"{frames} frames; raw {ATLAS_SIZE}² RGB and {len(head.mesh.vertices)} vertices; codes,"
            f" head pose and phones take {stored / frames:.0f} bytes a frame, uncompressed"
        ),
    )
