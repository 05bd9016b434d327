"""`python -m models train SOURCE -o HEAD.nface`: make a head file from a performance.

Given a head file instead of a performance, only its speech networks are trained anew, from the
takes that it holds; with footage of those takes, its video network, too.
"""

import argparse
import logging
import time
from pathlib import Path

from ..capture.performance import Performance
from ..errors import NeuralFaceError
from ..progress import Progress, TerminalProgress
from ..style.making import make_style
from ..style.training import StyleConfig
from ..video.evaluate import video_figures
from ..video.footage import read_motion
from ..video.making import make_video
from ..video.training import VideoConfig
from .evaluate import evaluate, region_baseline, seam
from .file import read_head_file, write_head_file
from .inference import Head
from .making import make_head, with_arkit_of
from .report import write_report
from .training import TrainingConfig

log = logging.getLogger(__name__)
DEFAULT_MINUTES = 30.0
DEFAULT_SPEECH_MINUTES = 30.0
SEAM_FRAMES = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    default = TrainingConfig()
    parser.add_argument(
        "source", type=Path, help="performance folder, or a head file whose speech to train anew"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="head file to write")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="best there is by default")
    parser.add_argument("--minutes", type=float, help=f"training time ({DEFAULT_MINUTES:g})")
    parser.add_argument("--steps", type=int, help="steps of each region, instead of minutes")
    parser.add_argument("--batch", type=int, default=default.batch, help="frames in a step")
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--no-gan", action="store_true", help="train without the discriminator")
    parser.add_argument("--gan-weight", type=float, default=default.gan_weight)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--checkpoint", type=Path, help="folder to save to and to continue from")
    parser.add_argument(
        "--speech-minutes",
        type=float,
        help=f"training time of the speech networks ({DEFAULT_SPEECH_MINUTES:g}; 0 for none)",
    )
    parser.add_argument("--speech-steps", type=int, help="their steps, instead of minutes")
    parser.add_argument(
        "--footage", type=Path, help="folder of footage that shows the head's takes"
    )
    parser.add_argument(
        "--video-minutes",
        type=float,
        help=f"training time of the video network ({VideoConfig().minutes:g})",
    )
    parser.add_argument("--video-steps", type=int, help="its steps, instead of minutes")
    parser.add_argument("--report", type=Path, help="PNG (beside the head file by default)")


def config_from(options: argparse.Namespace) -> TrainingConfig:
    """The training that the options ask for.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    minutes = options.minutes
    if minutes is None and options.steps is None:
        minutes = DEFAULT_MINUTES
    wrong = [
        name
        for name, value in (("--minutes", minutes), ("--steps", options.steps))
        if value is not None and value <= 0
    ]
    if wrong or options.batch < 1 or options.learning_rate <= 0:
        raise NeuralFaceError(f"{wrong[0] if wrong else '--batch'} must be more than zero.")
    return TrainingConfig(
        steps=options.steps,
        minutes=minutes,
        batch=options.batch,
        learning_rate=options.learning_rate,
        gan=not options.no_gan,
        gan_weight=options.gan_weight,
        seed=options.seed,
    )


def speech_config_from(options: argparse.Namespace) -> StyleConfig | None:
    """The training of the speech networks that the options ask for; None for none.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    if options.speech_minutes == 0:
        return None
    minutes, steps = _budget(options, "speech", DEFAULT_SPEECH_MINUTES)
    return StyleConfig(minutes=minutes, steps=steps, seed=options.seed)


def video_config_from(options: argparse.Namespace) -> VideoConfig | None:
    """The training of the video network that the options ask for; None without footage.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    if options.footage is None:
        return None
    minutes, steps = _budget(options, "video", VideoConfig().minutes)
    return VideoConfig(minutes=minutes, steps=steps, seed=options.seed)


def _budget(
    options: argparse.Namespace, kind: str, usual: float
) -> tuple[float | None, int | None]:
    """Minutes and steps of a kind of training; `usual` minutes where neither is asked for.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    minutes, steps = (getattr(options, f"{kind}_{unit}") for unit in ("minutes", "steps"))
    if minutes is None and steps is None:
        minutes = usual
    if any(value is not None and value <= 0 for value in (minutes, steps)):
        raise NeuralFaceError(f"--{kind}-minutes and --{kind}-steps must be more than zero.")
    return minutes, steps


