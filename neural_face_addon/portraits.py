"""A sheet of the head in several expressions, for the documentation (`make pictures`)."""

import argparse
import sys
from pathlib import Path

import bpy
import numpy as np

from . import expression, heads, playback, registration, runtime, studio

COLUMNS = 4
STYLES = ("happy", "angry", "sad", "surprised")
TURN = 0.3
"""Radians by which every second portrait looks aside."""


def main() -> int:
    """Render the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="", help="head file; empty for the bundled one")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    options = parser.parse_args()
    registration.register()
    try:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        path = options.head or str(runtime.bundled_path())
        bpy.ops.neural_face.import_head(filepath=str(Path(path).absolute()))
        head = bpy.context.object
        options.out.absolute().parent.mkdir(parents=True, exist_ok=True)
        _render(head, options.out.absolute())
    finally:
        registration.unregister()
    return 0


def _render(head: bpy.types.Object, path: Path) -> None:
    """Portraits of chosen codes, keyed one a frame."""
    scene = bpy.context.scene
    codes = expressive_codes(head)
    rig = heads.rig(head)
    for frame, code in enumerate(codes, 1):
        heads.set_code(head, code)
        expression.key(head, "ALL", frame)
        rig.pose.bones[0].rotation_euler[1] = TURN * (frame % 3 - 1)
        rig.pose.bones[0].keyframe_insert("rotation_euler", frame=frame)
    studio.set_up(scene, head)
    studio.render_sheet(scene, list(range(1, len(codes) + 1)), COLUMNS, path)


def expressive_codes(head: bpy.types.Object) -> list[np.ndarray]:
    """From the captured takes: of each style the frame furthest from rest, then of other motion."""
    examples = playback.open_head(head).examples
    found = [np.zeros(examples.codes.shape[1], np.float32)]
    groups = [[take for take in examples.takes if take.style == style] for style in STYLES]
    motion = [take for take in examples.takes if take.kind == "motion"]
    others = 2 * COLUMNS - 1 - len(groups)
    groups += [motion[place::others] for place in range(others)]
    return found + [_furthest(examples, takes) for takes in groups if takes]


def _furthest(examples: object, takes: list) -> np.ndarray:
    rows = np.concatenate([np.arange(take.start, take.start + take.count) for take in takes])
    codes = examples.codes[rows]
    return codes[np.argmax(np.linalg.norm(codes, axis=1))]


if __name__ == "__main__":
    sys.exit(main())
