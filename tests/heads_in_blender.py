"""Helpers of the tests that have a head in Blender."""

from pathlib import Path

import bpy
import numpy as np


def import_head(path: Path) -> bpy.types.Object:
    """Import and give the new head."""
    assert bpy.ops.neural_face.import_head(filepath=str(path)) == {"FINISHED"}
    return bpy.context.object


def vertices(obj: bpy.types.Object) -> np.ndarray:
    """All vertices (n, 3) of the object's own mesh."""
    values = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.vertices.foreach_get("co", values)
    return values.reshape(-1, 3)


def texture(obj: bpy.types.Object) -> np.ndarray:
    """The texture in the object's image, (rows, columns, 3) uint8, row 0 is the top."""
    image = obj.material_slots[0].material.node_tree.nodes["Head Texture"].image
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    pixels = values.reshape(image.size[1], image.size[0], 4)[::-1, :, :3]
    return np.rint(pixels * 255).astype(np.uint8)


def assert_shows(obj: bpy.types.Object, code: np.ndarray) -> None:
    """Mesh and image are what the numeric layer decodes for `code`."""
    from neural_face.neural_face_addon.scene import playback

    head = playback.open_head(obj)
    decoded = head.decode(np.asarray(code, np.float32))
    count = len(head.mesh.vertices)
    np.testing.assert_allclose(vertices(obj)[:count], decoded.vertices, atol=1e-6)
    for part in head.mesh.parts:
        expected = part.positions(decoded.vertices)
        np.testing.assert_allclose(
            vertices(obj)[count : count + len(expected)], expected, atol=1e-6
        )
        count += len(expected)
    difference = np.abs(texture(obj).astype(int) - decoded.texture)
    assert difference.max() <= 1


def codes(obj: bpy.types.Object, count: int, seed: int = 0) -> np.ndarray:
    """Codes (count, Z) of the capture that look different from each other."""
    from neural_face.neural_face_addon.scene import playback

    examples = playback.open_head(obj).examples.codes
    rows = np.random.default_rng(seed).choice(len(examples), count, replace=False)
    return examples[rows].astype(np.float32)


def curves(owner: bpy.types.ID) -> dict[tuple[str, int], bpy.types.FCurve]:
    """Curves of the owner's own slot by data path and element."""
    action, slot = owner.animation_data.action, owner.animation_data.action_slot
    bag = action.layers[0].strips[0].channelbag(slot)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}


def keys(owner: bpy.types.ID) -> dict[tuple[str, int], list[tuple]]:
    """All there is to a key, of all of them."""
    return {
        key: [
            (*p.co, *p.handle_left, *p.handle_right, p.interpolation, p.easing, p.type)
            for p in curve.keyframe_points
        ]
        for key, curve in curves(owner).items()
    }
