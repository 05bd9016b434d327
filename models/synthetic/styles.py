"""Acting styles: how a line is spoken, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Style:
    """One way of acting.

    Attributes:
        name: For people and files.
        articulation: How far the lips go towards their targets (1 = as recorded).
        pace: How quickly and fully targets are reached.
        tempo: Speaking rate.
        jaw: Factor on the opening.
        posture: Controls held throughout, mouth included, before variation.
        brow_emphasis: Height of the brows' movement on stressed words.
        brows_up: Whether that movement raises the brows or lowers them.
        head_degrees: Spread of slow head movement.
        nod_degrees: Size of the nods on stressed words.
        head_seconds: Time scale of head movement.
        blinks_per_minute: Besides those at pauses.
        gaze_degrees: Spread of fixations.
        fixation_seconds: Mean length of a fixation.
    """

    name: str
    articulation: float = 1.0
    pace: float = 1.0
    tempo: float = 1.0
    jaw: float = 1.0
    posture: Mapping[str, float] = field(default_factory=dict)
    brow_emphasis: float = 0.3
    brows_up: bool = True
    head_degrees: float = 2.2
    nod_degrees: float = 2.0
    head_seconds: float = 0.55
    blinks_per_minute: float = 16.0
    gaze_degrees: float = 5.0
    fixation_seconds: float = 1.3


def _both(**values: float) -> dict[str, float]:
    """Each value for the left and the right control."""
    return {f"{name}{side}": v for name, v in values.items() for side in ("Left", "Right")}


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Style("neutral"),
        Style(
            "happy", articulation=1.12, pace=1.05, tempo=1.07, jaw=1.1,
            posture=_both(
                mouthSmile=0.55, mouthUpperUp=0.12, cheekSquint=0.35, eyeSquint=0.15,
                browOuterUp=0.12,
            )
            | {"browInnerUp": 0.1},
            brow_emphasis=0.42, head_degrees=3.4, nod_degrees=3.0, head_seconds=0.45,
            blinks_per_minute=20.0,
        ),
        Style(
            "angry", articulation=1.25, pace=1.2, tempo=1.05, jaw=1.12,
            posture=_both(
                browDown=0.65, noseSneer=0.35, eyeSquint=0.3, mouthPress=0.15,
                mouthFrown=0.18, mouthUpperUp=0.14, mouthLowerDown=0.1,
            )
            | {"jawForward": 0.12},
            brow_emphasis=0.3, brows_up=False, head_degrees=2.4, nod_degrees=4.2,
            head_seconds=0.35, blinks_per_minute=9.0, gaze_degrees=2.5, fixation_seconds=2.0,
        ),
        Style(
            "sad", articulation=0.78, pace=0.85, tempo=0.84, jaw=0.82,
            posture=_both(mouthFrown=0.34, eyeSquint=0.12, eyeLookDown=0.14, eyeBlink=0.14)
            | {"browInnerUp": 0.6, "mouthShrugLower": 0.15},
            brow_emphasis=0.16, head_degrees=2.6, nod_degrees=1.4, head_seconds=0.9,
            blinks_per_minute=22.0, gaze_degrees=6.0,
        ),
        Style(
            "whispered", articulation=1.12, pace=1.1, tempo=0.9, jaw=0.66,
            posture=_both(browOuterUp=0.12, eyeWide=0.14, mouthStretch=0.08)
            | {"browInnerUp": 0.22},
            brow_emphasis=0.34, head_degrees=1.8, nod_degrees=1.6, head_seconds=0.6,
            blinks_per_minute=12.0, gaze_degrees=7.0,
        ),
        Style(
            "surprised", articulation=1.1, pace=1.1, tempo=1.0, jaw=1.3,
            posture=_both(browOuterUp=0.6, eyeWide=0.5) | {"browInnerUp": 0.55},
            brow_emphasis=0.35, head_degrees=2.6, nod_degrees=2.4, head_seconds=0.45,
            blinks_per_minute=10.0, fixation_seconds=1.7,
        ),
    )
}  # fmt: skip
"""Name → style; the first is how people speak when nothing is the matter."""
