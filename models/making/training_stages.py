"""The stages that train: regions, speech, video. Each reads a head file and writes another."""

from collections.abc import Callable
from pathlib import Path

from ..actor import Actor
from ..errors import CaptureError
from ..head.file import read_head_file, write_head_file
from ..head.inference import Head
from ..head.training.build_head import trained_head, with_arkit_of
from ..head.training.held_out_figures import evaluate, region_baseline, seam
from ..head.training.region_data import TrainingData, load_training_data
from ..head.training.region_task import TrainingConfig
from ..head.training.train_regions import Training
from ..head.training.training_report import write_report
from ..performance import Performance
from ..progress import Progress, partly
from ..speech.database import speaks
from ..style.training.build_style import make_style
from ..style.training.style_data import LEAST_TAKES
from ..style.training.style_task import StyleConfig
from ..video.training.build_video import make_video
from ..video.training.footage import read_motion
from ..video.training.video_evaluation import video_figures
from ..video.training.video_task import VideoConfig
from .preview import Previews
from .workspace import Outcome

HEAD, REPORT, FIGURES = "head.nface", "report.png", "figures.json"
"""Names in a stage's folder."""
SEAM_FRAMES = 12


def train_region_models(
    performance: Performance,
    folder: Path,
    config: TrainingConfig,
    device: str | None,
    previews: Callable[[Performance, TrainingData], Previews],
    progress: Progress,
) -> Outcome:
    """Train the regions' networks, leave a head file that shows expressions.

    Args:
        performance: With textures.
        folder: The stage's own.
        config: How.
        device: "cpu", "cuda" or None for the best there is.
        previews: Shows the heads of the weights so far.
        progress: Told how far it is.
    """
    data = load_training_data(performance, partly(progress, 0.0, 0.05))
    with previews(performance, data) as shown:
        file, training = trained_head(
            performance,
            data,
            config,
            device,
            folder,
            partly(progress, 0.05, 0.95),
            watch=shown.watch,
        )
    write_head_file(folder / HEAD, file)
    figures = {
        "seconds": round(training.seconds, 1),
        "control_map_r2": file.document["training"]["control_map_r2"],
    }
    if data.train.all():
        return Outcome(figures, findings={"notes": ["No take is held out: there are no figures."]})
    progress(0.96, "figures of held-out frames")
    figures |= _judged(folder, data, training, device)
    return Outcome(figures, {"Contact Sheet": str(folder / REPORT)})


def _judged(folder: Path, data: TrainingData, training: Training, device: str | None) -> dict:
    """Figures on held-out frames, drawn and put into the head file."""
    head = Head.open(folder / HEAD, device)
    baselines = {
        region.region.name: region_baseline(region, data.train, network.dims.code)
        for region, network in zip(data.regions, head.networks, strict=True)
    }
    figures = evaluate(head, data, baselines)
    step = max(1, len(head.examples.codes) // SEAM_FRAMES)
    steepest = round(seam(head, head.examples.codes[::step]), 3)
    write_report(folder / REPORT, head, data, baselines, figures, training.curves)
    found = {"figures": figures, "seam_levels_per_texel": steepest}
    file = read_head_file(folder / HEAD)
    file.document["training"] |= found
    write_head_file(folder / HEAD, file)
    return found


def train_speech(
    source: Path,
    folder: Path,
    config: StyleConfig,
    device: str | None,
    required: bool,
    progress: Progress,
) -> Outcome:
    """Train the speech networks of a head; a head that hardly speaks is passed on without.

    Args:
        source: Head file.
        folder: The stage's own.
        config: How.
        device: "cpu", "cuda" or None for the best there is.
        required: Whether too few spoken takes are an error.
        progress: Told how far it is.

    Raises:
        CaptureError: The head has too few spoken takes.
    """
    file = read_head_file(source)
    head = Head(file, device)
    spoken = sum(speaks(take) and take.split != "held_out" for take in head.examples.takes)
    if spoken < LEAST_TAKES and not required:
        return _passed_on(source, folder, f"{spoken} spoken takes teach no speech; "
                          f"{LEAST_TAKES} are needed.")  # fmt: skip
    model, curves = make_style(head, config, folder, progress)
    losses = {stage: curve[-1][1] for stage, curve in curves.items()}
    losses = {s: {n: round(v, 4) for n, v in values.items()} for s, values in losses.items()}
    file = model.stored(file)
    speech = {"config": config.to_dict(), "losses": losses}
    file.document["training"] = file.document.get("training", {}) | {"speech": speech}
    write_head_file(folder / HEAD, file)
    return Outcome(
        {
            "speech_losses": losses,
            "speech_megabytes": round(sum(v.nbytes for v in model.tensors().values()) / 1e6, 2),
            "styles": list(model.space.presets),
            "style_axes": list(model.space.names),
        }
    )


def train_video(
    source: Path,
    footage: Path,
    folder: Path,
    config: VideoConfig,
    device: str | None,
    required: bool,
    progress: Progress,
) -> Outcome:
    """Train the video network of a head; with useless footage it is passed on without.

    Args:
        source: Head file.
        footage: Folder of clips that show its takes.
        folder: The stage's own.
        config: How.
        device: "cpu", "cuda" or None for the best there is.
        required: Whether useless footage is an error.
        progress: Told how far it is.

    Raises:
        CaptureError: The footage does not show this head's takes, or is damaged.
    """
    file = read_head_file(source)
    try:
        file = with_arkit_of(file, Head(file, "cpu").examples, *read_motion(footage))
        actor = Actor(file, device)
        model, curve, data = make_video(actor, footage, config, folder, progress)
    except CaptureError as error:
        if required:
            raise
        return _passed_on(source, folder, f"The head will not follow videos: {error}")
    losses = {name: round(value, 4) for name, value in curve[-1][1].items()}
    figures = video_figures(actor, model, data)
    video = {"config": config.to_dict(), "losses": losses, "figures": figures}
    file = model.stored(file)
    file.document["training"] = file.document.get("training", {}) | {"video": video}
    write_head_file(folder / HEAD, file)
    return Outcome(
        {
            "video_losses": losses,
            "video_figures": figures,
            "video_megabytes": round(sum(v.nbytes for v in model.tensors().values()) / 1e6, 2),
            "residual_axes": list(model.names),
        }
    )


def _passed_on(source: Path, folder: Path, note: str) -> Outcome:
    write_head_file(folder / HEAD, read_head_file(source))
    return Outcome(note=note, findings={"notes": [note]})
