"""`python -m tests.bench.side_by_side`: a synthetic person's video beside the head that follows it.

Leaves a video and a contact sheet in the output folder.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np

from models.actor import Actor
from models.errors import CaptureError
from models.render.raster import shared_rasteriser
from models.synthetic.people import actor_of, people
from models.synthetic.render_footage import make_camera
from models.synthetic.scene import Scene
from models.synthetic.synthetic_actor import build_template
from models.synthetic.take_list import FPS, make_takes
from models.video.analyse import analyse_video
from models.video.features import extractor_of

from .rendered_head import BACKGROUND, RenderedHead

SIDE = 360
SHOWN = 4
"""Pictures of each take on the contact sheet."""
TAKES = ("line_216_happy_1", "line_072_surprised_1")
"""Held out."""


def source_pictures(data: Path) -> list[list[np.ndarray]]:
    """A person whom no training clip shows acts takes that no training clip holds."""
    takes = {take.name: take for take in make_takes(build_template(), data)}
    person = next(p for p in people() if p.split == "held_out")
    scene = Scene(actor_of(person.name), data / "performer", 512, 32)
    camera = make_camera(scene, np.random.default_rng(4)).resized(SIDE, SIDE)
    return [
        [
            shared_rasteriser().render(scene.frame(*frame).drawables, camera, BACKGROUND)
            for frame in zip(take.controls, take.head_pose, strict=True)
        ]
        for take in (takes[name] for name in TAKES)
    ]


def write_video(path: Path, pictures: list[np.ndarray]) -> None:
    """Write RGB pictures as an .mp4 at `FPS`.

    Raises:
        CaptureError: OpenCV cannot write it here.
    """
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), FPS, (width, height))
    if not writer.isOpened():
        raise CaptureError(f"{path.name} cannot be written.")
    for picture in pictures:
        writer.write(np.ascontiguousarray(picture[..., ::-1]))
    writer.release()


def followed(head: Actor, pictures: list[np.ndarray]) -> list[np.ndarray]:
    """The head's pictures, driven by the source's video."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.mp4"
        write_video(path, pictures)
        analysis = analyse_video(path, extractor_of(head.video_network().extractor))
    made = head.retarget(analysis, fps=FPS)
    return list(RenderedHead(head, SIDE).render(made))


def _cut(picture: np.ndarray) -> np.ndarray:
    """Without most of the background."""
    return picture[SIDE // 10 : -SIDE // 8, SIDE // 6 : -SIDE // 6]


def main() -> None:
    """Make both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", type=Path, default=Path("models/bundled/actor.nface"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    options = parser.parse_args()
    head = Actor.open(options.head)
    takes = [(taken, followed(head, taken)) for taken in source_pictures(options.data)]
    pairs = [np.hstack(pair) for take in takes for pair in zip(*take, strict=False)]
    write_video(options.out / "video.mp4", pairs)
    tiles = [
        np.vstack([_cut(side[row]) for side in take])
        for take in takes
        for row in np.linspace(0, len(take[1]) - 1, SHOWN + 2).astype(int)[1:-1]
    ]
    sheet = cv2.resize(np.hstack(tiles), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(options.out / "video.png"), sheet[..., ::-1])


if __name__ == "__main__":
    main()
