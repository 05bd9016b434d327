"""Options of `python -m models train`, and the trainings that they ask for."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NeuralFaceError
from ..parallel import add_processes
from ..settings import add_options, setting, settings_of

if TYPE_CHECKING:  # the options are read, and errors told, where torch is missing as well
    from ..head.training.region_task import TrainingConfig
    from ..style.training.style_task import StyleConfig
    from ..video.training.video_task import VideoConfig

STAGES = (
    *("check", "track", "overlay", "texture", "takes"),
    *("regions", "speech", "footage", "video", "head"),
)
"""After which `--until` can stop."""


@dataclass(frozen=True)
class MakingSettings:
    """What the panel asks for as well."""

    head_name: str = setting("", "Name", "Of the captured actor", option="--name")
    licence: str = setting("", "Licence", "Under which the head may be used")
    consent: str = setting("", "Consent", "Who agreed to what, and when")
    minutes: float = setting(
        30.0, "Face", "Minutes to train the models of the face's regions", low=0.1,
        soft=(None, 600.0), kind="minutes",
    )  # fmt: skip
    speech_minutes: float = setting(
        30.0, "Speech", "Minutes to train speech; 0 for none", low=0.0, soft=(None, 600.0),
        kind="minutes",
    )  # fmt: skip
    video_minutes: float = setting(
        12.0, "Video", "Minutes to train how the head follows videos; 0 for none", low=0.0,
        soft=(None, 600.0), kind="minutes",
    )  # fmt: skip


@dataclass(frozen=True)
class TrainingSettings:
    """What only the command line asks for; None leaves it to the training."""

    texture: int = setting(1024, "Texture", "Side of the textures, texels", low=1)
    steps: int | None = setting(
        None, "Steps", "Steps of each region, instead of minutes", low=1, number=int
    )
    batch: int | None = setting(None, "Batch", "Frames in a step", low=1, number=int)
    learning_rate: float | None = setting(
        None, "Learning Rate", "Adam's step size", low=1e-9, number=float
    )
    gan: bool = setting(True, "GAN", "Train with a discriminator")
    gan_weight: float | None = setting(
        None, "GAN Weight", "Of the discriminator's verdict", number=float
    )
    seed: int = setting(0, "Seed", "Of everything random")
    speech_steps: int | None = setting(
        None, "Speech Steps", "Steps of the speech networks, instead of minutes", low=1, number=int
    )
    video_steps: int | None = setting(
        None, "Video Steps", "Steps of the video network, instead of minutes", low=1, number=int
    )


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
    parser.add_argument("--device", choices=("cpu", "cuda"), help="best there is by default")
    parser.add_argument(
        "--footage",
        type=Path,
        help="folder of footage that shows the head's takes (a capture brings its own)",
    )
    parser.add_argument("--report", type=Path, help="PNG (beside the head file by default)")
    add_processes(parser)
    add_options(parser, settings_of(MakingSettings, TrainingSettings).values())


def config_from(options: argparse.Namespace) -> "TrainingConfig":
    """The training of the regions that the options ask for.

    Raises:
        NeuralFaceError: A number, of whatever training, is out of range.
    """
    for item in settings_of(MakingSettings, TrainingSettings).values():
        item.check(getattr(options, item.name), NeuralFaceError, item.flag)
    from ..head.training.region_task import TrainingConfig

    chosen = ("batch", "learning_rate", "gan_weight")
    given = {name: getattr(options, name) for name in chosen if getattr(options, name) is not None}
    return TrainingConfig(**_budget(options), gan=options.gan, seed=options.seed, **given)


def speech_config_from(options: argparse.Namespace) -> "StyleConfig | None":
    """The training of the speech networks that the options ask for; None for none."""
    if options.speech_minutes == 0:
        return None
    from ..style.training.style_task import StyleConfig

    return StyleConfig(**_budget(options, "speech_"), seed=options.seed)


def video_config_from(options: argparse.Namespace) -> "VideoConfig | None":
    """The training of the video network that the options ask for; None for none."""
    if options.video_minutes == 0:
        return None
    from ..video.training.video_task import VideoConfig

    return VideoConfig(**_budget(options, "video_"), seed=options.seed)


def _budget(options: argparse.Namespace, kind: str = "") -> dict[str, Any]:
    """Minutes of a kind of training, or steps where these are asked for."""
    minutes, steps = (getattr(options, f"{kind}{unit}") for unit in ("minutes", "steps"))
    return {"minutes": minutes if steps is None else None, "steps": steps}
