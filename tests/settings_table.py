"""Writes docs/settings.md from the declarations: `.venv/bin/python -m tests.settings_table`."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from models.arkit.arkit_take import ArkitSettings
from models.making.options import MakingSettings, TrainingSettings
from models.settings import Setting, settings_of
from models.speech.line_settings import LineSettings
from models.speech.manner import Manner, StyleSettings
from models.video.retarget_settings import ResidualSettings, Retargeting, VideoSource

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "settings.md"
HEAD = """# Settings

Every setting is declared once, as a field of a frozen dataclass (`models/settings.py` says how).
Blender's properties, panels, options of the command line and range checks are made from the
declaration, and so is this page: `.venv/bin/python -m tests.settings_table` writes it. What stands
in brackets is the reason why a setting is not asked for there.

In scripts, an operator takes the settings of what it makes
(`bpy.ops.neural_face.animate_text(text="Hello", rate=1.2)`), and a line or clip has them
as properties (`obj.neural_face.lines[0].articulation = 1.3`). Outside Blender the dataclass is the
argument.
"""
BESIDE = (
    ("Head", "button *Import Head*", "`HEAD`", "`import_head(filepath)`"),
    ("Frames a second", "Blender's Output ▸ Frame Rate", "`--fps`", "`scene.render.fps`"),
    ("Where to decode", "Preferences ▸ Device", "`--device`", "`preferences.device`"),
    (
        "Weights of DECA or EMOCA",
        "Preferences ▸ Expression Weights",
        "`--weights`",
        "`preferences.expression_weights`",
    ),
    ("Spoken track", "(made whenever no recording is given)", "`--voice`", "(as in the panel)"),
    (
        "Recording of face shapes",
        "Video ▸ *ARKit*, or drop the file",
        "`--arkit`",
        "`animate_arkit(filepath)`",
    ),
    (
        "Recording of face shapes, written",
        "Video ▸ *Export*",
        "`--arkit-csv`",
        "`export_arkit(filepath)`",
    ),
    (
        "Camera and length of a take",
        "Video ▸ *Live*",
        "(nobody to act there)",
        "`live_video(device, seconds)`",
    ),
    ("What is written", "(keys)", "`--output`, `--vertices`", "(keys)"),
    (
        "Capture to learn from",
        "Make a Head ▸ Capture",
        "`SOURCE`",
        "`train_head(capture_directory)`",
    ),
    ("Head file to make", "Make a Head ▸ Head File", "`--output`", "`train_head(filepath)`"),
    ("Stage to stop after", "button *Check*", "`--until`", "`check_capture()`"),
    (
        "The head while it is trained",
        "Make a Head ▸ Live Head",
        "(`preview.png` in the workspace)",
        "`scene.neural_face_making.live`",
    ),
    (
        "Folder to work in",
        "(beside the head file)",
        "`--workspace`, `--checkpoint`",
        "(beside the head file)",
    ),
    ("Footage made before", "(a capture brings its own)", "`--footage`", "(as in the panel)"),
    ("Curves of the training", "(beside the head file)", "`--report`", "(beside the head file)"),
    ("Workers", "(as many as fit)", "`--processes`", "(as many as fit)"),
)
"""What is asked for elsewhere: its name, and the same three places."""


@dataclass(frozen=True)
class Group:
    """Settings that are asked for in the same places.

    Attributes:
        title: Of the table.
        declared: The declaration.
        panel: Where in the sidebar; a reason in brackets.
        command: 'animate' or 'train'; a reason in brackets.
        script: Call that takes them, `{}` for the setting; a reason in brackets.
    """

    title: str
    declared: type
    panel: str
    command: str
    script: str


def groups() -> list[Group]:
    """All settings; Blender's own need `bpy`."""
    from neural_face.neural_face_addon.stored.clip_properties import BesideSettings
    from neural_face.neural_face_addon.stored.passage_properties import PassageSettings

    line, clip = "animate_text({}=…)", "animate_video({}=…)"
    train = "`scene.neural_face_making.{}`"
    return [
        Group("What is said", LineSettings, "Speech ▸ Line", "animate", line),
        Group("A line's style", StyleSettings, "Speech ▸ Style", "animate", line),
        Group("How a line is played", Manner, "Speech ▸ Style", "animate", line),
        Group("Which face is followed", VideoSource, "Video ▸ Clip", "animate", clip),
        Group("The video in the scene", BesideSettings, "Video ▸ Clip", "(no scene there)", clip),
        Group("How a clip is played", Retargeting, "Video ▸ Performance", "animate", clip),
        Group("How a recording is read", ArkitSettings, "(asked for beside the file)", "animate",
              "animate_arkit({}=…)"),
        Group("The residual of lines and clips", ResidualSettings,
              "Speech ▸ Residual, Video ▸ Residual", "animate", f"{line}, {clip}"),
        Group("Where lines and clips lie", PassageSettings, "Speech ▸ Line, Video ▸ Clip",
              "(a file holds one alone, from second 0)", f"{line}, {clip}"),
        Group("A head in the making", MakingSettings, "Make a Head", "train", train),
        Group("How it is trained", TrainingSettings, "(the usual ones serve)", "train",
              "(the command, as the panel's button runs it)"),
    ]  # fmt: skip


def page() -> str:
    """The text of docs/settings.md."""
    rows = "".join(f"| {' | '.join(cells)} |\n" for cells in BESIDE)
    tables = "".join(_table(group) for group in groups())
    columns = "| | panel | command line | script |\n|---|---|---|---|\n"
    return f"{HEAD}{tables}\n## Asked for elsewhere\n\n{columns}{rows}"


def _table(group: Group) -> str:
    place = Path(sys.modules[group.declared.__module__].__file__).relative_to(ROOT)
    rows = [_row(group, item) for item in settings_of(group.declared).values()]
    head = "| | what it does | value | panel | command line | script |\n|---|---|---|---|---|---|\n"
    return (
        f"\n## {group.title}\n\n`{group.declared.__name__}` in `{place}`\n\n{head}{''.join(rows)}"
    )


def _row(group: Group, item: Setting) -> str:
    flag = item.flag.replace("--", "--no-", 1) if item.default is True else item.flag
    command = group.command if group.command.startswith("(") else f"`{flag}`"
    script = group.script.replace("{}", item.name)
    if not script.startswith(("(", "`")):
        script = ", ".join(f"`{call}`" for call in script.split(", "))
    cells = (item.label, item.sentence, _value(item), group.panel, command, script)
    return f"| {' | '.join(cells)} |\n"


def _value(item: Setting) -> str:
    """Its range and the usual value."""
    if item.choices:
        several = " (all)" if isinstance(item.default, frozenset) else ""
        return ", ".join(choice[0] for choice in item.choices) + several
    if item.value_type is bool:
        return "yes" if item.default else "no"
    if item.value_type is str:
        return item.kind or "text"
    unit = {"seconds": " s", "minutes": " min"}.get(item.kind, "")
    low, high = ("" if end is None else f"{end:g}" for end in (item.low, item.high))
    span = f"{low} to {high}" if high else f"from {low}" if low else "any"
    usual = "" if item.size or item.default is None else f" ({item.default:g})"
    return f"{f'{item.size} × ' if item.size else ''}{span}{unit}{usual}"


def _load() -> None:
    """Make the root importable as the package that Blender loads."""
    spec = importlib.util.spec_from_file_location(
        "neural_face", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["neural_face"] = importlib.util.module_from_spec(spec)


if __name__ == "__main__":
    _load()
    PAGE.write_text(page(), encoding="utf-8")
