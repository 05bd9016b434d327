"""Options of `python -m models train`, and the trainings that they ask for."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NeuralFaceError
from ..parallel import add_processes

if TYPE_CHECKING:  # the options are read, and errors told, where torch is missing as well
    from ..head.training.region_task import TrainingConfig
    from ..style.training.style_task import StyleConfig
    from ..video.training.video_task import VideoConfig

DEFAULT_MINUTES = 30.0
DEFAULT_SPEECH_MINUTES = 30.0
STAGES = ("check", "track", "texture", "takes", "regions", "speech", "video", "head")
"""After which `--until` can stop."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "source",
        type=Path,
        help="capture, mesh sequence or performance folder, or a head file to train anew",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="head file to write")
    parser.add_argument(
        "--workspace",
        "--checkpoint",
        type=Path,
        dest="workspace",
        help="folder to work in and to continue from (HEAD.making beside the head file)",
    )
    parser.add_argument("--until", choices=STAGES, help="stop after this stage")
    about = parser.add_argument_group("what the head file says")
    about.add_argument("--name", help="of the actor")
    about.add_argument("--licence", help="under which the head may be used")
    about.add_argument("--consent", help="who agreed to what")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="best there is by default")
    capture = parser.add_argument_group("a capture")
    capture.add_argument("--texture", type=int, default=1024, help="side of the textures, texels")
    add_processes(capture)
    regions = parser.add_argument_group("the regions' models")
    regions.add_argument("--minutes", type=float, help=f"training time ({DEFAULT_MINUTES:g})")
    regions.add_argument("--steps", type=int, help="steps of each region, instead of minutes")
    regions.add_argument("--batch", type=int, help="frames in a step")
    regions.add_argument("--learning-rate", type=float)
    regions.add_argument("--no-gan", action="store_true", help="train without the discriminator")
    regions.add_argument("--gan-weight", type=float)
    regions.add_argument("--seed", type=int, default=0, help="of everything random")
    _add_speech_and_video(parser)
    parser.add_argument("--report", type=Path, help="PNG (beside the head file by default)")


def _add_speech_and_video(parser: argparse.ArgumentParser) -> None:
    speech = parser.add_argument_group("speech and video")
    speech.add_argument(
        "--speech-minutes",
        type=float,
        help=f"training time of the speech networks ({DEFAULT_SPEECH_MINUTES:g}; 0 for none)",
    )
    speech.add_argument("--speech-steps", type=int, help="their steps, instead of minutes")
    speech.add_argument(
        "--footage",
        type=Path,
        help="folder of footage that shows the head's takes (a capture brings its own)",
    )
    speech.add_argument(
        "--video-minutes",
        type=float,
        help="training time of the video network (0 for none)",
    )
    speech.add_argument("--video-steps", type=int, help="its steps, instead of minutes")


def config_from(options: argparse.Namespace) -> "TrainingConfig":
    """The training of the regions that the options ask for.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    minutes = options.minutes
    if minutes is None and options.steps is None:
        minutes = DEFAULT_MINUTES
    numbers = {"--minutes": minutes, "--steps": options.steps, "--batch": options.batch}
    numbers |= {"--learning-rate": options.learning_rate, "--texture": options.texture}
    for name, value in numbers.items():
        if value is not None and value <= 0:
            raise NeuralFaceError(f"{name} must be more than zero.")
    from ..head.training.region_task import TrainingConfig

    chosen = ("batch", "learning_rate", "gan_weight")
    given = {name: getattr(options, name) for name in chosen if getattr(options, name) is not None}
    return TrainingConfig(
        steps=options.steps,
        minutes=minutes,
        gan=not options.no_gan,
        seed=options.seed,
        **given,
    )


def speech_config_from(options: argparse.Namespace) -> "StyleConfig | None":
    """The training of the speech networks that the options ask for; None for none.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    if options.speech_minutes == 0:
        return None
    from ..style.training.style_task import StyleConfig

    minutes, steps = _budget(options, "speech", DEFAULT_SPEECH_MINUTES)
    return StyleConfig(minutes=minutes, steps=steps, seed=options.seed)


def video_config_from(options: argparse.Namespace) -> "VideoConfig | None":
    """The training of the video network that the options ask for; None for none.

    Raises:
        NeuralFaceError: A number is out of range.
    """
    if options.video_minutes == 0:
        return None
    from ..video.training.video_task import VideoConfig

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
