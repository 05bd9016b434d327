"""Other synthetic people: whose face it is (identity morphs) and what it looks like.

They act the actor's own motion before a camera, so that the video network learns to follow faces
that are not its head's.
"""

from dataclasses import dataclass
from functools import cache

from ..errors import CaptureError
from .synthetic_actor import SyntheticActor, build_actor, bundled_actor
from .traits import Traits


@dataclass(frozen=True)
class SyntheticPerson:
    """One synthetic person.

    Attributes:
        name: "person_01"…
        identity: Morph → weight.
        look: Skin, brows, colours.
        split: train, or held_out: never seen in training.
    """

    name: str
    identity: dict[str, float]
    traits: Traits
    split: str = "train"


_DARK, _BROWN, _RED, _GREY, _FAIR = (
    (0.06, 0.05, 0.045),
    (0.20, 0.13, 0.08),
    (0.33, 0.16, 0.08),
    (0.45, 0.44, 0.43),
    (0.46, 0.36, 0.22),
)
_BLUE = ((0.50, 0.56, 0.62), (0.30, 0.40, 0.55))
_HAZEL = ((0.62, 0.40, 0.20), (0.40, 0.36, 0.25))
_NEARLY_BLACK = ((0.30, 0.19, 0.11), (0.20, 0.14, 0.10))
_GREEN = ((0.55, 0.52, 0.28), (0.36, 0.44, 0.32))


def _person(
    number: int,
    people: str,
    skin: str,
    brows: int,
    hair: tuple,
    iris: tuple,
    split: str,
    **face: float,
) -> SyntheticPerson:
    """A person of one people and age, e.g. "asian-female-young", with extra morphs."""
    sex, age = people.split("-")[1:]
    identity = {
        f"macrodetails/{people}": 1.0,
        f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight": 1.0,
        "eyes/l-eye-height2-incr": 0.5,
        "eyes/r-eye-height2-incr": 0.5,
        **{name.replace("__", "/").replace("_", "-"): value for name, value in face.items()},
    }
    traits = Traits(
        f"skins/{skin}.png", f"eyebrow{brows:03d}", hair, *iris, stubble=float(sex == "male")
    )
    return SyntheticPerson(f"person_{number:02d}", identity, traits, split)


@cache
def people() -> tuple[SyntheticPerson, ...]:
    """Everybody, those of training first."""
    light, dark = "young_lightskinned", "young_darkskinned_male_diffuse"
    return (
        _person(
            1, "african-male-young", dark, 1, _DARK, _NEARLY_BLACK, "train",
            nose__nose_scale_horiz_incr=0.4, mouth__mouth_scale_horiz_incr=0.3,
        ),
        _person(
            2, "asian-female-young", f"{light}_female_diffuse2", 3, _DARK, _NEARLY_BLACK, "train",
            head__head_oval=0.6, mouth__mouth_scale_horiz_decr=0.3,
        ),
        _person(
            3, "caucasian-female-young", f"{light}_female_diffuse3", 5, _FAIR, _BLUE, "train",
            head__head_diamond=0.5, mouth__mouth_upperlip_volume_incr=0.5,
        ),
        _person(
            4, "caucasian-male-old", "middleage_lightskinned_male_diffuse", 9, _GREY, _BLUE,
            "train", head__head_rectangular=0.6, chin__chin_width_incr=0.5,
        ),
        _person(
            5, "asian-male-young", f"{light}_male_diffuse", 2, _DARK, _NEARLY_BLACK, "train",
            head__head_round=0.5, mouth__mouth_lowerlip_volume_incr=0.6,
        ),
        _person(
            6, "african-female-young", "middleage_lightskinned_female_diffuse2", 6, _BROWN, _HAZEL,
            "train", head__head_triangular=0.4, chin__chin_height_decr=0.4,
        ),
        _person(
            7, "caucasian-male-young", f"{light}_male_diffuse2", 11, _RED, _GREEN, "train",
            head__head_square=0.6, nose__nose_scale_depth_incr=0.4,
            mouth__mouth_scale_horiz_incr=0.5, eyes__l_eye_scale_decr=0.3,
            eyes__r_eye_scale_decr=0.3,
        ),
        _person(
            8, "asian-male-old", "old_darkskinned_male_diffuse", 10, _GREY, _NEARLY_BLACK, "train",
            chin__chin_prominent_incr=0.4, mouth__mouth_trans_up=0.4,
        ),
        _person(
            9, "caucasian-female-young", f"{light}_female_diffuse2", 7, _BROWN, _GREEN, "held_out",
            head__head_round=0.4, mouth__mouth_lowerlip_volume_incr=0.4,
            nose__nose_scale_horiz_decr=0.4,
        ),
        _person(
            10, "african-male-old", dark, 8, _GREY, _NEARLY_BLACK, "held_out",
            head__head_rectangular=0.4, mouth__mouth_scale_horiz_incr=0.4,
        ),
    )  # fmt: skip


def actor_of(name: str) -> SyntheticActor:
    """The actor called `name`, whom the synthesizer can pose and dress; the bundled one if empty.

    Raises:
        CaptureError: Nobody is called so.
    """
    if not name:
        return bundled_actor()
    person = next((person for person in people() if person.name == name), None)
    if person is None:
        names = ", ".join(person.name for person in people())
        raise CaptureError(f"There is no synthetic person {name!r}; there are {names}.")
    return build_actor(person.identity, person.traits)
