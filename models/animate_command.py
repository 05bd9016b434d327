"""`python -m models animate`: a line or a video as animation parameters in a file.

A line is typed or recorded; a recording of ARKit's face shapes can take its place.
"""

import argparse
import csv
import io
from pathlib import Path

import numpy as np

from .actor import Actor
from .animate import animate_text
from .arkit.arkit_take import ArkitSettings
from .errors import NeuralFaceError
from .files import write_arrays, write_bytes
from .parameters import AnimationParameters
from .progress import TerminalProgress
from .settings import add_options, chosen, settings_of
from .speech.line_settings import LineSettings
from .speech.manner import Manner, StyleSettings
from .video.retarget_settings import ResidualSettings, Retargeting, VideoSource

SPOKEN = (LineSettings, StyleSettings, Manner, ResidualSettings)
FOLLOWED = (VideoSource, ArkitSettings, Retargeting, ResidualSettings)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("head", type=Path, metavar="HEAD", help="head file (.nface)")
    parser.add_argument("-o", "--output", type=Path, required=True, help=".npz or .csv to write")
    parser.add_argument("--vertices", action="store_true", help="add decoded vertices (.npz only)")
    parser.add_argument("--arkit-csv", type=Path, help="write a Live Link Face file (.csv) as well")
    parser.add_argument("--fps", type=float, default=30.0, help="frames per second (30)")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="where to decode")
    spoken, followed = settings_of(*SPOKEN), settings_of(*FOLLOWED)
    line = parser.add_argument_group("a line")
    add_options(line, [item for name, item in spoken.items() if name not in followed])
    line.add_argument("--voice", type=Path, help="write a spoken track (.wav) with the same times")
    clip = parser.add_argument_group("a video or a recording of face shapes, instead of a line")
    clip.add_argument("--arkit", type=Path, help="Live Link Face recording (.csv)")
    add_options(clip, [item for name, item in followed.items() if name not in spoken])
    clip.add_argument(
        "--weights", type=Path, help="of DECA or EMOCA, for a head trained on ResNet-50 features"
    )
    both = parser.add_argument_group("either")
    add_options(both, [item for name, item in followed.items() if name in spoken])


def run(options: argparse.Namespace) -> dict:
    """Animate and write the file; returns figures."""
    kind = options.output.suffix.lower()
    if kind not in (".npz", ".csv"):
        raise NeuralFaceError("The output must end in .npz or .csv.")
    if kind == ".csv" and options.vertices:
        raise NeuralFaceError("Vertices can only be written to .npz.")
    actor = Actor.open(options.head, options.device)
    line = options.text or options.audio_filepath or options.timings_filepath
    if sum(map(bool, (options.filepath, options.arkit, line))) > 1:
        raise NeuralFaceError("Give a line, a video or a recording of face shapes, only one.")
    if options.filepath:
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


def _followed(actor: Actor, options: argparse.Namespace) -> _Made:
    """Follow a video of a face."""
    source, settings = VideoSource(**chosen(options, VideoSource)), _retargeting(options)
    analysis = actor.analyse_video(
        source.filepath, TerminalProgress(), source.face, settings.trim_start, settings.end,
        options.weights,
    )  # fmt: skip
    figures = {
        "seconds": round(analysis.seconds, 3),
        "seen_share": round(float((analysis.confidence > 0.5).mean()), 3),
        "warnings": list(analysis.warnings),
    }
    more = {"confidence": analysis.confidence, "video_times": analysis.times}
    return actor.retarget(analysis, settings, options.fps), figures, more


def _played(actor: Actor, options: argparse.Namespace) -> _Made:
    """Play a recording of face shapes."""
    recorded = actor.play_arkit(options.arkit, neutral=options.neutral)
    parameters = actor.replay(recorded, _retargeting(options), options.fps)
    return parameters, {"seconds": round(float(parameters.times[-1]), 3)}, {}


def _retargeting(options: argparse.Namespace) -> Retargeting:
    residual = ResidualSettings(**chosen(options, ResidualSettings)).curve
    return Retargeting(**chosen(options, Retargeting), residual=residual)


def _spoken(actor: Actor, options: argparse.Namespace) -> _Made:
    """Speak a line."""
    said = LineSettings(**chosen(options, LineSettings))
    style = StyleSettings(**chosen(options, StyleSettings)).curve
    result = animate_text(
        actor,
        said.text,
        said.method,
        fps=options.fps,
        rate=said.rate,
        pause=said.pause,
        seed=said.seed,
        voice_path=options.voice,
        progress=TerminalProgress(),
        manner=Manner(style, **chosen(options, Manner)),
        recording=said.recording,
        timings=said.timings,
        residual=ResidualSettings(**chosen(options, ResidualSettings)).curve,
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
