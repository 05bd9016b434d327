"""Run in a Blender process: time what showing a frame costs; one JSON object on stdout."""

import json
import runpy
import statistics
import sys
import time
from pathlib import Path

import bpy

ROOT = Path(__file__).resolve().parents[2]
FRAMES, WARM_UP = 60, 5


def main(head: str) -> None:
    """Import the head, then show frames of its takes; milliseconds are medians."""
    package = runpy.run_path(str(ROOT / "neural_face_addon/source.py"))["load_package"]()
    package.register()
    from neural_face.neural_face_addon import playback

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.neural_face.import_head(filepath=head)
    obj = bpy.context.object
    opened = playback.open_head(obj)
    step = max(1, len(opened.examples.codes) // FRAMES)
    writing, showing = [], []
    for code in opened.examples.codes[::step][:FRAMES]:
        start = time.perf_counter()
        decoded = opened.decode(code)
        vertices = playback.positions(opened.mesh, decoded.vertices)
        ready = time.perf_counter()
        playback.write_frame(obj, vertices, decoded.texture)
        bpy.context.view_layer.update()
        done = time.perf_counter()
        writing.append((done - ready) * 1e3)
        showing.append((done - start) * 1e3)
    record = {
        "blender": bpy.app.version_string,
        "frames": len(writing) - WARM_UP,
        "write_ms": statistics.median(writing[WARM_UP:]),
        "show_ms": statistics.median(showing[WARM_UP:]),
    }
    package.unregister()
    sys.stdout.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
