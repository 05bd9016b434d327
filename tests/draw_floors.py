"""Draws the floors of `models` and of the add-on: `python tests/draw_floors.py` writes the picture.

Floors come from `test_layers`, sizes and imports from the files.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import shorten

from source_imports import ROOT, files_imported, sources
from test_layers import FLOORS, NUMPY_ONLY, ROOMS, room_of

PICTURE = ROOT / "docs" / "pictures" / "floors.svg"
ADDON = "neural_face_addon"
WIDTH, TOP, BOX, GAP, PAD = 1240, 20, 46, 8, 10
LETTER, LEAST = 7.4, 62.0
"""Pixels of a letter of a room's name, and of the smallest room."""
WIDEST = 2.4
"""How much more than it needs a room may get where its floor has a sentence beside it."""
MODELS_AT, ADDON_AT = (172.0, 688.0), (930.0, 300.0)
"""Left edge and width of each house."""
COLOURS = {
    "play": ("#dcebfa", "#4a7fb5"),
    "learn": ("#fdeccf", "#c08a2b"),
    "checkout": ("#ececec", "#8a8a8a"),
    "blender": ("#e2f2df", "#5b9a52"),
}
LEGEND = {
    "play": "may be loaded when a head plays",
    "learn": "makes heads",
    "checkout": "in a checkout only",
    "blender": "knows Blender",
}
STYLE = (
    "text{font-family:Helvetica,Arial,sans-serif;fill:#222}.name{font-size:13px;font-weight:bold}"
    ".size{font-size:11px;fill:#555}.floor{font-size:13px;fill:#555}"
    ".title{font-size:19px;font-weight:bold}"
)


@dataclass(frozen=True)
class Room:
    """A box of the picture."""

    layer: str
    name: str
    files: int
    lines: int
    kind: str
    about: str
    open: bool = False

    @property
    def size(self) -> str:
        """For people: lines in round numbers, so that the picture stays true for a while."""
        lines = f"{self.lines:,}" if self.lines < 100 else f"{round(self.lines, -2):,}"
        return f"{lines} lines" if self.files == 1 else f"{self.files} files, {lines} lines"

    @property
    def width(self) -> float:
        """Pixels that it asks for."""
        words = max(LETTER * len(self.name) + 14, 5.6 * len(self.size) + 14, LEAST)
        return max(words, 2.4 * self.lines**0.5)


def rooms_of(layer: str) -> dict[str, Room]:
    """Every room of a layer with its size."""
    paths: dict[str, list[Path]] = {name: [] for name in ROOMS.get(layer, (layer,))}
    for file in sources():
        path = str(file.relative_to(ROOT))
        if path.startswith(f"{layer}/") and path != f"{layer}/__init__.py":
            paths[room_of(path) if layer in ROOMS else layer].append(file)
    return {name: _room(layer, name, files) for name, files in paths.items()}


def _room(layer: str, name: str, files: list[Path]) -> Room:
    written = [file for file in files if file.name != "__init__.py"]
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in written)
    numpy_only = layer == "models" and any(f"{m}.".startswith(f"{name}.") for m in NUMPY_ONLY)
    first = next((file for file in files if file.name == "__init__.py"), files[0])
    about = ast.get_docstring(ast.parse(first.read_text(encoding="utf-8"))).splitlines()[0]
    return Room(layer, name, len(written), lines, _kind(layer, name), about, numpy_only)


def _kind(layer: str, name: str) -> str:
    if layer != "models":
        return "checkout" if name == "showroom" else "blender"
    floor = next(floor for floor, rooms in FLOORS if name in rooms.split())
    if floor == "checkout only":
        return "checkout"
    learns = floor in ("learning", "capture", "making heads") or name in ("training", "performance")
    return "learn" if learns else "play"


def addon_floors() -> list[list[str]]:
    """Rooms of the add-on from the bottom: each floor imports lower ones only."""
    height: dict[str, int] = {}
    for name in ROOMS[ADDON]:
        below = {room for room in _imported(name) if room in height}
        height[name] = 1 + max((height[room] for room in below), default=-1)
    height["registration"] = max(height.values())  # names all modules, imports them by name
    height["showroom"] = height["registration"]
    return [[n for n in height if height[n] == level] for level in range(max(height.values()) + 1)]


def _imported(name: str) -> Iterator[str]:
    for file in sources():
        path = str(file.relative_to(ROOT))
        if (
            path.startswith(f"{ADDON}/")
            and path != f"{ADDON}/__init__.py"
            and room_of(path) == name
        ):
            yield from (
                room_of(other)
                for other in files_imported(path)
                if other.startswith(f"{ADDON}/") and not other.endswith("__init__.py")
            )


def rows_of(rooms: Iterable[Room], width: float) -> list[list[Room]]:
    """A floor's rooms in as many rows as they need."""
    rows: list[list[Room]] = [[]]
    for room in rooms:
        if sum(other.width + GAP for other in (*rows[-1], room)) > width and rows[-1]:
            rows.append([])
        rows[-1].append(room)
    return rows


