"""The sheet of expressions for the documentation."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def test_expressions_start_at_rest_and_come_from_the_takes(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import playback
    from neural_face.neural_face_addon.showroom.portraits import expressive_codes

    assert bpy.ops.neural_face.import_head(filepath=str(tiny_head)) == {"FINISHED"}
    head = bpy.context.object
    codes = expressive_codes(head)
    captured = playback.open_head(head).examples.codes
    assert len(codes) > 1
    assert not codes[0].any()
    for code in codes[1:]:
        assert np.abs(captured - code).max(1).min() == 0
        assert np.linalg.norm(code) > np.median(np.linalg.norm(captured, axis=1))


def test_a_line_in_styles(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.showroom.portraits import MOMENTS, line_in_styles

    assert bpy.ops.neural_face.import_head(filepath=str(tiny_head)) == {"FINISHED"}
    codes, poses = line_in_styles(bpy.context.object, "Bob may see my baby.")
    assert len(codes) == len(poses) == 2 * MOMENTS  # the small head is neutral and happy
    assert not np.allclose(codes[:MOMENTS], codes[MOMENTS:])
