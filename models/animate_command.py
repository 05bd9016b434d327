"""`python -m models animate`: a line or a video as animation parameters in a file.

A line is typed or recorded; a recording of ARKit's face shapes can take its place.
"""

import argparse
import csv
import io
from pathlib import Path

import numpy as np

from .actor import METHODS, Actor
from .animate import animate_text
from .errors import NeuralFaceError
from .files import write_arrays, write_bytes
from .parameters import AnimationParameters
from .progress import TerminalProgress
from .speech.manner import Manner, StyleCurve
from .video.retarget_settings import Retargeting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("head", type=Path, metavar="HEAD", help="head file (.nface)")
    parser.add_argument("--text", default="", help="line to speak")
    parser.add_argument(
        "--audio", type=Path, help="recording whose times to take; says the text where one is given"
    )
    parser.add_argument(
        "--timings", type=Path, help="TextGrid, subtitles or timed phones instead of a text"
    )
    parser.add_argument(
        "--arkit", type=Path, help="Live Link Face recording (.csv) to play instead of a line"
    )
    parser.add_argument("--video", type=Path, help="video of a face to follow instead of a line")
    parser.add_argument("--person", type=int, help="which face in it, 0 from the left")
    parser.add_argument(
        "--weights", type=Path, help="of DECA or EMOCA, for a head trained on ResNet-50 features"
    )
    parser.add_argument("--strength", type=float, default=1.0, help="factor on all movement (1)")
    parser.add_argument("-o", "--output", type=Path, required=True, help=".npz or .csv to write")
    parser.add_argument("--vertices", action="store_true", help="add decoded vertices (.npz only)")
    parser.add_argument("--arkit-csv", type=Path, help="write a Live Link Face file (.csv) as well")
    parser.add_argument(
        "--voice", type=Path, help="write a spoken track (.wav) with the same times"
    )
    parser.add_argument("--method", choices=METHODS, default="", help="best there is by default")
    parser.add_argument("--style", default="", help="named style, or a take to speak like")
    parser.add_argument("--second-style", default="", help="another, that --mix blends to")
    parser.add_argument("--mix", type=float, default=0.5, help="share of the second style, 0 to 1")
    parser.add_argument("--fps", type=float, default=30.0, help="frames per second (30)")
    parser.add_argument("--rate", type=float, default=1.0, help="speaking rate, 2 is twice as fast")
    parser.add_argument("--pause", type=float, default=1.0, help="factor on pauses")
    parser.add_argument("--seed", type=int, default=0, help="another number, another performance")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="where to decode")


def run(options: argparse.Namespace) -> dict:
    """Animate and write the file; returns figures."""
    kind = options.output.suffix.lower()
    if kind not in (".npz", ".csv"):
        raise NeuralFaceError("The output must end in .npz or .csv.")
    if kind == ".csv" and options.vertices:
        raise NeuralFaceError("Vertices can only be written to .npz.")
    actor = Actor.open(options.head, options.device)
    if sum(map(bool, (options.video, options.arkit, _line(options)))) > 1:
        raise NeuralFaceError("Give a line, a video or a recording of face shapes, only one.")
    if options.video is not None:
        parameters, figures, more = _followed(actor, options)
    elif options.arkit is not None:
        parameters, figures, more = _played(actor, options)
    else:
        parameters, figures, more = _spoken(actor, options)
    if kind == ".npz":
        write_arrays(options.output, **_arrays(actor, parameters, options.vertices), **more)
    else:
        write_bytes(options.output, _table(actor, parameters).encode())
    if options.arkit_csv is not None:
        actor.write_arkit(parameters, options.arkit_csv)
    return {"frames": len(parameters.times)} | figures | {"output": str(options.output)}


_Made = tuple[AnimationParameters, dict, dict[str, np.ndarray]]
"""What drives the head, figures for the user, further arrays for the file."""


def _line(options: argparse.Namespace) -> bool:
    """Whether there is a line to speak."""
    return bool(options.text or options.audio or options.timings)


def _followed(actor: Actor, options: argparse.Namespace) -> _Made:
    """Follow a video of a face."""
    analysis = actor.analyse_video(
        options.video, TerminalProgress(), options.person, weights=options.weights
    )
    settings = Retargeting(strength=options.strength)
    figures = {
        "seconds": round(analysis.seconds, 3),
        "seen_share": round(float((analysis.confidence > 0.5).mean()), 3),
        "warnings": list(analysis.warnings),
    }
    more = {"confidence": analysis.confidence, "video_times": analysis.times}
    return actor.retarget(analysis, settings, options.fps), figures, more


def _played(actor: Actor, options: argparse.Namespace) -> _Made:
    """Play a recording of face shapes."""
    parameters = actor.play_arkit(options.arkit, options.strength, options.fps)
    return parameters, {"seconds": round(float(parameters.times[-1]), 3)}, {}


def _spoken(actor: Actor, options: argparse.Namespace) -> _Made:
    """Speak a line."""
    result = animate_text(
        actor,
        options.text,
        options.method,
        fps=options.fps,
        rate=options.rate,
        pause=options.pause,
        seed=options.seed,
        voice_path=options.voice,
        progress=TerminalProgress(),
        manner=Manner(_style(options), strength=options.strength),
        recording=options.audio,
        timings=options.timings,
    )
    figures = {
        "seconds": round(result.seconds, 3),
        "words": len(result.line.words),
        "cues": len(result.line.cues),
        "unknown": list(result.line.unknown),
        "warnings": list(result.line.warnings),
        "voice": str(result.line.voice) if result.line.voice else None,
    }
    return result.parameters, figures, result.line.phones.to_arrays()


def _style(options: argparse.Namespace) -> StyleCurve:
    mix = np.array([options.mix if options.second_style else 0.0])
    return StyleCurve(options.style, options.second_style, np.zeros(1), mix)


def _arrays(actor: Actor, parameters: AnimationParameters, vertices: bool) -> dict[str, np.ndarray]:
    arrays = {
        "times": parameters.times,
        "codes": parameters.codes,
        "head_pose": parameters.head_pose,
        "slider_names": np.array([slider.name for slider in actor.sliders]),
    }
    if vertices:
        arrays["vertices"] = actor.decode_vertices(parameters.codes)
        for name, indices in actor.mesh.landmarks.items():
            arrays[f"landmark_{name}"] = np.asarray(indices)
    return arrays


def _table(actor: Actor, parameters: AnimationParameters) -> str:
    pose = [f"head_{name}" for name in ("rx", "ry", "rz", "tx", "ty", "tz")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seconds", *(slider.name for slider in actor.sliders), *pose])
    rows = np.concatenate([parameters.times[:, None], parameters.codes, parameters.head_pose], 1)
    writer.writerows([f"{value:.6g}" for value in row] for row in rows)
    return text.getvalue()
