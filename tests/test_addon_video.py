"""A real video of a face: read by the landmarker, keyed; a take of it as from a camera."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2", reason="writing a video needs OpenCV")
bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
pytest.importorskip("torch", reason="following a video needs torch")

from heads_in_blender import curves, import_head
from rendered_faces import needs_landmarker, rendered
from test_demo import demo  # noqa: F401


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """0.8 s of the synthetic actor who opens the mouth and turns the head."""
    needs_landmarker()
    path = tmp_path_factory.mktemp("video") / "acted.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25.0, (256, 256))
    for share in np.linspace(0, 1, 20):
        writer.write(cv2.cvtColor(rendered((0, 0, 15 * share), 0.8 * share), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def test_a_video_of_a_face_becomes_keys(scene: object, tiny_head: Path, video: Path) -> None:
    head = import_head(tiny_head)
    scene.render.fps = 25
    assert bpy.ops.neural_face.animate_video(filepath=str(video), frame_start=5) == {"FINISHED"}
    clip = head.neural_face.clips[0]
    assert clip.about.startswith("20 frames, 0.8 s at 25 fps, 256 × 256")
    assert clip.frame_first == 5 and clip.frame_last in (23, 24)
    assert len(bytes(clip.data)) > 1000 and len(clip.file_sha256) == 64
    jaw = curves(head)["neural_face.video_layer.mouth", 0].keyframe_points
    assert np.ptp([point.co[1] for point in jaw]) > 0
    assert clip.picture.data.source == "MOVIE"


def test_a_live_take_of_a_video(scene: object, tiny_head: Path, video: Path) -> None:
    head = import_head(tiny_head)
    assert bpy.ops.neural_face.live_video(filepath=str(video)) == {"FINISHED"}
    clip = head.neural_face.clips[0]
    assert (clip.source, clip.name) == ("RECORDED", "acted") and clip.picture is None
    assert 0.3 < clip.seconds <= 0.8


def test_a_missing_camera_is_said(scene: object, tiny_head: Path) -> None:
    needs_landmarker()
    import_head(tiny_head)
    with pytest.raises(RuntimeError, match="Camera 99 gives no pictures"):
        bpy.ops.neural_face.live_video(device=99, seconds=1.0)


def test_the_demo_follows_a_video(
    scene: object,
    demo: ModuleType,  # noqa: F811
    tiny_head: Path,
    video: Path,
    tmp_path: Path,
) -> None:
    out, sheet = tmp_path / "out", tmp_path / "pictures" / "sheet.png"
    words = ["--video", video, "--out", out, "--head", tiny_head, "--contact-sheet", sheet]
    assert demo.main([*map(str, words)]) == 0
    report = json.loads((out / "report.json").read_text())
    assert report["video"] == "acted.mp4" and report["about"].startswith("20 frames, 0.8 s")
    assert report["keys"] > report["frames"] > 10 and report["kept_bytes"] > 1000
    assert set(report["seconds"]) >= {"import", "video_to_keys", "render"}
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert (out / "demo.mp4").read_bytes()[4:8] == b"ftyp"
