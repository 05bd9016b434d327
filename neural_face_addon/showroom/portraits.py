"""Sheets of the head for the documentation (`make pictures`): expressions; a line in styles."""

import argparse
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...models.speech.manner import Manner, StyleCurve
from .. import registration
from ..scene import heads, keyframes, layer_curves, playback
from ..scene.layers import HAND
from ..system import runtime
from . import studio

COLUMNS = 4
STYLES = ("happy", "angry", "sad", "surprised")
TURN = 0.3
"""Radians by which portraits look aside."""
MOMENTS = 6
"""Of the line that is shown in styles: half of them stressed vowels, half `CLOSED`."""
CLOSED = ("P", "B", "M")
SMALL = 42
"""Per cent of the studio's resolution for that line."""


def main() -> int:
    """Render the sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="", help="head file; empty for the bundled one")
    parser.add_argument("--text", required=True, help="line that is spoken in styles")
    parser.add_argument("--expressions", type=Path, required=True, help="PNG to write")
    parser.add_argument("--styles", type=Path, required=True, help="PNG to write")
    options = parser.parse_args()
    path = str(Path(options.head or runtime.bundled_path()).absolute())
    registration.register()
    try:
        head = _alone(path)
        _render(head, *expressions(head), COLUMNS, options.expressions.absolute())
        head = _alone(path)
        made = line_in_styles(head, options.text)
        _render(head, *made, MOMENTS, options.styles.absolute(), SMALL)
    finally:
        registration.unregister()
    return 0


def _alone(path: str) -> bpy.types.Object:
    """The head in an empty file."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.neural_face.import_head(filepath=path)
    return heads.required(bpy.context)


def _render(
    head: bpy.types.Object,
    codes: np.ndarray,
    poses: np.ndarray,
    columns: int,
    path: Path,
    percentage: int = studio.SHEET_PERCENTAGE,
) -> None:
    """Portraits of codes (n, Z) and head poses (n, 6), keyed one a frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = np.arange(1, len(codes) + 1)
    channels = layer_curves.channels(head, HAND, codes, poses)
    action = bpy.data.actions.new("Portraits")
    for owner in {item.owner for item in channels}:
        keyframes.assign(action, owner)
    keyframes.write(channels, frames)
    studio.set_up(bpy.context.scene, head)
    studio.render_sheet(bpy.context.scene, frames.tolist(), columns, path, percentage)


def expressions(head: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Expressive codes (n, Z), and head poses (n, 6) that look ahead and to both sides."""
    codes = np.stack(expressive_codes(head))
    poses = np.zeros((len(codes), 6), np.float32)
    poses[:, 2] = TURN * (np.arange(1, len(codes) + 1) % 3 - 1)
    return codes, poses


def line_in_styles(head: bpy.types.Object, text: str) -> tuple[np.ndarray, np.ndarray]:
    """The same moments of a line in each of `STYLES` and neutral: codes (n, Z), poses (n, 6)."""
    opened = playback.open_head(head)
    method, fps = opened.methods[0], opened.info.fps
    line = runtime.time_line(opened, text, _quiet)
    known = opened.style_names
    made = []
    for style in [name for name in ("neutral", *STYLES) if name in known]:
        manner = Manner(StyleCurve(style))
        settings = {"method": method, "fps": fps, "manner": manner}
        made.append(runtime.move(opened, line.cues, line.phones.words, _quiet, **settings))
    rows = _moments(line.cues, opened.lip_gaps(made[0].codes), fps)
    codes, poses = (
        np.concatenate([getattr(item, name)[rows] for item in made])
        for name in ("codes", "head_pose")
    )
    return codes, poses


def _moments(cues: list, gap: np.ndarray, fps: float) -> list[int]:
    """Frames at which lips are closed or, on stressed vowels, furthest apart; gap (T,) metres."""
    closed = [cue for cue in cues if cue.phone in CLOSED]
    vowels = [cue for cue in cues if cue.stress > 0]
    rows = []
    for chosen, best in ((closed, np.argmin), (vowels, np.argmax)):
        for place in np.linspace(0, len(chosen) - 1, MOMENTS // 2).round().astype(int):
            cue = chosen[place]
            first, last = (
                round(cue.start * fps),
                max(round(cue.end * fps), round(cue.start * fps) + 1),
            )
            rows.append(first + int(best(gap[first:last])))
    return sorted(rows)


def _quiet(_fraction: float, _message: str) -> None:
    """Report nothing."""


def expressive_codes(head: bpy.types.Object) -> list[np.ndarray]:
    """From the captured takes: of each style the frame furthest from rest, then of other motion."""
    examples = playback.open_head(head).examples
    found = [np.zeros(examples.codes.shape[1], np.float32)]
    groups = [[take for take in examples.takes if take.style == style] for style in STYLES]
    motion = [take for take in examples.takes if take.kind == "motion"]
    others = 2 * COLUMNS - 1 - len(groups)
    groups += [motion[place::others] for place in range(others)]
    return found + [_furthest(examples, takes) for takes in groups if takes]


def _furthest(examples: Any, takes: list) -> np.ndarray:
    rows = np.concatenate([np.arange(take.start, take.start + take.count) for take in takes])
    codes = examples.codes[rows]
    return codes[np.argmax(np.linalg.norm(codes, axis=1))]


if __name__ == "__main__":
    sys.exit(main())
