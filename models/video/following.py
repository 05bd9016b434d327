"""Following one face through a video: who is who, which one is meant, how well it is seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import VideoError
from ..faces.finder import Face
from ..pose import head_poses, turned_away
from .cuts import CutFinder, overlaps
from .gaps import filled, sentences, spans

SAME = 0.5
"""Faces of one picture whose boxes share more than this are one."""
REACH, SPEED, FARTHEST = 0.6, 2.0, 3.0
"""Face widths that a face may move from one frame to the next; and more for each second unseen."""
GROWTH = 1.8
"""Factor in size at which two faces are not the same."""
RARE = 0.05
"""Faces seen in fewer frames than this share of the commonest one's are mistakes."""
FACING = ((40.0, 55.0), (1.0, 0.2))
"""Degrees turned away → confidence: beyond, the far half of the face is guessed."""
SIDE = ((24.0, 64.0), (0.3, 1.0))
"""Pixels of the face → confidence."""
INSIDE = ((0.7, 0.95), (0.3, 1.0))
"""Share of the face inside the picture → confidence."""
UNSURE = 0.5


@dataclass(frozen=True)
class FaceDetection:
    """One face in one picture, as much as is kept of it.

    Attributes:
        box: (4,) left, top, right, bottom in pixels.
        head_pose: (6,) as in `Analysis`.
        scores: (51,).
        descriptor: (D,) what the extractor says.
        confidence: 0…1.
    """

    box: np.ndarray
    head_pose: np.ndarray
    scores: np.ndarray
    descriptor: np.ndarray
    confidence: float


@dataclass
class _Person:
    """Somebody in one shot: frame → detection; the last box and when."""

    box: np.ndarray
    seen: dict[int, FaceDetection] = field(default_factory=dict)
    time: float = 0.0

    @property
    def weight(self) -> float:
        """Large where the face is large and seen long."""
        return sum(float(_side(detection.box)) for detection in self.seen.values())

    def distance(self, box: np.ndarray, time: float) -> float:
        """0…1 how unlikely it is that the face in `box` is this person's; more is impossible."""
        sides = _side(self.box), _side(box)
        grown = max(sides) / max(min(sides), 1e-9)
        reach = min(REACH + SPEED * (time - self.time), FARTHEST) * max(sides)
        moved = np.linalg.norm(_middle(box) - _middle(self.box))
        return max(moved / max(reach, 1e-9), np.log(grown) / np.log(GROWTH))


@dataclass(frozen=True)
class Followed:
    """One face, every frame known; arrays and warnings as in `Analysis`."""

    times: np.ndarray
    descriptors: np.ndarray
    scores: np.ndarray
    head_pose: np.ndarray
    confidence: np.ndarray
    shots: np.ndarray
    warnings: tuple[str, ...]


