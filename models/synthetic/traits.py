"""Traits of an actor apart from the shape of the face: skin, brows, hair and eyes."""

from dataclasses import dataclass

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Traits:
    """Skin, brows, hair and eyes; the defaults are the bundled actor's.

    Attributes:
        skin: Photo of the skin in the performer's folder.
        brows: Asset of the eyebrows.
        hair: Colour of hair, brows and lashes, 0…1.
        iris_inner: Colour of the iris near the pupil.
        iris_outer: Colour of the iris at its rim.
        stubble: Share of a shaven beard's shadow.
    """

    skin: str = "skins/young_lightskinned_male_diffuse2.png"
    brows: str = "eyebrow012"
    hair: RGB = (0.165, 0.12, 0.09)
    iris_inner: RGB = (0.62, 0.40, 0.20)
    iris_outer: RGB = (0.40, 0.36, 0.25)
    stubble: float = 1.0


BUNDLED_TRAITS = Traits()
