"""An actor: a head file opened with all its parts, which speaks, follows videos, plays ARKit."""

from functools import cached_property
from pathlib import Path

from .arkit.arkit_map import ArkitMap
from .arkit.arkit_performance import CSV_FPS, csv_of, performance_from_csv
from .errors import ArkitError, HeadFileError, TextError
from .head.codes import ExampleTake
from .head.file import HeadFile
from .head.inference import Head
from .parameters import AnimationParameters
from .progress import Progress, silent
from .speaker import Speaker
from .speech.examples import spoken_takes, style_of
from .speech.line_settings import METHOD_CHOICES
from .style.style_model import StyleModel
from .video.analyse import analyse_video
from .video.analysis import Analysis
from .video.features import extractor_of
from .video.retarget import encode_residual, replay, retarget, with_residual
from .video.retarget_settings import AS_SEEN, ResidualCurve, Retargeting
from .video.video_model import VideoModel

METHODS = tuple(name for name, _, _ in METHOD_CHOICES)
"""Of speaking, the best first."""


class Actor(Head):
    """A head with the parts that move it; parts that its file lacks are None.

    `models.animate` lets it speak.

    Attributes:
        style: Speech networks.
        video: The network that follows videos.
        arkit: The map from and to ARKit's face shapes.
    """

    def __init__(self, file: HeadFile, device: str | None = None) -> None:
        """Build an already read file (`Actor.open` reads it).

        Raises:
            HeadFileError: Parts of the file do not fit each other.
        """
        super().__init__(file, device)
        self.style = StyleModel.read(file, self)
        self.video = VideoModel.read(file, self)
        self.arkit = ArkitMap.read(file, self)

    @property
    def methods(self) -> tuple[str, ...]:
        """How it can speak, of `METHODS`, the best first."""
        return METHODS if self.style is not None else METHODS[1:]

    @property
    def style_names(self) -> list[str]:
        """Named styles: of its speech networks, else the acting styles of its takes."""
        if self.style is not None:
            return list(self.style.space.presets)
        return sorted({style_of(take) for take in self.spoken_takes})

    @property
    def style_axes(self) -> list[str]:
        """Names of the axes along which a style can be moved."""
        return list(self.style.space.names) if self.style is not None else []

    @property
    def residual_axes(self) -> list[str]:
        """Names of the axes along which a performance can be changed."""
        return list(self.video.names) if self.video is not None else []

    @property
    def spoken_takes(self) -> list[ExampleTake]:
        """Takes in which somebody speaks, to be like one of them."""
        return spoken_takes(self.examples)

    def check_speech(self, method: str, *styles: str) -> None:
        """See whether it can speak so; '' is its usual style.

        Raises:
            TextError: It lacks the method, or a style or take of such a name.
        """
        if method not in self.methods:
            raise TextError(
                f"{self.info.name} cannot speak by the method {method.title()}; choose "
                f"{' or '.join(name.title() for name in self.methods)}."
            )
        takes = [take.name for take in self.spoken_takes]
        for name in styles:
            if name and name not in (*self.style_names, *takes):
                raise TextError(
                    f"{self.info.name} has no style {name!r}; it has: "
                    f"{', '.join(self.style_names)}."
                )

    @cached_property
    def speaker(self) -> Speaker:
        """What is prepared once for speaking."""
        return Speaker(self, self.style)

    def analyse_video(
        self,
        path: Path | str,
        progress: Progress = silent,
        person: int | None = None,
        start: float = 0.0,
        end: float | None = None,
        weights: Path | None = None,
    ) -> Analysis:
        """What a video says about a face, in the features that the video network was trained on.

        Args:
            path: The video.
            progress: Told how far it is; may raise CancelledError.
            person: Which face, from the left; the largest and most stable when None.
            start: Seconds left out at the beginning.
            end: Second at which to stop.
            weights: File of the expression network that the head was trained with, if it was.

        Raises:
            HeadFileError: The head has no video network.
            VideoError: The video cannot be read or shows no face, or the weights are wrong.
            MissingDependencyError: A package is missing.
        """
        extractor = extractor_of(self.video_network().extractor, weights)
        return analyse_video(Path(path), extractor, person, start, end, progress)

    def retarget(
        self, analysis: Analysis, settings: Retargeting = AS_SEEN, fps: float | None = None
    ) -> AnimationParameters:
        """An analysed video as it plays it; see `video.retarget.retarget`.

        Raises:
            HeadFileError: The head has no video network, or one for other features.
            VideoError: A setting does not fit.
        """
        return retarget(self, self.video_network(), analysis, settings, fps)

    def replay(
        self,
        parameters: AnimationParameters,
        settings: Retargeting = AS_SEEN,
        fps: float | None = None,
    ) -> AnimationParameters:
        """A performance of its own with a video's settings; see `video.retarget.replay`.

        Raises:
            HeadFileError: A setting needs the video network and the head has none.
            VideoError: A setting does not fit.
        """
        follow = self.speaker.finish.follow if self.video is None else self.video.follow
        return replay(self, self.video, follow, parameters, settings, fps)

    def with_residual(
        self, parameters: AnimationParameters, curve: ResidualCurve
    ) -> AnimationParameters:
        """An animation of any origin, played as a residual over time says.

        Raises:
            HeadFileError: The head has no video network.
            VideoError: The curve has another size.
        """
        return with_residual(self.video_network(), parameters, curve)

    def residual_of(self, parameters: AnimationParameters) -> ResidualCurve:
        """How an animation was played, as a residual over its time.

        Raises:
            HeadFileError: The head has no video network.
        """
        return encode_residual(self.video_network(), parameters, self.info.fps)

    def play_arkit(
        self, path: Path, fps: float | None = None, neutral: bool = False
    ) -> AnimationParameters:
        """A Live Link Face recording; see `arkit.arkit_performance.performance_from_csv`.

        Raises:
            ArkitError: The file cannot be read, the head has not learnt ARKit's shapes, or a number
                is out of range.
        """
        fps = self.info.fps if fps is None else fps
        return performance_from_csv(self.arkit_map(), path, fps, neutral)

    def write_arkit(
        self, parameters: AnimationParameters, path: Path, fps: float = CSV_FPS
    ) -> None:
        """An animation as a Live Link Face recording; see `arkit.arkit_performance.csv_of`.

        Raises:
            ArkitError: The head has not learnt ARKit's shapes, there are no frames, or `fps` is out
                of range.
            NeuralFaceError: The file cannot be written.
        """
        csv_of(self.arkit_map(), parameters, path, fps)

    def video_network(self) -> VideoModel:
        """`video`.

        Raises:
            HeadFileError: There is none.
        """
        if self.video is None:
            raise HeadFileError(
                f"{self.info.name} has no video network; train it with footage of its takes."
            )
        return self.video

    def arkit_map(self) -> ArkitMap:
        """`arkit`.

        Raises:
            ArkitError: There is none.
        """
        if self.arkit is None:
            raise ArkitError(
                f"The head {self.info.name} has not learnt ARKit's face shapes; train it anew."
            )
        return self.arkit