class Follower:
    """Told frame by frame what is seen; knows at the end where everybody was."""

    def __init__(self) -> None:
        self._cut = CutFinder()
        self._times: list[float] = []
        self._shots: list[int] = []
        self._people: list[list[_Person]] = [[]]

    def add(self, time: float, picture: np.ndarray, detections: Sequence[FaceDetection]) -> None:
        """The next frame.

        Args:
            time: Seconds, later than the last.
            picture: (H, W, 3) uint8; only some numbers of it are kept.
            detections: Its faces.
        """
        detections = _different(detections)
        boxes = np.array([detection.box for detection in detections]).reshape(-1, 4)
        if self._cut(picture, boxes):
            self._people.append([])
        frame = len(self._times)
        self._times.append(time)
        self._shots.append(len(self._people) - 1)
        self._assign(frame, time, detections)

    def _assign(self, frame: int, time: float, detections: Sequence[FaceDetection]) -> None:
        """Nearest first: each detection to somebody known, or to somebody new."""
        people, left = self._people[-1], list(range(len(detections)))
        free = set(range(len(people)))
        pairs = sorted(
            (people[who].distance(detections[which].box, time), who, which)
            for who in free
            for which in left
        )
        for distance, who, which in pairs:
            if distance <= 1 and who in free and which in left:
                free.remove(who)
                left.remove(which)
                _see(people[who], frame, time, detections[which])
        for which in sorted(left, key=lambda which: detections[which].box[0]):
            people.append(_Person(detections[which].box))
            _see(people[-1], frame, time, detections[which])

    def followed(self, person: int | None = None) -> Followed:
        """One face over the whole clip.

        Args:
            person: Number of the face in each shot, in the order in which they appear, from left
                to right; None takes the one that is large and seen long.

        Raises:
            VideoError: No frames, no face at all, or none of that number.
        """
        if not self._times:
            raise VideoError("The video has no pictures in the part that is wanted.")
        shots = [_without_mistakes(people) for people in self._people]
        most = max(len(people) for people in shots)
        if not most:
            raise VideoError("No face is seen in the video.")
        if person is not None and not 0 <= person < most:
            raise VideoError(f"There is no face {person}; the video shows {most}, counted from 0.")
        seen = {}
        for people in shots:
            seen |= _chosen(people, person)
        warnings = []
        if person is None and most > 1:
            warnings.append(f"{most} faces are seen; the largest is followed.")
        return self._whole(seen, warnings)

    def _whole(self, seen: dict[int, FaceDetection], warnings: list[str]) -> Followed:
        times, shots = np.array(self._times), np.array(self._shots, np.int32)
        known = np.zeros(len(times), bool)
        known[list(seen)] = True
        confidence = np.zeros(len(times), np.float32)
        confidence[list(seen)] = [detection.confidence for detection in seen.values()]

        def column(name: str) -> np.ndarray:
            rows = np.array([getattr(seen[frame], name) for frame in sorted(seen)], np.float32)
            if name == "head_pose":
                rows[:, :3] = np.unwrap(rows[:, :3], axis=0)
            values = np.zeros((len(times), rows.shape[1]), np.float32)
            values[known] = rows
            return filled(times, shots, known, values)

        warnings += sentences(spans(times, ~known), "No face", "filled in")
        unsure = known & (confidence < UNSURE)
        blurred = "The face is turned away, small or cut off"
        warnings += sentences(spans(times, unsure), blurred, "its movement is uncertain")
        scores = np.clip(column("scores"), 0, 1)
        return Followed(
            times,
            column("descriptor"),
            scores,
            column("head_pose"),
            confidence,
            shots,
            tuple(warnings),
        )


def detection_of(face: Face, descriptor: np.ndarray, size: tuple[int, int]) -> FaceDetection:
    """What is kept of a face.

    Args:
        face: Of one picture.
        descriptor: (D,).
        size: Width and height of that picture in pixels.
    """
    pose = head_poses(face.pose)
    box = face.box
    width, height = np.maximum(box[2:] - box[:2], 1e-9)
    inside = np.clip(np.minimum(box[2:], size) - np.maximum(box[:2], 0), 0, None).prod()
    confidence = (
        np.interp(np.degrees(turned_away(pose)), *FACING)
        * np.interp(_side(box), *SIDE)
        * np.interp(inside / (width * height), *INSIDE)
    )
    return FaceDetection(
        box, pose, face.scores, np.asarray(descriptor, np.float32), float(confidence)
    )


def _different(detections: Sequence[FaceDetection]) -> list[FaceDetection]:
    """Without those that lie on an earlier one."""
    kept: list[FaceDetection] = []
    for detection in detections:
        others = np.array([other.box for other in kept]).reshape(-1, 4)
        if not (overlaps(detection.box[None], others) > SAME).any():
            kept.append(detection)
    return kept


def _see(person: _Person, frame: int, time: float, detection: FaceDetection) -> None:
    person.seen[frame], person.box, person.time = detection, detection.box, time


def _without_mistakes(people: Sequence[_Person]) -> list[_Person]:
    commonest = max((len(person.seen) for person in people), default=0)
    return [person for person in people if len(person.seen) >= RARE * commonest]


def _chosen(people: Sequence[_Person], number: int | None) -> dict[int, FaceDetection]:
    """Frame → detection of the person that is meant, {} where it is not there."""
    if number is None:
        return max(people, key=lambda person: person.weight).seen if people else {}
    return people[number].seen if number < len(people) else {}


def _side(box: np.ndarray) -> float:
    """Side of the square with the area of a box (4,)."""
    return float(np.sqrt(np.maximum(box[2:] - box[:2], 0).prod()))


def _middle(box: np.ndarray) -> np.ndarray:
    return 0.5 * (box[:2] + box[2:])
