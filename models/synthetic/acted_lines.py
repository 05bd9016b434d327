"""Generated lines: phones and a style to the actor's controls and head pose."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..mesh import HeadMesh
from ..phones import Phones
from .coarticulation import CoarticulationModel, bundled_model
from .constraints import LIP_ON_TEETH, constrain, phone_gate, tongue
from .eyes_motion import brow_controls, emphases, eye_controls
from .head_motion import head_motion
from .limits import column, limited
from .noise import smooth_noise
from .styles import Style
from .transfer import Retarget

LIP_NOISE = 0.16
"""Spread of smooth noise on the lip features, in their own deviations."""
LIP_NOISE_SECONDS = 0.12
ARTICULATION_SPREAD = 0.06
STRESSED_GAIN = 0.12
"""Extra opening on stressed vowels."""
FIRST_STRESS = 1
LIP_ON_TEETH_POSTURE = {
    "mouthRollLower": 0.42, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2,
}  # fmt: skip
LIP_ON_TEETH_OPENING = 0.03
"""Largest opening on f and v, outer-eye distances: the lower lip then reaches the upper teeth."""
POSTURE_LIFE = 0.12
"""How much a held posture breathes."""


@dataclass(frozen=True)
class Performer:
    """What turns phones into motion of one actor.

    Attributes:
        model: The fitted coarticulation.
        retarget: Lip shapes to controls.
    """

    model: CoarticulationModel
    retarget: Retarget

    @classmethod
    def build(cls, mesh: HeadMesh) -> "Performer":
        """For an actor's mesh, with the model kept in the repository."""
        model = bundled_model()
        return cls(model, Retarget.build(mesh, model.lips))

    def perform(
        self, phones: Phones, style: Style, fps: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Controls (T, C) and head pose (T, 6) of a line.

        Args:
            phones: With silence before and after.
            style: How to say it.
            fps: Frames per second.
            rng: Chance; the same state gives the same performance.
        """
        times = np.arange(int(np.ceil(phones.seconds * fps))) / fps
        posture = _living(style.posture, len(times), fps, rng)
        controls = self._mouth(phones, times, style, posture, rng)
        marked = emphases(phones, rng)
        added = eye_controls(phones, times, style, rng)
        for name, value in brow_controls(times, marked, style, rng).items():
            added[name] = added.get(name, 0) + value
        for name, value in posture.items():
            if name not in self.retarget.names:
                added[name] = added.get(name, 0) + value
        for name, value in tongue(phones, times).items():
            added[name] = added.get(name, 0) + value
        for name, value in added.items():
            column(controls, name)[:] += value
        return limited(controls), head_motion(times, marked, style, rng)

    def _mouth(
        self,
        phones: Phones,
        times: np.ndarray,
        style: Style,
        posture: dict[str, np.ndarray],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Controls (T, C) of mouth and jaw."""
        lips, fps = self.model.lips, 1 / (times[1] - times[0])
        strength = style.articulation * np.exp(ARTICULATION_SPREAD * rng.standard_normal())
        features = self.model.features(phones, times, strength, style.pace)
        noise = smooth_noise(rng, len(times), fps, LIP_NOISE_SECONDS, features.shape[1])
        features = features + LIP_NOISE * noise * (1 - _resting(phones, times))[:, None]
        opening = np.maximum(lips.opening(features) - lips.closure, 0)
        stressed = _stress_gate(phones, times)
        opening = opening * style.jaw * (1 + STRESSED_GAIN * stressed)
        features = constrain(
            lips.with_opening(features, lips.closure + opening), phones, times, lips
        )
        on_teeth = phone_gate(phones, LIP_ON_TEETH, times)
        opening = np.maximum(lips.opening(features) - lips.closure, 0)
        opening -= on_teeth * np.maximum(opening - LIP_ON_TEETH_OPENING, 0)
        features = lips.with_opening(features, lips.closure + opening)
        held = {name: value for name, value in posture.items() if name in self.retarget.names}
        for name, value in LIP_ON_TEETH_POSTURE.items():
            held[name] = held.get(name, 0) + value * on_teeth
        return self.retarget.controls(lips.decode(features), opening, held)


def lip_gap_controls(mesh: HeadMesh, controls: np.ndarray) -> np.ndarray:
    """Lip gap (T,) in metres of controls (T, C), from the few vertices it needs."""
    upper, lower = (mesh.landmarks[f"inner_lip_{side}"][2:5] for side in ("upper", "lower"))
    rest = mesh.vertices[upper] - mesh.vertices[lower]
    moved = rest + np.tensordot(controls, mesh.basis[:, upper] - mesh.basis[:, lower], 1)
    return (np.linalg.norm(moved, axis=-1) - np.linalg.norm(rest, axis=-1)).mean(-1)


def _living(
    posture: Mapping[str, float], frames: int, fps: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Held controls with slow variation; left and right vary together."""
    common = 1 + POSTURE_LIFE * smooth_noise(rng, frames, fps, 0.7)[:, 0]
    level = np.exp(POSTURE_LIFE * rng.standard_normal())
    return {name: np.clip(value * level * common, 0, 1) for name, value in posture.items()}


def _resting(phones: Phones, times: np.ndarray) -> np.ndarray:
    """1 in silences, 0 in speech (T,)."""
    place = phones.at(times)
    return np.where(place < 0, 1.0, phones.silent[np.maximum(place, 0)].astype(float))


def _stress_gate(phones: Phones, times: np.ndarray) -> np.ndarray:
    place = phones.at(times)
    stressed = (place >= 0) & (phones.stress[np.maximum(place, 0)] == FIRST_STRESS)
    width = np.ones(3) / 3
    return np.convolve(stressed.astype(float), width, mode="same")
