"""Shows each head's expression code: decodes it and writes mesh and image. Thread-safe.

What was shown last is kept by session-wide object number, so that renaming keeps it and undo,
which replaces every pointer, cannot leave a dangling one.
"""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...models.errors import NeuralFaceError
from ..system import runtime
from . import heads, materials

if TYPE_CHECKING:
    from ...models.actor import Actor
    from ...models.mesh import HeadMesh
    from ...models.pixels import PixelBuffer

log = logging.getLogger(__name__)

STALE_TEXTURES_BEFORE = (5, 2, 0)
"""Up to here Cycles with persistent data keeps the pixels that an image had at first."""

_lock = threading.RLock()
_shown: dict[int, "Shown"] = {}
_buffers: dict[tuple[int, ...], "PixelBuffer"] = {}


@dataclass
class Shown:
    """What a head shows.

    Attributes:
        code: Bytes of the last code written.
        distance: How far it lies from the capture; 1 is the capture's edge.
        error: Why it could not be shown, a sentence.
        spare: Name of the second image, where one is needed.
        rendered: Bytes of the code last rendered, where a second image is needed.
    """

    code: bytes = b""
    distance: float = 0.0
    error: str = ""
    spare: str = ""
    rendered: bytes = b""


def shown(obj: bpy.types.Object) -> Shown:
    """What `obj` shows; for panels, which only read."""
    return _shown.get(obj.session_uid) or Shown()


def forget_all() -> None:
    """Show everything anew at the next update."""
    with _lock:
        _shown.clear()


def forget(obj: bpy.types.Object) -> None:
    """Show `obj` anew at its next update."""
    with _lock:
        _shown.pop(obj.session_uid, None)


def open_head(obj: bpy.types.Object) -> "Actor":
    """The opened head of an object.

    Raises:
        NeuralFaceError: Its file or a package is missing, or it is another head's file.
    """
    group = obj.neural_face
    beside = Path(bpy.data.filepath).parent if bpy.data.filepath else None
    path = runtime.located(bpy.path.abspath(group.filepath), beside)
    return runtime.actor(path, group.sha256)


def show_all(depsgraph: bpy.types.Depsgraph | None = None) -> None:
    """Show every head's code, as evaluated by `depsgraph` where there is one."""
    with _lock:
        for obj in heads.every():
            evaluated = obj.evaluated_get(depsgraph) if depsgraph else obj
            show(obj, heads.code(evaluated), _swaps(depsgraph))


def _swaps(depsgraph: bpy.types.Depsgraph | None) -> bool:
    """Whether this render needs another image for other pixels."""
    return (
        depsgraph is not None
        and depsgraph.mode == "RENDER"
        and bpy.app.version < STALE_TEXTURES_BEFORE
        and depsgraph.scene.render.use_persistent_data
        and depsgraph.scene.render.engine == "CYCLES"
    )


def show(obj: bpy.types.Object, code: np.ndarray, swap: bool = False) -> None:
    """Show one code (Z,) on a head unless it is shown already; a failure is kept, not raised."""
    with _lock:
        state = _shown.setdefault(obj.session_uid, Shown())
        data = code.tobytes()
        stale = swap and state.rendered != data
        if (state.code == data and not stale) or obj.mode == "EDIT":
            return
        state.code = data  # also of a code that fails: said once, not at every frame
        try:
            head = open_head(obj)
            _check(obj, head)
            decoded = head.decode(code)
            state.distance = head.capture_distance(code)
        except NeuralFaceError as error:
            if state.error != str(error):
                log.warning("%s: %s", obj.name, error)
            state.error = str(error)
            return
        state.error = ""
        if stale:
            state.rendered = data
            _swap_image(obj, state)
        write_frame(obj, positions(head.mesh, decoded.vertices), decoded.texture)


def positions(mesh: "HeadMesh", vertices: np.ndarray) -> np.ndarray:
    """All vertices of the object, (V + parts, 3) float32: the head's (V, 3), then its parts'."""
    parts = [part.positions(vertices).astype(np.float32) for part in mesh.parts]
    return np.concatenate([vertices, *parts]) if parts else vertices


def _check(obj: bpy.types.Object, head: "Actor") -> None:
    expected = len(head.mesh.vertices) + sum(len(part.uvs) for part in head.mesh.parts)
    if len(obj.data.vertices) != expected:
        raise NeuralFaceError(
            f"The mesh of {obj.name} was edited: it has {len(obj.data.vertices)} vertices, the "
            f"head {expected}. Undo the edit or import the head again."
        )


def write_frame(obj: bpy.types.Object, vertices: np.ndarray, texture: np.ndarray) -> None:
    """Write one frame: Blender's own share of playback.

    Args:
        obj: A head.
        vertices: (all vertices of the object, 3) float32 metres.
        texture: (rows, columns, 3) uint8, row 0 is the top.
    """
    mesh = obj.data
    mesh.attributes["position"].data.foreach_set("vector", vertices.ravel())
    node = materials.texture_node(obj)
    if node is not None:
        size = texture.shape[:2]
        if size not in _buffers:
            _buffers[size] = runtime.pixel_buffer(*size)
        node.image.pixels.foreach_set(_buffers[size].fill(texture).ravel())
        node.image.update()
        node.image.update_tag()
    mesh.update()


def _swap_image(obj: bpy.types.Object, state: Shown) -> None:
    """Put the other of two images into the material: new pixels of the same one stay unseen."""
    node = materials.texture_node(obj)
    if node is None:
        return
    spare = bpy.data.images.get(state.spare) or node.image.copy()
    state.spare = node.image.name
    node.image = spare


def separate() -> None:
    """Give heads that share a mesh, a material or an image their own: a duplicate has its own code.

    The older object keeps what it has; object numbers only grow.
    """
    taken: set[int] = set()
    for obj in sorted(heads.every(), key=lambda obj: obj.session_uid):
        if obj.data.session_uid in taken:
            obj.data = obj.data.copy()
        node = materials.texture_node(obj)
        if node is not None and node.image.session_uid in taken:
            slot = obj.material_slots[0]
            material = slot.material = slot.material.copy()
            node = material.node_tree.nodes[materials.IMAGE_NODE]
            node.image = node.image.copy()
        taken |= {obj.data.session_uid} | ({node.image.session_uid} if node else set())
