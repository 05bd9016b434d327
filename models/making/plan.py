"""Which stages lead from a source to a head file, with what each depends on."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..capture.folder import CaptureFolder
from ..errors import NeuralFaceError
from ..head.file import read_head_file
from ..performance import Performance
from ..progress import Progress
from ..sequences.sequence_files import is_sequence
from . import capture_stages, finishing, training_stages
from .options import config_from, speech_config_from, video_config_from
from .preview import Previews, Tell, sample_of
from .stages import Stage
from .workspace import Outcome, Workspace, fingerprint

CAPTURE, SEQUENCE, PERFORMANCE, HEAD = "capture", "mesh sequence", "performance", "head"
SOUNDS = frozenset(".wav .flac .mp3 .ogg .m4a .aac .txt .srt .textgrid .lab .phn .md".split())
"""Endings of files that say nothing of what is to be seen."""
TRACK_SECONDS, TEXTURE_SECONDS, STEP_SECONDS = 3.0, 1.0, 0.2
"""Guesses for one frame or step, for the time left before it can be measured."""


def kind_of(source: Path) -> str:
    """What a source is.

    Raises:
        NeuralFaceError: There is nothing.
    """
    if source.is_file():
        return HEAD
    if (source / "performance.json").is_file():
        return PERFORMANCE
    if source.is_dir():
        return SEQUENCE if is_sequence(source) else CAPTURE
    raise NeuralFaceError(
        f"There is no {source}: choose a capture, a mesh sequence, a performance or a head file."
    )


@dataclass
class Plan:
    """Builds the stages one after another.

    Attributes:
        options: Of the command.
        workspace: Where they work.
        tell: Told of previews.
        notes: Tells the sentences to know that the stages before came to.
    """

    options: argparse.Namespace
    workspace: Workspace
    tell: Tell
    notes: Callable[[], list[str]]

    def stages(self) -> list[Stage]:
        """All stages up to `--until`.

        Raises:
            NeuralFaceError: The source is missing or an option is out of range.
        """
        options, source = self.options, self.options.source
        for check in (config_from, speech_config_from, video_config_from):
            check(options)
        kind = kind_of(source)
        stages = [self._check(kind)]
        stages += {CAPTURE: self._capture, SEQUENCE: self._sequence}.get(kind, list)()
        stages += self._trainings(kind, stages)
        if options.until is None:
            return stages
        names = [stage.name for stage in stages]
        if options.until not in names:
            raise NeuralFaceError(
                f"There is no stage {options.until} here; there are: {', '.join(names)}."
            )
        return stages[: names.index(options.until) + 1]

    @property
    def said(self) -> dict[str, str | None]:
        """What the options say of the head; None where they say nothing."""
        options = self.options
        said = {"name": options.head_name, "licence": options.licence, "consent": options.consent}
        return {key: text or None for key, text in said.items()}

    def _about(self) -> dict:
        said = {key: value or "" for key, value in self.said.items()}
        source, came = self.options.source.resolve(), "Tracked from the multi-view capture"
        if kind_of(source) == SEQUENCE:
            came = "Taken over from the mesh sequence"
        name = said["name"] or self.options.output.stem
        return said | {"name": name, "provenance": f"{came} {source.name}.", "credits": []}

    def _check(self, kind: str) -> Stage:
        source = self.options.source
        work = {
            CAPTURE: partial(capture_stages.check_capture, source),
            SEQUENCE: partial(capture_stages.check_sequence, source),
            PERFORMANCE: partial(_check_performance, source),
            HEAD: partial(_check_head, source),
        }[kind]
        label = f"Checking the {kind}"
        return Stage("check", label, work, 20.0, {"source": fingerprint(source)})

    def _capture(self) -> list[Stage]:
        options, source, about = self.options, self.options.source, self._about()
        folder, takes = self.workspace.path("performance"), self.workspace.path("takes")
        overlay, sheet = self.workspace.path("overlay.mp4"), self.workspace.path("textures.png")
        textures = folder / "textures"
        frames = _pictured(source)
        sounds = {"sounds": fingerprint(source)}
        track = Stage(
            "track",
            "Tracking",
            partial(capture_stages.track_capture, source, folder, about, options.processes),
            TRACK_SECONDS * frames,
            {"pictures": fingerprint(source, SOUNDS)},
            leaves=(folder / "performance.json",),
            owns=(folder,),
        )
        draw = partial(capture_stages.draw_overlay, source, folder, overlay)
        extract = partial(
            capture_stages.extract_textures,
            source, folder, sheet, about, options.texture, options.processes,
        )  # fmt: skip
        prepare = partial(capture_stages.prepare_takes, source, folder, takes)
        return [
            track,
            Stage(
                "overlay", "Drawing the mesh over the footage", draw, 0.1 * frames,
                needs=("track",), leaves=(overlay,), owns=(overlay,),
            ),
            Stage(
                "texture", "Textures", extract, TEXTURE_SECONDS * frames,
                {"size": options.texture}, ("track",), (sheet,), (textures, sheet),
            ),
            Stage(
                "takes", "What is said", prepare, 0.1 * frames, sounds,
                ("track", "texture"), (takes / "performance.json",), (takes,),
            ),
        ]  # fmt: skip

    def _sequence(self) -> list[Stage]:
        source, about = self.options.source, self._about()
        folder, takes = self.workspace.path("performance"), self.workspace.path("takes")
        size = self.options.texture
        return [
            Stage(
                "track", "Taking over the meshes",
                partial(capture_stages.convert_sequence, source, folder, about, size), 60.0,
                {"size": size}, ("check",), (folder / "performance.json",), (folder,),
            ),
            Stage(
                "takes", "Takes", partial(capture_stages.split_takes, folder, takes), 5.0,
                {}, ("track",), (takes / "performance.json",), (takes,),
            ),
        ]  # fmt: skip

    def _trainings(self, kind: str, before: list[Stage]) -> list[Stage]:
        stages: list[Stage] = []
        source, last = self.options.source, before[-1].name
        if kind != HEAD:
            performance = source if kind == PERFORMANCE else self.workspace.path("takes")
            stages.append(self._regions(performance, last))
            source, last = self._head("regions"), "regions"
        speech, video = self._speech(source, last, kind), None
        if speech is not None:
            stages.append(speech)
            source, last = self._head("speech"), "speech"
        stages += self._footage(kind)
        footage = self.workspace.path("footage") if kind == CAPTURE else self.options.footage
        if footage is not None:
            video = self._video(source, footage, last, kind)
        if video is not None:
            stages.append(video)
            source, last = self._head("video"), "video"
        return [*stages, self._finish(source, last)]

    def _head(self, stage: str) -> Path:
        return self.workspace.path(stage, training_stages.HEAD)

    def _regions(self, performance: Path, last: str) -> Stage:
        config, folder = config_from(self.options), self.workspace.path("regions")

        def previews(opened: Performance, data: training_stages.TrainingData) -> Previews:
            return Previews(sample_of(opened, data), self.workspace.folder, self.tell)

        def work(progress: Progress) -> Outcome:
            opened = Performance.open(performance)
            device = self.options.device
            return training_stages.train_region_models(
                opened, folder, config, device, previews, progress
            )

        return Stage(
            "regions", "Region models", work, 60 + _seconds(config.minutes, config.steps, 4),
            config.to_dict(), (last,), (self._head("regions"),), (folder,),
        )  # fmt: skip

    def _speech(self, source: Path, last: str, kind: str) -> Stage | None:
        config, folder = speech_config_from(self.options), self.workspace.path("speech")
        if config is None:
            return None
        work = partial(
            training_stages.train_speech, source, folder, config, self.options.device, kind == HEAD
        )
        return Stage(
            "speech", "Speech", work, 20 + _seconds(config.minutes, config.steps),
            config.to_dict(), (last,), (self._head("speech"),), (folder,),
        )  # fmt: skip

    def _footage(self, kind: str) -> list[Stage]:
        if kind != CAPTURE or video_config_from(self.options) is None:
            return []
        source, folder = self.options.source, self.workspace.path("footage")
        performance, takes = self.workspace.path("performance"), self.workspace.path("takes")
        work = partial(capture_stages.make_footage, source, performance, takes, folder)
        return [
            Stage(
                "footage", "Faces in the footage", work, _pictured(source), {},
                ("track", "takes"), (folder,), (folder,),
            )
        ]  # fmt: skip

    def _video(self, source: Path, footage: Path, last: str, kind: str) -> Stage | None:
        config, folder = video_config_from(self.options), self.workspace.path("video")
        if config is None:
            return None
        own = kind == CAPTURE
        work = partial(
            training_stages.train_video,
            source,
            footage,
            folder,
            config,
            self.options.device,
            not own,
        )
        settings = config.to_dict() | ({} if own else {"footage": fingerprint(footage)})
        return Stage(
            "video", "Following videos", work, 20 + _seconds(config.minutes, config.steps),
            settings, (last, "footage") if own else (last,), (self._head("video"),), (folder,),
        )  # fmt: skip

    def _finish(self, source: Path, last: str) -> Stage:
        output = self.options.output
        drawn = self.workspace.path("regions", training_stages.REPORT)
        report = drawn, self.options.report or output.with_suffix(finishing.REPORT_SUFFIX)
        pictures = {
            "Contact sheet": drawn,
            "Textures": self.workspace.path("textures.png"),
        }

        def work(_progress: Progress) -> Outcome:
            return finishing.finish_head(source, output, self.said, report, pictures, self.notes())

        settings = self.said | {"output": str(output.resolve()), "report": str(report[1])}
        return Stage("head", "Head file", work, 5.0, settings, (last,), (output,))


def _seconds(minutes: float | None, steps: int | None, parts: int = 1) -> float:
    return 60 * minutes if minutes else STEP_SECONDS * parts * (steps or 0)


def _pictured(capture: Path) -> float:
    """Frames with pictures, a guess where the capture cannot be read."""
    try:
        return float(max(1, sum(len(take.pictured) for take in CaptureFolder.open(capture).takes)))
    except NeuralFaceError:
        return 100.0


def _check_performance(source: Path, _progress: Progress) -> Outcome:
    performance = Performance.open(source)
    pictured = sum(len(take.pictured) for take in performance.takes)
    if not pictured:
        return Outcome(error=f"The performance {source.name} has no frame with a texture.")
    spoken = sum(take.kind != "motion" for take in performance.takes)
    sentence = (
        f"{len(performance.takes)} takes, {spoken} of them spoken; {pictured} frames with textures."
    )
    return Outcome(findings={"notes": [sentence]})


def _check_head(source: Path, _progress: Progress) -> Outcome:
    document: Mapping = read_head_file(source).document
    return Outcome(findings={"notes": [f"The head {document['name']} is trained further."]})
