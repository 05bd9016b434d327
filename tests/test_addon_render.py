"""Every rendered frame shows that frame's code, whatever renders it and from whichever thread."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
cv2 = pytest.importorskip("cv2", reason="comparing pictures needs OpenCV")

from heads_in_blender import codes, import_head

FRAMES = (1, 2, 3)


def set_up(scene: object, engine: str) -> None:
    """A small picture of the face by its own colours, the same at each call."""
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = 0.3
    camera.location = (0, -1, 0)
    camera.rotation_euler = (np.pi / 2, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = engine
    scene.render.resolution_x = scene.render.resolution_y = 96
    scene.view_settings.view_transform = "Standard"
    scene.cycles.samples = 4
    scene.cycles.use_adaptive_sampling = False
    scene.display.shading.light = "FLAT"
    scene.display.shading.color_type = "TEXTURE"


def keyed_head(tiny_head: Path) -> tuple[object, np.ndarray]:
    """A head that shines by itself, with another code keyed on each frame."""
    from neural_face.neural_face_addon.scene import heads, materials, poses

    obj = import_head(tiny_head)
    for socket in materials.light_sockets(obj):
        socket.default_value = 1.0
    wanted = 1.5 * codes(obj, len(FRAMES), seed=4)
    for frame, code in zip(FRAMES, wanted, strict=True):
        heads.set_code(obj, code)
        poses.key(obj, "ALL", frame)
    return obj, wanted


def render_animation(scene: object, folder: Path) -> list[np.ndarray]:
    scene.frame_start, scene.frame_end = FRAMES[0], FRAMES[-1]
    scene.render.filepath = f"{folder}/frame_"
    bpy.ops.render.render(animation=True)
    return [picture(folder / f"frame_{frame:04d}.png") for frame in FRAMES]


def picture(path: Path) -> np.ndarray:
    return cv2.imread(str(path)).astype(np.float32)


def render_still(scene: object, obj: object, code: np.ndarray, path: Path) -> np.ndarray:
    """What the code looks like: sliders set by hand, no animation."""
    from neural_face.neural_face_addon.scene import heads

    obj.animation_data_clear()
    heads.set_code(obj, code)
    bpy.context.view_layer.update()
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return picture(path)


@pytest.mark.parametrize(
    ("engine", "persistent"),
    [("BLENDER_WORKBENCH", False), ("CYCLES", False), ("CYCLES", True)],
)
def test_each_frame_shows_its_code(
    scene: object, tiny_head: Path, tmp_path: Path, engine: str, persistent: bool
) -> None:
    obj, wanted = keyed_head(tiny_head)
    set_up(scene, engine)
    scene.render.use_persistent_data = persistent
    frames = render_animation(scene, tmp_path)
    scene.render.use_persistent_data = False
    stills = [
        render_still(scene, obj, code, tmp_path / f"still_{i}.png") for i, code in enumerate(wanted)
    ]
    for i, frame in enumerate(frames):
        differences = [np.abs(frame - still).mean() for still in stills]
        others = min(d for j, d in enumerate(differences) if j != i)
        assert differences[i] < 0.3, differences
        assert others > 4 * differences[i] + 0.5, differences


def test_still_pictures_show_the_sliders(scene: object, tiny_head: Path, tmp_path: Path) -> None:
    """Cycles with persistent data keeps old pixels of an image on Blender before 5.2."""
    obj, wanted = keyed_head(tiny_head)
    set_up(scene, "CYCLES")
    scene.render.use_persistent_data = True
    kept = [render_still(scene, obj, code, tmp_path / "a.png") for code in wanted[[0, 1, 0, 2]]]
    scene.render.use_persistent_data = False
    fresh = [render_still(scene, obj, code, tmp_path / "b.png") for code in wanted[[0, 1, 0, 2]]]
    for one, other in zip(kept, fresh, strict=True):
        assert np.abs(one - other).mean() < 0.3
    assert np.abs(kept[0] - kept[1]).mean() > 0.5


def test_the_texture_of_a_frame_is_the_decoded_one(
    scene: object, tiny_head: Path, tmp_path: Path
) -> None:
    """A flat sheet with the head's material shows the decoded texture, texel for texel."""
    from neural_face.neural_face_addon.scene import playback

    obj, wanted = keyed_head(tiny_head)
    sheet = bpy.data.meshes.new("Sheet")
    sides = (-0.15, 0.15)
    square = [(sides[i], 0, sides[j]) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
    sheet.from_pydata(square, [], [range(4)])
    corners = np.array([0, 0, 1, 0, 1, 1, 0, 1], np.float32)
    sheet.uv_layers.new().uv.foreach_set("vector", corners)
    sheet.materials.append(obj.material_slots[0].material)
    screen = bpy.data.objects.new("Sheet", sheet)
    screen.location.y = -0.5
    scene.collection.objects.link(screen)
    set_up(scene, "BLENDER_WORKBENCH")
    frames = render_animation(scene, tmp_path)
    head = playback.open_head(obj)
    expected = [soft(cv2.resize(head.decode(code).texture[..., ::-1], (96, 96))) for code in wanted]
    for i, frame in enumerate(frames):
        differences = [np.abs(soft(frame) - other).mean() for other in expected]
        assert np.argmin(differences) == i and differences[i] < 1.5, differences


def soft(image: np.ndarray) -> np.ndarray:
    """Without the detail that a small picture samples by chance."""
    return cv2.blur(image.astype(np.float32), (9, 9))


def test_scene_shows_its_own_frame_after_rendering(
    scene: object, tiny_head: Path, tmp_path: Path
) -> None:
    from heads_in_blender import assert_shows

    obj, wanted = keyed_head(tiny_head)
    set_up(scene, "BLENDER_WORKBENCH")
    scene.frame_set(2)
    render_animation(scene, tmp_path)
    bpy.context.view_layer.update()
    assert scene.frame_current == 2
    assert_shows(obj, wanted[1])
