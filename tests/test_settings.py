"""One declaration for a setting: properties, panels, options and checks follow from it."""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from models.settings import add_options, check, chosen, setting, settings_of

ROOT = Path(__file__).resolve().parent.parent


class WrongError(Exception):
    pass


@dataclass(frozen=True)
class MadeUp:
    size: float = setting(1.0, "Size", "How large", low=0.5, high=2.0, noun="great size")
    count: int | None = setting(None, "Count", "How many", low=1, number=int)
    kept: bool = setting(True, "Kept", "Whether it stays")
    colour: str = setting("", "Colour", "Which", choices=(("RED", "Red", "Like blood"),))
    parts: frozenset[str] = setting(
        frozenset({"a", "b"}), "Parts", "Which", noun="part",
        choices=(("a", "A", ""), ("b", "B", "")),
    )  # fmt: skip
    offset: tuple[float, ...] = setting(
        (), "Offset", "Added", size=3, low=0.0, high=9.0, option="--by"
    )
    other: float = 2.0

    def __post_init__(self) -> None:
        check(self, WrongError)


def test_settings_stand_in_the_declared_order() -> None:
    found = settings_of(MadeUp)
    assert list(found) == ["size", "count", "kept", "colour", "parts", "offset"]
    assert found["offset"].value_type is float and found["count"].value_type is int
    assert MadeUp(2.0).other == MadeUp().other == 2.0
    assert [item.name for item in fields(MadeUp)][:-1] == list(found)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"size": 2.1}, "The great size must be between 0.5 and 2."),
        ({"size": float("nan")}, "The great size must be between"),
        ({"count": 0}, "The count must be more than zero."),
        ({"colour": "BLUE"}, "There is no colour 'BLUE'; known: RED."),
        ({"parts": frozenset({"a", "c"})}, "There is no part 'c'; known: a, b."),
        ({"offset": (1.0, 10.0)}, "The offset must be between 0 and 9."),
    ],
)
def test_values_out_of_range_are_named(wrong: dict, sentence: str) -> None:
    with pytest.raises(WrongError, match=f"^{sentence}"):
        MadeUp(**wrong)


def test_options_give_the_values() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, settings_of(MadeUp).values())
    assert MadeUp(**chosen(parser.parse_args([]), MadeUp)) == MadeUp()
    words = "--size 1.5 --count 3 --no-kept --colour RED --parts b --by 1 2".split()
    assert MadeUp(**chosen(parser.parse_args(words), MadeUp)) == MadeUp(
        1.5, 3, False, "RED", frozenset("b"), (1.0, 2.0)
    )
    assert "great size: How large (1)" in parser.format_help()
    with pytest.raises(SystemExit):
        parser.parse_args(["--colour", "BLUE"])


def test_page_of_all_settings_is_current(addon: object) -> None:
    from settings_table import PAGE, groups, page

    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.settings_table"
    for group in groups():
        assert settings_of(group.declared)
        for place in (group.panel, group.command, group.script):
            assert place


@pytest.mark.parametrize("command", ["animate_command", "making.train_command"])
def test_page_knows_every_option(command: str) -> None:
    from settings_table import PAGE

    if command == "animate_command":
        pytest.importorskip("torch", reason="an actor needs torch")
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(f"models.{command}").add_arguments(parser)
    text = PAGE.read_text(encoding="utf-8")
    for action in parser._actions:
        if action.option_strings:
            assert any(f"`{option}`" in text for option in action.option_strings), action


WOBBLE = (
    '    wobble: float = setting(0.25, "Wobble", "Made up", low=0.0, high=1.0, soft=(None, 0.5))\n'
)
PROBE = """
import importlib.util, sys
from pathlib import Path
root = Path.cwd()
spec = importlib.util.spec_from_file_location(
    "neural_face", root / "__init__.py", submodule_search_locations=[str(root)])
package = importlib.util.module_from_spec(spec)
sys.modules["neural_face"] = package
spec.loader.exec_module(package)
import bpy
package.register()
from neural_face.models.errors import TextError
from neural_face.models.settings import chosen
from neural_face.models.speech.manner import Manner
from neural_face.neural_face_addon.line import lines
from neural_face.neural_face_addon.passage import passages
from test_addon_panels import draw
import argparse

mesh = bpy.data.meshes.new("Head")
obj = bpy.data.objects.new("Head", mesh)
bpy.context.scene.collection.objects.link(obj)
bpy.context.view_layer.objects.active = obj
obj.neural_face.filepath = "/head.nface"
line = obj.neural_face.lines.add()
rna = line.bl_rna.properties["wobble"]
assert (rna.name, rna.description, rna.type) == ("Wobble", "Made up", "FLOAT")
assert (rna.default, rna.hard_min, rna.hard_max, rna.soft_max) == (0.25, 0.0, 1.0, 0.5)
assert bpy.ops.neural_face.animate_text.get_rna_type().properties["wobble"].is_skip_save
names = [name for name, _, _ in draw("NEURALFACE_PT_style")["prop"]]
assert names[-5:] == ["strength", "articulation", "wobble", "smoothing", "parts"], names
line.wobble = 0.75
assert passages.picked(Manner, lines.settings_of(line))["wobble"] == 0.75
if sys.argv[1] == "torch":
    from neural_face.models.animate_command import add_arguments
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args("head.nface -o out.npz --wobble 0.5".split())
    assert Manner(**chosen(options, Manner)).wobble == 0.5
try:
    Manner(wobble=1.5)
except TextError as error:
    assert str(error) == "The wobble must be between 0 and 1."
else:
    raise AssertionError("not refused")
package.unregister()
print("everywhere")
"""


def test_a_made_up_setting_takes_one_declaration(tmp_path: Path) -> None:
    """A copy of the product with one line more has the setting everywhere."""
    pytest.importorskip("bpy", reason="Blender's Python module is not installed")
    left_out = shutil.ignore_patterns("bundled", "__pycache__")
    for name in ("models", "neural_face_addon", "operators", "panels"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    shutil.copy(ROOT / "__init__.py", tmp_path)
    declaration = tmp_path / "models" / "speech" / "manner.py"
    text = declaration.read_text(encoding="utf-8")
    place = "    smoothing: float = setting("
    assert text.count(place) == 1
    declaration.write_text(text.replace(place, WOBBLE + place), encoding="utf-8")
    has_torch = importlib.util.find_spec("torch") is not None
    words = [sys.executable, "-c", PROBE, "torch" if has_torch else ""]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )  # fmt: skip
    assert done.stdout.endswith("everywhere\n"), done.stdout + done.stderr
