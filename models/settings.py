"""Settings: each is declared once, as a field of a frozen dataclass that says all about it.

Blender's properties, the order in panels, options of the command line, range checks with their
sentences and `docs/settings.md` are made from these declarations, which stand with their subject.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

_KEY = "setting"
Choice = tuple[str, str, str]
"""Identifier, label and sentence of one of the values to choose from."""


@dataclass(frozen=True)
class Setting:
    """What there is to say of a setting.

    Attributes:
        name: Of the field, the property and, with dashes, the option.
        default: Where nobody says anything; its type is the setting's.
        label: For panels.
        sentence: What it does, without a period.
        low: Least value, None for any.
        high: Greatest value.
        soft: Ends of its slider, where these are nearer; None as for `low` and `high`.
        kind: 'seconds', 'minutes', 'share', 'file', 'folder', or '' for a plain value.
        size: Numbers in it, where it is a vector.
        choices: What may be chosen; several at once where `default` is a set.
        noun: In sentences about it, if not the label.
        option: Of the command line, if not the name.
        number: Type of its numbers where `default` is None: not said.
        keyed: Whether it may change over time.
        slider: Whether panels show it so.
        apart: Whether panels leave a gap above it.
    """

    name: str
    default: Any
    label: str
    sentence: str
    low: float | None = None
    high: float | None = None
    soft: tuple[float | None, float | None] = (None, None)
    kind: str = ""
    size: int = 0
    choices: tuple[Choice, ...] = ()
    noun: str = ""
    option: str = ""
    number: type | None = None
    keyed: bool = False
    slider: bool = False
    apart: bool = False

    @property
    def value_type(self) -> type:
        """Of one value, of one number of a vector."""
        return self.number or (float if self.size else type(self.default))

    @property
    def flag(self) -> str:
        """The option of the command line."""
        return self.option or f"--{self.name.replace('_', '-')}"

    def check(self, value: Any, error: type[Exception], noun: str = "") -> None:
        """See that a value can be.

        Raises:
            error: It cannot, in a sentence that calls the setting `noun`.
        """
        noun = noun or self.noun or self.label.lower()
        if self.choices:
            known = [choice[0] for choice in self.choices]
            for chosen in sorted(value if isinstance(value, frozenset) else {value} - {""}):
                if chosen not in known:
                    raise error(f"There is no {noun} {chosen!r}; known: {', '.join(known)}.")
        elif value is not None and self.value_type in (int, float):
            for number in value if self.size else (value,):
                self._check_number(number, error, noun)

    def _check_number(self, number: float, error: type[Exception], noun: str) -> None:
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if low <= number <= high:
            return
        subject = noun if noun.startswith("-") else f"The {noun}"
        if self.high is not None:
            raise error(f"{subject} must be between {low:g} and {high:g}.")
        least = "more than zero" if number <= 0 < low else f"{low:g} or more"
        raise error(f"{subject} must be {least}.")


def setting(default: Any, label: str, sentence: str, **about: Any) -> Any:
    """A dataclass field that is a setting; arguments as `Setting`'s attributes."""
    return field(default=default, metadata={_KEY: Setting("", default, label, sentence, **about)})


def settings_of(*declared: type) -> dict[str, Setting]:
    """The settings of dataclasses by name, in order; of two of one name the first."""
    found: dict[str, Setting] = {}
    for cls in declared:
        for item in fields(cls):
            if _KEY in item.metadata and item.name not in found:
                found[item.name] = replace(item.metadata[_KEY], name=item.name)
    return found


def check(values: Any, error: type[Exception]) -> None:
    """See that a dataclass's settings can be.

    Raises:
        error: One cannot.
    """
    for item in settings_of(type(values)).values():
        item.check(getattr(values, item.name), error)


def add_options(parser: argparse._ActionsContainer, settings: Iterable[Setting]) -> None:
    """Declare an option for each setting."""
    for item in settings:
        parser.add_argument(item.flag, dest=item.name, default=item.default, **_accepted(item))


def _accepted(item: Setting) -> dict[str, Any]:
    """What argparse shall accept for a setting, with the help it shows."""
    sentence = f"{item.noun}: {item.sentence}" if item.noun else item.sentence
    if item.value_type is bool:
        return {"help": sentence, "action": argparse.BooleanOptionalAction}
    if item.choices:
        several = {"nargs": "+"} if isinstance(item.default, frozenset) else {}
        return {"help": sentence, "choices": [choice[0] for choice in item.choices], **several}
    if item.value_type is str:
        return {"help": sentence, "metavar": "FILE" if item.kind == "file" else "TEXT"}
    usual = "" if item.size or item.default is None else f" ({item.default:g})"
    several = {"nargs": "+"} if item.size else {}
    return {"help": sentence + usual, "type": item.value_type, "metavar": "NUMBER", **several}


def chosen(source: Any, *declared: type) -> dict[str, Any]:
    """Plain values of the settings of dataclasses, from what has attributes of their names."""
    return {
        name: _plain(item, getattr(source, name)) for name, item in settings_of(*declared).items()
    }


def _plain(item: Setting, value: Any) -> Any:
    if isinstance(item.default, frozenset):
        return frozenset(value)
    return tuple(value) if item.size else value
