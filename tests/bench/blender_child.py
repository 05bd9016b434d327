"""Run in a Blender process: time showing a frame or speaking a line; one JSON object on stdout."""

import json
import runpy
import sys
import time
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FRAMES, ROUNDS = 40, 6


def showing(obj: bpy.types.Object) -> dict:
    """Show frames of the head's takes in several rounds; milliseconds are medians over frames.

    A frame costs what it took in its best round: other work on the machine only ever adds.
    """
    from neural_face.neural_face_addon.scene import materials, playback

    opened = playback.open_head(obj)
    step = max(1, len(opened.examples.codes) // FRAMES)
    codes = opened.examples.codes[::step][:FRAMES]
    image = materials.texture_node(obj).image
    bare = np.zeros(len(image.pixels), np.float32)
    times = np.empty((3, ROUNDS, len(codes)))
    for number in range(ROUNDS):
        for place, code in enumerate(codes):
            start = time.perf_counter()
            decoded = opened.decode(code)
            vertices = playback.positions(opened.mesh, decoded.vertices)
            ready = time.perf_counter()
            playback.write_frame(obj, vertices, decoded.texture)
            bpy.context.view_layer.update()
            done = time.perf_counter()
            image.pixels.foreach_set(bare)
            end = time.perf_counter()
            times[:, number, place] = done - ready, done - start, end - done
    write, show, pixels = 1e3 * np.median(times.min(1), axis=1)
    everything = 1e3 * np.median(times[0])
    return {
        "frames": len(codes),
        "rounds": ROUNDS,
        "write_ms": write,
        "show_ms": show,
        "pixels_ms": pixels,
        "all_ms": everything,
    }


def speaking(obj: bpy.types.Object, text: str, method: str) -> dict:
    """Speak a short line to load the models, then time `text` from the operator's call to keys.

    Then the same line in other styles: the best of some rounds, other work only ever adds.
    """
    bpy.ops.neural_face.animate_text(text="Ready.", method=method)
    start = time.perf_counter()
    bpy.ops.neural_face.animate_text(text=text, method=method)
    seconds = time.perf_counter() - start
    group = obj.neural_face
    line = group.lines[group.active_line]
    again = []
    for number in range(ROUNDS):
        line.style_first = group.styles[number % len(group.styles)].name
        start = time.perf_counter()
        bpy.ops.neural_face.update_line()
        again.append(time.perf_counter() - start)
    return {"seconds": seconds, "again_seconds": min(again), "line_seconds": line.seconds}


def main(head: str, *text: str) -> None:
    """Import the head, then show frames, or speak `text` by a method where there is one."""
    package = runpy.run_path(str(ROOT / "neural_face_addon/showroom/source.py"))["load_package"]()
    package.register()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.neural_face.import_head(filepath=head)
    record = speaking(bpy.context.object, *text) if text else showing(bpy.context.object)
    package.unregister()
    sys.stdout.write("\n" + json.dumps(record | {"blender": bpy.app.version_string}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
