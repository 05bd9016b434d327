"""The headless demo: bundled head, typed line or video, keys, rendered preview (`make demo`)."""

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from ...models.speech.line_settings import METHOD_CHOICES
from .. import registration
from ..passage import passages
from ..scene import heads, keyframes, playback
from ..system import runtime
from . import studio

SHEET_FRAMES, SHEET_COLUMNS = 12, 4
TIMED_FRAMES = 30
"""Frames over which decoding is timed; their median is reported."""


class DemoError(Exception):
    """Something the person who started the demo can act on."""


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; expected failures end with a sentence and exit status 2."""
    options = _parse(arguments)
    try:
        report = run(options)
    except DemoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report, indent=1, ensure_ascii=False))
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", default="", help="the line to speak")
    parser.add_argument("--video", default="", help="video to follow instead")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the results")
    parser.add_argument("--head", default="", help="head file; empty for the bundled one")
    parser.add_argument("--method", default="", help="STYLE or EXAMPLES; the head's best if empty")
    parser.add_argument("--style", default="", help="named style; neutral if empty")
    parser.add_argument("--contact-sheet", type=Path, help="PNG of 12 frames of the line")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> dict:
    """Import the head, speak the line or follow the video, render; returns what `report.json` says.

    Raises:
        DemoError: The folder, the head or the text cannot be used.
    """
    out = _output_folder(options.out)
    seconds: dict[str, float] = {}
    registration.register()
    try:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        scene = bpy.context.scene
        with _timed(seconds, "import"):
            _operate(bpy.ops.neural_face.import_head, filepath=str(_head_file(options.head)))
        head = heads.required(bpy.context)
        scene.render.fps = round(playback.open_head(head).info.fps)
        with _timed(seconds, "video_to_keys" if options.video else "text_to_keys"):
            _animate(options)
        first, last = _action_of(head).frame_range
        scene.frame_start, scene.frame_end = math.floor(first), math.ceil(last)
        studio.set_up(scene, head)
        bpy.ops.wm.save_as_mainfile(filepath=str(out / "demo.blend"))
        report = _describe(scene, head, options)
        with _timed(seconds, "render"):
            studio.render_video(scene, out / "demo.mp4")
        if options.contact_sheet:
            _output_folder(options.contact_sheet.parent)
            studio.render_sheet(scene, _sheet_frames(scene), SHEET_COLUMNS, options.contact_sheet)
    finally:
        registration.unregister()
    report["seconds"] = {stage: round(value, 3) for stage, value in seconds.items()}
    (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return report


def _animate(options: argparse.Namespace) -> None:
    if options.video:
        path = str(Path(options.video).absolute())
        _operate(bpy.ops.neural_face.animate_video, filepath=path, show_video=False)
    else:
        _operate(bpy.ops.neural_face.animate_text, **_line(options))


def _line(options: argparse.Namespace) -> dict[str, str]:
    """Arguments of the operator.

    Raises:
        DemoError: There is no such method.
    """
    chosen = {"text": options.text, "style": options.style}
    if options.method:
        chosen["method"] = options.method.upper()
        known = [name for name, _, _ in METHOD_CHOICES]
        if chosen["method"] not in known:
            raise DemoError(f"There is no method {options.method}: choose {' or '.join(known)}.")
    return chosen


def _output_folder(folder: Path) -> Path:
    """Make `folder`, absolute and writable, before anything takes time."""
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"Cannot make the folder {folder}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DemoError(f"Cannot write into the folder {folder}: choose another with OUT=…")
    return folder


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start


def _operate(operator: Any, **arguments: Any) -> None:
    """Call an operator; what it reports as an error becomes the demo's error."""
    try:
        result = operator(**arguments)
    except RuntimeError as error:
        raise DemoError(str(error).removeprefix("Error: ").strip()) from error
    if result != {"FINISHED"}:
        raise DemoError(f"{operator.idname_py()} was cancelled.")


def _describe(scene: bpy.types.Scene, obj: bpy.types.Object, options: argparse.Namespace) -> dict:
    head = playback.open_head(obj)
    return {
        **(_about_clip(obj) if options.video else _about_line(obj, options)),
        "head": head.info.name,
        "blender": bpy.app.version_string,
        "device": str(head.device),
        "frames": scene.frame_end - scene.frame_start + 1,
        "fps": scene.render.fps / scene.render.fps_base,
        "keys": count_keys(_action_of(obj)),
        "decode_ms_per_frame": round(_decode_milliseconds(scene, obj, head), 2),
    }


def _about_line(obj: bpy.types.Object, options: argparse.Namespace) -> dict:
    line = passages.active(obj, passages.LINES)
    return {"text": options.text, "method": line.method, "style": line.style_first}


def _about_clip(obj: bpy.types.Object) -> dict:
    clip = passages.active(obj, passages.CLIPS)
    return {
        "video": Path(clip.filepath).name,
        "about": clip.about,
        "warnings": clip.warnings.splitlines(),
        "kept_bytes": len(clip.data),
    }


def _action_of(obj: bpy.types.Object) -> bpy.types.Action:
    action = keyframes.assigned_action(obj)
    if action is None:
        raise DemoError("The head was not animated.")
    return action


def count_keys(action: bpy.types.Action) -> int:
    """Keyframes in all slots of an action."""
    strips = [strip for layer in action.layers for strip in layer.strips]
    curves = [curve for strip in strips for bag in strip.channelbags for curve in bag.fcurves]
    return sum(len(curve.keyframe_points) for curve in curves)


def _decode_milliseconds(scene: bpy.types.Scene, obj: bpy.types.Object, head: Any) -> float:
    """Median time to decode one frame of the line, mesh and texture, without Blender's share."""
    times = []
    for frame in range(scene.frame_start, scene.frame_end + 1)[:TIMED_FRAMES]:
        scene.frame_set(frame)
        code = heads.code(obj.evaluated_get(bpy.context.evaluated_depsgraph_get()))
        start = time.perf_counter()
        head.decode(code)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _head_file(chosen: str) -> Path:
    path = Path(chosen).absolute() if chosen else runtime.bundled_path()
    if not path.is_file():
        raise DemoError(f"There is no head file {path}.")
    return path


def _sheet_frames(scene: bpy.types.Scene) -> list[int]:
    """Frames spread evenly over the line."""
    first, last = scene.frame_start, scene.frame_end
    return [round(first + (last - first) * (i + 0.5) / SHEET_FRAMES) for i in range(SHEET_FRAMES)]


if __name__ == "__main__":
    sys.exit(main())