class House:
    """Draws floors from the bottom up."""

    def __init__(self, left: float, width: float) -> None:
        self.left, self.width, self.top = left, width, 0.0
        self.drawn: list[str] = []
        self.middle: dict[str, tuple[float, float]] = {}

    def floor(self, label: str, rooms: list[Room]) -> None:
        """Put a floor on top of those there are."""
        rows = rows_of(rooms, self.width - 2 * PAD)
        height = len(rows) * (BOX + GAP) - GAP + 2 * PAD
        self.top -= height
        self.drawn.append(
            f'<rect x="{self.left}" y="{self.top}" width="{self.width}" height="{height}" '
            'fill="#fff" stroke="#bbb"/>'
        )
        if label:
            self.drawn.append(
                _text(self.left - 10, self.top + height / 2 + 4, label, "floor", "end")
            )
        for number, row in enumerate(rows):
            self._row(row, self.top + PAD + number * (BOX + GAP))

    def _row(self, row: list[Room], top: float) -> None:
        free = self.width - 2 * PAD - GAP * (len(row) - 1)
        share = free / sum(room.width for room in row)
        if len(row) == 1 and share > 2 * WIDEST:  # a house is too narrow for a sentence otherwise
            share = WIDEST
            words = self.left + 2 * PAD + share * row[0].width, top + BOX / 2 + 4
            self.drawn.append(
                _text(*words, shorten(row[0].about, 62, placeholder=" …"), "size", "start")
            )
        left = self.left + PAD
        for room in row:
            width = room.width * share
            self.drawn.append(_box(room, left, top, width))
            self.middle[room.name] = left + width / 2, top
            left += width + GAP


def _box(room: Room, left: float, top: float, width: float) -> str:
    fill, line = COLOURS[room.kind]
    dashes = ' stroke-dasharray="5 3"' if room.kind == "checkout" else ""
    middle = left + width / 2
    mark = f'<circle cx="{left + width - 8:.1f}" cy="{top + 8}" r="3" fill="{line}"/>'
    return (
        f'<g data-room="{room.layer}/{room.name}" data-files="{room.files}" '
        f'data-lines="{room.lines}"><rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
        f'height="{BOX}" rx="4" fill="{fill}" stroke="{line}"{dashes}/>'
        + (mark if room.open else "")
        + _text(middle, top + 20, room.name, "name")
        + _text(middle, top + 36, room.size, "size")
        + "</g>"
    )


def _text(x: float, y: float, words: str, style: str, anchor: str = "middle") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{style}" {place}>{escape(words)}</text>'


def _upright(x: float, y: float, words: str) -> str:
    turned = f'transform="translate({x} {y}) rotate(-90)"'
    return f'<text class="floor" {turned} text-anchor="middle">{escape(words)}</text>'


def every_room() -> list[Room]:
    """All rooms in the order in which they are drawn."""
    return [room for floors in _floors() for _, rooms in floors for room in rooms]


def _floors() -> tuple[list[tuple[str, list[Room]]], list[tuple[str, list[Room]]]]:
    """Labels and rooms of the floors of `models`, and of what is above it."""
    found = rooms_of("models")
    models = [(label, [found[name] for name in names.split()]) for label, names in FLOORS]
    found = rooms_of(ADDON)
    addon = [("", [found[name] for name in names]) for names in addon_floors()]
    return models, [*addon, ("", [rooms_of(layer)[layer] for layer in ("operators", "panels")])]


def picture() -> str:
    """The picture as SVG."""
    models, addon = House(*MODELS_AT), House(*ADDON_AT)
    for house, floors in zip((models, addon), _floors(), strict=True):
        for label, rooms in floors:
            house.floor(label, rooms)
    height = max(-models.top, -addon.top) + TOP + 70
    start = addon.middle["system"]
    end = MODELS_AT[0] + MODELS_AT[1], models.middle["actor"][1] + BOX / 2
    elbow = (end[0] + ADDON_AT[0]) / 2
    door = (
        f'<path d="M{ADDON_AT[0] + PAD} {start[1] + BOX / 2} H{elbow} V{end[1]} H{end[0] + 4}" '
        'fill="none" stroke="#333" stroke-width="1.6" marker-end="url(#head)"/>'
    )
    down = (
        f'<path d="M24 {models.top + 20} V-20" fill="none" stroke="#999" stroke-width="1.6" '
        'marker-end="url(#head)"/>' + _upright(16, models.top / 2, "imports go down only")
    )
    titles = _text(MODELS_AT[0], models.top - 16, "models/", "title", "start")
    titles += _text(ADDON_AT[0], addon.top - 16, "in Blender", "title", "start")
    titles += _upright(elbow + 16, (start[1] + end[1]) / 2, "runtime.py")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {40 - height:.0f} {WIDTH} '
        f'{height:.0f}" width="{WIDTH}" height="{height:.0f}"><style>{STYLE}</style>'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#333"/></marker></defs>'
        f'<rect x="0" y="{40 - height:.0f}" width="{WIDTH}" height="{height:.0f}" fill="#fff"/>'
        + "\n".join([*models.drawn, *addon.drawn, door, down, titles, _legend()])
        + "</svg>\n"
    )


def _legend() -> str:
    drawn, left = [], MODELS_AT[0]
    for kind, words in LEGEND.items():
        fill, line = COLOURS[kind]
        drawn.append(
            f'<rect x="{left}" y="12" width="16" height="16" rx="3" fill="{fill}" stroke="{line}"/>'
        )
        drawn.append(_text(left + 22, 25, words, "floor", "start"))
        left += 22 + 6.6 * len(words) + 24
    drawn.append(f'<circle cx="{left + 6}" cy="20" r="3" fill="#4a7fb5"/>')
    drawn.append(
        _text(
            left + 16,
            25,
            "needs NumPy only: the add-on may import it",
            "floor",
            "start",
        )
    )
    return "".join(drawn)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