def run(options: argparse.Namespace) -> dict:
    """Train, write the head file and its report; figures of held-out frames."""
    config, speech = config_from(options), speech_config_from(options)
    video = video_config_from(options)
    progress = TerminalProgress()
    result, source = {}, options.source
    if not source.is_file():
        result, source = _train_regions(options, config, progress), options.output
    if speech is not None:
        result |= _train_speech(source, options, speech, progress)
        source = options.output
    if video is not None:
        result |= _train_video(source, options, video, progress)
    return result


def _train_speech(
    source: Path, options: argparse.Namespace, config: StyleConfig, progress: Progress
) -> dict:
    """Train the speech networks of the head in `source`, write it to the output."""
    file = read_head_file(source)
    start = time.monotonic()
    model, curves = make_style(Head(file, options.device), config, options.checkpoint, progress)
    losses = {stage: curve[-1][1] for stage, curve in curves.items()}
    losses = {s: {n: round(v, 4) for n, v in values.items()} for s, values in losses.items()}
    file = model.stored(file)
    speech = {"config": config.to_dict(), "losses": losses}
    file.document["training"] = file.document.get("training", {}) | {"speech": speech}
    write_head_file(options.output, file)
    return {
        "head": str(options.output),
        "megabytes": options.output.stat().st_size / 1e6,
        "speech_losses": losses,
        "speech_seconds": round(time.monotonic() - start, 1),
        "speech_megabytes": round(sum(v.nbytes for v in model.tensors().values()) / 1e6, 2),
        "styles": list(model.space.presets),
        "style_axes": list(model.space.names),
    }


def _train_video(
    source: Path, options: argparse.Namespace, config: VideoConfig, progress: Progress
) -> dict:
    """Train the video network of the head in `source`, write it to the output."""
    start, file = time.monotonic(), read_head_file(source)
    file = with_arkit_of(file, Head(file, "cpu").examples, *read_motion(options.footage))
    head = Head(file, options.device)
    model, curve, data = make_video(head, options.footage, config, options.checkpoint, progress)
    losses = {name: round(value, 4) for name, value in curve[-1][1].items()}
    figures = video_figures(head, model, data)
    video = {"config": config.to_dict(), "losses": losses, "figures": figures}
    file = model.stored(file)
    file.document["training"] = file.document.get("training", {}) | {"video": video}
    write_head_file(options.output, file)
    return {
        "head": str(options.output),
        "megabytes": options.output.stat().st_size / 1e6,
        "video_losses": losses,
        "video_figures": figures,
        "video_seconds": round(time.monotonic() - start, 1),
        "video_megabytes": round(sum(v.nbytes for v in model.tensors().values()) / 1e6, 2),
        "residual_axes": list(model.names),
    }


def _train_regions(options: argparse.Namespace, config: TrainingConfig, progress: Progress) -> dict:
    """Train the regions' networks from a performance, write the head file and its report."""
    performance = Performance.open(options.source)
    file, data, training = make_head(
        performance, config, options.device, options.checkpoint, progress
    )
    write_head_file(options.output, file)
    head = Head.open(options.output, options.device)
    result = {"head": str(options.output), "megabytes": options.output.stat().st_size / 1e6}
    result["seconds"] = round(training.seconds, 1)
    result["control_map_r2"] = file.document["training"]["control_map_r2"]
    if data.train.all():
        log.warning("no held-out takes: no figures and no report")
        return result
    sizes = {region["name"]: region["dims"]["code"] for region in file.document["regions"]}
    baselines = {
        region.region.name: region_baseline(region, data.train, sizes[region.region.name])
        for region in data.regions
    }
    result["figures"] = evaluate(head, data, baselines)
    step = max(1, len(head.examples.codes) // SEAM_FRAMES)
    result["seam_levels_per_texel"] = round(seam(head, head.examples.codes[::step]), 3)
    report = options.report or options.output.with_suffix(".report.png")
    write_report(report, head, data, baselines, result["figures"], training.curves)
    file.document["training"] |= {key: result[key] for key in ("figures", "seam_levels_per_texel")}
    write_head_file(options.output, file)
    return result | {"report": str(report)}
